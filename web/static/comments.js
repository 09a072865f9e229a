import { serially } from "./live/serially.js";
import { announce, swap } from "./live/swap.js";
import { watch } from "./live.js";

const section = document.querySelector("[data-comments]");
const photo = section?.dataset.comments;
const list = () => section.querySelector("[data-refresh=comments]");

/** Behind all comments. */
const END = "0.9223372036854775807";

/** Whether all comments are on the page, of which there were more than on its first one. */
let isWhole = false;

/** The photo isn't in anybody's sight, and neither are its comments. */
class Gone extends Error {}

/** Fetches a part of the list as an element. */
async function fetchPart(query) {
  const answer = await fetch(`/photos/${photo}/comments${query}`);
  if (answer.status === 404) throw new Gone();
  if (!answer.ok) throw new Error(`the comments were answered with ${answer.status}`);
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  return holder.content.firstElementChild;
}

const countOf = (part) => Number(part.querySelector("[data-count]").dataset.count);

/** Shows the list as it is now, as far as it was loaded. */
async function refresh() {
  const before = list();
  const { until, later } = before.dataset;
  // A page of older comments stays as it was asked for.
  if (later !== undefined) return;
  const end = isWhole ? END : until;
  const fresh = await fetchPart(end === undefined ? "" : `?until=${end}`);
  const count = countOf(before);
  const form = section.querySelector("[data-comment-form]");
  const host = form?.closest(".comment");
  if (host) form.remove();
  const now = swap(before, fresh);
  if (host) put(form, section.querySelector(`#${host.id}`));
  if (countOf(now) > count) announce("There are new comments.");
}

/** Puts the form below a comment, or back to its place. */
function put(form, comment) {
  if (comment) comment.append(form);
  else section.querySelector("h2").after(form);
}

async function more(link) {
  const { until } = list().dataset;
  const part = await fetchPart(`?after=${until}`);
  const lines = [...part.querySelectorAll("ol > li")].map((line) => document.importNode(line, true));
  list().querySelector("ol").append(...lines);
  if (part.dataset.until) {
    list().dataset.until = part.dataset.until;
    link.href = `/photos/${photo}?comments=${part.dataset.until}#comments`;
  } else {
    delete list().dataset.until;
    isWhole = true;
    link.closest("p").remove();
  }
  lines[0]?.querySelector("a")?.focus();
}

function enableForm(form) {
  const { text, reply } = form.elements;
  const answered = form.querySelector("[data-answered]");
  const error = form.querySelector("#comment-error");
  const button = form.querySelector("button[type=submit]");

  function answer(comment, link) {
    reply.value = link?.dataset.reply ?? "";
    answered.hidden = !link;
    answered.querySelector("[data-answered-author]").textContent = link?.dataset.author ?? "";
    put(form, comment);
    fail("");
  }

  function fail(message) {
    error.textContent = message;
    error.hidden = !message;
    form.querySelector(".field").classList.toggle("refused", Boolean(message));
  }

  section.addEventListener("click", (event) => {
    const link = event.target.closest("[data-reply]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    answer(link.closest(".comment"), link);
    text.focus();
  });

  form.querySelector("[data-answered-cancel]").addEventListener("click", (event) => {
    event.preventDefault();
    const link = form.closest(".comment")?.querySelector("[data-reply]");
    answer(null, null);
    (link ?? text).focus();
  });

  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    if (event.key === "Escape" && !answered.hidden) form.querySelector("[data-answered-cancel]").click();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    send()
      .catch(({ message }) => fail(message))
      .finally(() => {
        button.disabled = false;
      });
  });

  async function send() {
    const sent = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(new FormData(form)),
    }).catch(() => {
      throw new Error("The comment didn't arrive. Your text is still here: try again.");
    });
    const { id, notice, message } = await sent.json();
    if (!sent.ok) throw new Error(message);
    form.reset();
    text.value = "";
    answer(null, null);
    await refresh();
    announce(notice, { own: true });
    const own = section.querySelector(`#comment-${id}`);
    own?.scrollIntoView({ block: "nearest" });
    own?.querySelector("a")?.focus({ preventScroll: true });
  }
}

if (section && list()) {
  const look = serially(async () => {
    try {
      await refresh();
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
      stop();
      location.reload();
    }
  });
  const stop = watch([`comments=${photo}`], { changed: look, look, gone: look });
  const form = section.querySelector("[data-comment-form]");
  if (form) enableForm(form);
  section.addEventListener("click", (event) => {
    const link = event.target.closest("[data-next-comments]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    more(link).catch(() => location.assign(link.href));
  });
}
