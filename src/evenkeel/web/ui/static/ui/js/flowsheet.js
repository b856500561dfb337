// [data-flowsheet]: the server draws it (one drawing for screen, review and print); here it
// is fetched anew when the stream says so, its now line moves, and arrows move a cursor.
import { serverNow, clinicTime } from "./clock.js";

// Fetch the drawing again. Several calls at once become one more fetch, never a queue.
export async function refresh(figure) {
  if (!figure.dataset.live) return;
  if (figure.fetching) { figure.again = true; return; }
  figure.fetching = true;
  try {
    const answer = await fetch(figure.dataset.live, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) return;
    const told = await answer.json();
    replace(figure, told.figure);
    // A model's line is worked out beside the page; nothing waits for it, so it is asked for again.
    if (told.expected?.waiting) setTimeout(() => refresh(figure), 2000);
  } catch {
    // Out of touch is said by the clock; the old drawing stays and ages in view.
  } finally {
    figure.fetching = false;
    if (figure.again) { figure.again = false; refresh(figure); }
  }
}

function replace(figure, markup) {
  const page = new DOMParser().parseFromString(markup, "text/html");
  const fresh = page.querySelector("[data-flowsheet]");
  if (!fresh) return;
  const drawing = figure.querySelector("svg[data-plot]");
  const held = document.activeElement === drawing;
  const open = figure.querySelector("details.twin")?.open;
  drawing.replaceWith(fresh.querySelector("svg[data-plot]"));
  const twin = fresh.querySelector("details.twin");
  figure.querySelector("details.twin")?.replaceWith(twin);
  if (open) twin.open = true;
  if (held) figure.querySelector("svg[data-plot]").focus({ preventScroll: true });
  moveNow(figure);
  fit(figure);
}

function moveNow(figure) {
  const drawing = figure.querySelector("svg[data-plot]");
  const line = drawing?.querySelector("[data-now-line]");
  if (!figure.dataset.live || !line) return;
  const { start, end, left, right } = drawing.dataset;
  const from = Date.parse(start);
  const part = Math.min(Math.max((serverNow() - from) / (Date.parse(end) - from), 0), 1);
  const x = Number(left) + part * (Number(right) - Number(left));
  line.setAttribute("transform", `translate(${(x - Number(line.dataset.x)).toFixed(1)} 0)`);
  const words = line.querySelector("text");
  if (words) words.textContent = clinicTime(serverNow(), { seconds: true });
}

// A screen wider than the sheet gets a wider sheet, not a blank: where the height is what holds
// the drawing back, the wished width is told in a cookie and the sheet is drawn anew. It says
// nothing but a number of units, so that the next page is drawn right at once.
const COOKIE = "evenkeel-sheet-width";
const NARROW = 828;
const WIDE = 1700;

function wished(drawing) {
  const most = Number.parseFloat(getComputedStyle(drawing).maxHeight);
  const { width } = drawing.getBoundingClientRect();
  const tall = drawing.viewBox.baseVal.height;
  if (!(most > 0) || !(width > 0) || !tall) return NARROW;
  return Math.round(Math.min(Math.max((width * tall) / most, NARROW), WIDE) / 4) * 4;
}

function fit(figure) {
  const drawing = figure.querySelector("svg[data-plot]");
  if (!figure.dataset.live || !drawing) return;
  const wish = wished(drawing);
  if (Math.abs(wish - drawing.viewBox.baseVal.width) < 12) return;
  // Asked once: where cookies are refused, the sheet stays as it is.
  if (figure.wished === wish) return;
  figure.wished = wish;
  document.cookie = `${COOKIE}=${wish}; path=/treatments/; max-age=31536000; SameSite=Strict${location.protocol === "https:" ? "; Secure" : ""}`;
  refresh(figure);
}

const fitAll = () => document.querySelectorAll("[data-flowsheet][data-live]").forEach(fit);
let resized = 0;
window.addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(fitAll, 300); });
fitAll();

setInterval(() => document.querySelectorAll("[data-flowsheet]").forEach(moveNow), 1000);

document.addEventListener("keydown", (event) => {
  const drawing = event.target.closest?.("svg[data-plot]");
  if (!drawing || !["ArrowLeft", "ArrowRight", "Home", "End", "Escape"].includes(event.key)) return;
  const stops = JSON.parse(drawing.dataset.stops || "[]");
  const cursor = drawing.querySelector("[data-cursor]");
  const reader = drawing.closest("figure").querySelector(".reader");
  event.preventDefault();
  if (event.key === "Escape" || !stops.length) {
    cursor.removeAttribute("data-on");
    reader.textContent = stops.length ? "" : "Nothing is written down yet.";
    return;
  }
  let at = drawing.dataset.stop === undefined ? stops.length : Number(drawing.dataset.stop);
  if (event.key === "ArrowLeft") at -= 1;
  if (event.key === "ArrowRight") at += 1;
  if (event.key === "Home") at = 0;
  if (event.key === "End") at = stops.length - 1;
  at = Math.min(Math.max(at, 0), stops.length - 1);
  drawing.dataset.stop = String(at);
  cursor.setAttribute("data-on", "");
  cursor.setAttribute("x1", stops[at][0]); cursor.setAttribute("x2", stops[at][0]);
  reader.textContent = stops[at][1];
});

// The stream: each event named in data-event fetches the drawing again, and so does each
// opening: what was committed between the page's drawing and the stream would stay unseen.
document.addEventListener("htmx:sseOpen", (event) => {
  const source = event.detail.source;
  if (!source) return;
  document.querySelectorAll("[data-flowsheet][data-live]").forEach((figure) => {
    refresh(figure);
    if (source.evenkeelFlowsheet) return;
    (figure.dataset.event || "").split(" ").filter(Boolean)
      .forEach((name) => source.addEventListener(name, () => refresh(figure)));
  });
  source.evenkeelFlowsheet = true;
});
