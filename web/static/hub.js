import { enableKeys } from "./keys.js";
import { watch } from "./live.js";
import { serially } from "./live/serially.js";
import { announce, swap } from "./live/swap.js";
import { countDown } from "./hub/countdown.js";
import { enableMoving } from "./hub/move.js";
import { paintPlaceholders } from "./placeholder.js";
import { showCopying } from "./share.js";

const page = document.querySelector("[data-hub]");
const { hub: topic, path } = page.dataset;

countDown(page);

const find = (id) => page.querySelector(`[data-widget="${id}"]`);

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** With `{ cache: "no-cache" }` the page is the current one, not that of a moment ago. */
async function fetchHtml(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw Object.assign(new Error(`${url} was answered with ${answer.status}`), { status: answer.status });
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  return holder.content;
}

/** The latest version that the page was told of each widget, and the load that is under way. */
const told = new Map();

/** Loads a widget and swaps it in place, and says so to screen readers: with `said`, in other words. */
async function load(id, version, said) {
  const url = version === undefined ? `${path}/w/${id}` : `${path}/w/${id}?v=${version}`;
  try {
    const fresh = (await fetchHtml(url)).firstElementChild;
    const old = find(id);
    if (!old) return;
    const current = swap(old, fresh);
    paintPlaceholders(current);
    showCopying(current);
    // The server couldn't load it in time.
    if (current.dataset.version === "0") throw new Error(`${url} has nothing to show`);
    const changed = `${current.querySelector("h2")?.textContent ?? ""} has changed.`;
    if (!current.hidden) announce(said ?? changed, { own: said !== undefined });
  } catch (error) {
    if (error.status !== 404) throw error;
    find(id)?.remove();
  }
}

async function refresh(id, version, spread = 0) {
  const widget = find(id);
  if (!widget || widget.dataset.version === String(version)) return;
  const waiting = told.has(id);
  told.set(id, version);
  if (waiting) return;
  try {
    await wait(Math.random() * spread);
    for (let loaded; told.get(id) !== loaded; ) {
      loaded = told.get(id);
      await load(id, loaded);
    }
  } finally {
    told.delete(id);
  }
}

/** Takes over the columns when widgets were added, moved or removed. */
const takeColumns = serially(async () => {
  const fresh = await fetchHtml(path, { cache: "no-cache" });
  const columns = fresh.querySelector("[data-hub]");
  if (!columns) return;
  for (const column of page.querySelectorAll("[data-column]")) {
    swap(column, columns.querySelector(`[data-column="${column.dataset.column}"]`));
  }
  page.dataset.layout = columns.dataset.layout;
  paintPlaceholders(page);
  showCopying(page);
});

/** Compares what the page shows with what there is. */
const look = serially(async () => {
  const answer = await fetch(`${path}/versions`);
  if (answer.status === 404) {
    location.reload();
    return;
  }
  if (!answer.ok) throw new Error(`the versions were answered with ${answer.status}`);
  const { layout, widgets, personal } = await answer.json();
  if (String(layout) !== page.dataset.layout) await takeColumns();
  await Promise.all([
    ...Object.entries(widgets).map(([id, version]) => refresh(id, version)),
    ...personal.map((id) => load(id)),
  ]);
  if (Object.values(widgets).includes(0)) throw new Error("some widgets couldn't be loaded");
});

/** Rates in place: the next photo takes the place of this one. Without an answer the form is sent as usual. */
async function rate(form, button) {
  const { widget } = form.closest("[data-widget]").dataset;
  const body = new URLSearchParams(new FormData(form));
  body.set(button.name, button.value);
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
  // What is refused is shown on a page of its own, which says why.
  if (answer?.type !== "opaqueredirect") {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value }));
    form.submit();
    return;
  }
  const tabbing = form.contains(document.activeElement) && document.activeElement.matches(":focus-visible");
  await load(widget, undefined, `You gave it ${button.value}.`);
  if (tabbing && !form.isConnected) refocus(find(widget), button.value);
}

/** The pressed button is gone, so restore the focus for keyboard users: to the same key, or to the widget. */
function refocus(widget, value) {
  const next = widget?.querySelector(`.key[value="${value}"]`) ?? widget;
  if (next && next === widget) next.tabIndex = -1;
  next?.focus({ preventScroll: true });
}

const rateSerially = (form, button) => {
  if (form.dataset.sending !== undefined) return;
  form.dataset.sending = "";
  rate(form, button).catch((error) => console.warn(error)).finally(() => delete form.dataset.sending);
};

if (page.dataset.editing === undefined) {
  enableKeys({ onlyInView: true });
  page.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (!form.matches("[data-widget] form[data-keys]") || !submitter?.value) return;
    event.preventDefault();
    rateSerially(form, submitter);
  });
  watch([topic], {
    // The stream says it once, so what can't be loaded is looked for until it is there.
    widget: (_name, id, version, spread) => refresh(id, version, spread).catch(look),
    changed: look,
    look,
    gone: () => location.reload(),
  });
} else {
  enableMoving(page);
}

page.addEventListener("click", (event) => {
  const retry = event.target.closest("[data-retry]");
  if (!retry) return;
  event.preventDefault();
  load(retry.closest("[data-widget]").dataset.widget).catch((error) => console.warn(error));
});
