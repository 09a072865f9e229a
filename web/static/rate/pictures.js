/** Between attempts to load a picture, in milliseconds: doubled each time, up to the longest. */
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 30_000;

/** The picture that comes next, kept so that the browser keeps it too. */
let ahead = null;

/** Pictures that have been there whole; one that changes to another size isn't complete for a moment. */
const seen = new WeakSet();

/** Whether a picture can be seen. */
export function isShown(image) {
  return seen.has(image) || (image.complete && image.naturalWidth > 0);
}

/** Waits until a picture can be painted at once; `false` when it can't be loaded. */
export function painted(image) {
  return image.decode().then(
    () => true,
    () => isShown(image),
  );
}

/** Loads a picture again and again until it is there; `tell` is called when it fails, and `done` when it can be seen. */
export function insist(image, tell, done) {
  let wait = FIRST_WAIT;
  const failed = () => {
    if (!image.isConnected) return;
    tell();
    setTimeout(() => {
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
 * Loads the picture that the server would serve after this one, so that it is there when it is due. Which one that will
 * be isn't decided before.
 */
export async function lookAhead(image) {
  if (navigator.connection?.saveData) return;
  await painted(image);
  const answer = await fetch("/rate/ahead", { headers: { Accept: "application/json" }, priority: "low" });
  if (answer.status !== 200) return;
  const { src, srcset } = await answer.json();
  ahead = new Image();
  ahead.sizes = image.sizes;
  ahead.srcset = srcset;
  ahead.src = src;
  await painted(ahead);
}
