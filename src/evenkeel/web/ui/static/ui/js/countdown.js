// [data-due]: m:ss to a moment on the server's clock, then how late. Spoken at 1:00 and 0:00.
import { serverNow } from "./clock.js";
import { say } from "./say.js";

export function clockWords(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function speak(element, left) {
  if (element.hasAttribute("data-quiet")) return;
  const what = element.dataset.what || "Next check";
  const before = element.lastLeft;
  if (before !== undefined && before > 60 && left <= 60) say(`${what} in 1 minute`);
  if (before !== undefined && before > 0 && left <= 0) say(`${what} is due now`);
}

function show(element) {
  const due = Date.parse(element.dataset.due);
  if (Number.isNaN(due)) return;
  const left = (due - serverNow()) / 1000;
  speak(element, left);
  element.lastLeft = left;
  const late = left < 0;
  element.classList.toggle("late", late);
  const figure = element.querySelector(".m") || element;
  const prefix = element.querySelector(".prefix");
  figure.textContent = clockWords(left);
  if (prefix) prefix.textContent = late ? element.dataset.late || "late by" : element.dataset.prefix || "in";
}

export function showCountdowns(root = document) {
  root.querySelectorAll("[data-due]").forEach(show);
}

showCountdowns();
setInterval(showCountdowns, 1000);
document.addEventListener("htmx:afterSettle", () => showCountdowns());
