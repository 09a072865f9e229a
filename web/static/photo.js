import { enableKeys } from "./keys.js";
import { watch } from "./live.js";
import { serially } from "./live/serially.js";
import { announce, swap } from "./live/swap.js";
import { fetchStatus } from "./status.js";

enableKeys();

const status = document.querySelector("[data-status]");
if (status?.dataset.state === "processing") {
  const photo = status.dataset.status;
  const look = serially(async () => {
    const part = await fetchStatus(photo);
    if (part?.dataset.state !== "processing") {
      // The picture, tools and title all depend on the state, and the page of a deleted photo says so.
      stop();
      location.reload();
      return;
    }
    swap(document.querySelector("[data-status]"), part);
    const step = part.querySelector(".current .timeline-label");
    if (step) announce(`Next: ${step.textContent.toLowerCase()}`);
  });
  const stop = watch([`photo=${photo}`], { changed: look, look, gone: look });
}
