// A button that opens files and sends them in pieces, each after the one before has arrived.

const PIECE = 1024 * 1024;
const PATIENCE_MS = 20000;
const TRIES = 3;
const MIB = 1024 * 1024;
const LOST = "The file did not arrive: the connection to the kernel is lost. Choose it again, or open it in Python: load_library(path).";

class Refused extends Error {}

// Sends a message and waits for its answer; sends it again where none comes.
async function ask(model, message, buffers) {
  for (let n = 0; n < TRIES; n += 1) {
    const answer = await once(model, message, buffers);
    if (answer && answer.refused) throw new Refused();
    if (answer) return;
  }
  throw new Error(LOST);
}

function once(model, message, buffers) {
  return new Promise((resolve) => {
    const finish = (answer) => {
      clearTimeout(timer);
      model.off("msg:custom", hear);
      resolve(answer);
    };
    const hear = (said) => {
      if (said.id === message.id && (said.refused || said.step === message.step)) finish(said);
    };
    const timer = setTimeout(() => finish(null), PATIENCE_MS);
    model.on("msg:custom", hear);
    model.send(message, undefined, buffers);
  });
}

// Only pages of this machine, or by HTTPS, can compute digests; lengths are checked in any case.
async function digest(file) {
  if (!globalThis.crypto || !crypto.subtle) return "";
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function tooLarge(model, files) {
  const size = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`;
  const [most, all] = [model.get("most"), model.get("most_in_all")];
  const big = files.find((file) => file.size > most);
  if (big) return `${big.name}: ${size(big.size)}. At most ${size(most)} are read.`;
  const total = files.reduce((sum, file) => sum + file.size, 0);
  return total > all ? `${size(total)} in all. At most ${size(all)} are read.` : "";
}

async function send(model, files, progress) {
  const id = `${Date.now()}-${Math.random()}`;
  let step = 0;
  const say = (event, more, buffers) => ask(model, { event, id, step: (step += 1), ...more }, buffers);
  await say("begin", { files: files.map(({ name, size }) => ({ name, size })) });
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  for (const file of files) {
    for (let offset = 0; offset < file.size; offset += PIECE) {
      const piece = await file.slice(offset, offset + PIECE).arrayBuffer();
      await say("piece", { name: file.name, offset }, [piece]);
      progress((done += piece.byteLength) / total);
    }
  }
  const digests = {};
  for (const file of files) digests[file.name] = await digest(file);
  await say("end", { digests });
}

function render({ model, el }) {
  const button = document.createElement("button");
  const input = document.createElement("input");
  const said = document.createElement("span");
  button.type = "button";
  button.className = "pw-button";
  button.textContent = model.get("words");
  button.title = model.get("hint");
  input.type = "file";
  input.hidden = true;
  input.accept = model.get("accept");
  input.multiple = model.get("multiple");
  said.className = "pw-picker-says";
  const tell = (words, role) => {
    said.setAttribute("role", role);
    said.textContent = words;
    said.hidden = !words;
  };
  tell("", "status");
  let last = [];
  const take = async (files) => {
    if (!files.length) return;
    const wrong = tooLarge(model, files);
    if (wrong) return tell(wrong, "alert");
    button.disabled = true;
    last = files;
    try {
      await send(model, files, (share) => tell(`Reading: ${Math.round(100 * share)} %`, "status"));
      tell("", "status");
    } catch (error) {
      // What the kernel refuses it says itself, with all other messages.
      tell(error instanceof Refused ? "" : error.message, error instanceof Refused ? "status" : "alert");
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    const files = [...input.files];
    input.value = ""; // so that the same file can be chosen again
    await take(files);
    button.focus({ preventScroll: true });
  });
  el.append(button, input, said);
  return isApp() ? remember(model, () => last, take) : undefined; // a notebook's are where its author put them
}

// Keeps what was opened last once the kernel says what library it held, and opens what it wants.
function remember(model, last, take) {
  const quietly = (doing) => doing.catch(() => {}); // then the visitor is asked for the file
  const onKept = () => {
    const [digest, files] = [model.get("kept"), last()];
    if (digest && files.length) quietly(keepFiles(digest, files));
  };
  const onWanted = () => {
    const digest = model.get("wanted");
    if (digest) quietly(keptFiles(digest).then(take));
  };
  model.on("change:kept", onKept);
  model.on("change:wanted", onWanted);
  onWanted();
  return () => {
    model.off("change:kept", onKept);
    model.off("change:wanted", onWanted);
  };
}

export default { render };
