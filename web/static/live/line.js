import { FrameReader } from "./frames.js";

/** After so long without a byte, a line is dead. The server sends one every 20 seconds. */
const DEAD = 60_000;

/** The shortest and the longest wait before the next attempt. */
const SHORTEST = 500;
const LONGEST = 30_000;

/** The wait after the given number of failures: anything up to a bound that doubles, so that clients spread out. */
function waitAfter(failures) {
  const bound = Math.min(LONGEST, SHORTEST * 2 ** failures);
  return SHORTEST + Math.random() * (bound - SHORTEST);
}

/** The stream of a list of topics, opened again for as long as it takes. */
export class Line {
  /** The id up to which everything is known. */
  lastId;

  #topics = [];
  /** The topics of which everything up to `lastId` is known. */
  #covered;
  #failures = 0;
  #heardAt = 0;
  #current = null;
  #timer;
  #tell;
  #credentials;

  /** `tell` is called with what `heard` of live.js takes. `credentials` is that of `fetch`. */
  constructor(tell, lastId, covered, credentials = "same-origin") {
    this.#tell = tell;
    this.#credentials = credentials;
    this.lastId = lastId;
    this.#covered = new Set(covered);
  }

  /** Watches these topics instead. */
  watch(topics) {
    if (topics.length === this.#topics.length && this.watches(topics)) return;
    this.#topics = topics;
    this.#openAfter(0);
  }

  /** Whether all of these are watched. */
  watches(topics) {
    return topics.every((topic) => this.#topics.includes(topic));
  }

  /** Those of the topics that it tells of. */
  covered(topics) {
    return topics.filter((topic) => this.#topics.includes(topic) && this.#covered.has(topic));
  }

  /** Opens the stream now if it has been silent for longer than it should, or if the network has changed. */
  check(networkChanged) {
    const isSilent = Date.now() - this.#heardAt > DEAD / 2;
    if (this.#topics.length > 0 && (networkChanged || isSilent)) this.#openAfter(0);
  }

  close() {
    this.#topics = [];
    this.#openAfter(0);
  }

  #openAfter(wait) {
    const current = this.#current;
    this.#current = null;
    current?.abort();
    clearTimeout(this.#timer);
    if (this.#topics.length > 0) this.#timer = setTimeout(() => this.#run(), wait);
    else this.#covered.clear();
  }

  async #run() {
    const current = new AbortController();
    this.#current = current;
    let wait;
    try {
      wait = await this.#read(current, this.#topics);
    } catch {
      if (this.#current !== current) return;
      this.#failures += 1;
      this.#tell({ state: "down" });
      wait = waitAfter(this.#failures);
    }
    if (this.#current === current) this.#openAfter(wait);
  }

  /** Reads a stream to its end. Returns how long to wait before the next. */
  async #read(current, topics) {
    let dying;
    const alive = () => {
      this.#heardAt = Date.now();
      clearTimeout(dying);
      dying = setTimeout(() => current.abort(), DEAD);
    };
    try {
      alive();
      if (!this.lastId) this.#covered.clear();
      const answer = await this.#ask(current, topics);
      if (!answer.ok) return this.#refused(answer);
      const frames = new FrameReader((event, data) => this.#take(event, data), this.lastId);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let begun = false;
      for (;;) {
        const { value, done } = await reader.read();
        if (this.#current !== current) return 0;
        if (done) break;
        alive();
        frames.push(value);
        this.lastId = frames.lastId;
        if (!begun) this.#opened(topics);
        else this.#tell({ state: "up" });
        begun = true;
      }
      this.#tell({ state: "down" });
      return frames.retry ?? waitAfter(1);
    } finally {
      clearTimeout(dying);
    }
  }

  #ask({ signal }, topics) {
    const query = new URLSearchParams(topics.map((topic) => topic.split(/=(.*)/s).slice(0, 2)));
    const headers = { accept: "text/event-stream" };
    if (this.lastId) headers["last-event-id"] = this.lastId;
    return fetch(`/live?${query}`, { headers, signal, cache: "no-store", credentials: this.#credentials });
  }

  #take(event, data) {
    this.#tell({ event, data: JSON.parse(data) });
  }

  #opened(topics) {
    const missed = topics.filter((topic) => !this.#covered.has(topic));
    this.#covered = new Set(topics);
    this.#failures = 0;
    this.#tell({ state: "up", missed, topics });
  }

  /** The site answers, but not with a stream: pages ask it by themselves. */
  #refused(answer) {
    this.#failures += 1;
    this.#tell({ state: "up", look: true });
    const asked = Number(answer.headers.get("retry-after")) * 1000 || 0;
    return Math.max(waitAfter(this.#failures), asked * (1 + Math.random()), LONGEST / 3);
  }
}
