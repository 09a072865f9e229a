import { serially } from "./live/serially.js";
import { announce } from "./live/swap.js";
import { watch } from "./live.js";

const bell = document.querySelector("[data-bell]");
const count = bell?.querySelector("[data-bell-count]");

/** Shows how many notifications are unread. */
export function showUnread({ unread, shown }) {
  const before = Number(count.textContent.replace("+", "")) || 0;
  if (count.textContent === shown) return;
  count.textContent = shown;
  bell.setAttribute("aria-label", unread > 0 ? `Notifications, ${shown} unread` : "Notifications");
  if (unread > before) announce(`${shown} unread notification${unread === 1 ? "" : "s"}`);
}

if (bell) {
  const topic = `notifications=${bell.dataset.bell}`;
  const look = serially(async () => {
    const answer = await fetch("/notifications/unread", { headers: { Accept: "application/json" } });
    // The session has ended, or is another member's by now.
    if (answer.status === 403) return;
    if (!answer.ok) throw new Error(`the number of notifications was answered with ${answer.status}`);
    showUnread(await answer.json());
  });
  watch([topic], { changed: look, look });
}
