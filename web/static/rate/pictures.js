/** The delay between attempts to load a picture in milliseconds, doubled each time up to the longest. */
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 30_000;

/** The next picture, referenced so that the browser keeps it. */
let ahead = null;

/** Pictures that have loaded once. A picture that changes its size is briefly incomplete. */
const seen = new WeakSet();

/** Whether a picture is visible. */
export function isShown(image) {
  return seen.has(image) || (image.complete && image.naturalWidth > 0);
}

/** Waits until a picture is decoded; `false` if it can't be loaded. */
export function painted(image) {
  return image.decode().then(
    () => true,
    () => isShown(image),
  );
}

/** Retries a picture until it loads. Calls `tell` after a failure and `done` when it is visible. */
export function insist(image, tell, done) {
  let wait = FIRST_WAIT;
  const failed = () => {
    if (!image.isConnected) return;
    tell();
    setTimeout(() => {
      // Setting it again makes the browser try again.
      // oxlint-disable-next-line no-self-assign
      image.srcset = image.srcset;
    }, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  };
  image.addEventListener("error", failed);
  image.addEventListener(
    "load",
    () => {
      seen.add(image);
      done();
    },
    { once: true },
  );
  if (image.complete && !isShown(image)) failed();
}

/**
 * Preloads the picture that the server would serve next. The server decides which photo comes next only after the
 * rating.
 */
export async function lookAhead(image, hub, ballot) {
  if (navigator.connection?.saveData) return;
  await painted(image);
  const query = hub ? `?${new URLSearchParams({ hub })}` : "";
  const headers = { Accept: "application/json", ...(ballot && { "Pawdium-Ballot": ballot }) };
  const answer = await fetch(`/rate/ahead${query}`, { headers, priority: "low" });
  if (answer.status !== 200) return;
  const { src, srcset } = await answer.json();
  ahead = new Image();
  ahead.sizes = image.sizes;
  ahead.srcset = srcset;
  ahead.src = src;
  await painted(ahead);
}
