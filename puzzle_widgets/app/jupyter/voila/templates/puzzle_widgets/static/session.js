// Says so when the session behind the page has ended; asking does not keep it alive.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const { idleSeconds, pollSeconds } = read("pzw-facts");
  const { baseUrl, kernelId } = read("jupyter-config-data");
  const url = `${baseUrl}api/kernels/${kernelId}`;
  const banner = document.getElementById("pzw-ended");
  let lastActivity = null;
  let lastChange = Date.now();
  let failures = 0;
  let timer = null;

  function span() {
    const minutes = Math.round(idleSeconds / 60);
    if (minutes < 1) return `${idleSeconds} seconds`;
    return minutes === 1 ? "1 minute" : `${minutes} minutes`;
  }

  function show(text) {
    banner.textContent = text;
    banner.hidden = false;
  }

  function ended() {
    window.clearInterval(timer);
    document.body.classList.add("pzw-has-ended");
    const idle = Date.now() - lastChange >= idleSeconds * 900;
    show(idle
      ? `This session has ended after ${span()} without use. Reload the page to start again.`
      : "This session has ended. Reload the page to start again.");
  }

  function noted(kernel) {
    failures = 0;
    banner.hidden = true;
    if (kernel.last_activity === lastActivity) return;
    lastActivity = kernel.last_activity;
    lastChange = Date.now();
  }

  function unreachable() {
    failures += 1;
    if (failures > 1) show("The server does not answer. Once it runs again, reload the page.");
  }

  async function poll() {
    let answer;
    try { answer = await fetch(url, { cache: "no-store" }); } catch { return unreachable(); }
    if (answer.status === 404) return ended();
    if (!answer.ok) return unreachable();
    return noted(await answer.json());
  }

  timer = window.setInterval(poll, pollSeconds * 1000);
  window.addEventListener("pageshow", (event) => { if (event.persisted) poll(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
})();
