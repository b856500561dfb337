// Live pages of the floor. Parts of the page (data-part) are fetched again when the stream
// says that something was committed, and put in place without taking focus or a press away.
//
// Acts (form[data-act]) are posted at once. When the server cannot be reached, an act marked
// data-keep is kept on this device with its own time and id, said loudly, and sent again
// until it is saved or refused; the same id makes it one act. Kept acts hold no names.
import { serverNow, clinicTime, heard } from "../ui/js/clock.js";
import { csrf, say, toast } from "../ui/js/say.js";
import { showCountdowns } from "../ui/js/countdown.js";

const live = document.querySelector("[data-live]");
const KEY = live?.dataset.treatment ? `evenkeel-kept-${live.dataset.treatment}` : "";
const WAIT_MS = 8000;
const UNDO_S = 10;
// Free text may hold a name, so it never leaves the page except to the server.
const KEPT_FIELDS = new Set([
  "kind", "sedation", "dissociation", "systolic_bp", "diastolic_bp", "heart_rate", "spo2",
  "respiratory_rate", "rate", "given_mg", "key", "supersedes", "at", "once",
]);
const KEPT_SYMPTOMS = new Set(["Nausea", "Anxious"]);

// ---- parts ---------------------------------------------------------------

// A part's words without what differs at each answer: ids of acts, tokens, running clocks.
function bare(part) {
  const copy = part.cloneNode(true);
  copy.querySelectorAll("input[type=hidden]").forEach((field) => {
    if (field.name === "once" || field.name === "csrfmiddlewaretoken") field.remove();
  });
  copy.querySelectorAll("[data-due]").forEach((clock) => { clock.textContent = ""; clock.className = ""; });
  copy.querySelectorAll("details[open]").forEach((box) => box.removeAttribute("open"));
  copy.querySelectorAll(".told").forEach((box) => box.classList.remove("told"));
  return copy.innerHTML;
}

function nameOf(element) {
  const form = element.closest("form");
  const kind = form?.querySelector("[name=kind]")?.value || "";
  return [element.tagName, kind, element.name, element.value, element.dataset?.open, element.textContent.trim().slice(0, 24)].join("|");
}

function place(markup) {
  const fresh = new DOMParser().parseFromString(markup, "text/html");
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = document.getElementById(part.id);
    if (!old || bare(old) === bare(part)) continue;
    const held = old.contains(document.activeElement) ? nameOf(document.activeElement) : "";
    const inserted = document.importNode(part, true);
    // What somebody has opened stays open.
    const opened = [...old.querySelectorAll("details[open] > summary")].map((one) => one.textContent);
    inserted.querySelectorAll("details > summary").forEach((one) => { if (opened.includes(one.textContent)) one.parentElement.open = true; });
    old.replaceWith(inserted);
    if (held) [...inserted.querySelectorAll("button, a, input")].find((one) => nameOf(one) === held)?.focus({ preventScroll: true });
    if (part.id.endsWith("-alarm") && inserted.textContent.trim()) say(inserted.querySelector(".title")?.textContent || "", { now: true });
  }
  showCountdowns();
  // Something that is worked out beside the page (a model's line) is asked for again soon.
  if (document.querySelector("[data-part] [data-again]")) setTimeout(refresh, 2000);
}

let fetching = false;
let again = false;
let pressed = false;

export async function refresh() {
  if (!live) return;
  if (fetching || pressed) { again = true; return; }
  fetching = true;
  try {
    const answer = await fetch(live.dataset.parts, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } });
    // A sign-in page has no parts; the page stays as it is and says that it is old.
    if (answer.ok && !answer.redirected) {
      const markup = await answer.text();
      if (pressed) again = true; else place(markup);
    }
  } catch {
    // The clock says out of touch after its silence; the old values stay and look old.
  } finally {
    fetching = false;
    if (again && !pressed) { again = false; refresh(); }
  }
}

// A press must not lose its button between down and up.
document.addEventListener("pointerdown", () => { pressed = true; }, true);
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => setTimeout(() => {
    pressed = false;
    if (again) { again = false; refresh(); }
  }, 80), true);
}

