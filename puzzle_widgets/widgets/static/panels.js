// What ipywidgets' boxes lack: a row of tabs, menus behind buttons, the height of the screen, and
// which budget is in hand.

function setOnce(element, name, value) {
  if (value && element.getAttribute(name) !== value) element.setAttribute(name, value);
}

// What stands before a colon is the name, the rest an explanation.
function nameSymbol(button) {
  setOnce(button, "aria-label", button.title.split(": ")[0]);
}

function nameTabs(list) {
  setOnce(list, "role", "tablist");
  const body = list.closest(".pw-tabs").querySelector(":scope > .pw-tab-body");
  if (body) setOnce(body, "role", "tabpanel");
  list.querySelectorAll(".pw-tab").forEach((tab) => {
    const isOpen = tab.classList.contains("pw-open");
    setOnce(tab, "role", "tab");
    setOnce(tab, "aria-selected", String(isOpen));
    setOnce(tab, "tabindex", isOpen ? "0" : "-1");
    if (isOpen && body) setOnce(body, "aria-label", tab.textContent.trim());
  });
}

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

function walkTabs(event) {
  const tab = event.target.closest && event.target.closest(".pw-tab");
  if (!tab || !(event.key in STEPS || event.key === "Home" || event.key === "End")) return;
  const tabs = [...tab.parentElement.querySelectorAll(".pw-tab")].filter((one) => one.offsetParent);
  const at = tabs.indexOf(tab), last = tabs.length - 1;
  const place = event.key === "Home" ? 0 : event.key === "End" ? last
    : (at + STEPS[event.key] + tabs.length) % tabs.length;
  event.preventDefault();
  event.stopPropagation();
  tabs[place].focus();
  tabs[place].click();
}

function nameMenu(menu) {
  const opener = menu.querySelector(":scope > .pw-menu-button");
  if (opener) setOnce(opener, "aria-expanded", String(menu.classList.contains("pw-open")));
}

function setMenu(menu, open) {
  menu.classList.toggle("pw-open", open);
  nameMenu(menu);
  if (open) placeMenu(menu);
}

// A menu opens downward where there is room for it, else to the side that has more, as high as that.
const MENU_EDGE = 8;

function placeMenu(menu) {
  const opener = menu.querySelector(":scope > .pw-menu-button"), body = menu.querySelector(":scope > .pw-menu-body");
  if (!opener || !body) return;
  const { top, bottom } = opener.getBoundingClientRect();
  const below = innerHeight - bottom - MENU_EDGE, above = top - MENU_EDGE;
  const up = body.scrollHeight > below && above > below;
  menu.classList.toggle("pw-up", up);
  menu.style.setProperty("--pw-menu-room", `${Math.max(160, Math.floor(up ? above : below))}px`);
}

function closeMenus(but) {
  document.querySelectorAll(".pw-menu.pw-open").forEach((menu) => {
    if (menu !== but) setMenu(menu, false);
  });
  document.querySelectorAll(".pw-explorer :is(.pw-notes, .pw-template, .pw-pareto .pw-measured)[open]").forEach((details) => {
    if (!but || !details.contains(but)) details.open = false;
  });
}

function pressMenu(event) {
  const within = event.target.closest && event.target.closest(".pw-menu, details");
  const opener = event.target.closest && event.target.closest(".pw-menu-button");
  closeMenus(within);
  pressDrawer(event.target);
  if (opener) setMenu(opener.closest(".pw-menu"), !opener.closest(".pw-menu").classList.contains("pw-open"));
}

// On a narrow page the budgets are a drawer, of which the one in hand stays out.
function pressDrawer(target) {
  const handle = target.closest && target.closest(".pw-drawer");
  if (handle) handle.closest(".pw-budgets").classList.toggle("pw-open");
  if (handle) nameDrawer(handle);
}

function nameDrawer(handle) {
  setOnce(handle, "aria-expanded", String(handle.closest(".pw-budgets").classList.contains("pw-open")));
}

function leaveMenu(event) {
  const open = event.key === "Escape" && event.target.closest && event.target.closest(".pw-menu.pw-open, details[open]");
  if (!open || !open.closest(".pw-ui")) return;
  event.stopPropagation();
  closeMenus(null);
  const back = open.querySelector(":scope > .pw-menu-button, :scope > summary");
  if (back) back.focus();
}

// The height that an explorer can take: what is seen of the notebook that it is in, else the window's.
const LEAST_ROOM = 480, SHORT_ROOM = 640;
const seen = new ResizeObserver(() => measureRooms());

function measureRooms() {
  document.querySelectorAll(".pw-explorer").forEach(measureRoom);
}

function measureRoom(explorer) {
  const notebook = explorer.closest(".jp-WindowedPanel-outer");
  if (notebook && !notebook.puzzleWidgetsWatched) {
    notebook.puzzleWidgetsWatched = true;
    seen.observe(notebook);
  }
  const room = Math.max(notebook ? notebook.clientHeight - 12 : window.innerHeight, LEAST_ROOM);
  const words = `${room}px`;
  if (explorer.style.getPropertyValue("--pw-room") !== words) explorer.style.setProperty("--pw-room", words);
  explorer.classList.toggle("pw-short", room < SHORT_ROOM);
}

// The budget that was touched last: where there is room for one only, it is this one.
function takeInHand(event) {
  const limit = event.target.closest && event.target.closest(".pw-limit");
  if (!limit) return;
  limit.parentElement.querySelectorAll(".pw-hand").forEach((other) => {
    if (other !== limit) other.classList.remove("pw-hand");
  });
  limit.classList.add("pw-hand");
}

// A table that is wider than its room is scrolled by keys, too; one that is not is no stop.
function reachScroll(scroll) {
  const isWide = scroll.scrollWidth > scroll.clientWidth + 1;
  if (!isWide || scroll.classList.contains("pw-points-scroll")) {
    if (scroll.pzwReached) ["tabindex", "role", "aria-label"].forEach((name) => scroll.removeAttribute(name));
    scroll.pzwReached = false;
    return;
  }
  const words = scroll.querySelector("caption") || scroll.closest(".pw-card")?.querySelector(".pw-title");
  scroll.pzwReached = true;
  setOnce(scroll, "tabindex", "0");
  setOnce(scroll, "role", scroll.closest(".pw-guide-text") ? "group" : "region"); // there are many
  setOnce(scroll, "aria-label", words ? words.textContent.trim() : "Table");
}

function improvePanel(panel) {
  panel.querySelectorAll(".pw-scroll").forEach(reachScroll);
  panel.querySelectorAll(".pw-symbol").forEach(nameSymbol);
  panel.querySelectorAll(".pw-tablist").forEach(nameTabs);
  panel.querySelectorAll(".pw-menu").forEach(nameMenu);
  panel.querySelectorAll(".pw-drawer").forEach(nameDrawer);
}

function startPanels() {
  document.addEventListener("keydown", walkTabs, true);
  document.addEventListener("keydown", leaveMenu, true);
  document.addEventListener("click", pressMenu, true);
  ["focusin", "pointerdown"].forEach((name) => document.addEventListener(name, takeInHand, true));
  window.addEventListener("resize", measureRooms);
}
