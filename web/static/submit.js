import { Entry } from "./submit/entry.js";
import { Outbox } from "./submit/outbox.js";

const form = document.querySelector("[data-submit]");
const picker = form.querySelector("#photo");
const drop = form.querySelector("[data-drop]");
const queue = form.querySelector("[data-queue]");
const words = form.dataset;
const entries = new Set();

/** The names of the states in the summary, in order. */
const CALLED = [
  [["live"], "live"],
  [["queued", "taken"], "on the way"],
  [["open"], "to submit"],
  [["broken", "failed"], "failed"],
];

/** Devices without hover have no drag and drop. */
const CHOOSE = matchMedia("(hover: none)").matches ? "Choose photos" : "Drop photos here, or choose them";

/** The entry whose file is being replaced. */
let replaced = null;

/** The number of entries so far, which orders entries chosen at the same time. */
let listed = 0;

/** Shared by all entries. */
const page = {
  template: document.querySelector("template[data-entry]"),
  outbox: new Outbox(words.member),
  action: form.action,
  maxBytes: Number(words.maxBytes),
  minSide: Number(words.minSide),
  words,
  picker,
  refresh,
  hubs: () => [...form.querySelectorAll("[name=hubs]:checked")].map((box) => box.value).join(","),
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

/** Announcements for screen readers. Simultaneous ones are joined, or the last would replace the others. */
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

/** The entries that can be sent now or once they are filled in. */
function sendable() {
  return [...entries].filter((entry) => entry.isSendable);
}

/** Shows the summary of all entries and the buttons for all of them. */
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
  // Add all at once: the summary appears with the second entry and would move the first.
  const chosen = await Promise.all([...files].map((file) => Entry.of(file, page)));
  for (const entry of chosen) put(entry, place?.element);
  await place?.remove();
}

/** Restores the entries of an earlier visit. */
async function restore() {
  const records = await page.outbox.list();
  const found = await Promise.allSettled(records.map((record) => Entry.from(record, page)));
  for (const { value: entry } of found.filter(({ status }) => status === "fulfilled")) {
    put(entry);
    entry.restore();
  }
}

/** Sends the complete entries. The others show an error, and the first of them gets the focus. */
async function sendAll() {
  const open = sendable();
  const missing = open.filter((entry) => entry.missing());
  for (const entry of open.filter((candidate) => !missing.includes(candidate))) entry.send();
  // The last entry with an error takes the focus.
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
// Uploads continue when the page is opened again, except those that the browser couldn't store.
addEventListener("beforeunload", (event) => {
  if (among("queued").length > 0 || among("open", "failed").some((entry) => entry.isLostIfLeft)) event.preventDefault();
});
acceptDrops();
refresh();
// Show the form when everything is ready, to prevent layout shift.
restore().finally(() => form.classList.add("enhanced"));
