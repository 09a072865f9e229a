function between(low, value, high) {
  return Math.min(Math.max(value, low), high);
}

/** A square within a picture, in the picture's pixels, with a side of at least `smallest`. */
export class Square {
  constructor(width, height, smallest) {
    this.width = width;
    this.height = height;
    this.smallest = smallest;
    this.side = Math.min(width, height);
    this.x = Math.floor((width - this.side) / 2);
    this.y = Math.floor((height - this.side) / 2);
  }

  moveTo(x, y) {
    this.x = Math.round(between(0, x, this.width - this.side));
    this.y = Math.round(between(0, y, this.height - this.side));
  }

  /** Changes the side and keeps the corner opposite to (`east`, `south`) in place. */
  resize(side, east, south) {
    const fixedX = east ? this.x : this.x + this.side;
    const fixedY = south ? this.y : this.y + this.side;
    const room = Math.min(east ? this.width - fixedX : fixedX, south ? this.height - fixedY : fixedY);
    this.side = Math.round(between(Math.min(this.smallest, room), side, room));
    this.x = east ? fixedX : fixedX - this.side;
    this.y = south ? fixedY : fixedY - this.side;
  }

  /** Grows or shrinks around its centre. */
  scale(factor) {
    const middleX = this.x + this.side / 2;
    const middleY = this.y + this.side / 2;
    const most = Math.min(this.width, this.height);
    this.side = Math.round(between(Math.min(this.smallest, most), this.side * factor, most));
    this.moveTo(middleX - this.side / 2, middleY - this.side / 2);
  }

  /** Restores a crop from the result of `toString`. */
  restore(text) {
    const [x, y, side] = text.split(",").map(Number);
    if (![x, y, side].every(Number.isFinite)) return;
    this.side = Math.round(between(Math.min(this.smallest, this.side), side, this.side));
    this.moveTo(x, y);
  }

  /** The crop for the server: `x,y,side`. */
  toString() {
    return `${this.x},${this.y},${this.side}`;
  }
}

function draw(canvas, bitmap, square, zoom) {
  const context = canvas.getContext("2d");
  const box = [square.x * zoom, square.y * zoom, square.side * zoom, square.side * zoom];
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  context.fillStyle = "rgb(12 8 24 / 62%)";
  context.beginPath();
  context.rect(0, 0, canvas.width, canvas.height);
  context.rect(...box);
  context.fill("evenodd");
  context.lineWidth = 3;
  context.strokeStyle = "#d3ee3f";
  context.strokeRect(box[0] + 1.5, box[1] + 1.5, box[2] - 3, box[3] - 3);
  context.fillStyle = "#d3ee3f";
  for (const [x, y] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
    context.beginPath();
    context.arc(box[0] + x * box[2] + (x ? -9 : 9), box[1] + y * box[3] + (y ? -9 : 9), 7, 0, 7);
    context.fill();
  }
}

/** What a pointer grabbed: a corner or the square itself. */
function grip(square, point, reach) {
  const east = point.x > square.x + square.side / 2;
  const south = point.y > square.y + square.side / 2;
  const cornerX = square.x + (east ? square.side : 0);
  const cornerY = square.y + (south ? square.side : 0);
  const corner = Math.abs(point.x - cornerX) < reach && Math.abs(point.y - cornerY) < reach;
  return { corner, east, south, x: point.x - square.x, y: point.y - square.y };
}

function followPointer(box, square, redraw) {
  let held = null;
  const locate = (event) => {
    const { left, top, width } = box.getBoundingClientRect();
    const scale = square.width / width;
    return { x: (event.clientX - left) * scale, y: (event.clientY - top) * scale, scale };
  };
  box.addEventListener("pointerdown", (event) => {
    const point = locate(event);
    held = grip(square, point, 28 * point.scale);
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    if (!held) return;
    const point = locate(event);
    if (held.corner) {
      const across = held.east ? point.x - square.x : square.x + square.side - point.x;
      const down = held.south ? point.y - square.y : square.y + square.side - point.y;
      square.resize(Math.max(across, down), held.east, held.south);
    } else {
      square.moveTo(point.x - held.x, point.y - held.y);
    }
    redraw();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    box.addEventListener(end, () => {
      held = null;
    });
  }
}

function followKeys(box, square, redraw) {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  box.addEventListener("keydown", (event) => {
    const step = Math.max(1, Math.round(square.width * (event.shiftKey ? 0.1 : 0.02)));
    if (moves[event.key]) {
      const [x, y] = moves[event.key];
      square.moveTo(square.x + x * step, square.y + y * step);
    } else if (event.key === "+" || event.key === "=") {
      square.scale(1.06);
    } else if (event.key === "-") {
      square.scale(1 / 1.06);
    } else {
      return;
    }
    event.preventDefault();
    redraw();
  });
}

/** The largest edge of a preview in pixels: enough to choose a crop, and small beside the picture itself. */
const SHOWN = 640;

/** A scaled-down picture with its upright size. Throws if the browser can't decode it. */
export async function shrink(file) {
  const whole = await createImageBitmap(file, { imageOrientation: "from-image" });
  const zoom = Math.min(1, SHOWN / Math.max(whole.width, whole.height));
  const small = document.createElement("canvas");
  small.width = Math.max(1, Math.round(whole.width * zoom));
  small.height = Math.max(1, Math.round(whole.height * zoom));
  const context = small.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, 0, 0, small.width, small.height);
  const { width, height } = whole;
  whole.close();
  return { small, width, height };
}

/** Shows only the square. */
export function showSquare(canvas, picture, square) {
  const zoom = picture.small.width / picture.width;
  canvas.width = SHOWN / 2;
  canvas.height = SHOWN / 2;
  const part = [square.x * zoom, square.y * zoom, square.side * zoom, square.side * zoom];
  canvas.getContext("2d").drawImage(picture.small, ...part, 0, 0, canvas.width, canvas.height);
}

/**
 * Lets a visitor choose a square of a picture on the canvas within `element`, starting with `square`. Returns a
 * function that draws it. Calls `changed` after every change.
 */
export function chooseSquare(element, picture, square, changed) {
  const canvas = element.querySelector("canvas");
  const box = element.querySelector("[data-crop-box]");
  const zoom = SHOWN / Math.max(picture.width, picture.height);
  const redraw = () => {
    canvas.width = Math.max(1, Math.round(picture.width * zoom));
    canvas.height = Math.max(1, Math.round(picture.height * zoom));
    draw(canvas, picture.small, square, zoom);
    const percent = Math.round((square.side / Math.min(square.width, square.height)) * 100);
    box.setAttribute("aria-label", `Crop: ${percent} % of the largest square, ${square.x} from the left, ${square.y} from the top`);
  };
  const follow = () => {
    redraw();
    changed();
  };
  // Place the box where `object-fit` puts the picture.
  const fit = () => {
    const { clientWidth, clientHeight } = canvas;
    const fitted = Math.min(clientWidth / canvas.width, clientHeight / canvas.height);
    const [width, height] = [canvas.width * fitted, canvas.height * fitted];
    const [left, top] = [canvas.offsetLeft + (clientWidth - width) / 2, canvas.offsetTop + (clientHeight - height) / 2];
    for (const [name, length] of Object.entries({ width, height, left, top })) box.style[name] = `${length}px`;
  };
  new ResizeObserver(fit).observe(canvas);
  followPointer(box, square, follow);
  followKeys(box, square, follow);
  redraw();
  return redraw;
}
