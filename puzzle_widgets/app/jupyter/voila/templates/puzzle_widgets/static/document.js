// Links to files beside the notebook lead nowhere from here; their words stay.
for (const link of document.querySelectorAll(".jp-MarkdownOutput a[href]")) {
  const goal = link.getAttribute("href");
  if (/^(https?:|#)/.test(goal)) continue;
  link.replaceWith(...link.childNodes);
}