document.addEventListener("htmx:sseOpen", (event) => {
  const source = event.detail.source;
  if (!source) return;
  if (!source.evenkeelParts) {
    source.evenkeelParts = true;
    ["reading", "event", "alarm", "lost"].forEach((name) => source.addEventListener(name, refresh));
  }
  // Also after a connection that was lost and found: what came meanwhile was not heard.
  refresh();
  flush();
});
// Some things change with time alone (a go runs out, a check falls late).
if (live) setInterval(refresh, 15000);

// ---- acts ----------------------------------------------------------------

function kept() {
  if (!KEY) return [];
  try { return JSON.parse(localStorage.getItem(KEY) || "[]"); } catch { return []; }
}

function keep(entries) {
  try {
    if (entries.length) localStorage.setItem(KEY, JSON.stringify(entries)); else localStorage.removeItem(KEY);
  } catch {
    toast("This device may not keep anything. Write it on paper.", { bad: true });
  }
  showKept(entries);
}

function showKept(entries = kept()) {
  const bar = document.getElementById("kept");
  if (!bar) return;
  bar.hidden = entries.length === 0;
  const words = entries.map((entry) => `${entry.words} ${clinicTime(Date.parse(entry.fields.at))}`).join(", ");
  bar.querySelector("span").textContent = `${entries.length} kept on this device, not yet saved: ${words}. Sent again by itself.`;
}

class Unreachable extends Error {}

async function post(address, fields) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), WAIT_MS);
  let answer;
  try {
    answer = await fetch(address, {
      method: "POST", credentials: "same-origin", signal: stop.signal,
      body: new URLSearchParams(Array.isArray(fields) ? fields : Object.entries(fields)),
      headers: { "X-CSRFToken": csrf(), Accept: "application/json", "X-Requested-With": "fetch" },
    });
  } catch {
    throw new Unreachable("The server could not be reached.");
  } finally {
    clearTimeout(timer);
  }
  if (!(answer.headers.get("Content-Type") || "").includes("json")) {
    throw new Unreachable(answer.status >= 500 ? "The server failed." : "You may be signed out.");
  }
  const told = await answer.json();
  if (answer.status === 422) throw Object.assign(new Error(told.what), { refused: true });
  if (!answer.ok) throw new Unreachable("The server failed.");
  if (told.now) heard(told.now);
  return told;
}

function wordsOf(fields, button) {
  if (fields.kind === "level_tapped") return fields.sedation !== undefined ? `sedation ${fields.sedation}` : `dissociation ${fields.dissociation}`;
  if (fields.kind === "reading") return fields.systolic_bp ? `pressure ${fields.systolic_bp}/${fields.diastolic_bp}` : "signs by hand";
  if (fields.kind.startsWith("alarm_")) return "alarm";
  return (button?.textContent || fields.kind).trim().toLowerCase();
}

function line(text, { bad = false, undo = null } = {}) {
  const place = document.getElementById("said");
  if (!place) { toast(text, { bad }); return; }
  place.classList.toggle("failed", bad);
  place.replaceChildren(document.createTextNode(text));
  if (!undo) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn dense";
  button.textContent = "Undo";
  button.addEventListener("click", () => { button.remove(); undo(); });
  place.append(" ", button);
  setTimeout(() => { if (button.isConnected) { button.remove(); place.textContent = ""; } }, UNDO_S * 1000);
}

async function takeBack(address, id) {
  const waiting = kept();
  if (waiting.some((entry) => entry.fields.once === id)) {
    keep(waiting.filter((entry) => entry.fields.once !== id));
    line("Taken back before it was sent.");
    return;
  }
  await send(address, { kind: "corrected", supersedes: id, reason: "undo" }, { words: "undo", keepable: true });
}

function mayKeep(fields, keepable) {
  if (!keepable || !KEY) return false;
  return Object.entries(fields).every(([name, value]) => value === "" || KEPT_FIELDS.has(name)
    || (name === "name" && KEPT_SYMPTOMS.has(value)) || (name === "reason" && value === "undo"));
}

