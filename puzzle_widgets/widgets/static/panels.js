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

// Where the tabs are below the charts, one that is opened comes into sight.
function bringTabs(event) {
  const chosen = event.target.closest && event.target.closest(".pw-tab, .pw-compare");
  const board = chosen && chosen.closest(".pw-board");
  const tabs = board && board.querySelector(":scope > .pw-tabs");
  if (!tabs || getComputedStyle(board).display !== "flex") return;
  let at = window.scrollY;
  [0, 300, 700, 1500].forEach((wait) => setTimeout(() => { // what opens may grow for a while
    if (window.scrollY !== at) return; // and whoever scrolls on is left alone
    tabs.scrollIntoView({ block: "start" });
    at = window.scrollY;
  }, wait));
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
  const { top, bottom } = (body.offsetParent || opener).getBoundingClientRect(); // it opens from the line's edge
  // A notebook scrolls its cells in a box of its own, which cuts what is beyond it.
  const room = menu.closest(".jp-WindowedPanel-outer")?.getBoundingClientRect();
  const low = Math.min(innerHeight, room?.bottom ?? innerHeight), high = Math.max(0, room?.top ?? 0);
  const below = low - bottom - MENU_EDGE, above = top - high - MENU_EDGE;
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
const LEAST_ROOM = 560, SHORT_ROOM = 640;
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
  setLength(explorer, "--pw-room", room);
  explorer.classList.toggle("pw-short", room < SHORT_ROOM);
  watchParts(explorer);
}

function setLength(element, name, pixels) {
  const words = `${Math.ceil(pixels)}px`;
  if (element.style.getPropertyValue(name) !== words) element.style.setProperty(name, words);
}

// The height of the board is worked out of what stands above it, and of what its budgets need beyond
// their card.
const parts = new ResizeObserver(() => document.querySelectorAll(".pw-explorer").forEach(measureBoard));

function watchParts(explorer) {
  explorer.querySelectorAll(":scope > :not(.pw-board, .pw-skips), .pw-board > .pw-budgets > *").forEach((part) => {
    if (part.puzzleWidgetsWatched) return;
    part.puzzleWidgetsWatched = true;
    parts.observe(part);
  });
}

function measureBoard(explorer) {
  const board = explorer.querySelector(":scope > .pw-board");
  const budgets = board && board.querySelector(":scope > .pw-budgets");
  if (!budgets || !budgets.offsetHeight) return;
  setLength(explorer, "--pw-head", board.offsetTop);
  const bottoms = [...budgets.children].map((part) => part.getBoundingClientRect().bottom);
  const room = budgets.getBoundingClientRect().bottom - parseFloat(getComputedStyle(budgets).paddingBottom);
  const before = parseFloat(explorer.style.getPropertyValue("--pw-more")) || 0;
  setLength(explorer, "--pw-more", Math.max(0, before + Math.max(...bottoms) - room));
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

// A table that is larger than its room is scrolled by keys, too; one that is not is no stop.
function reachScroll(scroll) {
  const isMore = scroll.scrollWidth > scroll.clientWidth + 1 || scroll.scrollHeight > scroll.clientHeight + 1;
  if (!isMore || scroll.classList.contains("pw-points-scroll")) {
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

// Asked once the page is laid out: to ask earlier would lay it out for the question alone.
const scrolls = new ResizeObserver((seen) => {
  new Set(seen.map(({ target }) => target.closest(".pw-scroll, .pw-scenario-table"))).forEach((one) => one && reachScroll(one));
});

function watchScroll(scroll) {
  if (scroll.pzwWatched) return;
  scroll.pzwWatched = true;
  [scroll, ...scroll.children].forEach((part) => scrolls.observe(part));
}

function improvePanel(panel) {
  panel.querySelectorAll(".pw-scroll, .pw-scenario-table").forEach(watchScroll);
  panel.querySelectorAll(".pw-symbol").forEach(nameSymbol);
  panel.querySelectorAll(".pw-tablist").forEach(nameTabs);
  panel.querySelectorAll(".pw-menu").forEach(nameMenu);
  panel.querySelectorAll(".pw-drawer").forEach(nameDrawer);
}

function startPanels() {
  document.addEventListener("keydown", walkTabs, true);
  document.addEventListener("keydown", leaveMenu, true);
  document.addEventListener("click", pressMenu, true);
  document.addEventListener("click", bringTabs, true);
  ["focusin", "pointerdown"].forEach((name) => document.addEventListener(name, takeInHand, true));
  window.addEventListener("resize", measureRooms);
}
