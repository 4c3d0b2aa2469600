// Gives sliders the name and the value that a screen reader speaks; ipywidgets leaves them out.
(() => {
  function setOnce(element, name, value) {
    if (value && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  function nameHandle(handle) {
    const box = handle.closest(".jupyter-widgets");
    if (!box) return;
    const label = box.querySelector("label");
    const readout = box.querySelector(".widget-readout");
    if (label) setOnce(handle, "aria-label", label.textContent.trim());
    if (readout) setOnce(handle, "aria-valuetext", readout.textContent.trim());
  }

  let waiting = false;
  function nameAll() {
    waiting = false;
    document.querySelectorAll(".widget-slider .noUi-handle").forEach(nameHandle);
  }

  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    window.requestAnimationFrame(nameAll);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  nameAll();
})();
