import { Line } from "./line.js";
import { Lease } from "./lease.js";

const NAME = "pawdium-live";

/** How soon a stream is opened for new topics, and again without those that nobody watches any longer. */
const ADDED = 30;
const REMOVED = 10_000;

/** How often tabs without a stream look. */
const LOOK = 10_000;

/** How often the holder asks who is there; a tab that doesn't answer is forgotten. */
const ROLL_CALL = 60_000;

/** A holder that says nothing for so long may be frozen; without an answer to a question it is. */
const SILENT = 60_000;
const ANSWER = 3000;

/** The most topics of one stream. */
const MOST = 200;

const canShare = Boolean(globalThis.navigator?.locks && globalThis.BroadcastChannel);

/**
 * One stream for all tabs of a browser. The tab that holds a lock has it, and passes on what it says. When that tab
 * goes, another gets the lock. Without locks or channels, as on a site without TLS, one tab has a stream for itself and
 * the others look every ten seconds.
 */
export class Share {
  #own = crypto.randomUUID?.() ?? String(Math.random());
  #topics = [];
  #line = null;
  /** Up to where the stream was heard, and the topics that it told of. */
  #lastId = "";
  #told = [];
  #heard;
  #joined = null;

  /** `heard` is called in each tab with what the stream or its holder says. */
  constructor(heard) {
    this.#heard = heard;
  }

  /** Watches these topics for this tab. */
  want(topics) {
    this.#topics = topics;
    if (topics.length === 0) {
      this.leave();
      return;
    }
    this.#joined ??= canShare ? new Shared(this) : new Alone(this);
    this.#joined.want();
  }

  leave() {
    this.#joined?.leave();
    this.#joined = null;
    this.#heard({ state: "idle" });
  }

  /** Makes sure that there is a stream that works. */
  check({ networkChanged = false } = {}) {
    this.#line?.check(networkChanged);
    this.#joined?.check();
  }

  get own() {
    return this.#own;
  }

  get topics() {
    return this.#topics;
  }

  get line() {
    return this.#line;
  }