// at and once are fixed here, before anything can fail: a resent act is the same act.
async function send(address, given, { words, keepable, pairs = null } = {}) {
  const fields = { ...given, at: new Date(serverNow()).toISOString(), once: given.once || crypto.randomUUID() };
  delete fields.csrfmiddlewaretoken;
  try {
    if (mayKeep(fields, keepable) && kept().length) throw new Unreachable("Earlier acts wait.");
    const told = await post(address, pairs ? [...pairs, ["at", fields.at], ["once", fields.once]] : fields);
    line(`${words[0].toUpperCase()}${words.slice(1)}: ${told.saved}`, told.undo ? { undo: () => takeBack(address, told.undo) } : {});
    if (told.go) location.assign(told.go); else refresh();
    return true;
  } catch (fault) {
    if (fault.refused) {
      line(fault.message, { bad: true });
      say(fault.message, { now: true });
      return false;
    }
    if (!mayKeep(fields, keepable)) {
      line(`${words} is NOT saved. ${fault.message} Try again.`, { bad: true });
      say(`${words} is not saved.`, { now: true });
      return false;
    }
    keep([...kept(), { address, words, fields }]);
    line(`${words} is kept on this device, not yet saved.`, { bad: true, undo: () => takeBack(address, fields.once) });
    say(`${words} is kept, not yet saved.`, { now: true });
    return true;
  }
}

let flushing = false;
export async function flush() {
  if (flushing || !kept().length) return;
  flushing = true;
  try {
    while (kept().length) {
      const [first] = kept();
      try {
        const told = await post(first.address, first.fields);
        line(`${first.words}, kept since ${clinicTime(Date.parse(first.fields.at))}: ${told.saved}`);
      } catch (fault) {
        if (!fault.refused) return;
        toast(`${first.words} of ${clinicTime(Date.parse(first.fields.at))} was refused: ${fault.message}`, { bad: true, act: { text: "Understood", run: () => {} } });
      }
      keep(kept().filter((entry) => entry.fields.once !== first.fields.once));
    }
    refresh();
  } finally {
    flushing = false;
  }
}
setInterval(flush, 5000);
window.addEventListener("online", flush);
document.addEventListener("evenkeel:back-in-touch", flush);
showKept();
flush();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-act]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const data = new FormData(form, event.submitter);
  data.delete("csrfmiddlewaretoken");
  data.delete("once");
  const fields = Object.fromEntries(data.entries());
  event.submitter?.setAttribute("aria-busy", "true");
  send(form.action, fields, { words: wordsOf(fields, event.submitter), keepable: form.hasAttribute("data-keep") })
    .then((done) => {
      const box = form.closest("dialog");
      if (done && box) { box.close(); form.reset(); }
    })
    .finally(() => {
      delete form.dataset.busy;
      event.submitter?.removeAttribute("aria-busy");
    });
}, true);

// ---- digits type in a row of levels; "1" waits a moment, for it may become "10" ----
// The rows may be drawn anew between two keys: a level is found by its scale, not by its place.
const tapOf = (scale, value) => document.querySelector(`[data-digits] button[name="${scale}"][value="${value}"]`);
let waiting = null;
document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-digits]");
  if (!row || event.ctrlKey || event.metaKey || event.altKey || !/^[0-9]$/.test(event.key)) return;
  const scale = row.querySelector("button[name]").name;
  event.preventDefault();
  if (waiting?.scale === scale && event.key === "0") {
    clearTimeout(waiting.timer);
    waiting = null;
    tapOf(scale, "10").click();
    return;
  }
  const tap = tapOf(scale, event.key);
  if (!tap) return;
  tap.focus();
  if (event.key === "1" && tapOf(scale, "10")) waiting = { scale, timer: setTimeout(() => { waiting = null; tapOf(scale, "1").click(); }, 600) };
  else tap.click();
});

// ---- dialogs -------------------------------------------------------------
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-open]");
  if (opener) {
    event.target.closest("dialog")?.close();
    const box = document.getElementById(opener.dataset.open);
    box?.showModal();
    box?.querySelector("input:not([type=hidden])")?.focus();
    return;
  }
  if (event.target.closest?.("[data-close]")) event.target.closest("dialog")?.close();
});
