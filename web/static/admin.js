import { follow } from "./live.js";

/** What stands here and is fetched anew; the page's own parts, by their names. */
function parts(root) {
  const found = [...root.querySelectorAll("[data-refresh]")];
  return root.matches?.("[data-refresh]") ? [root, ...found] : found;
}

/** Takes each part over from the answer, except one in which somebody is at a control right now. */
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
      // Gone, or no longer for these eyes: the page says so.
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
