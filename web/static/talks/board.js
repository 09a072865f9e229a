import { paintPlaceholders } from "../placeholder.js";
import { serially } from "../live/serially.js";
import { swap } from "../live/swap.js";

/** The shortest time between two loads, in milliseconds: votes come in bursts, and everybody who looks loads the part. */
const PAUSE = 1500;

/** Loads the page again as it is now. The site may still have the one of a moment ago, unless it is told that it won't do. */
async function reload() {
  await fetch(location.href, { cache: "no-cache" }).catch(() => {});
  location.reload();
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The part of the page that changes while people pitch and vote. */
export class Board {
  element;
  isBusy = () => false;
  #looked = -Infinity;
  #taken;

  /** `taken` is called after another part is shown. */
  constructor(element, taken) {
    this.element = element;
    this.#taken = taken;
  }

  /** Loads the part and shows it. */
  look = serially(async () => {
    await wait(Math.max(0, this.#looked + PAUSE - performance.now()));
    if (this.isBusy()) return;
    this.#looked = performance.now();
    const answer = await fetch(this.element.dataset.part);
    if (answer.status === 404) {
      // Gone, or no longer for this viewer: the reloaded page says which.
      reload();
      return;
    }
    if (!answer.ok) throw new Error(`${this.element.dataset.part} was answered with ${answer.status}`);
    const text = await answer.text();
    if (!this.isBusy()) this.take(text);
  });

  /** Shows a part that the server has sent. In another phase the whole page is another. False if it is no part. */
  take(text) {
    const holder = document.createElement("template");
    holder.innerHTML = text;
    const fresh = holder.content.querySelector("[data-board]");
    if (!fresh) return false;
    globalThis.talkOrder?.arrange(holder.content);
    if (fresh.dataset.board !== this.element.dataset.board) {
      reload();
      return true;
    }
    this.element = swap(this.element, fresh);
    paintPlaceholders(this.element);
    this.#taken();
    return true;
  }
}
