const YEAR = 365 * 24 * 3600;

function choose(theme) {
  document.documentElement.dataset.theme = theme;
  document.querySelector('meta[name="color-scheme"]').content = theme === "auto" ? "light dark" : theme;
  const [prefix, secure] = location.protocol === "https:" ? ["__Host-", "; secure"] : ["", ""];
  document.cookie = `${prefix}theme=${theme}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
}

/** Makes the menu's choice of a theme take effect at once. A cookie tells the server, so that pages don't flash. */
export function enableThemes() {
  const form = document.querySelector("form[data-themes]");
  form?.addEventListener("submit", (event) => {
    const chosen = event.submitter;
    if (chosen?.name !== "theme") return;
    event.preventDefault();
    choose(chosen.value);
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button === chosen));
    }
  });
}
