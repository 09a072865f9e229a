/** Times as people read them. The server writes UTC, which stays in the title. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const spans = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const format = (options) => new Intl.DateTimeFormat("en-GB", options);
const days = format({ day: "numeric", month: "long", year: "numeric" });
const hours = format({ hour: "2-digit", minute: "2-digit" });
const clocks = format({ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
const moments = format({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const FORMS = {
  ago(at) {
    const past = Date.now() - at;
    if (past < MINUTE) return "just now";
    if (past < HOUR) return spans.format(-Math.floor(past / MINUTE), "minute");
    if (past < DAY) return spans.format(-Math.floor(past / HOUR), "hour");
    if (past < 7 * DAY) return spans.format(-Math.floor(past / DAY), "day");
    return (at.getFullYear() === new Date().getFullYear() ? moments : days).format(at);
  },
  day: (at) => days.format(at),
  hour: (at) => hours.format(at),
  clock: (at) => clocks.format(at),
};

/** Writes the times within an element, and its own. */
export function tellTimes(root) {
  const own = root.matches?.("time[data-time]") ? [root] : [];
  for (const time of [...own, ...root.querySelectorAll("time[data-time]")]) {
    const at = new Date(time.dateTime);
    const text = Number.isNaN(at.getTime()) ? undefined : FORMS[time.dataset.time]?.(at);
    if (text !== undefined && time.textContent !== text) time.textContent = text;
  }
}

/** Keeps the times of the page current. */
export function keepTimes() {
  tellTimes(document);
  setInterval(() => tellTimes(document), MINUTE);
  addEventListener("pageshow", () => tellTimes(document));
}
