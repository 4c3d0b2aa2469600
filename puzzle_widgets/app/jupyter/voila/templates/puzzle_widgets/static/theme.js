// Light and dark, as the browser prefers or as the visitor chose; switched without a reload.
window.puzzleTheme = (() => {
  const key = "puzzle-widgets:theme";
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try { return window.localStorage.getItem(key); } catch { return null; }
  }

  function remember(theme) {
    try { window.localStorage.setItem(key, theme); } catch { /* kept for this page only */ }
  }

  let theme = chosen() || (prefersDark.matches ? "dark" : "light");

  function apply() {
    const dark = theme === "dark";
    document.getElementById("pzw-theme-light").media = dark ? "not all" : "all";
    document.getElementById("pzw-theme-dark").media = dark ? "all" : "not all";
    document.documentElement.style.colorScheme = theme;
    if (document.body) applyToBody(dark);
  }

  function applyToBody(dark) {
    const body = document.body;
    body.dataset.jpThemeLight = String(!dark);
    body.dataset.jpThemeName = dark ? "JupyterLab Dark" : "JupyterLab Light";
    body.classList.toggle("theme-dark", dark);
    body.classList.toggle("theme-light", !dark);
    const button = document.getElementById("pzw-theme");
    button.querySelector(".pzw-symbol").textContent = dark ? "\u2600" : "\u263e";
    button.querySelector(".pzw-text").textContent = dark ? "Light" : "Dark";
    button.setAttribute("aria-label", dark ? "Switch to light colors" : "Switch to dark colors");
  }

  function toggle() {
    theme = theme === "dark" ? "light" : "dark";
    remember(theme);
    apply();
  }

  function follow(event) {
    if (chosen()) return;
    theme = event.matches ? "dark" : "light";
    apply();
  }

  function start() {
    document.getElementById("pzw-theme").addEventListener("click", toggle);
    prefersDark.addEventListener("change", follow);
    apply();
  }

  apply();
  return { start };
})();
