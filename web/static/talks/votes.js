import { announce } from "../live/swap.js";
import { deliver } from "../rate/deliver.js";
import { Unsent } from "./unsent.js";

const UNSENT = "Not saved yet, trying again.";

/** How long a reason is shown, in milliseconds. */
const READ = 6000;

/**
 * Shows votes at once and sends them, one at a time. A form says whether its voter wants the talk or not, so it may be sent
 * twice; while the network is away, only what was wanted last is sent afterwards. Votes that are taken back go first, so
 * that there is one left for those that are given. What isn't stored yet is kept in the browser, and sent by the next page
 * of the call that is loaded.
 */
export class Votes {
  #board;
  #unsent;
  /** What the voter wants of each talk that is not saved yet, by its id. */
  #wanted;
  /** Whose votes they are: a guest is somebody else after the first one. */
  #voter;
  #timer;
  isBusy = false;

  constructor(board) {
    this.#board = board;
    const { call, voter } = board.element.dataset;
    this.#unsent = new Unsent(call);
    this.#voter = voter;
    this.#wanted = this.#unsent.read(voter);
  }

  /** Sends what an earlier page could not. */
  resume() {
    if (this.#wanted.size === 0) return;
    for (const [talk, wants] of this.#wanted) {
      const button = this.#form(talk)?.querySelector("button");
      if (button && button.value === String(wants)) this.#show(button, wants);
    }
    this.#note(UNSENT);
    this.#begin();
  }

  press(form, button) {
    const wants = button.value === "true";
    this.#show(button, wants);
    this.#wanted.set(Number(form.closest(".talk").id.split("-")[1]), wants);
    this.#keep();
    if (!this.isBusy) this.#begin();
  }

  #form(talk) {
    return this.#board.element.querySelector(`#talk-${talk} form[data-vote]`);
  }

  #keep() {
    this.#unsent.write(this.#voter, this.#wanted);
  }

  #begin() {
    this.#send().catch(() => location.reload());
  }

  #next() {
    const wanted = [...this.#wanted];
    return wanted.find(([, wants]) => !wants) ?? wanted[0];
  }

  /** What the form of a talk says, or another one for a talk that isn't on this page. */
  #body(talk, wants) {
    const form = this.#form(talk) ?? this.#board.element.querySelector("form[data-vote]");
    const body = new URLSearchParams(form ? new FormData(form) : { back: location.pathname + location.search });
    body.set("voted", wants);
    return body;
  }

  async #send() {
    this.isBusy = true;
    let answer;
    for (let next = this.#next(); next; next = this.#next()) {
      const [talk, wants] = next;
      answer = await deliver(`/talks/${talk}/vote`, this.#body(talk, wants), () => this.#note(UNSENT), "board");
      if (this.#wanted.get(talk) === wants) this.#wanted.delete(talk);
      this.#voter = /data-voter="(\d+)"/.exec(answer.text)?.[1] ?? this.#voter;
      this.#keep();
    }
    this.isBusy = false;
    this.#note("");
    if (!this.#board.take(answer.text)) {
      location.reload();
      return;
    }
    const refused = this.#board.element.querySelector("[data-refused]")?.textContent.trim();
    if (refused) this.#note(refused, READ);
    const left = this.#board.element.querySelector("[data-votes] p")?.textContent.replace(/\s+/g, " ").trim();
    announce(refused ?? left, { own: true });
  }

  /** Shows a vote before it is saved. */
  #show(button, wants) {
    button.setAttribute("aria-pressed", String(wants));
    button.value = String(!wants);
    const { element } = this.#board;
    const given = element.querySelectorAll("form[data-vote] [aria-pressed=true]").length;
    const bar = element.querySelector("[data-votes]");
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
