// The queue of cases, and a case, by keyboard.
const cases = [...document.querySelectorAll("[data-case]")];

/** The case that has the focus, or -1. */
const place = () => cases.findIndex((line) => line.contains(document.activeElement));

/** Moves to another case. */
function move(by) {
  const from = place();
  const to = cases[from < 0 ? 0 : from + by];
  if (!to) return;
  to.focus();
  to.scrollIntoView({ block: "nearest" });
}

/** Unfolds what is hidden, or folds it. */
function unveil() {
  for (const veil of document.querySelectorAll("[data-veil]")) veil.open = !veil.open;
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => cases[place()]?.querySelector("[data-open]").click(),
  x: () => cases[place()]?.querySelector("input[type=checkbox]").click(),
  s: unveil,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
  const named = /^[a-z]$/.test(event.key) && document.querySelector(`[data-key=${event.key}]`);
  const act = Object.hasOwn(KEYS, event.key) && KEYS[event.key];
  if (!named && !act) return;
  event.preventDefault();
  if (!named) act();
  else if (named.matches("input, textarea")) named.focus();
  else named.click();
});
