import { sized } from "../bytes.js";
import { Square, chooseSquare, showSquare, shrink } from "../crop.js";
import { alone } from "./alone.js";
import { refusalOf } from "./check.js";
import { newKey } from "./outbox.js";
import { deliver } from "./send.js";
import { link, watch } from "./watch.js";

const FIELDS = ["title", "species", "alt", "tags"];

/** States in which nothing is kept of it. */
const OVER = ["broken", "live", "gone", "removed"];

/** Between the last change of a field and keeping it. */
const SETTLED_MS = 150;

/** "IMG_20260512.jpeg" says nothing; "sleepy-dog.jpeg" is a title already. */
function titleFrom(name) {
  const words = name.replace(/\.[^.]*$/, "").replaceAll(/[-_.]+/g, " ").trim();
  return /^(img|dsc|pxl|p|image|photo|screenshot|whatsapp)?\W*\d/i.test(words) ? "" : words.slice(0, 120);
}

/** Pictures are decoded one after the other: a handful at once is more than a phone has memory for. */
let decoding = Promise.resolve();

function shrinkInTurn(file) {
  const shrunk = decoding.then(() => shrink(file));
  decoding = shrunk.catch(() => {});
  return shrunk;
}

/**
 * One file on its way: its crop, its words, its upload, and what became of it. Its `state`:
 * `open` (being filled in), `broken` (the file is no good), `queued` (on its way), `taken` (the server has it), then
 * `live`, `failed` (or refused) or `gone`.
 */
export class Entry {
  /**
   * The entry of a `record`, which is what the outbox keeps of it. Whether the file is any good is found out first: what
   * is on the page has its room. `page` has what all entries share.
   */
  static async from(record, page) {
    const sendable = ["open", "queued"].includes(record.state);
    const refusal = sendable ? await refusalOf(record.file, page.maxBytes, page.words) : "";
    return new Entry(refusal ? { ...record, state: "broken", message: refusal } : record, page);
  }

  static of(file, page) {
    const [fields, added] = [{ title: titleFrom(file.name) }, Date.now() + page.next()];
    return Entry.from({ key: newKey(), added, file, fields, crop: "", state: "open" }, page);
  }

