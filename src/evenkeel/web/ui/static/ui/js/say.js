// Speaking to screen readers, and short messages in view.
export function say(text, { now = false } = {}) {
  const place = document.getElementById(now ? "say-now" : "say");
  if (!place) return;
  place.textContent = "";
  // A second frame, so that the same words are spoken again.
  requestAnimationFrame(() => requestAnimationFrame(() => { place.textContent = text; }));
}

export function csrf() {
  return document.querySelector('meta[name="csrf-token"]')?.content
    || document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
}

// act: {text, run}. A message with an act stays until it is used or closed.
export function toast(text, { bad = false, act = null, seconds = 8 } = {}) {
  const place = document.getElementById("toasts");
  if (!place) return;
  const box = document.createElement("div");
  box.className = bad ? "toast bad" : "toast";
  box.setAttribute("role", bad ? "alert" : "status");
  const words = document.createElement("span");
  words.textContent = text;
  box.append(words);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn dense";
  button.textContent = act ? act.text : "Close";
  button.addEventListener("click", () => { box.remove(); act?.run(); });
  box.append(button);
  place.append(box);
  if (!bad && !act) setTimeout(() => box.remove(), seconds * 1000);
}
