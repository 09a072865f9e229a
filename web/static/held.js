const lines = () => [...document.querySelectorAll("[data-held] > li")];
const place = () => lines().findIndex((line) => line.contains(document.activeElement));

/** Moves to another comment that waits. */
function move(by) {
  const all = lines();
  const from = place();
  const to = all[from < 0 ? 0 : from + by];
  if (!to) return;
  to.focus();
  to.scrollIntoView({ block: "nearest" });
}

function press(act) {
  const line = lines()[place()];
  line?.querySelector(`button[value=${act}]`)?.click();
}

/** Sends what the moderator has decided, and moves on. */
async function judge(form, act) {
  const line = form.closest("li");
  const fields = new FormData(form);
  fields.set("act", act);
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(fields),
  });
  const { notice, message } = await answer.json();
  // Another moderator was faster.
  if (!answer.ok && answer.status !== 404) throw new Error(message);
  document.querySelector("[data-announce]").textContent = notice ?? "Somebody else was faster.";
  const all = lines();
  const next = all[all.indexOf(line) + 1] ?? all[all.indexOf(line) - 1];
  line.remove();
  if (!next) {
    location.reload();
    return;
  }
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  a: () => press("approve"),
  r: () => press("remove"),
  o: () => lines()[place()]?.querySelector("[data-photo-link]").click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, select, textarea, details, [contenteditable]")) return;
  const act = Object.hasOwn(KEYS, event.key) && KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-review]");
  if (!form) return;
  event.preventDefault();
  judge(form, event.submitter?.value ?? "approve").catch(({ message }) => {
    const line = form.parentElement.querySelector("[data-error]");
    line.textContent = message;
    line.hidden = false;
  });
});
