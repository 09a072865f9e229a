import { enableKeys } from "./keys.js";
import { watch } from "./live.js";
import { serially } from "./live/serially.js";
import { announce, swap } from "./live/swap.js";
import { fetchStatus } from "./status.js";

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
  const look = serially(async () => {
    const part = await fetchStatus(photo);
    if (part?.dataset.state !== "processing") {
      // The picture, tools and title all depend on the state, and the page of a deleted photo says so.
      stop();
      location.reload();
      return;
    }
    swap(document.querySelector("[data-status]"), part);
    const step = part.querySelector(".current .timeline-label");
    if (step) announce(`Next: ${step.textContent.toLowerCase()}`);
  });
  const stop = watch([`photo=${photo}`], { changed: look, look, gone: look });
}

const score = (part) => part.querySelector(".big-score").textContent.replace(/\s+/g, " ").trim();

const opinion = document.querySelector("[data-refresh=opinion]");
if (opinion) {
  const { photo } = document.querySelector("[data-photo]").dataset;
  const look = serially(async () => {
    const answer = await fetch(`/photos/${photo}/opinion`);
    if (answer.status === 404) {
      stop();
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(`the opinion was answered with ${answer.status}`);
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    const old = document.querySelector("[data-refresh=opinion]");
    const before = score(old);
    const after = score(swap(old, holder.content.firstElementChild));
    if (after !== before) announce(after);
  });
  const stop = watch([`photo=${photo}`], { changed: look, look, gone: look });
}
