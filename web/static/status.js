import { tellTimes } from "./times.js";

/** Fetches the status part of a photo; null if the photo is gone. */
export async function fetchStatus(photo) {
  const answer = await fetch(`/photos/${photo}/status`);
  if (answer.status === 404 || answer.status === 410) return null;
  if (!answer.ok) throw new Error(`the status was answered with ${answer.status}`);
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const status = document.importNode(holder.content.querySelector("[data-status]"), true);
  tellTimes(status);
  return status;
}