  constructor(record, page) {
    this.page = page;
    this.record = record;
    this.state = record.state;
    this.element = page.template.content.firstElementChild.cloneNode(true);
    this.element.setAttribute("aria-label", record.file.name);
    this.find("[data-file-name]").textContent = record.file.name;
    this.find("[data-file-size]").textContent = sized(record.file.size);
    for (const name of FIELDS) this.field(name).value = record.fields[name] ?? "";
    this.listen();
    this.enter(record.state);
    if (["broken", "failed"].includes(record.state)) this.complain(record.message);
    this.shown = this.show();
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  field(name) {
    return this.find(`[name="${name}"]`);
  }

  get name() {
    return this.field("title").value.trim() || this.record.file.name;
  }

  /** The server hasn't taken it, and may yet: it isn't what was filled in that was refused. */
  get isSendable() {
    return this.state === "open" || (this.state === "failed" && !this.record.photo && !this.record.field);
  }

  /** The browser keeps nothing of it, nor has the server anything. */
  get isLostIfLeft() {
    return this.isKept === false && !this.record.photo;
  }

  listen() {
    const acts = { send: () => this.send(), stop: () => this.stop(), again: () => this.again(), remove: () => this.remove() };
    for (const [name, act] of Object.entries(acts)) this.find(`[data-${name}]`).addEventListener("click", act);
    this.find("[data-other]").addEventListener("click", () => this.page.replace(this));
    this.find("[data-now]").addEventListener("click", () => this.now?.());
    for (const kind of ["input", "change"]) this.element.addEventListener(kind, () => this.keepSoon());
    // Return in a field means this photo, and not the page's form.
    this.find(".entry-fields").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || event.target.localName !== "input") return;
      event.preventDefault();
      this.send();
    });
  }

  /** Takes on a state: what it shows and which buttons it has follow from `data-state`. */
  enter(state) {
    this.state = state;
    const focused = this.element.contains(document.activeElement);
    this.element.dataset.state = state;
    for (const control of this.element.querySelectorAll(".entry-fields :is(input, select)")) control.disabled = state !== "open";
    this.find(".entry-title").textContent = this.name;
    // The control that had the focus may be hidden now.
    const holder = document.activeElement;
    const holds = this.element.contains(holder) && !holder.disabled && holder.checkVisibility?.();
    if (focused && !holds) this.element.focus({ preventScroll: true });
    this.draw();
    this.page.refresh();
  }

  async show() {
    const { file } = this.record;
    if (this.state === "broken") {
      this.page.announce(`${file.name}: ${this.record.message}`);
      return;
    }
    await this.keep();
    try {
      this.picture = await shrinkInTurn(file);
    } catch {
      // The server may know it all the same, and says so if not.
      this.element.classList.add("unseen");
      return;
    }
    this.square = new Square(this.picture.width, this.picture.height, this.page.minSide);
    if (this.record.crop) this.square.restore(this.record.crop);
    this.redraw = chooseSquare(this.find("[data-crop]"), this.picture, this.square, () => this.keepSoon());
    this.draw();
  }

  draw() {
    if (!this.picture) return;
    if (this.state === "open") this.redraw();
    else showSquare(this.find("canvas"), this.picture, this.square);
  }

  /** Keeps what was entered, so that it is there again after a reload. */
  async keep(changes = {}) {
    clearTimeout(this.later);
    for (const name of FIELDS) this.record.fields[name] = this.field(name).value;
    if (this.square) this.record.crop = String(this.square);
    Object.assign(this.record, changes);
    if (OVER.includes(this.state)) return;
    this.isKept = await this.page.outbox.keep(this.record);
    // It may have ended meanwhile.
    if (OVER.includes(this.state)) await this.page.outbox.remove(this.record.key);
  }

  keepSoon() {
    clearTimeout(this.later);
    this.later = setTimeout(() => this.keep(), SETTLED_MS);
  }

  /** Takes a value for one of its fields from outside. */
  take(name, value) {
    this.field(name).value = value;
    if (this.field(name).getAttribute("aria-invalid")) this.complain("");
    this.keepSoon();
  }

  complain(message, name) {
    const line = this.find("[data-entry-error]");
    line.textContent = message;
    if (message && this.record.photo) line.append(" ", link(this.record.photo.url, "Its page"));
    line.hidden = !message;
    this.element.classList.toggle("failed", Boolean(message));
    for (const field of this.element.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    const field = name && this.field(name);
    if (!field) return;
    line.id = `error-${this.record.key}`;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", line.id);
    field.focus();
  }

  /** Takes it off the page, and what is under way back. */
  async remove() {
    const next = this.element.nextElementSibling ?? this.element.previousElementSibling;
    const focused = this.element.contains(document.activeElement);
    this.state = "removed";
    this.upload?.abort();
    this.unwatch?.();
    clearTimeout(this.later);
    this.element.remove();
    this.page.forget(this);
    if (focused) (next ?? this.page.picker).focus();
    await this.page.outbox.remove(this.record.key);
  }

  /** Why it can't be sent yet; empty when it can. */
  missing() {
    const field = [...this.element.querySelectorAll("input, select")].find((candidate) => !candidate.checkValidity());
    return field?.name ?? "";
  }

  /** Sends the photo, once everything about it is there. */
  async send() {
    if (!this.isSendable) return;
    const missing = this.missing();
    if (missing) {
      this.complain(missing === "species" ? "Choose a species." : "Give the photo a title.", missing);
      return;
    }
    this.complain("");
    await this.resume();
  }

  /** Sends what was to be sent, now or before the page was left. */
  async resume() {
    this.enter("queued");
    this.report("Waiting for its turn");
    await this.shown;
    if (this.state !== "queued") return;
    // Kept before the first byte goes: whatever happens then, the same key goes with the next attempt.
    await this.keep({ state: "queued" });
    await alone(this.record.key, () => this.transfer());
  }

  async transfer() {
    if (this.state !== "queued") return;
    const kept = await this.page.outbox.find(this.record.key);
    if (kept?.state === "taken") return this.accepted(kept.photo);
    if (!kept && this.isKept) return this.elsewhere();
    const body = new FormData();
    for (const name of FIELDS) body.set(name, this.record.fields[name]);
    body.set("crop", this.record.crop);
    body.set("photo", this.record.file);
    this.upload = new AbortController();
    const result = await deliver(this.page.action, body, this.record.key, this.upload.signal, (how) => this.progress(how));
    this.now = undefined;
    this.find("[data-now]").hidden = true;
    if (!result || this.state !== "queued") return;
    if (result.status === 202) await this.accepted(result.answer);
    else await this.refused(result);
  }

  progress({ loaded, total, wait, now }) {
    if (this.state !== "queued") return;
    this.now = now;
    this.find("[data-now]").hidden = !now || navigator.onLine === false;
    if (now && navigator.onLine === false) this.report("No connection. The upload continues when you are back online.", 0);
    else if (now) this.report(`The upload failed. Trying again in ${wait} s.`, 0);
    else if (!total) this.report("Waiting for its turn");
    else if (loaded < total) this.report(`Uploading, ${Math.floor((loaded / total) * 100)} %`, (loaded / total) * 100);
    else this.report("Uploaded, waiting for confirmation", 100);
    if (now && !this.isTold) this.page.announce(`${this.name}: the upload failed and will be retried.`);
    this.isTold = Boolean(now);
  }

  report(text, percent) {
    this.find("[data-entry-state]").textContent = text;
    const bar = this.find("progress");
    bar.setAttribute("aria-label", `Progress of ${this.name}`);
    if (percent === undefined) bar.removeAttribute("value");
    else bar.value = percent;
  }

  /** Back to being filled in. */
  async stop() {
    this.upload?.abort();
    this.enter("open");
    this.field("title").focus({ preventScroll: true });
    await this.keep({ state: "open" });
  }

  /** The server has answered, and doesn't want it so. */
  async refused({ status, answer }) {
    // Something went under this key before: whatever is sent next is another submission.
    if (status === 409) await this.rekey();
    if (this.state !== "queued") return;
    this.record.field = answer?.field;
    this.report("");
    await this.settled("failed", answer?.message ?? "The upload was refused. Submit it again.");
  }

  async rekey() {
    const { key } = this.record;
    this.record.key = newKey();
    await this.page.outbox.remove(key);
  }

  async accepted(photo) {
    this.record.photo = photo;
    this.enter("taken");
    await this.keep({ state: "taken" });
    this.follow();
  }

  /** Another window has sent it, and seen it through. */
  elsewhere() {
    this.enter("gone");
    this.report("It was submitted in another window.", 100);
  }

  follow() {
    this.report("Processing");
    this.unwatch = watch(this);
  }

  /** What has become of it; `live` needs nothing to be kept any more. */
  async settled(state, message) {
    this.complain(message);
    this.enter(state);
    this.page.announce(`${this.name}: ${message || this.find("[data-entry-state]").textContent}`);
    if (state === "failed") await this.keep({ state, message });
    else await this.page.outbox.remove(this.record.key);
  }

  /** Another try with a photo that didn't work out: a new submission, where the server has taken the first. */
  async again() {
    if (this.state !== "failed") return;
    const { photo, field, message } = this.record;
    delete this.record.photo;
    this.find("[data-entry-more]").replaceChildren();
    this.enter("open");
    if (field && this.field(field)) this.complain(message, field);
    else this.field("title").focus({ preventScroll: true });
    if (photo) await this.rekey();
    await this.keep({ state: this.state, message: "", field: "" });
  }

  /** Goes on where the page was left. */
  restore() {
    if (this.state === "queued") this.resume();
    else if (this.state === "taken") this.follow();
  }
}
