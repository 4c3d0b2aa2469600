// Draws a picture in SVG as PNG, at twice the size; what it says of itself goes along as text.

const SCALE = 2;
const HEAD = 33; // bytes of a PNG's signature and first chunk, after which others may stand
const KEYWORD = "puzzle_widgets";

function toPng(svg) {
  return drawn(svg).then((blob) => withText(blob, metadata(svg)));
}

function drawn(svg) {
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

// What the picture is the answer to: JSON in ASCII.
function metadata(svg) {
  const found = new DOMParser().parseFromString(svg, "image/svg+xml").querySelector("metadata");
  return found ? found.textContent : "";
}

async function withText(blob, words) {
  if (!words) return blob;
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const chunk = textChunk(`${KEYWORD}\0${words}`);
  return new Blob([bytes.subarray(0, HEAD), chunk, bytes.subarray(HEAD)], { type: blob.type });
}

// A chunk of text: its length, its kind, the words, and a checksum of the last two.
function textChunk(words) {
  const body = new TextEncoder().encode(`tEXt${words}`);
  const chunk = new Uint8Array(body.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length - 4);
  chunk.set(body, 4);
  view.setUint32(body.length + 4, checksum(body));
  return chunk;
}

// The cyclic redundancy check that PNG asks for.
function checksum(bytes) {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return (rest ^ 0xffffffff) >>> 0;
}
