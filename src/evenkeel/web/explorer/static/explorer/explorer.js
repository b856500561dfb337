// Copies the link. Without this file the link can be marked and copied by hand.
import { say } from "../ui/js/say.js";

document.querySelectorAll("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    say("The link is copied.");
    button.textContent = "Copied";
  });
});
