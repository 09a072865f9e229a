import { watch } from "./live.js";
import { serially } from "./live/serially.js";
import { announce, swap } from "./live/swap.js";

const UNDER_WAY = ["unpacking", "importing", "undoing"];

const part = () => document.querySelector("[data-import]");

const look = serially(async () => {
  const { import: id, query, state } = part().dataset;
  const answer = await fetch(`/imports/${id}/part${query}`);
  if (answer.status === 404) {
    stop();
    location.reload();
    return;
  }
  if (!answer.ok) throw new Error(`the import was answered with ${answer.status}`);
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const now = swap(part(), holder.content.firstElementChild);
  // Each file would be too much to hear.
  if (now.dataset.state !== state) announce(now.querySelector(".import-state").textContent.replace(/\s+/g, " ").trim());
  if (!UNDER_WAY.includes(now.dataset.state)) stop();
});

let stop = () => {};
if (UNDER_WAY.includes(part().dataset.state)) {
  stop = watch([`import=${part().dataset.import}`], { changed: look, look, gone: look });
}
