/** The rating of a key, or null: 1 to 9, and 0 for 10. */
function valueOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return null;
  if (event.target.closest?.("input, select, textarea, [contenteditable]")) return null;
  return /^[0-9]$/.test(event.key) ? Number(event.key) || 10 : null;
}

/** Lets number keys press the rating buttons on the page. */
export function enableKeys() {
  document.addEventListener("keydown", (event) => {
    const value = valueOf(event);
    const form = value && document.querySelector("form[data-keys]");
    if (!form) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector(`button[value="${value}"]`));
  });
}
