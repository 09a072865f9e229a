import { enableKeys } from "./keys.js";
import { fetchStatus, follow } from "./live.js";

enableKeys();

const status = document.querySelector("[data-status]");
if (status?.dataset.state === "processing") {
  const photo = status.dataset.status;
  follow(`/photos/${photo}/live`, async () => {
    const part = await fetchStatus(photo);
    if (part?.dataset.state !== "processing") {
      // Picture, tools and title all change with the state; of a photo that is gone the page itself says so.
      location.reload();
      return true;
    }
    document.querySelector("[data-status]").replaceWith(part);
    return false;
  });
}
