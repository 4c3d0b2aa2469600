// A list of what can be added. Each choice is an event of its own: as the state of a control, the
// second of two quick ones would take the place of the first.

function render({ model, el }) {
  const list = document.createElement("select");
  list.title = model.get("hint");
  const draw = () => {
    const offered = model.get("entries").filter(([, , isUsed]) => !isUsed);
    const options = [[model.get("invitation"), ""], ...offered];
    list.replaceChildren(...options.map(([words, key]) => new Option(words, key)));
    el.style.display = offered.length ? "" : "none";
  };
  list.addEventListener("change", () => {
    if (list.value) model.send({ add: list.value });
    list.selectedIndex = 0;
  });
  model.on("change:entries", draw);
  draw();
  el.append(list);
  return () => model.off("change:entries", draw);
}

export default { render };
