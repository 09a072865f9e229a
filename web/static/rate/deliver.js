/** Between attempts, in milliseconds: doubled each time, up to the longest. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15_000;

/** An answer that takes longer, in milliseconds, is taken for lost. */
const STALL = 15_000;

/** Whoever leaves now may lose a rating. */
function warn(event) {
  event.preventDefault();
}

/** One attempt. A status of 0 says that the network failed. */
async function post(url, body) {
  const signal = AbortSignal.timeout?.(STALL);
  const headers = { "Pawdium-Part": "rate" };
  try {
    // What was sent arrives even if the page is left meanwhile.
    const answer = await fetch(url, { method: "POST", body, headers, signal, keepalive: true });
    const again = Number(answer.headers.get("Retry-After")) * 1000;
    return { status: answer.status, again, text: await answer.text() };
  } catch {
    return { status: 0, again: 0, text: "" };
  }
}

/** Waits so many milliseconds, or until the network is back. */
function pause(ms) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(clock);
      removeEventListener("online", end);
      resolve();
    };
    const clock = setTimeout(end, ms);
    addEventListener("online", end);
  });
}

function heals(status) {
  return status === 0 || status === 429 || status >= 500;
}

/**
 * Sends a rating until the server has decided about it, which may take a while without a network. Repeating is harmless:
 * the ballot counts once. `tell` is called before each wait. Answers with `{status, text}`.
 */
export async function deliver(url, body, tell) {
  let result = await post(url, body);
  if (!heals(result.status)) return result;
  addEventListener("beforeunload", warn);
  for (let wait = FIRST_WAIT; heals(result.status); wait = Math.min(2 * wait, LONGEST_WAIT)) {
    tell();
    await pause(Math.max(wait * (0.75 + Math.random() / 2), result.again || 0));
    result = await post(url, body);
  }
  removeEventListener("beforeunload", warn);
  return result;
}
