// The guide: pages of the documentation in a sheet over the page. Any kernel of the window that
// still answers gives them, since they are the same text.

const GUIDE_LATE_MS = 6000;
const GUIDE_HOME = "explorer.md";
const GUIDE_LATE = "No answer from the kernel, which has this text: it is busy, or has ended. "
  + "Wait a moment, or run the cell or load the page again.";

function guidesOfWindow() {
  return (window.puzzleWidgetsGuides ||= new Set());
}

function offerGuide(model) {
  const guides = guidesOfWindow();
  const heard = (said) => { if (said && said.guide) hearGuide(said); };
  guides.add(model);
  model.on("msg:custom", heard);
  return () => {
    guides.delete(model);
    model.off("msg:custom", heard);
  };
}

function hearGuide({ guide, html }) {
  const sheet = document.querySelector(".pw-guide-sheet");
  if (!sheet || sheet.puzzleWidgetsAwaits !== guide) return;
  sheet.puzzleWidgetsAwaits = null;
  clearTimeout(sheet.puzzleWidgetsLate);
  const text = sheet.querySelector(".pw-guide-text");
  text.innerHTML = html; // the package's own, in which nothing raw is left
  text.setAttribute("aria-busy", "false");
  text.querySelectorAll(".pw-scroll").forEach((table) => { watchScroll(table); reachScroll(table); });
  goTo(sheet, sheet.puzzleWidgetsPlaces.at(-1).split("#")[1]);
}

function goTo(sheet, anchor) {
  const text = sheet.querySelector(".pw-guide-text");
  const place = anchor && text.querySelector(`#pw-guide-${CSS.escape(anchor)}`);
  if (place) place.scrollIntoView({ block: "start" });
  else text.scrollTop = 0;
  const start = place || text.querySelector("h1");
  if (!start) return;
  start.tabIndex = -1;
  start.focus({ preventScroll: true });
}

function guideButton(words, act) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "pw-button", textContent: words });
  if (typeof act === "string") button.dataset.guide = act;
  else button.addEventListener("click", act);
  return button;
}

function makeGuideSheet() {
  const sheet = document.createElement("dialog");
  sheet.className = "pw-ui pw-sheet pw-guide-sheet";
  sheet.setAttribute("aria-label", "Guide");
  sheet.puzzleWidgetsPlaces = [];
  const head = document.createElement("div"), title = document.createElement("h2");
  head.className = "pw-sheet-head";
  Object.assign(title, { className: "pw-title", textContent: "Guide" });
  const back = guideButton("Back", () => {
    sheet.puzzleWidgetsPlaces.pop();
    showGuide(sheet, sheet.puzzleWidgetsPlaces.pop());
  });
  back.classList.add("pw-guide-back");
  head.append(title, back, guideButton("All parts", GUIDE_HOME), guideButton("Glossary", "glossary.md"),
    guideButton("Close", () => sheet.close()));
  const text = document.createElement("article");
  text.className = "pw-guide-text";
  text.tabIndex = 0;
  text.setAttribute("role", "document");
  text.setAttribute("aria-label", "Text of the guide");
  sheet.append(head, text);
  sheet.addEventListener("keydown", (event) => event.stopPropagation()); // the notebook's keys are not meant
  sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
  sheet.addEventListener("close", () => { clearTimeout(sheet.puzzleWidgetsLate); sheet.remove(); });
  document.body.append(sheet);
  sheet.showModal();
  return sheet;
}

function showGuide(sheet, place) {
  const [page, anchor] = place.split("#"), places = sheet.puzzleWidgetsPlaces;
  const before = sheet.puzzleWidgetsPage;
  places.push(place);
  sheet.querySelector(".pw-guide-back").hidden = places.length < 2;
  if (page === before && !sheet.puzzleWidgetsAwaits) {
    goTo(sheet, anchor);
    return;
  }
  sheet.puzzleWidgetsPage = sheet.puzzleWidgetsAwaits = page;
  const text = sheet.querySelector(".pw-guide-text");
  text.textContent = "Loading \u2026";
  text.setAttribute("aria-busy", "true");
  clearTimeout(sheet.puzzleWidgetsLate);
  sheet.puzzleWidgetsLate = setTimeout(() => { text.textContent = GUIDE_LATE; }, GUIDE_LATE_MS);
  guidesOfWindow().forEach((model) => {
    try { model.send({ guide: page }); } catch { /* of a kernel that has ended: another may answer */ }
  });
}

function pressGuide(event) {
  const link = event.target.closest && event.target.closest(".pw-ui [data-guide]");
  if (!link) return;
  event.preventDefault();
  const own = link.closest("dialog");
  const open = document.querySelector(".pw-guide-sheet");
  if (own && own !== open) own.close();
  showGuide(open || makeGuideSheet(), link.dataset.guide);
}

function startGuide() {
  document.addEventListener("click", pressGuide);
}
