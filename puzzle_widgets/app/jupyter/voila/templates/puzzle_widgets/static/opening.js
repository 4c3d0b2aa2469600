// Asks to be let in, until the server has room. A page that runs no script starts no kernel.
(() => {
  const RETRY_SECONDS = 5;
  const admission = document.body.dataset.admission;
  const text = document.getElementById("loading_text");
  let name = "";

  function words({ ahead, full, yours }) {
    if (yours) {
      const open = yours === 1 ? "a session" : `${yours} sessions`;
      return `Your network address has ${open} open here, as many as this server allows. This page opens the explorer as soon as one is closed.`;
    }
    if (full) {
      return "Every session of this server is in use. This page opens the explorer as soon as one is free.";
    }
    if (!ahead) return "Opening the explorer\u2026";
    return `Opening the explorer\u2026 ${ahead} ${ahead === 1 ? "visitor is" : "visitors are"} ahead of you.`;
  }

  function show(words) {
    if (text.textContent !== words) text.textContent = words;
  }

  async function answer() {
    const response = await fetch(`${admission}?name=${encodeURIComponent(name)}`, {
      method: "POST", headers: { "X-Puzzle-Widgets": "page" }, cache: "no-store",
    });
    if (!response.ok) throw new Error(response.statusText);
    return response.json();
  }

  async function ask() {
    let told;
    try { told = await answer(); } catch {
      show("The server does not answer. This page retries automatically.");
      window.setTimeout(ask, RETRY_SECONDS * 1000);
      return;
    }
    if (told.ticket) {
      const address = new URL(window.location.href);
      address.searchParams.set("ticket", told.ticket);
      window.location.replace(address);
      return;
    }
    name = told.name;
    show(words(told));
    window.setTimeout(ask, told.again * 1000);
  }

  ask();
})();
