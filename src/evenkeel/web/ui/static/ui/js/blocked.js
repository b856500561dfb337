// A button that cannot be pressed keeps its focus and says why when it is tried.
import { say } from "./say.js";

function tell(event) {
  const button = event.target.closest('[aria-disabled="true"]');
  if (!button) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const why = (button.getAttribute("aria-describedby") || "").split(" ")
    .map((id) => document.getElementById(id)?.textContent.trim()).filter(Boolean).join(" ");
  button.closest(".blocked")?.classList.add("told");
  say(`${button.textContent.trim()} is not possible yet. ${why}`, { now: true });
}

document.addEventListener("click", tell, true);
