const photos = [...document.querySelectorAll("[data-scan] > [data-photo]")];
const dialog = document.querySelector("[data-dialog]");
const link = (photo) => photo.querySelector(".scan-picture");

/** The photo that has the focus, or its place before any has. */
const place = () => photos.findIndex((photo) => photo.contains(document.activeElement));

/** How many photos there are in a row. */
function columns() {
  const top = photos[0].offsetTop;
  const second = photos.findIndex((photo) => photo.offsetTop > top);
  return second < 0 ? photos.length : second;
}

function move(by) {
  const from = place();
  const to = from < 0 ? 0 : from + by;
  if (to < 0 || to >= photos.length) return;
  link(photos[to]).focus();
  photos[to].scrollIntoView({ block: "nearest" });
}

function ask(photo) {
  if (photo.classList.contains("is-hidden")) return;
  const form = dialog.querySelector("form");
  form.action = `/photos/${photo.dataset.photo}/block`;
  form.photo = photo;
  dialog.querySelector("[data-dialog-title]").textContent = photo.dataset.title;
  dialog.querySelector("[data-dialog-error]").hidden = true;
  dialog.showModal();
  form.elements.reason.select();
}

/** Hides the photo of the dialog and moves on to the next. */
async function hide(form) {
  const { photo } = form;
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
  });
  const { notice, message } = await answer.json();
  if (!answer.ok) throw new Error(message);
  photo.classList.add("is-hidden");
  photo.querySelector(".scan-hidden").hidden = false;
  document.querySelector("[data-announce]").textContent = notice;
  dialog.close();
  link(photo).focus();
  move(1);
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  ArrowRight: () => move(1),
  ArrowLeft: () => move(-1),
  ArrowDown: () => move(columns()),
  ArrowUp: () => move(-columns()),
  o: () => photos[place()] && link(photos[place()]).click(),
  h: () => photos[place()] && ask(photos[place()]),
};

if (dialog) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.target.closest?.("input, select, textarea, details, [contenteditable]")) return;
    const act = Object.hasOwn(KEYS, event.key) && KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  for (const photo of photos) {
    photo.querySelector("[data-hide]").addEventListener("click", (event) => {
      event.preventDefault();
      ask(photo);
    });
  }
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    hide(event.target).catch((error) => {
      const line = dialog.querySelector("[data-dialog-error]");
      line.textContent = error.message;
      line.hidden = false;
    });
  });
}
