import { showState } from "./live/badge.js";
import { Share } from "./live/share.js";

/** Hidden for so long, a tab may have missed something. */
const LONG_HIDDEN = 30_000;

/** After a reset, tabs look within so many milliseconds, because everybody's do. */
const RESET_SPREAD = 2000;

/** Who in this tab watches what. `unseen`: topics at which it has not looked since they are watched. */
const watchers = new Set();

const share = new Share(heard);
let hiddenSince = null;

/**
 * Watches topics, such as `hub=cats`, `member=ada`, `photo=12`, `comments=12`, `call=5`, `standing=5`,
 * `notifications=8`, `queues=1` or `job=3`, and calls
 *
 * - `widget(name, id, version, spread)` when a widget of the hub or member of that name has a new version. The part
 *   should be loaded after a random share of `spread` milliseconds;
 * - `changed(topic)` when something else of a topic has changed, after a random share of the time in which the audience
 *   should load it;
 * - `look()` when anything may have changed: once after the topics are watched, after a gap, when the tab comes back,
 *   and every ten seconds while there is no stream;
 * - `gone(topic)` when there is no such topic for this visitor. It isn't watched any longer.
 *
 * Each of them may be missing. Returns a function that stops watching.
 */
export function watch(topics, handlers) {
  const watcher = { topics: new Set(topics), unseen: new Set(topics), handlers };
  watchers.add(watcher);
  renew();
  return () => {
    if (watchers.delete(watcher)) renew();
  };
}

function renew() {
  share.want([...new Set([...watchers].flatMap(({ topics }) => [...topics]))]);
}

/** Handlers are independent: the failure of one stops no other. */
function call(watcher, name, ...values) {
  Promise.resolve()
    .then(() => watchers.has(watcher) && watcher.handlers[name]?.(...values))
    .catch((error) => console.warn(error));
}

function lookAtAll() {
  for (const watcher of watchers) {
    watcher.unseen.clear();
    call(watcher, "look");
  }
}

/** Has those look who watch one of the topics; with `unseen`, only those who have not looked at it yet. */
function lookAt(topics, { unseen = false } = {}) {
  for (const watcher of watchers) {
    const found = topics.filter((topic) => (unseen ? watcher.unseen : watcher.topics).has(topic));
    for (const topic of found) watcher.unseen.delete(topic);
    if (found.length > 0) call(watcher, "look");
  }
}

function about(topic, act) {
  for (const watcher of watchers) if (watcher.topics.has(topic)) act(watcher);
}

const EVENTS = {
  widget({ hub, member, widget, version, spread }) {
    const [topic, name] = hub === undefined ? [`member=${member}`, member] : [`hub=${hub}`, hub];
    about(topic, (watcher) => call(watcher, "widget", name, widget, version, spread));
  },
  changed({ topic, spread }) {
    setTimeout(() => about(topic, (watcher) => call(watcher, "changed", topic)), Math.random() * spread);
  },
  gone({ topic }) {
    about(topic, (watcher) => {
      watcher.topics.delete(topic);
      call(watcher, "gone", topic);
    });
    renew();
  },
  reset() {
    setTimeout(lookAtAll, Math.random() * RESET_SPREAD);
  },
};

/** What the stream or its holder says: an event, topics that were missed or are covered by now, or the line's state. */
function heard({ event, data, missed, covered, state, look }) {
  if (event) EVENTS[event]?.(data);
  if (missed) lookAt(missed);
  if (covered) lookAt(covered, { unseen: true });
  if (look) lookAtAll();
  if (state) showState(state);
}

// A page that is kept for Back must hold neither a connection nor a lock.
addEventListener("pagehide", () => share.leave());

addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  hiddenSince = null;
  renew();
  lookAtAll();
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") {
    hiddenSince = Date.now();
    return;
  }
  const long = hiddenSince !== null && Date.now() - hiddenSince >= LONG_HIDDEN;
  hiddenSince = null;
  if (!long) return;
  share.check();
  lookAtAll();
});

for (const change of ["online", "offline"]) {
  addEventListener(change, () => share.check({ networkChanged: true }));
}
