import { UNITS, span } from "../span.js";

/** How late the server may be, and how far apart those who wait for it ask, in milliseconds. */
const LATE = 800;
const SPREAD = 2000;

/** By how much this machine's clock is behind the server's, from what the server has counted. */
function offset(element) {
  const at = Date.parse(element.dataset.countdown);
  const parts = element.textContent.matchAll(/(\d+) (d|h|min|s)/g);
  const said = [...parts].reduce((sum, [, count, unit]) => sum + count * UNITS.find(([, name]) => name === unit)[0], 0);
  const away = (at - Date.now()) / 1000 - said;
  // The text leaves out all but two units, so it may be a minute off for hours.
  const exact = said < 3600 ? 2 : said < 86_400 ? 61 : 3601;
  return away >= -2 && away <= exact ? 0 : -away * 1000;
}

/** Counts down to the moments on the page, and calls `over` when one has come. */
export function countDown(over) {
  const ahead = new Map();
  for (const element of document.querySelectorAll("[data-countdown]")) ahead.set(element, offset(element));
  const tick = () => {
    for (const [element, behind] of ahead) {
      if (!element.isConnected) {
        ahead.delete(element);
        continue;
      }
      const left = (Date.parse(element.dataset.countdown) - Date.now() - behind) / 1000;
      const text = span(Math.max(0, Math.ceil(left)));
      if (element.textContent !== text) element.textContent = text;
      if (left > 0) continue;
      ahead.delete(element);
      setTimeout(over, LATE + Math.random() * SPREAD);
    }
    if (ahead.size === 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
}
