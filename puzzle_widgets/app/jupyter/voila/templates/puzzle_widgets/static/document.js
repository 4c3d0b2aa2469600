// Links to files beside the notebook lead nowhere from here; their words stay, and the file's name.
for (const link of document.querySelectorAll(".jp-MarkdownOutput a[href]")) {
  const goal = link.getAttribute("href");
  if (/^(https?:|#)/.test(goal)) continue;
  const file = document.createElement("code");
  file.textContent = goal.replace(/^(\.\.\/)+/, "").replace(/#.*$/, "");
  link.replaceWith(...link.childNodes, " (", file, ")");
}
