// Forms keep what was typed. A refusal gets the focus. Leaving with unsaved words is asked
// about (form[data-guard]). Nothing typed is stored on the device: it may be shared.
import { csrf, toast } from "./say.js";

const changed = new WeakSet();
let leaving = false;

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-guard]");
  if (form) changed.add(form);
});
window.addEventListener("beforeunload", (event) => {
  if (leaving) return;
  if ([...document.querySelectorAll("form[data-guard]")].some((form) => changed.has(form))) event.preventDefault();
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  leaving = !form.matches("[hx-post],[hx-put],[data-hx-post]");
  const button = event.submitter;
  if (form.dataset.sending === "true") { event.preventDefault(); return; }
  if (leaving && form.method === "post") {
    form.dataset.sending = "true";
    button?.setAttribute("aria-busy", "true");
  }
});
// Coming back by the browser's Back: this is a new act, so it needs a new uuid.
window.addEventListener("pageshow", (event) => {
  leaving = false;
  document.querySelectorAll("form[data-sending]").forEach((form) => delete form.dataset.sending);
  document.querySelectorAll('button[aria-busy="true"]').forEach((button) => button.removeAttribute("aria-busy"));
  const back = event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (back) document.querySelectorAll("input[data-once]").forEach((field) => { field.value = crypto.randomUUID(); });
});

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrf();
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form");
  if (!form || !event.detail.successful) return;
  changed.delete(form);
  form.querySelectorAll("input[data-once]").forEach((field) => { field.value = crypto.randomUUID(); });
});
document.addEventListener("htmx:sendError", () => {
  toast("This was NOT saved: the server could not be reached. What you typed is kept. Try again.", { bad: true });
});
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  toast(status === 403 ? "This was NOT saved: your role or your sign-in does not allow it. What you typed is kept."
    : "This was NOT saved: the server refused or failed. What you typed is kept. Try again.", { bad: true });
});

export function focusRefusal(root = document) {
  const refusal = root.querySelector("[data-refusal]");
  if (refusal) { refusal.focus({ preventScroll: true }); refusal.scrollIntoView({ block: "center" }); }
}
document.addEventListener("htmx:afterSettle", (event) => focusRefusal(event.detail.elt));
const onPage = document.querySelector("main [data-refusal]:not([data-gallery] [data-refusal])");
if (onPage && document.querySelector("main form")) { onPage.focus({ preventScroll: true }); onPage.scrollIntoView({ block: "center" }); }
