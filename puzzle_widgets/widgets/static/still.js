// The picture of the last settled answer, for the saved notebook: drawn as PNG here, and hidden in
// its own output while the widget lives beside it.

const SETTLED_MS = 300;

function isStill(output) {
  const pictures = output ? [...output.querySelectorAll("img, svg")] : [];
  return pictures.some((one) => one.id === "pw-still"
    || (one.src || "").startsWith("data:image/svg+xml") && decodeURIComponent(one.src).includes("id='pw-still'"));
}

// Outputs may come, and be drawn anew, after the widget.
function hideStill(own) {
  if (isStill(own.nextElementSibling)) own.nextElementSibling.style.display = "none";
}

function watch(el) {
  const own = el.closest(".jp-OutputArea-child");
  if (!own) return () => {};
  hideStill(own);
  const seen = new MutationObserver(() => hideStill(own));
  seen.observe(own.parentElement, { childList: true, subtree: true });
  return () => seen.disconnect();
}

function initialize({ model }) {
  let timer = null;
  const deliver = async () => {
    const [svg, of] = [model.get("svg"), model.get("number")];
    const png = svg && await toPng(svg).catch(() => null);
    if (png) model.send({ of }, {}, [await png.arrayBuffer()]);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(deliver, SETTLED_MS);
  };
  model.on("change:svg", later);
  later();
}

function render({ el }) {
  el.style.display = "none";
  const frame = requestAnimationFrame(() => { stop = watch(el); });
  let stop = () => cancelAnimationFrame(frame);
  return () => stop();
}

export default { initialize, render };
