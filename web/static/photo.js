import { enableKeys } from "./keys.js";
import { fetchStatus, follow } from "./live.js";

enableKeys();

// The arrow keys lead to the previous and the next photo of the list.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return;
  if (event.target.closest?.("input, select, textarea, [contenteditable]")) return;
  const turns = { ArrowLeft: "[data-previous]", ArrowRight: "[data-next]" };
  if (event.key in turns) document.querySelector(turns[event.key])?.click();
});

const status = document.querySelector("[data-status]");
if (status?.dataset.state === "processing") {
  const photo = status.dataset.status;
  follow(`/photos/${photo}/live`, async () => {
    const part = await fetchStatus(photo);
    if (part?.dataset.state !== "processing") {
      // The picture, tools and title all depend on the state, and the page of a deleted photo says so.
      location.reload();
      return true;
    }
    document.querySelector("[data-status]").replaceWith(part);
    return false;
  });
}
