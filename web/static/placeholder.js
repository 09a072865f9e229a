/*
 * Paints a blurred picture behind each image until it has loaded. The format is ThumbHash
 * (https://evanw.github.io/thumbhash/): a few cosine coefficients of luma and two colour differences.
 */

const EDGE = 24;

/** Reads the packed coefficients. Skips alpha, which JPEGs never have. */
function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const head = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
  const shape = bytes[3] | (bytes[4] << 8);
  const hasAlpha = head >> 23 === 1;
  const landscape = shape >> 15 === 1;
  const long = hasAlpha ? 5 : 7;
  const wide = Math.max(3, landscape ? long : shape & 7);
  const high = Math.max(3, landscape ? shape & 7 : long);
  let nibble = (hasAlpha ? 6 : 5) * 2;
  const channel = (nx, ny, scale) => {
    const terms = [];
    for (let y = 0; y < ny; y += 1) {
      for (let x = y > 0 ? 0 : 1; x * ny < nx * (ny - y); x += 1) {
        const value = (bytes[nibble >> 1] >> ((nibble & 1) << 2)) & 15;
        nibble += 1;
        terms.push({ x, y, weight: (value / 7.5 - 1) * scale });
      }
    }
    return terms;
  };
  return {
    luma: { base: (head & 63) / 63, terms: channel(wide, high, ((head >> 18) & 31) / 31) },
    yellow: { base: ((head >> 6) & 63) / 31.5 - 1, terms: channel(3, 3, (((shape >> 3) & 63) / 63) * 1.25) },
    red: { base: ((head >> 12) & 63) / 31.5 - 1, terms: channel(3, 3, (((shape >> 9) & 63) / 63) * 1.25) },
  };
}

function sample({ base, terms }, u, v) {
  return terms.reduce((sum, { x, y, weight }) => sum + weight * 2 * Math.cos(Math.PI * x * u) * Math.cos(Math.PI * y * v), base);
}

/** Draws a hash on a small canvas and returns its data URL. */
export function drawHash(base64) {
  const { luma, yellow, red } = unpack(base64);
  const canvas = document.createElement("canvas");
  canvas.width = EDGE;
  canvas.height = EDGE;
  const context = canvas.getContext("2d");
  const image = context.createImageData(EDGE, EDGE);
  for (let place = 0; place < EDGE * EDGE; place += 1) {
    const u = ((place % EDGE) + 0.5) / EDGE;
    const v = (Math.floor(place / EDGE) + 0.5) / EDGE;
    const l = sample(luma, u, v);
    const p = sample(yellow, u, v);
    const q = sample(red, u, v);
    const b = l - (2 / 3) * p;
    const r = (3 * l - b + q) / 2;
    image.data.set([r * 255, (r - q) * 255, b * 255, 255], place * 4);
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

function paint(image) {
  if (!image.dataset.placeholder) return;
  try {
    image.style.background = `center / cover url(${drawHash(image.dataset.placeholder)})`;
  } catch {
    // An unreadable hash leaves the plain background.
  }
}

/** Shows the alternative text of a picture that didn't load on a plain background. */
function clear(image, isMissing) {
  image.style.removeProperty("background");
  image.classList.toggle("missing", isMissing);
}

/** Paints behind every image within `root` that has a hash and hasn't loaded yet. Marks those that fail to load. */
export function paintPlaceholders(root) {
  for (const image of root.querySelectorAll("img")) {
    const isThere = image.naturalWidth > 0;
    if (!image.complete) paint(image);
    else if (isThere) continue;
    else clear(image, true);
    image.addEventListener("load", () => clear(image, false));
    image.addEventListener("error", () => clear(image, true));
  }
}
