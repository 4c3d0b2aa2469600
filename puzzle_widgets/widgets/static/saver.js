// Saves files that the kernel sends; pictures also as PNG, drawn here from SVG at twice the size.

const SCALE = 2;

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.appendChild(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function toPng(svg) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = SCALE * image.naturalWidth;
      canvas.height = SCALE * image.naturalHeight;
      const pen = canvas.getContext("2d");
      pen.scale(SCALE, SCALE);
      pen.drawImage(image, 0, 0);
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no PNG"))), "image/png");
    };
    image.onerror = () => reject(new Error("the picture cannot be drawn"));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  });
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
