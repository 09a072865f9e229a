import { paintPlaceholders } from "./placeholder.js";
import { enableSharing } from "./share.js";
import { enableThemes } from "./theme.js";
import { keepTimes } from "./times.js";

enableThemes();
enableSharing();
paintPlaceholders(document);
keepTimes();

// Scroll the chosen item of a row into view, unless it is the first, which is in view already.
for (const chosen of document.querySelectorAll(":is(.tabs, .chips, .hub-bar) [aria-current]")) {
  const line = chosen.closest(".tabs, .chips, .hub-bar");
  if (chosen === line.querySelector("a")) continue;
  const row = chosen.closest(".filters") ?? line;
  const [outer, inner] = [row, chosen].map((element) => element.getBoundingClientRect());
  row.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
}

// Close an open menu on Escape and on clicks outside of it.
const menu = document.querySelector("details.menu");
if (menu) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
