import { sized } from "../bytes.js";
import { Square, chooseSquare, showSquare, shrink } from "../crop.js";
import { alone } from "./alone.js";
import { refusalOf } from "./check.js";
import { newKey } from "./outbox.js";
import { deliver } from "./send.js";
import { link, watch } from "./watch.js";

const FIELDS = ["title", "species", "alt", "tags"];

/** States in which the browser stores nothing. */
const OVER = ["broken", "live", "gone", "removed"];

/** The delay between the last change of a field and storing it. */
const SETTLED_MS = 150;

/** Suggests a title: "sleepy-dog.jpeg" makes one, "IMG_20260512.jpeg" doesn't. */
function titleFrom(name) {
  const words = name.replace(/\.[^.]*$/, "").replaceAll(/[-_.]+/g, " ").trim();
  return /^(img|dsc|pxl|p|image|photo|screenshot|whatsapp)?\W*\d/i.test(words) ? "" : words.slice(0, 120);
}

/** Decode pictures one at a time, because a phone lacks the memory for several. */
let decoding = Promise.resolve();

function shrinkInTurn(file) {
  const shrunk = decoding.then(() => shrink(file));
  decoding = shrunk.catch(() => {});
  return shrunk;
}

/**
 * A photo to submit: its file, crop, fields and upload. Its `state`: `open` (being filled in), `broken` (unusable
 * file), `queued` (being uploaded), `taken` (accepted by the server), then `live`, `failed` (or refused) or `gone`.
 */
export class Entry {
  /**
   * The entry of a stored `record`. Checks the file before adding the entry, to prevent layout shift. `page` is shared
   * by all entries.
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

  /** Whether it can be sent: the server hasn't accepted it and hasn't refused one of its fields. */
  get isSendable() {
    return this.state === "open" || (this.state === "failed" && !this.record.photo && !this.record.field);
  }

  /** Whether leaving the page loses it, because neither the browser nor the server has it. */
  get isLostIfLeft() {
    return this.isKept === false && !this.record.photo;
  }

  listen() {
    const acts = { send: () => this.send(), draft: () => this.send(true), stop: () => this.stop(), again: () => this.again(), remove: () => this.remove() };
    for (const [name, act] of Object.entries(acts)) this.find(`[data-${name}]`).addEventListener("click", act);
    this.find("[data-other]").addEventListener("click", () => this.page.replace(this));
    this.find("[data-now]").addEventListener("click", () => this.now?.());
    for (const kind of ["input", "change"]) this.element.addEventListener(kind, () => this.keepSoon());
    // Enter in a field submits this photo, not the page's form.
    this.find(".entry-fields").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || event.target.localName !== "input") return;
      event.preventDefault();
      this.send();
    });
  }

  /** Changes the state. CSS shows the parts and buttons for `data-state`. */
  enter(state) {
    this.state = state;
    const focused = this.element.contains(document.activeElement);
    this.element.dataset.state = state;
    for (const control of this.element.querySelectorAll(".entry-fields :is(input, select)")) control.disabled = state !== "open";
    this.find(".entry-title").textContent = this.name;
    // The focused control may be hidden now.
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
      // The server may still be able to read it, and says so if not.
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

  /** Stores the entered values, so that they survive a reload. */
  async keep(changes = {}) {
    clearTimeout(this.later);
    for (const name of FIELDS) this.record.fields[name] = this.field(name).value;
    if (this.square) this.record.crop = String(this.square);
    Object.assign(this.record, changes);
    if (OVER.includes(this.state)) return;
    this.isKept = await this.page.outbox.keep(this.record);
    // It may have ended in the meantime.
    if (OVER.includes(this.state)) await this.page.outbox.remove(this.record.key);
  }

  keepSoon() {
    clearTimeout(this.later);
    this.later = setTimeout(() => this.keep(), SETTLED_MS);
  }

  /** Sets one of its fields. */
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

  /** Removes it from the page and stops its upload. */
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

  /** The first invalid field; empty if it can be sent. */
  missing() {
    const field = [...this.element.querySelectorAll("input, select")].find((candidate) => !candidate.checkValidity());
    return field?.name ?? "";
  }

  /** Sends the photo if it is complete, to be published or to be kept as a draft. */
  async send(isDraft = false) {
    if (!this.isSendable) return;
    const missing = this.missing();
    if (missing) {
      this.complain(missing === "species" ? "Choose a species." : "Give the photo a title.", missing);
      return;
    }
    this.complain("");
    // A repeated upload must name the same hubs.
    this.record.fields.hubs = this.page.hubs();
    this.record.fields.draft = isDraft ? "1" : "";
    await this.resume();
  }

  /** Sends a queued photo, also one from an earlier visit. */
  async resume() {
    this.enter("queued");
    this.report("Waiting for its turn");
    await this.shown;
    if (this.state !== "queued") return;
    // Store it before the first byte is sent, so that the next attempt uses the same key whatever happens.
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
    for (const name of ["hubs", "draft"]) if (this.record.fields[name]) body.set(name, this.record.fields[name]);
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

  /** Returns to being filled in. */
  async stop() {
    this.upload?.abort();
    this.enter("open");
    this.field("title").focus({ preventScroll: true });
    await this.keep({ state: "open" });
  }

  /** The server has refused it. */
  async refused({ status, answer }) {
    // The key was used for a different submission, so the next attempt needs a new one.
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
    if (photo.state === "draft") return this.drafted();
    this.enter("taken");
    await this.keep({ state: "taken" });
    this.follow();
  }

  /** It is among the drafts, and has nothing to wait for. */
  async drafted() {
    this.report("Saved as a draft. ", 100);
    this.find("[data-entry-state]").append(link("/drafts", "Your drafts"));
    await this.settled("gone", "");
  }

  /** Another window has submitted it. */
  elsewhere() {
    this.enter("gone");
    this.report("It was submitted in another window.", 100);
  }

  follow() {
    this.report("Processing");
    this.unwatch = watch(this);
  }

  /** Shows the result. A `live` photo no longer needs to be stored. */
  async settled(state, message) {
    this.complain(message);
    this.enter(state);
    this.page.announce(`${this.name}: ${message || this.find("[data-entry-state]").textContent}`);
    if (state === "failed") await this.keep({ state, message });
    else await this.page.outbox.remove(this.record.key);
  }

  /** Tries a failed photo again, as a new submission if the server had accepted the first. */
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

  /** Continues from where the visitor left the page. */
  restore() {
    if (this.state === "queued") this.resume();
    else if (this.state === "taken") this.follow();
  }
}
