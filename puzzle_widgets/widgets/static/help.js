// The sheet of terms, the tour, and a term's meaning on hover over it.

const SEEN = "puzzle-widgets-tour-seen";
const STEPS = [
  [".pw-budgets", "1 of 4: Budgets", "Drag a slider, or type an amount. Every move is searched to the proven optimum; a budget says whether it is the limit."],
  [".pw-pareto", "2 of 4: Pareto front", "The best score for every budget. Click a point, or walk with the arrow keys, to see its architecture."],
  [".pw-layer-view", "3 of 4: Blocks by layer", "What each layer keeps: attention up, FFN down. Click a layer to see what else it could be."],
  [".pw-tabs", "4 of 4: Reasons and results", "Why this answer, what each block would cost, saved scenarios, maps, and files for vLLM and others. \u201cSave scenario\u201d keeps what is shown."],
];

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function makeButton(words, act, className = "pw-button") {
  const button = make("button", className, words);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

function isSeen() {
  try { return localStorage.getItem(SEEN) === "yes"; } catch { return true; }
}

function see() {
  try { localStorage.setItem(SEEN, "yes"); } catch { /* then it is offered again */ }
}

class Tour {
  constructor(explorer, done) {
    this.explorer = explorer;
    this.done = done;
    this.back = document.activeElement;
    this.card = make("div", "pw-ui pw-tour");
    this.card.setAttribute("role", "dialog");
    this.card.setAttribute("aria-label", "Tour");
    this.card.tabIndex = -1;
    this.card.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.end();
      event.stopPropagation(); // the notebook's keys are not meant
    });
    document.body.append(this.card);
    this.show(0);
  }

  show(place) {
    const [where, title, text] = STEPS[place];
    const panel = this.explorer.querySelector(where);
    this.mark(panel);
    const last = place === STEPS.length - 1;
    const next = makeButton(last ? "Done" : "Next", () => (last ? this.end() : this.show(place + 1)), "pw-button pw-primary");
    const buttons = make("div", "pw-tour-buttons");
    if (place) buttons.append(makeButton("Back", () => this.show(place - 1)));
    if (!last) buttons.append(makeButton("Skip the tour", () => this.end()));
    buttons.append(next);
    this.card.replaceChildren(make("h2", "pw-title", title), make("p", "", text), buttons);
    if (panel) this.stand(panel);
    next.focus({ preventScroll: true });
  }

  mark(panel) {
    if (this.marked) this.marked.classList.remove("pw-toured");
    this.marked = panel;
    if (panel) panel.classList.add("pw-toured");
  }

  // Beside the panel where there is room, else below or above it, else over it.
  stand(panel) {
    panel.scrollIntoView({ block: "nearest" });
    const box = panel.getBoundingClientRect(), { offsetWidth: wide, offsetHeight: high } = this.card;
    const right = box.right + 12 + wide <= window.innerWidth;
    const before = !right && box.left - 12 - wide >= 12;
    const below = box.bottom + 12 + high + 12 <= window.innerHeight, above = box.top - 12 - high >= 12;
    const left = right ? box.right + 12 : before ? box.left - 12 - wide : Math.max(12, box.left + (box.width - wide) / 2);
    const beside = right || before || !(below || above) ? box.top + 12 : below ? box.bottom + 12 : box.top - 12 - high;
    const top = Math.min(Math.max(12, beside), window.innerHeight - high - 12);
    Object.assign(this.card.style, { left: `${Math.min(left, window.innerWidth - wide - 12)}px`, top: `${top}px` });
  }

  end() {
    this.mark(null);
    this.card.remove();
    if (this.back && this.back.isConnected) this.back.focus({ preventScroll: true });
    this.done();
  }
}

function sheet(model, begin) {
  const dialog = make("dialog", "pw-ui pw-sheet");
  const close = makeButton("Close", () => dialog.close());
  const tour = makeButton("Take the tour", () => { dialog.close(); begin(); });
  const head = make("div", "pw-sheet-head");
  const guide = makeButton("Guide", () => {});
  guide.dataset.guide = "explorer.md";
  head.append(make("h2", "pw-title", "What the words mean"), guide, tour, close);
  const list = make("dl", "pw-glossary");
  for (const [term, meaning] of model.get("terms")) {
    list.append(make("dt", "", term), make("dd", "", meaning));
  }
  const keys = make("p", "pw-quiet", "Keys: Tab goes from panel to panel, arrow keys move sliders and walk along charts, Ctrl+Z undoes, Ctrl+Shift+Z does it again.");
  dialog.append(head, list, keys);
  dialog.setAttribute("aria-label", "What the words mean");
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

const EXPLAINED = ".pw-tile dt, .pw-title, .pw-tab, .pw-state";

// Words on a term where somebody points at one.
function explain(terms) {
  return ({ target }) => {
    const found = target.closest && target.closest(EXPLAINED);
    if (!found || !found.closest(".pw-explorer") || (found.title && found.title !== found.textContent.trim())) return;
    const word = found.textContent.trim().replace(/, summed$|, proven.*$| \d+$/, "").toLowerCase();
    const term = terms.find(([name]) => name.toLowerCase().replace(", proven", "") === word);
    if (term) found.title = term[1];
  };
}

function render({ model, el }) {
  let button;
  const explorer = () => el.closest(".pw-explorer");
  const name = () => {
    const isNew = !isSeen();
    button.textContent = isNew ? "New here?" : "? Help";
    button.title = "Help: what the words mean, and a tour of four steps";
  };
  const begin = () => new Tour(explorer(), () => { see(); name(); });
  button = makeButton("", () => (isSeen() ? sheet(model, begin) : begin()));
  name();
  el.append(button);
  const hover = explain(model.get("terms"));
  document.addEventListener("pointerover", hover);
  document.addEventListener("focusin", hover);
  return () => {
    document.removeEventListener("pointerover", hover);
    document.removeEventListener("focusin", hover);
  };
}

export default { render };
