// The points of the front as a table that is sorted, filtered and picked from here. Which points are
// meant is said to the kernel by their ids; files and scenarios are made there.

const STEP = 300; // rows that are added at once
const LIMIT = /^(<=|>=|≤|≥|<|>|=)\s*([+-]?[\d.,]+(?:e[+-]?\d+)?)$/i;
const HINT = ": a limit such as <= 80 or > 5, or a part of the text";
const TESTS = {
  "<=": (a, b) => a <= b, "≤": (a, b) => a <= b, ">=": (a, b) => a >= b, "≥": (a, b) => a >= b,
  "<": (a, b) => a < b, ">": (a, b) => a > b, "=": (a, b) => a === b,
};

function make(tag, looks = {}, ...children) {
  const made = document.createElement(tag);
  Object.entries(looks).forEach(([name, value]) => {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "text") made.textContent = value;
    else made.setAttribute(name, value);
  });
  made.append(...children);
  return made;
}

// What a filter asks of a cell, [text, number, in full]; null where it cannot be read.
function testOf(words, isText) {
  const asked = words.trim();
  if (!asked) return () => true;
  const limit = asked.match(LIMIT);
  if (limit && !isText) {
    const bound = Number(limit[2].replaceAll(",", ""));
    return Number.isFinite(bound) ? ([, value]) => value !== null && TESTS[limit[1]](value, bound) : null;
  }
  if (/^[<>=≤≥]/.test(asked)) return null;
  const part = asked.toLowerCase();
  return ([text]) => text.toLowerCase().includes(part);
}

function compare(a, b) {
  if (a[1] === null && b[1] === null) return a[0].localeCompare(b[0]);
  if (a[1] === null || b[1] === null) return a[1] === null ? 1 : -1; // what is not known goes last
  return a[1] - b[1];
}

class Table {
  constructor(model, el) {
    this.model = model;
    this.sort = { column: -1, down: false };
    this.filters = [];
    this.picked = new Set();
    this.most = STEP;
    this.title = "";
    this.keep = make("button", { type: "button", class: "pw-button", onclick: () => this.say("keep", this.pickedIds()) });
    this.all = make("button", { type: "button", class: "pw-button", onclick: () => this.say("download", this.ids()) });
    this.some = make("button", { type: "button", class: "pw-button", onclick: () => this.say("download", this.shown().map(([id]) => id)) });
    this.clear = make("button", { type: "button", class: "pw-button", text: "Clear filters", onclick: () => this.clearFilters() });
    this.more = make("button", { type: "button", class: "pw-button", onclick: () => { this.most += STEP; this.fill(); } });
    this.count = make("span", { class: "pw-quiet", role: "status" });
    this.head = make("thead");
    this.body = make("tbody");
    this.table = make("table", { class: "pw-table" }, make("caption", { class: "pw-aside", text: "Points of the Pareto front" }), this.head, this.body);
    const tools = make("div", { class: "pw-points-tools" }, this.keep, this.all, this.some, this.clear, this.count);
    const scroll = make("div", { class: "pw-scroll pw-points-scroll", tabindex: "0", role: "region", "aria-label": "Points of the Pareto front" }, this.table);
    el.append(tools, scroll, this.more);
    this.onRows = () => this.refresh();
    this.onChosen = () => this.fill();
    model.on("change:rows", this.onRows);
    model.on("change:columns", this.onRows);
    model.on("change:chosen", this.onChosen);
    this.refresh();
  }

  close() {
    this.model.off("change:rows", this.onRows);
    this.model.off("change:columns", this.onRows);
    this.model.off("change:chosen", this.onChosen);
  }

  say(what, value) {
    this.model.send({ [what]: value });
  }

  ids() {
    return this.model.get("rows").map(([id]) => id);
  }

  pickedIds() {
    return this.ids().filter((id) => this.picked.has(id));
  }

  // The rows that pass every filter, in their order; each with the number of its point.
  shown() {
    const columns = this.model.get("columns");
    const tests = columns.map(([, isText], n) => testOf(this.filters[n] || "", isText) || (() => true));
    const rows = this.model.get("rows").map(([id, ...cells], n) => [id, n + 1, cells]);
    const found = rows.filter(([, , cells]) => tests.every((test, n) => test(cells[n])));
    const { column, down } = this.sort;
    if (column >= 0) found.sort((a, b) => compare(a[2][column], b[2][column]));
    // Turned round, but what is not known stays last.
    if (!down) return found;
    const known = ([, , cells]) => column < 0 || columns[column][1] || cells[column][1] !== null;
    return [...found.filter(known).reverse(), ...found.filter((row) => !known(row))];
  }

  refresh() {
    const titles = JSON.stringify(this.model.get("columns"));
    if (titles !== this.title) {
      this.title = titles;
      this.filters = [];
      this.sort = { column: -1, down: false };
      this.drawHead();
    }
    const here = new Set(this.ids());
    this.picked = new Set([...this.picked].filter((id) => here.has(id)));
    this.fill();
  }

