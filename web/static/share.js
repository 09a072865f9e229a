async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Shows a text on a button for a moment. */
function announce(button, text) {
  const label = button.querySelector("span");
  const usual = label.dataset.usual ?? label.textContent;
  label.dataset.usual = usual;
  label.setAttribute("role", "status");
  label.textContent = text;
  setTimeout(() => {
    label.textContent = usual;
  }, 2500);
}

async function share(form) {
  const button = form.querySelector("button");
  const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`sharing was answered with ${answer.status}`);
  const { url } = await answer.json();
  // On phones open the share sheet, elsewhere copy the link.
  if (navigator.share && matchMedia("(pointer: coarse)").matches) {
    await navigator.share({ title: form.dataset.title, url }).catch(() => {});
  } else if (await copy(url)) {
    announce(button, "Link copied");
  } else {
    window.prompt("The link to share:", url);
  }
}

/** Shows the buttons of a part of the page that copy a field. */
export function showCopying(part) {
  for (const button of part.querySelectorAll("[data-copy]")) button.hidden = false;
}

async function copyField(button) {
  const field = document.getElementById(button.dataset.copy);
  field.select();
  announce(button, (await copy(field.value)) ? "Copied" : "Press Ctrl-C");
}

/** Makes share forms copy the link in place. Without this module they lead to a page that shows it. */
export function enableSharing() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-share]")) return;
    event.preventDefault();
    share(form).catch(() => form.submit());
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-copy]");
    if (button) copyField(button);
  });
  showCopying(document);
}
