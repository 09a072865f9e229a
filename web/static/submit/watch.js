import { watch as watchTopics } from "../live.js";
import { serially } from "../live/serially.js";
import { paintPlaceholders } from "../placeholder.js";
import { fetchStatus } from "../status.js";

/** Copies the parts of a photo's status that an entry shows. */
function copied(part, selectors) {
  return selectors.map((selector) => part.querySelector(selector)).filter(Boolean);
}

export function link(url, text) {
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.textContent = text;
  return anchor;
}

/** Replaces the preview with the served picture. */
function showSquare(entry, part) {
  const square = part.querySelector("template[data-square]")?.content.querySelector("img");
  if (!square) return;
  const image = document.importNode(square, true);
  const canvas = entry.find("canvas");
  image.className = "crop-square";
  canvas.hidden = true;
  canvas.after(image);
  paintPlaceholders(canvas.parentElement);
}

/** Shows the photo's progress. True if processing has ended. */
function show(entry, part) {
  if (entry.state !== "taken") return true;
  if (!part) {
    entry.report("It was deleted", 100);
    entry.settled("gone", "");
    return true;
  }
  const { state } = part.dataset;
  const more = entry.find("[data-entry-more]");
  if (state === "processing") {
    const step = part.querySelector(".current .timeline-label");
    entry.report(step ? `Processing, next: ${step.textContent.toLowerCase()}` : "Processing");
    more.replaceChildren(...copied(part, [".timeline"]));
    return false;
  }
  const isLive = state === "live";
  const reason = part.querySelector("p")?.textContent ?? "";
  more.replaceChildren(...copied(part, isLive ? ["[data-saved]", ".timeline"] : []));
  if (isLive) {
    const took = part.querySelector("[data-took]")?.textContent ?? "It is live.";
    entry.report(`${took} `, 100);
    entry.find("[data-entry-state]").append(link(entry.record.photo.url, "Look at it"));
    showSquare(entry, part);
  }
  entry.settled(isLive ? "live" : "failed", isLive ? "" : reason);
  return true;
}

/** Watches an accepted photo until processing has ended. Returns a function that stops watching. */
export function watch(entry) {
  const { id } = entry.record.photo;
  const look = serially(async () => {
    if (show(entry, await fetchStatus(id))) stop();
  });
  const stop = watchTopics([`photo=${id}`], { changed: look, look, gone: look });
  return stop;
}