  drawHead() {
    const columns = [["Point"], ...this.model.get("columns")];
    this.every = make("input", { type: "checkbox", "aria-label": "Pick all points that are listed", onchange: () => this.pickAll() });
    this.sorters = columns.map(([title], n) => make(
      "th", { scope: "col" }, make("button", { type: "button", class: "pw-sort", text: title, onclick: () => this.sortBy(n - 1) }),
    ));
    const boxes = columns.slice(1).map(([title], n) => make("td", {}, make("input", {
      type: "text", "aria-label": `Filter ${title}${HINT}`, title: `Filter ${title}${HINT}`, placeholder: "filter", autocomplete: "off", spellcheck: "false",
      oninput: (event) => this.filter(n, event.target),
    })));
    this.boxes = boxes.map((cell) => cell.firstChild);
    this.head.replaceChildren(
      make("tr", {}, make("td", {}, this.every), ...this.sorters),
      make("tr", { class: "pw-filters" }, make("td"), make("td"), ...boxes),
    );
  }

  sortBy(column) {
    const { sort } = this;
    this.sort = { column, down: sort.column === column && !sort.down };
    this.fill();
  }

  filter(column, box) {
    const isText = this.model.get("columns")[column][1];
    this.filters[column] = box.value;
    box.setAttribute("aria-invalid", String(!testOf(box.value, isText)));
    this.most = STEP;
    this.fill();
  }

  clearFilters() {
    this.filters = [];
    this.boxes.forEach((box) => { box.value = ""; box.removeAttribute("aria-invalid"); });
    this.fill();
    this.boxes[0].focus();
  }

  pick(id, on) {
    if (on) this.picked.add(id);
    else this.picked.delete(id);
    this.tell();
  }

  pickAll() {
    this.shown().forEach(([id]) => (this.every.checked ? this.picked.add(id) : this.picked.delete(id)));
    this.fill();
  }

  fill() {
    const focused = this.body.contains(document.activeElement) && document.activeElement.dataset;
    const back = focused && { id: focused.id, part: focused.part };
    this.listed = this.shown();
    this.body.replaceChildren(...this.listed.slice(0, this.most).map((row) => this.row(row)));
    this.sorters.forEach((cell, n) => {
      const own = n - 1 === this.sort.column;
      if (own) cell.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    if (back) {
      const again = [...this.body.querySelectorAll("[data-id]")].find(({ dataset }) => dataset.id === back.id && dataset.part === back.part);
      if (again) again.focus({ preventScroll: true });
    }
    this.tell();
  }

  row([id, place, cells]) {
    const isShown = id === this.model.get("chosen");
    const box = make("input", { type: "checkbox", "aria-label": `Pick point ${place}`, onchange: (event) => this.pick(id, event.target.checked) });
    box.checked = this.picked.has(id);
    const show = make("button", { type: "button", class: "pw-sort", title: `Show point ${place}`, text: String(place), onclick: () => this.say("show", id) });
    [[box, "pick"], [show, "show"]].forEach(([part, name]) => { part.dataset.id = id; part.dataset.part = name; });
    const name = make("th", { scope: "row" }, show);
    if (isShown) name.prepend(make("i", { class: "pw-tag", text: "shown" }));
    const figures = cells.map(([text, , full]) => make("td", full === text ? { text } : { text, title: full }));
    const line = make("tr", { onclick: (event) => { if (!event.target.closest("input, button")) this.say("show", id); } }, make("td", {}, box), name, ...figures);
    if (isShown) {
      line.className = "pw-chosen";
      line.setAttribute("aria-current", "true");
    }
    return line;
  }

  // What buttons and count say.
  tell() {
    const [all, listed, picked] = [this.model.get("rows").length, this.listed.length, this.pickedIds().length];
    const points = (count) => `${count.toLocaleString("en-US")} ${count === 1 ? "point" : "points"}`;
    this.keep.textContent = picked ? `Save ${points(picked)} as ${picked === 1 ? "a scenario" : "scenarios"}` : "Save as scenarios";
    this.keep.title = picked ? "Save the points that are picked" : "Pick points first";
    this.keep.disabled = !picked;
    this.all.textContent = `CSV of all ${points(all)}`;
    this.some.textContent = `CSV of the ${points(listed)} listed`;
    this.some.hidden = this.some.disabled = listed === all || !listed;
    this.clear.hidden = !this.filters.some((words) => words && words.trim());
    const left = this.model.get("left_out");
    const words = listed === all ? `${points(all)}.` : `${listed} of ${points(all)} pass the filters.`;
    const said = `${words}${picked ? ` ${picked} picked.` : ""}${left ? ` ${points(left)} more are not listed.` : ""}`;
    if (this.count.textContent !== said) this.count.textContent = said;
    this.more.hidden = listed <= this.most;
    this.more.textContent = `Show ${Math.min(STEP, listed - this.most)} more`;
    const on = this.listed.filter(([id]) => this.picked.has(id)).length;
    this.every.checked = on > 0 && on === listed;
    this.every.indeterminate = on > 0 && on < listed;
  }
}

function render({ model, el }) {
  const table = new Table(model, el);
  return () => table.close();
}

export default { render };
