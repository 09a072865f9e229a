/**
 * Reads server-sent events (WHATWG HTML 9.2.6) from pieces of text. `EventSource` would do it, but it can't resume a
 * stream with other topics, doesn't show that a silent line is alive, and decides by itself when to come back.
 */
export class FrameReader {
  /** The id after which a new stream resumes. */
  lastId = "";
  /** How long to wait before a new stream, in milliseconds. */
  retry = null;

  #rest = "";
  #event = "";
  #data = [];
  #tell;

  constructor(tell, lastId) {
    this.#tell = tell;
    this.lastId = lastId;
  }

  push(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) this.#read(line);
  }

  #read(line) {
    if (line === "") {
      if (this.#data.length > 0) this.#tell(this.#event || "message", this.#data.join("\n"));
      this.#event = "";
      this.#data = [];
      return;
    }
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
    if (field === "event") this.#event = value ?? "";
    else if (field === "data") this.#data.push(value ?? "");
    else if (field === "id" && !value?.includes("\0")) this.lastId = value ?? "";
    else if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
  }
}
