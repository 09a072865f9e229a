/** The rating of a key, or null: 1 to 9, and 0 for 10. */
function valueOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return null;
  if (event.target.closest?.("input, select, textarea, [contenteditable]")) return null;
  return /^[0-9]$/.test(event.key) ? Number(event.key) || 10 : null;
}

function isInView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

/**
 * Lets number keys press the rating buttons on the page. With `onlyInView`, for pages that are about more than one
 * photo, keys count only while all the buttons can be seen or one of them has the focus.
 */
export function enableKeys({ onlyInView = false } = {}) {
  const isMeant = (form) => !onlyInView || isInView(form) || form.contains(document.activeElement);
  document.addEventListener("keydown", (event) => {
    const value = valueOf(event);
    const form = value && document.querySelector("form[data-keys]");
    if (!form || !isMeant(form)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector(`button[value="${value}"]`));
  });
}
