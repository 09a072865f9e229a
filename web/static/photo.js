import { enableKeys } from "./keys.js";
import { fetchStatus, follow } from "./live.js";

enableKeys();

const status = document.querySelector("[data-status]");
if (status?.dataset.state === "processing") {
  const photo = status.dataset.status;
  follow(`/photos/${photo}/live`, async () => {
    const part = await fetchStatus(photo);
    if (part?.dataset.state !== "processing") {
      // The picture, tools and title all depend on the state, and the page of a deleted photo says so.
      location.reload();
      return true;
    }
    document.querySelector("[data-status]").replaceWith(part);
    return false;
  });
}
