// A day that is wider than the screen begins a little before now, and the names of the chairs
// stay in view while it scrolls. Without this, Today and the address with #now go there too.
const BEFORE = 0.3; // of the view lies before it

function begin(day) {
  // What was refused or is offered is looked for first.
  const there = day.querySelector(".mark-box") || day.querySelector("#now line");
  if (!there || day.scrollWidth <= day.clientWidth) return;
  const at = there.getBoundingClientRect().left - day.getBoundingClientRect().left + day.scrollLeft;
  if (at < day.clientWidth - 60) return; // in view as it is
  day.scrollLeft = at - BEFORE * day.clientWidth;
}

function follow(day) {
  const drawing = day.querySelector("svg.day-plan");
  const units = drawing.viewBox.baseVal.width / drawing.getBoundingClientRect().width;
  drawing.querySelector("[data-names]")?.setAttribute("transform", `translate(${(day.scrollLeft * units).toFixed(1)} 0)`);
}

document.querySelectorAll("[data-day]").forEach((day) => {
  day.addEventListener("scroll", () => follow(day), { passive: true });
  begin(day);
  follow(day);
});
