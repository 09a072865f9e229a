/** A browser opens only six connections to a site without TLS; streams must leave some for everything else. */
const MOST = 2;
let streams = 0;

/**
 * Calls `changed` whenever the stream at `url` says that something changed, until it answers with true.
 * Where the stream can't be held open it asks every few seconds instead.
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
  // What happened before the stream stood would be missed.
  stream.addEventListener("open", look);
  stream.addEventListener("error", () => {
    if (stream?.readyState === EventSource.CLOSED && !timer) timer = setInterval(look, 3000);
  });
  return stop;
}

/** The part that tells where a photo stands, fetched anew; null when the photo is gone. */
export async function fetchStatus(photo) {
  const answer = await fetch(`/photos/${photo}/status`);
  if (answer.status === 404 || answer.status === 410) return null;
  if (!answer.ok) throw new Error(`the status was answered with ${answer.status}`);
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  return document.importNode(holder.content.querySelector("[data-status]"), true);
}
