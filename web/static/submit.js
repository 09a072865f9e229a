import { Entry } from "./submit/entry.js";
import { Outbox } from "./submit/outbox.js";

const form = document.querySelector("[data-submit]");
const picker = form.querySelector("#photo");
const drop = form.querySelector("[data-drop]");
const queue = form.querySelector("[data-queue]");
const words = form.dataset;
const entries = new Set();

/** What a summary calls the states, in the order in which it names them. */
const CALLED = [
  [["live"], "live"],
  [["queued", "taken"], "on the way"],
  [["open"], "to submit"],
  [["broken", "failed"], "failed"],
];

/** Where nothing hovers nothing is dragged either. */
const CHOOSE = matchMedia("(hover: none)").matches ? "Choose photos" : "Drop photos here, or choose them";

/** The entry in whose place a file is being chosen. */
let replaced = null;

/** How many entries there were; their order, when several are chosen in one moment. */
let listed = 0;

/** What all entries share. */
const page = {
  template: document.querySelector("template[data-entry]"),
  outbox: new Outbox(words.member),
  action: form.action,
  maxBytes: Number(words.maxBytes),
  minSide: Number(words.minSide),
  words,
  picker,
  refresh,
  next: () => (listed += 1),
  announce,
  forget(entry) {
    entries.delete(entry);
    refresh();
  },
  replace(entry) {
    replaced = entry;
    picker.click();
  },
};

/** What is to be said to those who listen; what comes at once is said at once, or the last would silence the others. */
const news = [];

function announce(text) {
  if (news.push(text) > 1) return;
  setTimeout(() => {
    form.querySelector("[data-announce]").textContent = news.splice(0).join(" ");
  }, 300);
}

function among(...states) {
  return [...entries].filter((entry) => states.includes(entry.state));
}

/** Those that can be sent as they are, or once something is filled in. */
function sendable() {
  return [...entries].filter((entry) => entry.isSendable);
}

/** Shows where all entries stand together, and what can be done with them at once. */
function refresh() {
  const open = sendable().length;
  form.querySelector("[data-queue-actions]").hidden = open < 2;
  form.querySelector("[data-send-all]").textContent = `Submit all ${open}`;
  form.classList.toggle("busy", entries.size > 0);
  form.querySelector("[data-drop-title]").textContent = entries.size > 0 ? "Add more photos" : CHOOSE;
  const summary = form.querySelector("[data-summary]");
  const counts = CALLED.map(([states, called]) => [among(...states).length, called]).filter(([count]) => count > 0);
  summary.hidden = entries.size < 2;
  summary.textContent = `${entries.size} photos: ${counts.map(([count, called]) => `${count} ${called}`).join(", ")}`;
}

function put(entry, place) {
  entries.add(entry);
  if (place?.isConnected) place.before(entry.element);
  else queue.append(entry.element);
  refresh();
}

async function add(files) {
  const place = files.length > 0 ? replaced : null;
  replaced = null;
  // All in one moment: the summary comes with the second, and would move the first.
  const chosen = await Promise.all([...files].map((file) => Entry.of(file, page)));
  for (const entry of chosen) put(entry, place?.element);
  await place?.remove();
}

/** Takes up what was left here before. */
async function restore() {
  const records = await page.outbox.list();
  const found = await Promise.allSettled(records.map((record) => Entry.from(record, page)));
  for (const { value: entry } of found.filter(({ status }) => status === "fulfilled")) {
    put(entry);
    entry.restore();
  }
}

/** Sends what is complete; what isn't says so, and the first of those gets the focus. */
async function sendAll() {
  const open = sendable();
  const missing = open.filter((entry) => entry.missing());
  for (const entry of open.filter((candidate) => !missing.includes(candidate))) entry.send();
  // The last one to complain has the focus.
  for (const entry of missing.reverse()) await entry.send();
}

function acceptDrops() {
  let depth = 0;
  const over = (change) => {
    depth = Math.max(0, depth + change);
    drop.classList.toggle("over", depth > 0);
  };
  addEventListener("dragenter", () => over(1));
  addEventListener("dragleave", () => over(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(0);
    add(event.dataTransfer.files);
  });
}

form.querySelector("[data-single]").remove();
picker.multiple = true;
picker.required = false;
picker.addEventListener("change", () => {
  add(picker.files);
  picker.value = "";
});
picker.addEventListener("cancel", () => {
  replaced = null;
});
form.addEventListener("submit", (event) => event.preventDefault());
form.querySelector("[data-send-all]").addEventListener("click", sendAll);
form.querySelector("[data-all-species]").addEventListener("change", (event) => {
  for (const entry of among("open")) entry.take("species", event.target.value);
  event.target.value = "";
});
// What is on its way goes on when the page is opened again, and what can't be kept is lost.
addEventListener("beforeunload", (event) => {
  if (among("queued").length > 0 || among("open", "failed").some((entry) => entry.isLostIfLeft)) event.preventDefault();
});
acceptDrops();
refresh();
// Shown when all is there: nothing moves then.
restore().finally(() => form.classList.add("enhanced"));
