// A gallery of architectures: a small picture each, with figures. Arrow keys walk it, Enter, Space
// or a click shows one; which one is meant is said to the kernel by its place.

const SVG = "http://www.w3.org/2000/svg";
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
const PALE = "0.3";

function rect(x, y, height, color, pale) {
  const made = document.createElementNS(SVG, "rect");
  Object.entries({ x, y, height, width: 0.8, fill: color }).forEach(([name, value]) => made.setAttribute(name, value));
  if (pale) made.setAttribute("opacity", PALE);
  return made;
}

// Bars of an architecture, parts that are negative downwards; layers as in the first one are pale.
function picture({ parts, differs }, low, high) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", `0 0 ${differs.length} ${high - low}`);
  made.setAttribute("preserveAspectRatio", "none");
  made.setAttribute("aria-hidden", "true");
  const first = !differs.includes(true);
  parts.forEach(([heights, colors]) => heights.forEach((height, n) => {
    if (height) made.append(rect(n + 0.1, high - Math.max(height, 0), Math.abs(height), colors[n], !first && !differs[n]));
  }));
  return made;
}

function span(words, css) {
  const made = document.createElement(css === "b" ? "b" : "span");
  made.textContent = words;
  if (css && css !== "b") made.className = css;
  return made;
}

class Gallery {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.fill = () => this.draw();
    this.mark = () => this.press();
    model.on("change:items", this.fill);
    model.on("change:chosen", this.mark);
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", "Architectures nearly as good. Arrow keys move along them.");
    this.keys = (event) => this.walk(event);
    el.addEventListener("keydown", this.keys);
    this.draw();
  }

  close() {
    this.model.off("change:items", this.fill);
    this.model.off("change:chosen", this.mark);
    this.el.removeEventListener("keydown", this.keys);
  }

  draw() {
    const at = [...this.el.children].indexOf(document.activeElement);
    const [low, high] = this.model.get("span");
    this.el.replaceChildren(...this.model.get("items").map((item, place) => this.card(item, place, low, high)));
    this.press();
    if (at >= 0 && this.el.children[at]) this.el.children[at].focus({ preventScroll: true });
  }

  card(item, place, low, high) {
    const made = document.createElement("button");
    made.type = "button";
    made.title = item.title;
    made.append(picture(item, low, high), span(item.name, "b"), span(item.score), span(item.words, "pw-quiet"));
    made.addEventListener("click", () => this.model.send({ show: place }));
    return made;
  }

  // One stop of the Tab key: the one that is shown, else the first.
  press() {
    const chosen = this.model.get("chosen");
    [...this.el.children].forEach((card, place) => {
      card.setAttribute("aria-pressed", String(place === chosen));
      card.tabIndex = place === Math.max(chosen, 0) ? 0 : -1;
    });
  }

  walk(event) {
    const cards = [...this.el.children], at = cards.indexOf(document.activeElement);
    if (at < 0 || !(event.key in STEPS || event.key === "Home" || event.key === "End")) return;
    const last = cards.length - 1;
    const to = event.key === "Home" ? 0 : event.key === "End" ? last
      : Math.min(Math.max(at + STEPS[event.key], 0), last);
    event.preventDefault();
    event.stopPropagation();
    cards.forEach((card, place) => { card.tabIndex = place === to ? 0 : -1; });
    cards[to].focus();
  }
}

function render({ model, el }) {
  el.classList.add("pw-gallery");
  const gallery = new Gallery(model, el);
  return () => gallery.close();
}

export default { render };
