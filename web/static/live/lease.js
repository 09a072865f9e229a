/** How long a lease holds without being taken again. */
const LIFETIME = 15_000;

/** A right that one tab has at a time, as long as it takes it again. Two may have it for seconds. */
export class Lease {
  #name;
  #own = String(Math.random());

  constructor(name) {
    this.#name = name;
  }

  /** Takes it. False if another tab has it, or if the browser stores nothing. */
  take() {
    try {
      const [holder, until] = (localStorage.getItem(this.#name) ?? "").split(" ");
      if (holder && holder !== this.#own && Number(until) > Date.now()) return false;
      localStorage.setItem(this.#name, `${this.#own} ${Date.now() + LIFETIME}`);
      return true;
    } catch {
      return false;
    }
  }

  release() {
    try {
      if (localStorage.getItem(this.#name)?.startsWith(`${this.#own} `)) localStorage.removeItem(this.#name);
    } catch {
      // Nothing is stored.
    }
  }
}
