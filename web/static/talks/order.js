/**
 * Puts the talks of a page that many visitors share into this browser's own order, the same each time, before the list is
 * painted. It is no module: those run when the page has been painted.
 */
(() => {
  /** Where the browser keeps the key of its orders. */
  const KEY = "order of talks";

  const root = document.documentElement;

  /** A permutation of 32-bit numbers: the finalizer of MurmurHash3 by Austin Appleby. */
  function mix(number) {
    let bits = Math.imul(number ^ (number >>> 16), 0x85_eb_ca_6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2_b2_ae_35);
    return (bits ^ (bits >>> 16)) >>> 0;
  }

  /** Talks are in the order of these numbers. They differ, because each step can be undone. */
  function rank([one, two], call, talk) {
    return mix(mix(mix(mix(talk) ^ one) + mix(call ^ two)) ^ two);
  }

  /** The ids of a call's talks under a key of two 32-bit numbers. A talk that comes or goes moves no other two. */
  function order(key, call, talks) {
    return [...talks].sort((a, b) => rank(key, call, a) - rank(key, call, b) || a - b);
  }

  /** The browser's key. If it keeps nothing, each page has another. */
  let key = null;
  function ownKey() {
    if (key) return key;
    try {
      const kept = JSON.parse(localStorage.getItem(KEY));
      if (Array.isArray(kept) && kept.length === 2 && kept.every(Number.isInteger)) key = kept;
      key ??= [...crypto.getRandomValues(new Uint32Array(2))];
      localStorage.setItem(KEY, JSON.stringify(key));
    } catch {
      key ??= [...crypto.getRandomValues(new Uint32Array(2))];
    }
    return key;
  }

  /** Puts the list within an element into the browser's order, if the browser orders it. */
  function arrange(within) {
    const list = within.querySelector("[data-shuffle]");
    if (!list) return;
    const items = new Map([...list.children].map((item) => [Number(item.id.split("-")[1]), item]));
    for (const talk of order(ownKey(), Number(list.dataset.shuffle), [...items.keys()])) list.append(items.get(talk));
  }

  globalThis.talkOrder = { arrange, order };

  // The style hides the list until it is complete and in order.
  root.dataset.ordering = "";
  const arriving = new MutationObserver(() => {
    if (document.querySelector("[data-shuffle-end]")) end();
  });
  function end() {
    arriving.disconnect();
    if (!("ordering" in root.dataset)) return;
    try {
      arrange(document);
    } finally {
      delete root.dataset.ordering;
    }
  }
  arriving.observe(root, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", end);
})();
