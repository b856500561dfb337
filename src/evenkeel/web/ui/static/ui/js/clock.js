// The server's clock, never the device's: the time in the page plus what this page has lived.
// A live page hears a beat (event "beat", data {"now": ISO}) every few seconds; after ten
// seconds of silence the page says it is out of touch, in words, and greys its values.
const SILENCE_MS = 10_000;

function arrival() {
  return performance.getEntriesByType("navigation")[0]?.responseStart || 0;
}

let base = Date.parse(document.body.dataset.now || "") || Date.now();
let mark = arrival();
// A page that is meant to be live counts its silence from the start: a stream that never
// opens is no calmer than one that fell silent.
let heardAt = document.querySelector("[sse-connect]") ? performance.now() : null;
let lostSince = null;

export function serverNow() {
  return base + (performance.now() - mark);
}

// A beat, or any answer that carries the server's time.
export function heard(iso) {
  const told = Date.parse(iso);
  if (!Number.isNaN(told)) {
    base = told;
    mark = performance.now();
  }
  heardAt = performance.now();
  if (lostSince !== null) {
    lostSince = null;
    show();
    document.dispatchEvent(new CustomEvent("evenkeel:back-in-touch"));
  }
}

export function inTouch() {
  return lostSince === null;
}

const zone = document.body.dataset.zone || "UTC";
const formats = {
  minutes: new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hour12: false }),
  seconds: new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }),
};

export function clinicTime(moment, { seconds = false } = {}) {
  return formats[seconds ? "seconds" : "minutes"].format(moment);
}

function show() {
  const lost = lostSince !== null;
  document.body.classList.toggle("out-of-touch", lost);
  document.querySelectorAll("[data-out-of-touch]").forEach((bar) => {
    const time = bar.querySelector("time");
    if (lost && time) time.textContent = clinicTime(lostSince, { seconds: true });
    bar.hidden = !lost;
  });
  document.querySelectorAll("[data-clock]").forEach((clock) => {
    clock.dataset.state = lost ? "own" : "server";
    const name = clock.querySelector(".zone");
    if (name) name.textContent = (document.body.dataset.zoneName || "") + (lost ? ", this screen’s own clock" : "");
  });
}

function tick() {
  const now = serverNow();
  document.querySelectorAll("[data-clock]").forEach((clock) => {
    const time = clock.querySelector("time");
    if (time) time.textContent = clinicTime(now, { seconds: clock.hasAttribute("data-seconds") });
  });
  if (heardAt !== null && lostSince === null && performance.now() - heardAt > SILENCE_MS) {
    lostSince = now - (performance.now() - heardAt);
    show();
    document.dispatchEvent(new CustomEvent("evenkeel:out-of-touch"));
  }
}

// Each stream htmx opens is listened to for beats; pages without a stream are not live.
document.addEventListener("htmx:sseOpen", (event) => {
  const source = event.detail.source;
  heard("");
  if (source && !source.evenkeelBeat) {
    source.evenkeelBeat = true;
    source.addEventListener("beat", (message) => {
      let now = "";
      try { now = JSON.parse(message.data).now; } catch { now = message.data; }
      heard(now);
    });
  }
});
document.addEventListener("htmx:afterRequest", (event) => {
  const told = event.detail.xhr?.getResponseHeader("X-Server-Now");
  if (told && heardAt === null) { base = Date.parse(told) || base; mark = Date.parse(told) ? performance.now() : mark; }
});

tick();
setInterval(tick, 1000);
