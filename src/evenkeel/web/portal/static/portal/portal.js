// Without this script every page works. With it an answer survives a lost connection: it stays
// on the screen and is sent when the connection is back. Nothing is written to the device.
import { say } from "../ui/js/say.js";

const worker = document.body.dataset.offline;
if (worker && "serviceWorker" in navigator && window.isSecureContext) {
  navigator.serviceWorker.register(worker).catch(() => {
    // A browser may forbid it; the numbers then need the net, as any page does.
  });
}

const offline = document.querySelector("[data-offline-note]");
if (offline) {
  offline.hidden = navigator.onLine;
  // A device may be on a network that leads nowhere: only an answer shows that the net is there.
  fetch("/healthz", { cache: "no-store" }).catch(() => { offline.hidden = false; });
}

const AGAIN_MS = 4000;

function note(form, text) {
  let box = form.querySelector(".kept-note");
  if (!box) {
    box = document.createElement("p");
    box.className = "kept-note";
    box.setAttribute("role", "status");
    form.append(box);
  }
  box.textContent = text;
}

async function send(form, body) {
  const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin", redirect: "follow" });
  if (answer.redirected && answer.ok) {
    location.assign(answer.url);
    return;
  }
  // A refusal, or a link that ran out: the server's own page says what to do.
  const page = await answer.text();
  document.open();
  document.write(page);
  document.close();
}

document.querySelectorAll("form[data-keep]").forEach((form) => {
  let waiting = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (waiting) return;
    waiting = true;
    const body = new FormData(form);
    if (event.submitter && event.submitter.name) body.set(event.submitter.name, event.submitter.value);
    const attempt = () => send(form, body).catch(() => {
      note(form, "There is no connection. Your answer is kept on this screen and is sent by itself when the connection is back. Leave this page open.");
      say("There is no connection. Your answer is kept on this screen.");
      setTimeout(attempt, AGAIN_MS);
    });
    attempt();
  });
});
