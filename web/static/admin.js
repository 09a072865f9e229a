import { watch } from "./live.js";
import { serially } from "./live/serially.js";
import { swap } from "./live/swap.js";

/** The page's refreshable parts by name. */
function parts(root) {
  const found = [...root.querySelectorAll("[data-refresh]")];
  return root.matches?.("[data-refresh]") ? [root, ...found] : found;
}

/** Swaps each part for the fetched one. */
function refresh(root, fresh) {
  const news = new Map(parts(fresh).map((part) => [part.dataset.refresh, part]));
  let current = root;
  for (const part of parts(root)) {
    const other = news.get(part.dataset.refresh);
    if (!other) continue;
    const taken = swap(part, other);
    if (part === root) current = taken;
  }
  return current;
}

for (const start of document.querySelectorAll("[data-live]")) {
  let root = start;
  const look = serially(async () => {
    const answer = await fetch(root.dataset.part);
    if (answer.status === 404) {
      // Gone or no longer accessible: the reloaded page says which.
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(`${root.dataset.part} was answered with ${answer.status}`);
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    root = refresh(root, holder.content);
    if (!root.dataset.live) stop();
  });
  const stop = watch([root.dataset.live], { changed: look, look, gone: look });
}
