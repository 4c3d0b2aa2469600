// Whether the page is the explorer's own, as in the app, and not a notebook.
function isApp() {
  return "voila" in document.body.dataset;
}
