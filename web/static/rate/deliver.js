/** The delay between attempts in milliseconds, doubled each time up to the longest. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15_000;

/** The timeout of an attempt in milliseconds. */
const STALL = 15_000;

/** Warns before leaving the page, because what was sent may be lost. */
function warn(event) {
  event.preventDefault();
}

/** One attempt. A status of 0 means that the network failed. */
async function post(url, body, part) {
  const signal = AbortSignal.timeout?.(STALL);
  const headers = { "Pawdium-Part": part };
  try {
    // The request completes even if the visitor leaves the page.
    const answer = await fetch(url, { method: "POST", body, headers, signal, keepalive: true });
    const again = Number(answer.headers.get("Retry-After")) * 1000;
    return { status: answer.status, again, text: await answer.text() };
  } catch {
    return { status: 0, again: 0, text: "" };
  }
}

/** Waits that many milliseconds, or until the network is back. */
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
 * Sends a form until the server has answered, which may take a while without a network. Repeating it must be harmless: a
 * ballot of a rating counts once, and a vote says what is wanted. `part` is what the page wants as an answer. Calls `tell`
 * before each wait. Resolves to `{status, text}`.
 */
export async function deliver(url, body, tell, part = "rate") {
  let result = await post(url, body, part);
  if (!heals(result.status)) return result;
  addEventListener("beforeunload", warn);
  for (let wait = FIRST_WAIT; heals(result.status); wait = Math.min(2 * wait, LONGEST_WAIT)) {
    tell();
    await pause(Math.max(wait * (0.75 + Math.random() / 2), result.again || 0));
    result = await post(url, body, part);
  }
  removeEventListener("beforeunload", warn);
  return result;
}