  /** What a new stream has to watch so that it goes on where the last one ended. */
  get inherited() {
    return [...new Set([...this.#told, ...this.#topics])].slice(0, MOST);
  }

  /** Begins to have the stream. `tell` gets what it says. */
  open(tell) {
    this.#line = new Line((said) => {
      this.#lastId = this.#line?.lastId ?? this.#lastId;
      tell({ ...said, id: this.#lastId });
    }, this.#lastId, this.#told);
  }

  close() {
    this.#line?.close();
    this.#line = null;
  }

  hear(said) {
    this.#lastId = said.id ?? this.#lastId;
    this.#told = said.topics ?? this.#told;
    this.#heard(said);
  }
}

/** A tab that shares the stream. */
class Shared {
  #share;
  #channel = new BroadcastChannel(NAME);
  /** What each tab watches and when it last said so; only the holder knows. */
  #tabs = new Map();
  #queued = null;
  #release = null;
  #due = { at: Infinity, timer: undefined };
  #heardAt = Date.now();
  #timers = [];
  #rest = [];

  constructor(share) {
    this.#share = share;
    this.#channel.addEventListener("message", ({ data }) => this.#receive(data));
    this.#timers = [
      setInterval(() => this.#callRoll(), ROLL_CALL),
      setInterval(() => this.#suspect(), SILENT / 3),
      setInterval(() => this.#rest.length > 0 && this.#tell({ missed: this.#rest }), LOOK),
    ];
    this.#queue();
  }

  want() {
    const { own, topics } = this.#share;
    if (this.#release) this.#note(own, topics);
    else this.#ask();
  }

  /** Asks the holder, and takes its place if it doesn't answer. */
  check() {
    if (this.#release) return;
    const asked = Date.now();
    this.#ask();
    setTimeout(() => {
      if (this.#queued && !this.#release && this.#heardAt < asked) this.#steal();
    }, ANSWER);
  }

  leave() {
    this.#channel.postMessage({ bye: this.#share.own });
    this.#timers.forEach(clearInterval);
    this.#queued?.abort();
    this.#queued = null;
    this.#yield();
    this.#channel.close();
  }

  #ask() {
    this.#channel.postMessage({ tab: this.#share.own, topics: this.#share.topics });
  }

  #queue() {
    const queued = new AbortController();
    this.#queued = queued;
    this.#hold({ signal: queued.signal });
  }

  #steal() {
    this.#queued.abort();
    this.#queued = new AbortController();
    this.#hold({ steal: true });
  }

  #hold(options) {
    const queued = this.#queued;
    const held = navigator.locks.request(NAME, options, () => {
      if (this.#queued !== queued) return undefined;
      this.#lead();
      return new Promise((resolve) => {
        this.#release = resolve;
      });
    });
    held.catch(() => {
      // Given up, or taken by a tab that thought this one frozen.
      if (this.#queued !== queued || !this.#release) return;
      this.#yield();
      this.#queue();
    });
  }

  #lead() {
    this.#tabs.clear();
    this.#share.open((said) => this.#tell(said));
    this.#share.line.watch(this.#share.inherited);
    this.#note(this.#share.own, this.#share.topics);
    this.#channel.postMessage({ who: true });
  }

  #yield() {
    clearTimeout(this.#due.timer);
    this.#due = { at: Infinity, timer: undefined };
    this.#rest = [];
    this.#share.close();
    this.#release?.();
    this.#release = null;
  }

  /** Says something to all tabs, or to one. */
  #tell(said, tab = null) {
    if (tab !== this.#share.own) this.#channel.postMessage({ said, to: tab });
    if (tab === null || tab === this.#share.own) this.#share.hear(said);
  }

  #receive({ tab, topics, bye, who, said, to }) {
    if (said) {
      this.#heardAt = Date.now();
      if (to === null || to === this.#share.own) this.#share.hear(said);
    } else if (who) {
      this.#heardAt = Date.now();
      this.#ask();
    } else if (this.#release && bye) {
      this.#tabs.delete(bye);
      this.#renewIn(REMOVED);
    } else if (this.#release && tab) {
      this.#note(tab, topics);
    }
  }

  /** Notes what a tab watches, and tells it what of that the stream covers already. */
  #note(tab, topics) {
    this.#tabs.set(tab, { topics, at: Date.now() });
    const { line } = this.#share;
    this.#tell({ covered: line.covered(topics) }, tab);
    this.#renewIn(line.watches(topics) ? REMOVED : ADDED);
  }

  #renewIn(wait) {
    const at = Date.now() + wait;
    if (at >= this.#due.at) return;
    clearTimeout(this.#due.timer);
    this.#due = { at, timer: setTimeout(() => this.#renew(), wait) };
  }

  #renew() {
    this.#due.at = Infinity;
    const all = [...new Set([...this.#tabs.values()].flatMap(({ topics }) => topics))];
    this.#rest = all.slice(MOST);
    this.#share.line?.watch(all.slice(0, MOST));
  }

  #callRoll() {
    if (!this.#release) return;
    for (const [tab, { at }] of this.#tabs) {
      if (tab !== this.#share.own && Date.now() - at > 2.5 * ROLL_CALL) this.#tabs.delete(tab);
    }
    this.#renewIn(REMOVED);
    this.#channel.postMessage({ who: true });
  }

  #suspect() {
    if (document.visibilityState === "visible" && Date.now() - this.#heardAt > SILENT) this.check();
  }
}

/** A tab that has the stream for itself, or none. */
class Alone {
  #share;
  #lease = new Lease(NAME);
  #odd = false;
  #timer;

  constructor(share) {
    this.#share = share;
    this.#timer = setInterval(() => this.#turn(), LOOK / 2);
  }

  want() {
    this.#turn({ looks: true });
  }

  check() {
    this.#turn();
  }

  leave() {
    clearInterval(this.#timer);
    this.#share.close();
    this.#lease.release();
  }

  #turn({ looks = false } = {}) {
    const { line, topics } = this.#share;
    if (this.#lease.take()) {
      if (!line) this.#share.open((said) => this.#share.hear(said));
      this.#share.line.watch(topics.slice(0, MOST));
      this.#share.hear({ covered: this.#share.line.covered(topics) });
    } else if (line) {
      this.#share.close();
    }
    this.#odd = !this.#odd;
    if (!this.#share.line && (looks || this.#odd)) this.#share.hear({ look: true });
    else if (this.#odd && topics.length > MOST) this.#share.hear({ missed: topics.slice(MOST) });
  }
}
