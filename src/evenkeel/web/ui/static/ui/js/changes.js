// What htmx or a stream brings: changed values are tinted for a moment, and regions marked
// data-announce speak their new words politely. Under reduced motion the tint does not fade.
import { say } from "./say.js";

const before = new Map();

document.addEventListener("htmx:beforeSwap", () => {
  document.querySelectorAll("[data-changes]").forEach((part) => before.set(part.dataset.changes, part.textContent.trim()));
});
document.addEventListener("htmx:afterSettle", (event) => {
  document.querySelectorAll("[data-changes]").forEach((part) => {
    const was = before.get(part.dataset.changes);
    if (was !== undefined && was !== part.textContent.trim()) {
      part.classList.add("changed");
      setTimeout(() => part.classList.remove("changed"), 1500);
    }
  });
  const spoken = event.detail.elt.closest?.("[data-announce]") || event.detail.elt.querySelector?.("[data-announce]");
  if (spoken) say(spoken.dataset.announce || spoken.textContent.trim());
});
