import { chooseSquare } from "./crop.js";
import { fetchStatus, follow } from "./live.js";

const KINDS = ["image/jpeg", "image/png", "image/webp", "image/gif"];

const form = document.querySelector("[data-submit]");
const picker = form.querySelector("#photo");
const drop = form.querySelector("[data-drop]");
const queue = form.querySelector("[data-queue]");
const template = document.querySelector("template[data-entry]");
const maxBytes = Number(form.dataset.maxBytes);
const maxPixels = Number(form.dataset.maxPixels);

function megabytes(bytes) {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** "IMG_20260512.jpeg" says nothing; "sleepy-dog.jpeg" is a title already. */
function titleFrom(name) {
  const words = name.replace(/\.[^.]*$/, "").replaceAll(/[-_.]+/g, " ").trim();
  return /^(img|dsc|pxl|p|image|photo|screenshot|whatsapp)?\W*\d/i.test(words) ? "" : words.slice(0, 120);
}

/** One file on its way: its crop, its words, its upload, and what became of it. */
class Entry {
  constructor(file) {
    this.file = file;
    this.state = "open";
    this.element = template.content.firstElementChild.cloneNode(true);
    this.find("[data-file-name]").textContent = file.name;
    this.find("[data-file-size]").textContent = megabytes(file.size);
    this.field("title").value = titleFrom(file.name);
    this.find("[data-send]").addEventListener("click", () => this.send());
    this.find("[data-remove]").addEventListener("click", () => this.remove());
    queue.append(this.element);
    this.shown = this.show();
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  field(name) {
    return this.find(`[name="${name}"]`);
  }

  async show() {
    if (!KINDS.includes(this.file.type)) return this.reject("This is not a JPEG, PNG, WebP or GIF.");
    if (this.file.size > maxBytes) return this.reject(`It has ${megabytes(this.file.size)}; the limit is ${megabytes(maxBytes)}.`);
    if (this.file.size === 0) return this.reject("The file is empty.");
    try {
      const bitmap = await createImageBitmap(this.file, { imageOrientation: "from-image" });
      if (bitmap.width * bitmap.height > maxPixels) return this.reject("It has more than 50 megapixels.");
      this.square = chooseSquare(this.find("[data-crop]"), bitmap);
    } catch {
      return this.reject("The picture can't be read. Is the file whole?");
    }
    return undefined;
  }

  /** The file itself is at fault: nothing but removing it helps. */
  reject(message) {
    this.state = "rejected";
    this.element.classList.add("broken");
    this.find("[data-send]").hidden = true;
    this.find(".entry-fields").hidden = true;
    this.complain(message);
  }

  complain(message, name) {
    const line = this.find("[data-entry-error]");
    line.textContent = message;
    line.hidden = !message;
    this.element.classList.toggle("failed", Boolean(message));
    for (const field of this.element.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    const field = name && this.field(name);
    if (!field) return;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  remove() {
    this.request?.abort();
    this.state = "removed";
    this.element.remove();
    entries.delete(this);
    refresh();
    picker.focus();
  }

  lock(locked) {
    for (const control of this.element.querySelectorAll("input, select, [data-send]")) control.disabled = locked;
    this.find("[data-send]").hidden = locked;
  }

  report(text, percent) {
    this.find("[data-entry-progress]").hidden = false;
    this.find("[data-entry-state]").textContent = text;
    const bar = this.find("progress");
    if (percent === undefined) bar.removeAttribute("value");
    else bar.value = percent;
  }

  /** Sends the photo; answers when the server has taken or refused it. */
  async send() {
    await this.shown;
    if (this.state !== "open") return;
    const missing = [...this.element.querySelectorAll("input, select")].find((field) => !field.checkValidity());
    if (missing) {
      this.complain(missing.name === "species" ? "Choose a species." : "It needs a title.", missing.name);
      return;
    }
    const body = new FormData();
    body.set("title", this.field("title").value);
    body.set("species", this.field("species").value);
    body.set("alt", this.field("alt").value);
    body.set("tags", this.field("tags").value);
    body.set("crop", String(this.square));
    body.set("photo", this.file);
    this.state = "sending";
    this.complain("");
    this.lock(true);
    this.report("Uploading, 0 %", 0);
    refresh();
    const { status, answer } = await this.upload(body);
    if (this.state === "removed") return;
    if (status === 202) this.accepted(answer);
    else this.refused(answer);
    refresh();
  }

  upload(body) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => {
        const percent = Math.round((event.loaded / event.total) * 100);
        this.report(percent < 100 ? `Uploading, ${percent} %` : "Uploaded, being checked", percent);
      });
      request.addEventListener("loadend", () => resolve({ status: request.status, answer: request.response }));
      request.send(body);
    });
  }

  refused(answer) {
    this.state = "open";
    this.lock(false);
    this.find("[data-entry-progress]").hidden = true;
    const lost = "The upload didn't get through. Check your connection and submit it again.";
    this.complain(answer?.message ?? lost, answer?.field);
  }

  accepted({ id, url }) {
    this.state = "taken";
    this.find("[data-remove]").hidden = true;
    this.find("[data-crop-hint]").hidden = true;
    this.report("Being prepared");
    follow(`/photos/${id}/live`, async () => {
      const part = await fetchStatus(id);
      if (!part) {
        this.state = "gone";
        this.report("It was deleted", 100);
        return true;
      }
      const { state } = part.dataset;
      if (state === "processing") {
        const step = part.querySelector(".current .timeline-label");
        if (step) this.report(`Being prepared, next: ${step.textContent.toLowerCase()}`);
        return false;
      }
      this.settled(state, url, part);
      return true;
    });
  }

  settled(state, url, part) {
    this.state = state;
    const live = state === "live";
    this.element.classList.toggle("done", live);
    this.report("", 100);
    const link = document.createElement("a");
    link.href = url;
    link.textContent = live ? "Look at it" : "See why";
    this.find("[data-entry-state]").append(live ? "It is live. " : "It didn't work out. ", link);
    if (!live) this.complain(part.querySelector("p")?.textContent ?? "");
  }
}

const entries = new Set();

/** Shows what can be done with all entries at once. */
function refresh() {
  const open = [...entries].filter((entry) => entry.state === "open").length;
  const bar = form.querySelector("[data-queue-actions]");
  bar.hidden = open < 2;
  bar.querySelector("[data-send-all]").textContent = `Submit all ${open}`;
  form.classList.toggle("busy", entries.size > 0);
  form.querySelector("[data-drop-title]").textContent = entries.size > 0 ? "Add more photos" : "Drop photos here, or choose them";
}

function add(files) {
  for (const file of files) entries.add(new Entry(file));
  refresh();
}

function acceptDrops() {
  let depth = 0;
  const over = (change) => {
    depth = Math.max(0, depth + change);
    drop.classList.toggle("over", depth > 0);
  };
  addEventListener("dragenter", () => over(1));
  addEventListener("dragleave", () => over(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(0);
    add(event.dataTransfer.files);
  });
}

form.classList.add("enhanced");
form.querySelector("[data-single]").remove();
picker.multiple = true;
picker.required = false;
picker.addEventListener("change", () => {
  add(picker.files);
  picker.value = "";
});
form.addEventListener("submit", (event) => event.preventDefault());
// One after the other: each gets the whole line, and the first is live while the last is on its way.
form.querySelector("[data-send-all]").addEventListener("click", async () => {
  for (const entry of [...entries]) await entry.send();
});
acceptDrops();
refresh();
