// Runs before the first paint, so that a chosen theme never flashes the other one.
(() => {
  const page = document.documentElement;
  page.classList.add("with-js");
  if (page.hasAttribute("data-theme-fixed")) return;
  try {
    const chosen = localStorage.getItem("evenkeel-theme");
    if (chosen === "light" || chosen === "dark") page.dataset.theme = chosen;
  } catch {
    // Storage may be forbidden by the browser's owner; the device's own theme holds then.
  }
})();
