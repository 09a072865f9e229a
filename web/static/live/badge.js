/** After so long without a line, the page says so. */
const PATIENCE = 5000;

let badge = null;
let timer;

/** Shows whether the page is live. `state` is "up", "down", or "idle" while there is nothing to watch. */
export function showState(state) {
  if (state === "down") {
    timer ??= setTimeout(() => {
      badge ??= make();
      badge.textContent = "Offline";
    }, PATIENCE);
    return;
  }
  clearTimeout(timer);
  timer = undefined;
  if (badge?.textContent) badge.textContent = "";
}

/** Screen readers read it out when its text changes. */
function make() {
  const made = document.createElement("p");
  made.className = "offline-badge";
  made.setAttribute("role", "status");
  document.body.append(made);
  return made;
}
