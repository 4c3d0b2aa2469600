// Names panels, sliders and fields for screen readers, announces status lines, adds links to skip
// to a panel, and lets keys press the buttons of a chart, or undo and redo. One observer serves the whole page, however many panels there are.

const NAMED = ".noUi-handle, input:not([type=file], [type=radio]), select";
const ROWS = ".pw-row, .pw-limit, .pw-serving";
const KEYS = {
  ArrowLeft: ".pw-prev", ArrowDown: ".pw-prev", ArrowRight: ".pw-next", ArrowUp: ".pw-next",
  Home: ".pw-first", End: ".pw-last",
};

function plain(element) {
  return element && element.textContent.replace(/\u200b/g, "").trim();
}

function nameControl(control) {
  const own = control.closest(".jupyter-widgets");
  const label = own && own.querySelector(":scope > label");
  const row = control.closest(ROWS);
  const name = row && [...row.querySelectorAll(".pw-name")].find((one) => one.closest(ROWS) === row);
  const words = plain(label) || plain(name) || control.title;
  setOnce(control, "aria-label", words);
  if (control.classList.contains("noUi-handle")) {
    const said = row && row.querySelector(".pw-said");
    const readout = own && own.querySelector(".widget-readout");
    const text = (said && said.textContent.trim()) || (readout && readout.textContent.trim());
    setOnce(control, "aria-valuetext", text);
  }
}

function nameChart(chart) {
  const card = chart.closest(".pw-card");
  const title = card && card.querySelector(".pw-title");
  setOnce(chart, "tabindex", "0");
  setOnce(chart, "role", "group");
  setOnce(chart, "aria-label", `${title ? title.textContent : "Chart"}. Arrow keys move along it.`);
}

// Choices of one are named by their own words; what they are about is the group's name. With a
// name in common they are one stop of the Tab key, and the arrow keys move among them.
let groups = 0;

function nameChoice(box) {
  const inputs = [...box.querySelectorAll("[type=radio]")];
  if (inputs.some((one) => !one.name)) {
    groups += 1;
    inputs.forEach((one) => { one.name = `pw-choice-${groups}`; });
  }
  const row = box.closest(".pw-row");
  setOnce(box, "role", "radiogroup");
  setOnce(box, "aria-label", plain(row && row.querySelector(".pw-name")));
}

// Panels are landmarks by their titles.
function nameRegion(card) {
  const title = card.querySelector(":scope > .pw-head .pw-title, :scope > .pw-head .pw-brand");
  if (!title || card.matches(".pw-status .pw-card")) return;
  setOnce(card, "role", "region");
  setOnce(card, "aria-label", plain(title));
}

const SKIPS = [
  [".pw-budgets", "Skip to the budgets"], [".pw-pareto", "Skip to the Pareto front"],
  [".pw-layer-view", "Skip to the blocks by layer"], [".pw-tabs", "Skip to the tabs"],
];

// Links that show when they have the focus: the first stops of the Tab key in an explorer.
function addSkips(explorer) {
  if (explorer.querySelector(":scope > .pw-skips")) return;
  const links = document.createElement("nav");
  links.className = "pw-skips";
  links.setAttribute("aria-label", "Within the explorer");
  for (const [place, words] of SKIPS) {
    const link = document.createElement("button");
    link.type = "button";
    link.textContent = words;
    link.addEventListener("click", () => {
      const panel = explorer.querySelector(place);
      const stops = panel ? [...panel.querySelectorAll("[tabindex='0'], select, input, button:not(.pw-guide)")] : [];
      const first = stops.find((stop) => stop.getClientRects().length && !stop.disabled);
      if (first) first.focus();
    });
    links.append(link);
  }
  explorer.prepend(links);
}

function nameProgress(bar) {
  const own = bar.closest(".jupyter-widgets");
  const words = own && own.nextElementSibling;
  setOnce(bar, "role", "progressbar");
  setOnce(bar, "aria-label", "Progress");
  setOnce(bar, "aria-valuetext", plain(words));
}

// A chart lays itself out again when the window is resized, but not when its own room changes.
const rooms = new ResizeObserver(() => {
  clearTimeout(rooms.timer);
  rooms.timer = setTimeout(() => window.dispatchEvent(new Event("resize")), 60);
});

function watchRoom(chart) {
  if (chart.puzzleWidgetsWatched) return;
  chart.puzzleWidgetsWatched = true;
  rooms.observe(chart);
}

