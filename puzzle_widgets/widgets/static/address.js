// Keeps what was decided in the fragment of the page's address, as a code that the kernel writes
// and reads; copies the address as a link, or saves a file of what is too long for one. What the
// visitor agreed to stays in the browser, and out of the link.

const MARK = "#s=";
const AGREED = "puzzle-widgets/agreed";
const FILE = "puzzle-widgets-state.json";
const PATIENCE_MS = 4000;
const SAID_MS = 6000;
const LOOK_AGAIN_MS = 200;
const DRAWN_MS = 20000;

function here() {
  const { hash } = window.location;
  return hash.startsWith(MARK) ? hash.slice(MARK.length) : "";
}

function write(code) {
  const [page] = window.location.href.split("#");
  const address = code ? page + MARK + code : page;
  if (address !== window.location.href) window.history.replaceState(window.history.state, "", address);
}

// Sliders round what they are given and send that back when they are first drawn: what the address
// holds must not come before.
async function drawn() {
  const pause = () => new Promise((resolve) => { setTimeout(resolve, LOOK_AGAIN_MS); });
  const isDrawn = () => {
    const rows = [...document.querySelectorAll(".pw-explorer .pw-limit")];
    return rows.length && rows.every((row) => row.querySelector(".noUi-handle"));
  };
  for (const start = performance.now(); !isDrawn() && performance.now() - start < DRAWN_MS;) {
    await pause();
  }
  await pause();
}

// A browser that stores nothing is asked for its visitor's agreement again.
function agreed() {
  try {
    return JSON.parse(window.localStorage.getItem(AGREED));
  } catch {
    return null;
  }
}

function keep(given) {
  try {
    window.localStorage.setItem(AGREED, JSON.stringify({ ...agreed(), ...given }));
  } catch { /* full, or closed */ }
}

function initialize({ model }) {
  if (!isApp()) return undefined; // a notebook's address is its own
  const open = () => model.send({ open: here(), agreed: agreed() });
  const onHash = () => { if (here() && here() !== model.get("code")) open(); };
  model.on("change:code change:file", () => write(model.get("code")));
  model.on("change:agreed", () => keep(model.get("agreed")));
  window.addEventListener("hashchange", onHash);
  drawn().then(open);
  return () => window.removeEventListener("hashchange", onHash);
}

// What the kernel holds now, which may be newer than what the address says.
function settled(model) {
  return new Promise((resolve) => {
    const finish = (said) => {
      clearTimeout(timer);
      model.off("msg:custom", hear);
      resolve(said);
    };
    const hear = (said) => { if (said.settled) finish(said); };
    const timer = setTimeout(() => finish({ code: model.get("code"), file: model.get("file") }), PATIENCE_MS);
    model.on("msg:custom", hear);
    model.send({ settle: true });
  });
}

// Pages that came neither from this machine nor by HTTPS have no clipboard but that of old.
async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("no clipboard");
  return undefined;
}

function save(text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = FILE;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function share(model, tell) {
  const { code, file } = await settled(model);
  if (file) {
    save(file);
    tell("Saved as a file: too much for a link. \u201cOpen file\u201d takes it.");
    return;
  }
  write(code);
  try {
    await toClipboard(window.location.href);
    tell("Link copied.");
  } catch {
    tell("The link is the address of this page: copy it from there.");
  }
}

function render({ model, el }) {
  if (!isApp()) {
    el.style.display = "none";
    return undefined;
  }
  const button = document.createElement("button");
  const said = document.createElement("span");
  button.type = "button";
  button.className = "pw-button";
  said.className = "pw-quiet";
  said.setAttribute("role", "status");
  const tell = (words) => {
    said.textContent = words;
    clearTimeout(said.timer);
    said.timer = setTimeout(() => { said.textContent = ""; }, SAID_MS);
  };
  const name = () => {
    const isLong = Boolean(model.get("file"));
    button.textContent = isLong ? "Save state" : "Copy link";
    button.title = isLong
      ? "This state is too much for a link: save it as a file, which \u201cOpen file\u201d takes"
      : "Copy a link to all that is decided here: library, budgets, scenarios, what is shown";
  };
  button.addEventListener("click", () => share(model, tell));
  model.on("change:file", name);
  name();
  el.append(button, said);
  return () => model.off("change:file", name);
}

export default { initialize, render };
