// Saves files that the kernel sends; pictures also as PNG.

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.appendChild(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function deliver(model) {
  const file = model.get("file");
  if (!file || !file.name) return;
  try {
    const text = new Blob([file.text], { type: file.kind });
    save(file.png ? await toPng(file.text) : text, file.name);
  } catch (error) {
    model.send({ failed: String(error) });
  }
}

export default {
  initialize({ model }) { model.on("change:file", () => deliver(model)); },
  render({ el }) { el.style.display = "none"; },
};
