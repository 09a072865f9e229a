import { enableKeys } from "./keys.js";
import { paintPlaceholders } from "./placeholder.js";
import { deliver } from "./rate/deliver.js";
import { insist, isShown, lookAhead, painted } from "./rate/pictures.js";

/** The shortest time to show a stamp, in milliseconds. */
const STAMPED = 180;

/** How long to ignore keys after a new photo appears, in milliseconds, because a double tap isn't meant for it. */
const ARRIVING = 220;

/** How long to wait for the next picture before showing its placeholder, in milliseconds. */
const PATIENCE = 1500;

/** The shortest time to explain a refused press, and how long the keys shake, in milliseconds. */
const EXPLAINED = 1200;
const SHAKING = 240;

const WAIT = "Wait for the next photo.";
const LOOK = "Wait until you see the photo.";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function announce(text) {
  document.querySelector("[data-announce]").textContent = text;
}

/** Stamps the value onto the photo. */
function stamp(stage, value) {
  const mark = document.createElement("div");
  mark.className = `stamp k${value}`;
  mark.setAttribute("aria-hidden", "true");
  const number = document.createElement("span");
  number.textContent = value;
  mark.append(number);
  stage.querySelector(".frame").append(mark);
}

/** Shows a note over the photo, or removes it if there is no text. */
function show(stage, text) {
  const shown = stage.querySelector("[data-note]");
  if (!text) return shown?.remove();
  const line = shown ?? document.createElement("p");
  line.className = "stage-note";
  line.dataset.note = "";
  line.setAttribute("aria-hidden", "true");
  line.textContent = text;
  return shown ?? stage.querySelector(".stage-square").append(line);
}

/** Shows a note over the photo and announces it to screen readers. */
function note(stage, text) {
  if (text && stage.querySelector("[data-note]")?.textContent !== text) announce(text);
  show(stage, text);
}

/** The last refused press: its reason and time. */
let refused = { why: "", at: -Infinity };

/** The time since then, in milliseconds. */
function sinceRefused() {
  return performance.now() - refused.at;
}

function shake(stage) {
  if (calm.matches || sinceRefused() >= SHAKING) return;
  const [here, left, right] = ["none", "-6px 0", "6px 0"];
  const translate = [here, left, right, left, here];
  stage.querySelector(".key-row").animate({ translate }, SHAKING).currentTime = sinceRefused();
}

/** Shows that a press didn't count and why. */
function refuse(stage, why) {
  refused = { why, at: performance.now() };
  note(stage, why);
  shake(stage);
}

/** Keeps showing it after the stage has been swapped. */
function keepRefused(next) {
  // A note about an unsaved rating no longer applies.
  if (sinceRefused() >= EXPLAINED || ![WAIT, LOOK].includes(refused.why)) return;
  show(next, refused.why);
  shake(next);
}

/** Why a press doesn't count now: the last rating is still being sent, or the photo isn't visible yet. */
function refusal(stage, form) {
  if (form.getAttribute("aria-busy") === "true") return stage.querySelector("[data-note]")?.textContent || WAIT;
  const image = stage.querySelector("img.full");
  const isUnseen = stage.classList.contains("arriving") || (image && !isShown(image));
  return isUnseen ? LOOK : "";
}

function parse(answer) {
  const holder = document.createElement("template");
  holder.innerHTML = answer.text;
  const next = holder.content.querySelector("[data-stage]");
  if (!next) throw new Error(`rating was answered with ${answer.status}`);
  return document.importNode(next, true);
}

/** The announcement after a swap: how the rating compares, and what is next. */
function summary(stage) {
  const parts = [".feedback-verdict", ".flash", "h1"].map((part) => stage.querySelector(part)?.textContent.trim());
  return parts.filter(Boolean).join(" ");
}

/** Removes a note about an invisible photo once the photo is visible and the note could be read. */
function settle(stage) {
  if (refusal(stage, stage.querySelector("form[data-keys]"))) return;
  const left = EXPLAINED - sinceRefused();
  if (left > 0) setTimeout(() => settle(stage), left);
  else note(stage, "");
}

/** Sets up the photo on the page. */
function enter(stage) {
  const image = stage.querySelector("img.full");
  if (!image) return;
  insist(
    image,
    () => note(stage, "The photo doesn't load, trying again."),
    () => settle(stage),
  );
  // Preloading is optional, so ignore failures.
  const field = (name) => stage.querySelector(`input[name=${name}]`)?.value;
  lookAhead(image, field("hub"), field("ballot")).catch(() => {});
}

function swap(stage, next, value) {
  paintPlaceholders(next);
  next.classList.add("arriving");
  const tabbing = stage.contains(document.activeElement) && document.activeElement.matches(":focus-visible");
  stage.replaceWith(next);
  // The pressed button is gone, so restore the focus for keyboard users.
  if (tabbing) next.querySelector(`button[value="${value}"]`)?.focus({ preventScroll: true });
  announce(summary(next));
  // Scroll only if the stage is out of sight.
  if (next.getBoundingClientRect().top < -innerHeight / 3) next.scrollIntoView({ block: "start" });
  enter(next);
  const isPhoto = next.querySelector("form[data-keys]") !== null;
  if (isPhoto) keepRefused(next);
  setTimeout(() => {
    next.classList.remove("arriving");
    if (isPhoto) settle(next);
  }, ARRIVING);
}

async function rate(stage, form, button) {
  const { value } = button;
  const body = new URLSearchParams(new FormData(form));
  body.set("value", value);
  form.setAttribute("aria-busy", "true");
  button.classList.add("pressed");
  refused.at = -Infinity;
  note(stage, "");
  stamp(stage, value);
  const stamped = pause(calm.matches ? 0 : STAMPED);
  const next = parse(await deliver(form.action, body, () => note(stage, "Not saved yet, trying again.")));
  const image = next.querySelector("img.full");
  if (image) await Promise.race([painted(image), pause(PATIENCE)]);
  await stamped;
  swap(stage, next, value);
}

enableKeys();
enter(document.querySelector("[data-stage]"));
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-stage] form[data-keys]")) return;
  event.preventDefault();
  const stage = form.closest("[data-stage]");
  const why = refusal(stage, form);
  if (why) refuse(stage, why);
  // If the swap fails, load the page. The server knows which photo is next.
  else rate(stage, form, event.submitter).catch(() => location.assign(location.pathname));
});
