// [data-theme-toggle]: dark or light, remembered on this device only.
const page = document.documentElement;

function current() {
  return page.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

function label(button) {
  button.setAttribute("aria-label", current() === "dark" ? "Use the light theme" : "Use the dark theme");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-toggle]");
  if (!button) return;
  page.dataset.theme = current() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("evenkeel-theme", page.dataset.theme);
  } catch {
    // Not remembered; the choice holds for this page.
  }
  document.querySelectorAll("[data-theme-toggle]").forEach(label);
});

document.querySelectorAll("[data-theme-toggle]").forEach(label);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
