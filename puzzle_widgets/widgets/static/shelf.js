// Keeps scenarios in the browser's own storage, by library and visit, and offers those of another
// one, which may be over or go on in another tab. What is stored may be anybody's: it is checked here, and again by the kernel.

const KEY = "puzzle-widgets/scenarios/";
const MOST_VISITS = 5;
const MOST_LETTERS = 2e6;
const OFFER_MS = 1000;

function read(key) {
  try {
    const { names, text, when } = JSON.parse(window.localStorage.getItem(key));
    const isWhole = Array.isArray(names) && names.length && names.every((one) => typeof one === "string")
      && typeof text === "string" && text.length <= MOST_LETTERS && Number.isFinite(when);
    return isWhole ? { key, names, text, when } : null;
  } catch {
    return null;
  }
}

// The newest first; what is no entry, or one too many, goes.
function visitsTo(digest) {
  const keys = Object.keys(window.localStorage).filter((key) => key.startsWith(`${KEY}${digest}/`));
  const entries = keys.map(read).filter(Boolean).sort((a, b) => b.when - a.when).slice(0, MOST_VISITS);
  const kept = new Set(entries.map((entry) => entry.key));
  keys.filter((key) => !kept.has(key)).forEach((key) => window.localStorage.removeItem(key));
  return entries;
}

// What scenarios are, whatever they are called: names are given again.
function contents(text) {
  const { scenarios } = JSON.parse(text);
  return scenarios.map(({ objective, budgets, architecture }) => JSON.stringify([objective, budgets, architecture]));
}

class Shelf {
  constructor(model) {
    this.model = model;
    this.visit = `${Date.now()}-${Math.random()}`;
    this.offered = null;
    this.full = false;
    this.onChange = () => this.save();
    model.on("change:shelf", this.onChange);
    this.save();
  }

  get own() {
    return `${KEY}${this.model.get("shelf").digest}/${this.visit}`;
  }

  save() {
    const { names, text } = this.model.get("shelf");
    this.full = names.length > 0 && !text;
    try {
      if (text) window.localStorage.setItem(this.own, JSON.stringify({ names, text, when: Date.now() }));
      else window.localStorage.removeItem(this.own);
    } catch {
      this.full = true; // or the browser stores nothing at all
    }
    this.show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), OFFER_MS);
  }

  // What this visit has, too, needs no offer.
  look() {
    const { digest, text } = this.model.get("shelf");
    try {
      const here = new Set(text ? contents(text) : []);
      const others = visitsTo(digest).filter(({ key }) => key !== this.own);
      const isHere = (entry) => contents(entry.text).every((content) => here.has(content));
      others.filter(isHere).forEach(({ key }) => window.localStorage.removeItem(key));
      this.offered = others.find((entry) => !isHere(entry)) || null;
    } catch {
      this.offered = null;
    }
    this.show();
  }

  restore() {
    this.model.send({ restore: this.offered.text });
  }

  forget() {
    window.localStorage.removeItem(this.offered.key);
    this.look();
  }

  close() {
    clearTimeout(this.timer);
    this.model.off("change:shelf", this.onChange);
  }

  show() {
    if (this.draw) this.draw();
  }
}

function words(shelf) {
  if (shelf.offered) {
    const count = shelf.offered.names.length;
    return `${count} saved ${count === 1 ? "scenario" : "scenarios"} of an earlier visit or another tab:`;
  }
  return shelf.full ? "This browser has no room for the scenarios: save them as a file." : "";
}

function made(name, title, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "pw-button";
  button.textContent = name;
  button.title = title;
  button.addEventListener("click", act);
  return button;
}

function render({ model, el }) {
  const shelf = new Shelf(model);
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  const restore = made("Restore", "Add the saved scenarios of an earlier visit or another tab", () => shelf.restore());
  const forget = made("Forget", "Remove the saved scenarios of an earlier visit or another tab from this browser", () => shelf.forget());
  shelf.draw = () => {
    const text = words(shelf);
    if (said.textContent !== text) said.textContent = text;
    said.title = shelf.offered ? shelf.offered.names.join(", ") : "";
    [restore, forget].forEach((button) => { button.style.display = shelf.offered ? "" : "none"; });
    el.classList.toggle("pw-shelf-empty", !text);
  };
  el.append(said, restore, forget);
  shelf.draw();
  return () => shelf.close();
}

export default { render };
