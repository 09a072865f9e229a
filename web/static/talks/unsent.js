/** How long a vote is kept that could not be sent, in milliseconds. */
const KEPT = 24 * 60 * 60 * 1000;

/** What a voter wants of the talks of a call and the server hasn't stored yet, kept in the browser when the page is left. */
export class Unsent {
  #key;

  constructor(call) {
    this.#key = `unsent votes ${call}`;
  }

  /** What this voter wanted, by the ids of talks; nothing of somebody else who has used the browser. */
  read(voter) {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key));
      if (kept?.voter === voter && Date.now() - kept.at < KEPT) return new Map(kept.wanted);
    } catch {
      // What can't be read was never kept.
    }
    return new Map();
  }

  /** Keeps it, or forgets it if nothing is left. */
  write(voter, wanted) {
    try {
      if (wanted.size === 0) localStorage.removeItem(this.#key);
      else localStorage.setItem(this.#key, JSON.stringify({ voter, at: Date.now(), wanted: [...wanted] }));
    } catch {
      // The browser keeps nothing. The page still sends what it has.
    }
  }
}
