const YEAR = 365 * 24 * 3600;

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
}

/** Lets the button in the header switch the theme. A cookie tells the server, so that pages don't flash. */
export function enableThemeToggle() {
  const button = document.querySelector("[data-theme-toggle]");
  if (!button) return;
  button.classList.add("ready");
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    document.querySelector('meta[name="color-scheme"]').content = theme;
    const [prefix, secure] = location.protocol === "https:" ? ["__Host-", "; secure"] : ["", ""];
    document.cookie = `${prefix}theme=${theme}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  });
}
