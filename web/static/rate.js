import { enableKeys } from "./keys.js";
import { paintPlaceholders } from "./placeholder.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Presses the value onto the photo like a stamp. */
function stamp(stage, value) {
  const mark = document.createElement("div");
  mark.className = `stamp k${value}`;
  mark.setAttribute("aria-hidden", "true");
  const number = document.createElement("span");
  number.textContent = value;
  mark.append(number);
  stage.querySelector(".frame").append(mark);
}

async function send(form, value) {
  const body = new URLSearchParams(new FormData(form));
  body.set("value", value);
  const answer = await fetch(form.action, { method: "POST", body, headers: { "Pawdium-Part": "rate" } });
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const next = holder.content.querySelector("[data-stage]");
  if (!next) throw new Error(`rating was answered with ${answer.status}`);
  return document.importNode(next, true);
}

/** Waits until the next picture can be painted at once, but not for ever. */
async function ready(stage) {
  const image = stage.querySelector("img.full");
  if (image) await Promise.race([image.decode().catch(() => {}), pause(1500)]);
}

/** Tells those who listen what the swap shows: how the rating compares, and what is next. */
function announce(stage) {
  const parts = [".feedback-verdict", ".flash", "h1"].map((part) => stage.querySelector(part)?.textContent.trim());
  document.querySelector("[data-announce]").textContent = parts.filter(Boolean).join(" ");
}

async function rate(form, button) {
  const stage = form.closest("[data-stage]");
  const { value } = button;
  form.setAttribute("aria-busy", "true");
  button.classList.add("pressed");
  stamp(stage, value);
  const [next] = await Promise.all([
    send(form, value).then(async (part) => {
      await ready(part);
      return part;
    }),
    pause(calm.matches ? 0 : 480),
  ]);
  stage.classList.add("leaving");
  await pause(calm.matches ? 0 : 240);
  paintPlaceholders(next);
  next.classList.add("arriving");
  const tabbing = stage.contains(document.activeElement) && document.activeElement.matches(":focus-visible");
  stage.replaceWith(next);
  // The pressed button is gone: keep the place of those who tab.
  if (tabbing) next.querySelector(`button[value="${value}"]`)?.focus({ preventScroll: true });
  announce(next);
  if (scrollY > next.offsetTop) next.scrollIntoView({ block: "start" });
}

enableKeys();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-stage] form[data-keys]")) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  // What can't be swapped in place is loaded as a page: the server knows which photo is due.
  rate(form, event.submitter).catch(() => location.assign("/"));
});
