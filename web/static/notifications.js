import { showUnread } from "./bell.js";
import { serially } from "./live/serially.js";
import { swap } from "./live/swap.js";
import { watch } from "./live.js";

const list = () => document.querySelector("[data-refresh=notifications]");

const look = serially(async () => {
  const { before } = list().dataset;
  const answer = await fetch(`/notifications/part${before === undefined ? "" : `?before=${before}`}`);
  if (!answer.ok) throw new Error(`the notifications were answered with ${answer.status}`);
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  swap(list(), holder.content.firstElementChild);
});

watch([`notifications=${document.querySelector("[data-bell]").dataset.bell}`], { changed: look, look });

/** Marks as read, also while the page is being left. */
async function read(fields) {
  const answer = await fetch("/notifications/read", {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(fields),
    keepalive: true,
  });
  if (!answer.ok) throw new Error(`reading was answered with ${answer.status}`);
  return answer.json();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-read]");
  // The page that it leads to opens at once, and doesn't wait for this.
  if (link) read({ until: link.dataset.read, only: "1" }).catch(() => {});
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-read-one], [data-read-all]");
  if (!form) return;
  event.preventDefault();
  const next = form.closest("li")?.nextElementSibling?.querySelector("a") ?? document.querySelector("h1");
  read(new FormData(form))
    .then(async (unread) => {
      showUnread(unread);
      await look();
      if (!document.contains(form)) next.focus();
    })
    .catch(() => form.submit());
});
