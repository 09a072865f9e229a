import { announce } from "../live/swap.js";
import { deliver } from "../rate/deliver.js";

const UNSENT = "Not saved yet, trying again.";

/** How long a reason is shown, in milliseconds. */
const READ = 6000;

/**
 * Shows votes at once and sends them, one at a time. A form says whether its voter wants the talk or not, so it may be sent
 * twice; while the network is away, only what was wanted last is sent afterwards. Votes that are taken back go first, so
 * that there is one left for those that are given.
 */
export class Ballot {
  #board;
  /** What the voter wants of each talk that is not saved yet, by the address of its form. */
  #wanted = new Map();
  #timer;
  isBusy = false;

  constructor(board) {
    this.#board = board;
  }

  press(form, button) {
    const wants = button.value === "true";
    const body = new URLSearchParams(new FormData(form));
    body.set("voted", wants);
    this.#show(button, wants);
    this.#wanted.set(form.getAttribute("action"), { wants, body });
    if (!this.isBusy) this.#send().catch(() => location.reload());
  }

  #next() {
    const wanted = [...this.#wanted];
    return wanted.find(([, { wants }]) => !wants) ?? wanted[0];
  }

  async #send() {
    this.isBusy = true;
    let answer;
    for (let next = this.#next(); next; next = this.#next()) {
      const [action, wish] = next;
      answer = await deliver(action, wish.body, () => this.#note(UNSENT), "board");
      if (this.#wanted.get(action) === wish) this.#wanted.delete(action);
    }
    this.isBusy = false;
    this.#note("");
    if (!this.#board.take(answer.text)) {
      location.reload();
      return;
    }
    const refused = this.#board.element.querySelector("[data-refused]")?.textContent.trim();
    if (refused) this.#note(refused, READ);
    announce(refused ?? this.#board.element.querySelector("[data-ballot] p")?.textContent.replace(/\s+/g, " ").trim());
  }

  /** Shows a vote before it is saved. */
  #show(button, wants) {
    button.setAttribute("aria-pressed", String(wants));
    button.value = String(!wants);
    const { element } = this.#board;
    const given = element.querySelectorAll("form[data-vote] [aria-pressed=true]").length;
    const bar = element.querySelector("[data-ballot]");
    if (!bar) return;
    const step = wants ? 1 : -1;
    const counter = bar.querySelector("[data-given]");
    if (counter) counter.textContent = Math.max(given, Number(counter.textContent.replaceAll(",", "")) + step);
    const rest = bar.querySelector("[data-left]");
    if (!rest) return;
    const left = Math.max(0, Number(rest.textContent.replaceAll(",", "")) - step);
    rest.textContent = left;
    for (const other of element.querySelectorAll("form[data-vote] [aria-pressed=false]")) other.disabled = left === 0;
  }

  #note(text, ms) {
    clearTimeout(this.#timer);
    const line = this.#board.element.querySelector("[data-note]");
    if (!line) return;
    if (text && line.textContent !== text) announce(text);
    line.textContent = text;
    line.hidden = text === "";
    if (ms) this.#timer = setTimeout(() => this.#note(""), ms);
  }
}
