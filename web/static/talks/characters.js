/** From how few characters on the rest is shown in another colour. */
const FEW = 100;

function show(field) {
  const limit = Number(field.dataset.limit);
  // Without line breaks of two characters, which some browsers count and the server doesn't.
  const left = limit - [...field.value.replaceAll("\r\n", "\n")].length;
  const line = document.getElementById(`${field.id}-hint`);
  const count = Math.abs(left);
  const noun = count === 1 ? "character" : "characters";
  line.textContent = left < 0 ? `${count.toLocaleString("en")} ${noun} too many` : `${count.toLocaleString("en")} ${noun} left`;
  line.classList.toggle("few", left >= 0 && left <= Math.min(FEW, limit / 5));
  line.classList.toggle("none", left < 0);
}

/** Says below each field with a limit how many characters are left. */
export function countCharacters(root) {
  for (const field of root.querySelectorAll("[data-limit]")) {
    show(field);
    field.addEventListener("input", () => show(field));
  }
}
