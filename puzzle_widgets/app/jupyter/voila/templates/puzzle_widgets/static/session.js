// Says so when the session behind the page has ended, and opens another, which goes on from what
// the page's address holds; asking whether it has ended does not keep it alive.
(() => {
  const AGAIN_AFTER_MS = 60000; // an end sooner after an automatic start is not tried again
  const READING_MS = 1500;
  const STARTED = "puzzle-widgets-started-again";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const { idleSeconds, pollSeconds } = read("pzw-facts");
  const { baseUrl, kernelId } = read("jupyter-config-data");
  const url = `${baseUrl}api/kernels/${kernelId}`;
  const banner = document.getElementById("pzw-ended");
  const holdsState = () => window.location.hash.startsWith("#s=");
  let failures = 0;
  let timer = null;

  function span() {
    const minutes = Math.round(idleSeconds / 60);
    if (minutes < 1) return `${idleSeconds} seconds`;
    return minutes === 1 ? "1 minute" : `${minutes} minutes`;
  }

  function show(text) {
    if (banner.textContent !== text) banner.textContent = text;
    banner.hidden = false;
  }

  function offer(text) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = holdsState() ? "Go on" : "Start again";
    button.addEventListener("click", () => window.location.reload());
    show(text);
    banner.append(" ", button);
  }

  function startedLately() {
    let before = 0;
    try {
      before = Number(sessionStorage.getItem(STARTED)) || 0;
      sessionStorage.setItem(STARTED, String(Date.now()));
    } catch { return true; } // who can't remember must not turn in a circle
    return Date.now() - before < AGAIN_AFTER_MS;
  }

  // A server that knows of no reason has been started again since.
  async function reason() {
    try {
      const answer = await fetch(`${baseUrl}voila/ended/${kernelId}`, { cache: "no-store" });
      return answer.ok ? (await answer.json()).why : "";
    } catch { return ""; }
  }

  async function ended() {
    window.clearInterval(timer);
    document.body.classList.add("pzw-has-ended");
    const why = await reason();
    if (why === "idle") offer(`This session has ended after ${span()} without use.`);
    else if (why === "memory") offer("This session was ended: it took more memory than this server allows.");
    else if (startedLately()) offer("This session has ended again.");
    else {
      show(`This session has ended. A new one is opened${holdsState() ? ", which goes on from here" : ""}.`);
      window.setTimeout(() => window.location.reload(), READING_MS);
    }
  }

  function noted() {
    failures = 0;
    banner.hidden = true;
  }

  function unreachable() {
    failures += 1;
    if (failures > 1) show("The server does not answer. This page goes on by itself once it does.");
  }

  async function poll() {
    let answer;
    try { answer = await fetch(url, { cache: "no-store" }); } catch { return unreachable(); }
    if (answer.status === 404) return ended();
    if (!answer.ok) return unreachable();
    return noted();
  }

  timer = window.setInterval(poll, pollSeconds * 1000);
  window.addEventListener("pageshow", (event) => { if (event.persisted) poll(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
})();
