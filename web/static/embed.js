import { Line } from "./live/line.js";
import { serially } from "./live/serially.js";

/** Hidden for so long, a frame may have missed something. */
const LONG_HIDDEN = 30_000;

/** After a reset, frames look within so many milliseconds, because everybody's do. */
const RESET_SPREAD = 2000;

/** By then the first frame of a hub has got the lock. */
const SETTLED = 1000;

const page = document.querySelector("main");
const { hub, path } = page.dataset;
const shared = `pawdium-embed-${hub}`;

/** The version that the frame was told; 0 to ask for the current one. */
let told = 0;
let line = null;
let joined = null;
let hiddenSince = null;

/** Turns a node into a newer one. What stays the same stays the same node, so the focus does. */
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName || !old.attributes) {
    old.replaceWith(fresh);
    return;
  }
  for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  for (const node of before.splice(after.length)) node.remove();
  after.forEach((node, place) => (before[place] ? morph(before[place], node) : old.append(node)));
}

const load = serially(async () => {
  const answer = await fetch(`${path}?v=${told}`, { credentials: "omit" });
  if (!answer.ok && answer.status !== 404) throw new Error(`${path} was answered with ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  morph(page, document.importNode(fresh, true));
  if (!page.dataset.hub) leave();
  else if (page.dataset.hub !== hub) location.replace(page.dataset.path);
});

function look() {
  told = 0;
  load();
}

/** What the stream says, in the frame that has it and in the others. */
function hear({ event, data, missed, look: must }) {
  if (event === "widget") {
    if (String(data.widget) !== page.dataset.widget || String(data.version) === page.dataset.version) return;
    told = data.version;
    setTimeout(load, Math.random() * data.spread);
  } else if (event === "reset") {
    setTimeout(look, Math.random() * RESET_SPREAD);
  } else if (event || missed?.length || must) {
    look();
  }
}

/** One frame of a hub has the stream, and passes on what it says to the others in the same place. */
function join() {
  const { signal } = (joined = new AbortController());
  const alone = () => line || signal.aborted || open(hear);
  if (!navigator.locks) return alone();
  try {
    const channel = new BroadcastChannel(shared);
    channel.addEventListener("message", ({ data }) => hear(data));
    signal.addEventListener("abort", () => channel.close());
    const hold = () => {
      open((said) => {
        channel.postMessage(said);
        hear(said);
      });
      return new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    navigator.locks.request(shared, { signal }, hold).catch(alone);
    setTimeout(() => line || signal.aborted || look(), SETTLED);
  } catch {
    // The browser lets frames share nothing.
    alone();
  }
}

function open(tell) {
  line = new Line(tell, "", [], "omit");
  line.watch([`hub=${hub}`]);
}

function leave() {
  line?.close();
  line = null;
  joined?.abort();
}

join();

addEventListener("pagehide", leave);

addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  join();
  look();
});

document.addEventListener("visibilitychange", () => {
  const since = hiddenSince;
  hiddenSince = document.visibilityState === "hidden" ? Date.now() : null;
  if (hiddenSince || since === null || Date.now() - since < LONG_HIDDEN) return;
  line?.check();
  look();
});

addEventListener("online", () => line?.check(true));
