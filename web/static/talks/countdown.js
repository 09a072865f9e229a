import { UNITS, span } from "../span.js";

/** How late the server may be, and how far apart those who wait for it ask, in milliseconds. */
const LATE = 800;
const SPREAD = 2000;

/** How long to wait before asking again, in milliseconds, if the server's clock is behind. */
const AGAIN = 10_000;

/** By how much this machine's clock is behind the server's, from what the server has counted; 0 on a page that was kept. */
function offset(element) {
  if ("baked" in document.documentElement.dataset) return 0;
  const at = Date.parse(element.dataset.countdown);
  const parts = element.textContent.matchAll(/(\d+) (d|h|min|s)/g);
  const said = [...parts].reduce((sum, [, count, unit]) => sum + count * UNITS.find(([, name]) => name === unit)[0], 0);
  const away = (at - Date.now()) / 1000 - said;
  // The text leaves out all but two units, so it may be a minute off for hours.
  const exact = said < 3600 ? 2 : said < 86_400 ? 61 : 3601;
  return away >= -2 && away <= exact ? 0 : -away * 1000;
}

/**
 * Counts down to the moments on the page, and calls `over` when one has come, and again, so many times in all: the server's
 * clock may be behind.
 */
export function countDown(over, times = 3) {
  const ahead = new Map();
  for (const element of document.querySelectorAll("[data-countdown]")) {
    const until = Date.parse(element.dataset.countdown) + offset(element);
    ahead.set(element, { until, due: until, times });
  }
  const tick = () => {
    for (const [element, moment] of ahead) {
      if (!element.isConnected || moment.times === 0) {
        ahead.delete(element);
        continue;
      }
      const text = span(Math.max(0, Math.ceil((moment.until - Date.now()) / 1000)));
      if (element.textContent !== text) element.textContent = text;
      if (Date.now() < moment.due) continue;
      moment.due = Date.now() + AGAIN;
      moment.times -= 1;
      setTimeout(over, LATE + Math.random() * SPREAD);
    }
    if (ahead.size === 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
}