function improve() {
  measureRooms();
  document.querySelectorAll(".pw-card").forEach(nameRegion);
  document.querySelectorAll(".pw-explorer").forEach(addSkips);
  document.querySelectorAll(".pw-ui").forEach((panel) => {
    improvePanel(panel);
    panel.querySelectorAll(NAMED).forEach(nameControl);
    panel.querySelectorAll(".widget-radio-box").forEach(nameChoice);
    panel.querySelectorAll(".pw-field input").forEach((field) => {
      setOnce(field, "aria-invalid", String(field.closest(".pw-field").classList.contains("pw-invalid")));
    });
    panel.querySelectorAll(".pw-keys").forEach(nameChart);
    panel.querySelectorAll(".pw-figure").forEach(watchRoom);
    panel.querySelectorAll(".progress").forEach(nameProgress);
    panel.querySelectorAll(".widget-toggle-buttons button").forEach((button) => {
      setOnce(button, "aria-pressed", String(button.classList.contains("mod-active")));
    });
    panel.querySelectorAll(".pw-live:not([role])").forEach((line) => {
      line.setAttribute("role", "status");
      line.setAttribute("aria-live", "polite");
    });
    panel.querySelectorAll("[title='null']").forEach((element) => element.removeAttribute("title"));
  });
}

// Names never hold up a picture: they follow once it is on the screen, and while much changes, as
// under a dragged slider, only now and then.
const PAUSE_MS = 150;

function afterPicture(act) {
  let waiting = false, last = -PAUSE_MS;
  const run = () => { waiting = false; last = performance.now(); act(); };
  return () => {
    if (waiting) return;
    waiting = true;
    const rest = Math.max(0, last + PAUSE_MS - performance.now());
    requestAnimationFrame(() => setTimeout(run, rest));
  };
}

function press(event) {
  const chart = event.target.closest && event.target.closest(".pw-keys");
  if (!chart || event.target !== chart || !(event.key in KEYS)) return;
  const card = chart.closest(".pw-card");
  const target = card && card.querySelector(`button${KEYS[event.key]}, ${KEYS[event.key]} button`);
  if (!target) return;
  event.preventDefault();
  event.stopPropagation();
  target.click();
}

// Notebook 7 moves to other cells by the arrow keys, wherever the focus is. An element with this
// mark is left alone by it; only for the moment, so that its other shortcuts work everywhere.
const OURS = "data-lm-suppress-shortcuts";

function keepArrows(event) {
  const target = event.key.startsWith("Arrow") && event.target.closest
    && event.target.closest(".pw-ui :is(.noUi-handle, .pw-keys, .pw-tab, [type=radio])");
  if (!target || target.hasAttribute(OURS)) return;
  target.setAttribute(OURS, "true");
  setTimeout(() => target.removeAttribute(OURS));
}

// Which explorer has the focus. A button that was pressed and has nothing left to do loses it to
// the page: the explorer that had it last counts then.
let lastPlace = null;

function explorerOf(target) {
  const place = target === document.body ? lastPlace : target;
  return place && place.isConnected && place.closest(".pw-explorer");
}

function isText(element) {
  return element.isContentEditable || element.matches("textarea, input:not([type=checkbox])");
}

function undo(event) {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z";
  const explorer = isUndo && event.target.closest && !isText(event.target) && explorerOf(event.target);
  if (!explorer) return;
  event.preventDefault();
  event.stopPropagation();
  const target = explorer.querySelector(event.shiftKey ? "button.pw-redo" : "button.pw-undo");
  if (target && !target.disabled) target.click();
}

function start() {
  if (window.puzzleWidgetsAids) return;
  window.puzzleWidgetsAids = true;
  const soon = afterPicture(improve);
  new MutationObserver(soon).observe(document.body, {
    subtree: true, childList: true, characterData: true,
  });
  measureRooms();
  window.addEventListener("keydown", keepArrows, true); // before the notebook, which listens below
  document.addEventListener("keydown", press, true);
  document.addEventListener("keydown", undo, true);
  startPanels();
  startGuide();
  ["focusin", "pointerdown"].forEach((name) => {
    document.addEventListener(name, (event) => { lastPlace = event.target; }, true);
  });
  soon();
}

export default {
  initialize({ model }) { return offerGuide(model); },
  render({ el }) { el.style.display = "none"; start(); },
};
