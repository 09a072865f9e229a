import { Square, chooseSquare, shrink } from "./crop.js";

const part = document.querySelector("[data-crop-source]");
const field = part?.querySelector("[name=crop]");

/** Shows the picture with the square that is stored, and writes a changed one into the form. */
async function enable() {
  const { cropSource, minSide, chosen } = part.dataset;
  const answer = await fetch(cropSource);
  if (!answer.ok) throw new Error(`the picture was answered with ${answer.status}`);
  const picture = await shrink(await answer.blob());
  const square = new Square(picture.width, picture.height, Number(minSide));
  const stored = field.value || chosen;
  if (stored) square.restore(stored);
  const crop = part.querySelector("[data-crop]");
  // The canvas is measured when it is shown.
  crop.hidden = false;
  part.querySelector("[data-crop-hint]").hidden = false;
  part.querySelector("[data-crop-field]").hidden = true;
  chooseSquare(crop, picture, square, () => {
    field.value = square.toString();
  });
}

// Without the picture the field stays, in which the square can be typed.
if (part) enable().catch(() => {});
