/** Without TLS, a browser opens only six connections to a site, so streams must leave some for everything else. */
const MOST = 2;
let streams = 0;

/**
 * Calls `changed` for every event of the stream at `url`, until it returns true. If the stream can't stay open, polls
 * every few seconds instead.
 */
export function follow(url, changed) {
  let stream;
  let timer;
  const stop = () => {
    if (stream) {
      stream.close();
      stream = undefined;
      streams -= 1;
    }
    clearInterval(timer);
  };
  const look = async () => {
    if (await changed().catch(() => false)) stop();
  };
  if (streams >= MOST) {
    timer = setInterval(look, 2000);
    look();
    return stop;
  }
  streams += 1;
  stream = new EventSource(url);
  stream.addEventListener("changed", look);
  // Catch up on changes from before the stream was open.
  stream.addEventListener("open", look);
  stream.addEventListener("error", () => {
    if (stream?.readyState === EventSource.CLOSED && !timer) timer = setInterval(look, 3000);
  });
  return stop;
}

/** Fetches the status part of a photo; null if the photo is gone. */
export async function fetchStatus(photo) {
  const answer = await fetch(`/photos/${photo}/status`);
  if (answer.status === 404 || answer.status === 410) return null;
  if (!answer.ok) throw new Error(`the status was answered with ${answer.status}`);
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  return document.importNode(holder.content.querySelector("[data-status]"), true);
}
