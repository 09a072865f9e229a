import { span } from "../span.js";

/** Counts down to the moments that a page names, also to those that it takes over later. */
export function countDown(page) {
  setInterval(() => {
    for (const moment of page.querySelectorAll("time[data-countdown]")) {
      const left = Math.ceil((Date.parse(moment.dateTime) - Date.now()) / 1000);
      const text = span(Math.max(0, left));
      if (moment.textContent !== text) moment.textContent = text;
    }
  }, 1000);
}
