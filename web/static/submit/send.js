/** Concurrent uploads. More would only slow each other down. */
const AT_ONCE = 2;

/** The timeout of an upload without progress and of a missing answer. */
const STALL_MS = 60_000;

/** The delay between attempts, doubled each time up to the longest. */
const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 60;

/** How many server errors, and forms that arrived damaged, to retry before reporting one. */
const PATIENCE = 3;

let free = AT_ONCE;
const waiting = [];

async function enter() {
  if (free > 0) free -= 1;
  else await new Promise((resolve) => waiting.push(resolve));
}

function leave() {
  const next = waiting.shift();
  if (next) next();
  else free += 1;
}

/** One attempt. A status of 0 means that the network failed. */
function post(url, body, key, signal, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let stall;
    const moved = () => {
      clearTimeout(stall);
      stall = setTimeout(() => request.abort(), STALL_MS);
    };
    const abort = () => request.abort();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Idempotency-Key", `"${key}"`);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      moved();
      progress(event.loaded, event.total);
    });
    request.addEventListener("loadend", () => {
      clearTimeout(stall);
      signal.removeEventListener("abort", abort);
      const again = Number(request.getResponseHeader("Retry-After"));
      resolve({ status: request.status, answer: request.response, again });
    });
    signal.addEventListener("abort", abort);
    moved();
    request.send(body);
  });
}

/** Waits that many seconds, or until the network is back, `now` is called or the upload is stopped. */
function pause(seconds, signal, tick) {
  return new Promise((resolve) => {
    let left = Math.ceil(seconds);
    const end = () => {
      clearInterval(clock);
      removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const count = () => {
      // Without a network there is nothing to try. Its return ends the wait.
      if (left > 0 || navigator.onLine === false) tick(left, end);
      else end();
      left -= 1;
    };
    const clock = setInterval(count, 1000);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
    count();
  });
}

/** Whether to retry: always after a network failure, a few times after a server error or if the form was damaged. */
function heals({ status, again }, attempt) {
  if (status === 0 || status === 502 || status === 503 || status === 504) return true;
  if (status === 429) return again > 0 && again <= LONGEST_WAIT_S;
  // The server refuses what is wrong for good without saying when to try again.
  if (status === 400) return again > 0 && attempt < PATIENCE;
  return status >= 500 && attempt < PATIENCE;
}

/**
 * Sends a form until it is answered, with a key that makes repeating harmless. Resolves to `{status, answer}`, or to
 * undefined if it was stopped. Calls `tell` with `{loaded, total}` during the upload, with `{wait, now}` before a retry
 * (`now` ends the wait), and with an empty object while it waits for its turn.
 */
export async function deliver(url, body, key, signal, tell) {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    tell({});
    await enter();
    let result;
    try {
      if (signal.aborted) return undefined;
      result = await post(url, body, key, signal, (loaded, total) => tell({ loaded, total }));
    } finally {
      leave();
    }
    if (signal.aborted) return undefined;
    if (!heals(result, attempt)) return result;
    const backoff = Math.min(FIRST_WAIT_S * 2 ** (attempt - 1), LONGEST_WAIT_S) * (0.75 + Math.random() / 2);
    await pause(Math.max(backoff, result.again || 0), signal, (wait, now) => tell({ wait, now }));
  }
  return undefined;
}
