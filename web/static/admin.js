import { follow } from "./live.js";

/** The page's refreshable parts by name. */
function parts(root) {
  const found = [...root.querySelectorAll("[data-refresh]")];
  return root.matches?.("[data-refresh]") ? [root, ...found] : found;
}

/** Replaces each part with the fetched one, unless one of its controls has the focus. */
function refresh(root, fresh) {
  const news = new Map(parts(fresh).map((part) => [part.dataset.refresh, part]));
  let current = root;
  for (const part of parts(root)) {
    const other = news.get(part.dataset.refresh);
    if (!other || part.contains(document.activeElement) || part.outerHTML === other.outerHTML) continue;
    const { scrollLeft } = part;
    const taken = document.importNode(other, true);
    part.replaceWith(taken);
    taken.scrollLeft = scrollLeft;
    if (part === root) current = taken;
  }
  return current;
}

for (const start of document.querySelectorAll("[data-live]")) {
  let root = start;
  follow(root.dataset.live, async () => {
    const answer = await fetch(root.dataset.part);
    if (answer.status === 404) {
      // Gone or no longer accessible: the reloaded page says which.
      location.reload();
      return true;
    }
    if (!answer.ok) throw new Error(`${root.dataset.part} was answered with ${answer.status}`);
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    root = refresh(root, holder.content);
    return root.isConnected && !root.dataset.live;
  });
}
