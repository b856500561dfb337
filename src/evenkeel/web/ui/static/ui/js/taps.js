// [data-taps]: one tap is saved at once. Digits type. Undo for ten seconds. A tap that could
// not be saved stays in view as failed and kept, with its own time, until it is sent again.
//
// Posts: NAME=number, at=ISO time of the tap, once=uuid. The answer may be JSON
// {"saved": "4", "at": ISO, "undo": "/address"}; undo posts once=uuid to that address.
import { serverNow, clinicTime } from "./clock.js";
import { csrf, say } from "./say.js";

const UNDO_S = 10;

async function post(address, fields) {
  const body = new URLSearchParams(fields);
  const answer = await fetch(address, {
    method: "POST", body, credentials: "same-origin",
    headers: { "X-CSRFToken": csrf(), Accept: "application/json", "X-Requested-With": "fetch" },
  });
  const text = await answer.text();
  let told = {};
  if ((answer.headers.get("Content-Type") || "").includes("json")) told = JSON.parse(text);
  if (!answer.ok) throw Object.assign(new Error(told.what || `answer ${answer.status}`), { told, refused: answer.status < 500 });
  return told;
}

function line(row, text, { failed = false, act = null } = {}) {
  const said = row.querySelector(".said");
  said.classList.toggle("failed", failed);
  said.replaceChildren(document.createTextNode(text));
  if (act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn dense";
    button.textContent = act.text;
    button.addEventListener("click", act.run);
    said.append(button);
  }
  return said;
}

function markLast(row, tap, when) {
  row.querySelectorAll(".tap").forEach((other) => {
    other.classList.remove("last");
    other.querySelector(".visually-hidden")?.remove();
  });
  tap.classList.add("last");
  const hidden = document.createElement("span");
  hidden.className = "visually-hidden";
  hidden.textContent = ` last, ${when}`;
  tap.append(hidden);
  const last = row.querySelector("[data-last]");
  if (last) last.textContent = `last ${tap.value}, ${when}`;
}

async function send(row, tap, kept) {
  const when = clinicTime(Date.parse(kept.at));
  tap.dataset.state = "saving";
  tap.setAttribute("aria-busy", "true");
  line(row, `Saving ${tap.value}`);
  try {
    const told = await post(row.dataset.post, kept);
    tap.dataset.state = "saved";
    markLast(row, tap, when);
    row.dispatchEvent(new CustomEvent("evenkeel:tap-saved", { bubbles: true, detail: { name: row.dataset.name, value: tap.value, told } }));
    const undo = told.undo || row.dataset.undo;
    const said = line(row, `${tap.value} saved ${when}`, undo ? { act: { text: "Undo", run: () => takeBack(row, tap, undo) } } : {});
    setTimeout(() => {
      delete tap.dataset.state;
      if (said.textContent.startsWith(`${tap.value} saved ${when}`)) line(row, "");
    }, UNDO_S * 1000);
  } catch (fault) {
    tap.dataset.state = "failed";
    const why = fault.told?.why || fault.told?.what || (fault.refused ? "The clinic’s rules refused it." : "The server could not be reached.");
    line(row, `${tap.value} of ${when} is NOT saved. ${why} It is kept here.`, { failed: true, act: { text: `Send ${tap.value} again`, run: () => send(row, tap, kept) } });
    say(`${tap.value} is not saved. ${why}`, { now: true });
  } finally {
    tap.removeAttribute("aria-busy");
  }
}

async function takeBack(row, tap, address) {
  try {
    await post(address, { once: crypto.randomUUID() });
    delete tap.dataset.state;
    tap.classList.remove("last");
    line(row, `${tap.value} was taken back; it stays in the record, struck through.`);
  } catch {
    line(row, `${tap.value} could not be taken back. Correct it in the record.`, { failed: true });
  }
}

function press(row, tap) {
  if (tap.getAttribute("aria-busy") === "true") return;
  const kept = { [row.dataset.name]: tap.value, at: new Date(serverNow()).toISOString(), once: crypto.randomUUID() };
  send(row, tap, kept);
}

document.addEventListener("click", (event) => {
  const tap = event.target.closest("[data-taps] .tap");
  if (tap) press(tap.closest("[data-taps]"), tap);
});

let waiting = null;
document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-taps]");
  if (!row || event.ctrlKey || event.metaKey || event.altKey || !/^[0-9]$/.test(event.key)) return;
  const find = (value) => row.querySelector(`.tap[value="${value}"]`);
  if (waiting && waiting.row === row && event.key === "0") {
    clearTimeout(waiting.timer);
    waiting = null;
    const ten = find("10");
    ten.focus();
    press(row, ten);
    return;
  }
  const tap = find(event.key);
  if (!tap) return;
  tap.focus();
  if (event.key === "1" && find("10")) {
    // "1" may be the start of "10": wait a moment before it is saved as 1.
    waiting = { row, timer: setTimeout(() => { waiting = null; press(row, tap); }, 600) };
  } else {
    press(row, tap);
  }
});
