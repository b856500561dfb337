"""A day of the clinic as chairs by time, with cover and nurses' places under the same axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.slots import Duty, Span, uncovered
from evenkeel.web.records.models import Shift
from evenkeel.web.records.selectors.booking import Booked, DayPlan
from evenkeel.web.ui import svg
from evenkeel.web.ui.words import clinic_zone, write_time

LEFT, RIGHT, TOP, ROW = 92.0, 1012.0, 34.0, 60.0
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A slot that was refused, or one that is offered, to be shown on its chair."""

    chair: int
    start: datetime
    end: datetime
    kind: str
    title: str
    words: str


def hours(plan: DayPlan) -> tuple[datetime, datetime]:
    """What the axis shows: whole hours around shifts and bookings, 08:00 to 17:00 at least."""
    zone = clinic_zone()
    ends = [(s.period.lower, s.period.upper) for s in (*plan.prescribers, *plan.nurses)]
    ends += [(b.start, b.held_end) for b in plan.booked]
    day = datetime.combine(plan.day, datetime.min.time(), zone)
    first = min([start.astimezone(zone) for start, _ in ends] + [day.replace(hour=8)])
    last = max([end.astimezone(zone) for _, end in ends] + [day.replace(hour=17)])
    first = max(first, day).replace(minute=0, second=0, microsecond=0)
    last = min(last, day + timedelta(days=1))
    if last.minute or last.second:
        last = last.replace(minute=0, second=0) + timedelta(hours=1)
    return first.astimezone(UTC), last.astimezone(UTC)


def cover(shifts: Sequence[Shift]) -> list[tuple[Span, str]]:
    """Stretches of the day with the same people on site, and their names."""
    edges = sorted({edge for s in shifts for edge in (s.period.lower, s.period.upper)})
    found: list[tuple[Span, str]] = []
    for start, end in pairwise(edges):
        here = [s.user.short_name for s in shifts if s.period.lower <= start < s.period.upper]
        if not here:
            continue
        names = ", ".join(sorted(here))
        if found and found[-1][1] == names and found[-1][0].end == start:
            found[-1] = (Span(start=found[-1][0].start, end=end), names)
        else:
            found.append((Span(start=start, end=end), names))
    return found


def nobody_prescribes(plan: DayPlan) -> list[Span]:
    """Gaps in the cover between the first and the last minute that anybody works."""
    everyone = [*plan.prescribers, *plan.nurses]
    if not everyone:
        return []
    whole = Span(
        start=min(s.period.lower for s in everyone), end=max(s.period.upper for s in everyone)
    )
    duties = [
        Duty(person=s.user_id, span=Span(start=s.period.lower, end=s.period.upper))
        for s in plan.prescribers
    ]
    return uncovered(whole, duties)


def draw(
    plan: DayPlan, *, marks: Sequence[Mark], href: Callable[[Booked], str], now: datetime
) -> SafeString:
    """The picture. ``href`` gives the address that a booked treatment opens.

    now: marked where it lies on this day, as the element ``now``; a phone begins there.
    """
    first, last = hours(plan)
    per_second = (RIGHT - LEFT) / (last - first).total_seconds()

    def x(moment: datetime) -> float:
        at = min(max(moment, first), last)
        return LEFT + (at - first).total_seconds() * per_second

    foot = TOP + ROW * len(plan.chairs)
    is_now = first <= now < last
    parts = [_hatch(), *_axis(first, last, x, foot + 150, now if is_now else None)]
    if is_now:  # below what is booked, whose words it would strike through
        parts.append(_now(x(now), now, foot))
    gaps = nobody_prescribes(plan)
    parts += [
        svg.rect(x(gap.start), TOP, x(gap.end) - x(gap.start), foot - TOP, "hatched")
        for gap in gaps
    ]
    names: list[SafeString] = []
    for row, chair in enumerate(plan.chairs):
        y = TOP + ROW * row
        names.append(svg.line(-RIGHT, y, LEFT - 14, y, "rule"))
        names.append(svg.text(0, y + 18, chair.name, "strong"))
        parts.append(svg.line(0, y, RIGHT, y, "rule"))
        parts += [_booked(item, x, y, href(item)) for item in plan.on(chair)]
        parts += [_mark(mark, x, y) for mark in marks if mark.chair == chair.pk]
    parts.append(svg.line(0, foot, RIGHT, foot, "rule thick"))
    parts += _cover_lane(plan, gaps, x, foot + 18)
    parts += _nurse_lane(plan, first, last, x, foot + 62)
    for words, kind, y in (
        ("Prescriber", "strong", 31), ("on site", "", 47), ("Nurses", "strong", 75),
        ("places used,", "", 91), ("on duty", "", 105),
    ):  # fmt: skip
        names.append(svg.text(0, foot + y, words, kind))
    # Last, on a ground of their own: booking.js keeps them in view while the day scrolls.
    names.append(svg.line(-RIGHT, foot, LEFT - 14, foot, "rule thick"))
    ground = svg.rect(-RIGHT, 0, RIGHT + LEFT - 14, foot + 152, "names-ground")
    parts.append(format_html("<g data-names>{}{}</g>", ground, svg.join(names)))
    said = f"{len(plan.booked)} treatments on {len(plan.chairs)} chairs"
    # It holds links, so it is a group and not one image.
    return format_html(
        '<svg class="day-plan" viewBox="0 0 {} {}" role="group" aria-label="{}">{}</svg>',
        svg.n(RIGHT + 36),
        svg.n(foot + 152),
        f"Plan of the day: {said}",
        svg.join(parts),
    )


def _hatch() -> SafeString:
    return mark_safe(
        '<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path class="hatch-line" d="M0 0V8" stroke-width="3"></path>'
        "</pattern></defs>"
    )


def _now(x: float, now: datetime, foot: float) -> SafeString:
    words = svg.boxed(x, 2, write_time(now), kind="on-now", box="now-box", anchor="middle")
    return format_html('<g id="now">{}{}</g>', svg.line(x, 22, x, foot, "now-line"), words)


def _axis(
    first: datetime,
    last: datetime,
    x: Callable[[datetime], float],
    foot: float,
    now: datetime | None,
) -> list[SafeString]:
    # Counted in UTC, so that a day of 23 or 25 hours has as many lines.
    parts, hour, end = [], first.astimezone(UTC), last.astimezone(UTC)
    while hour <= end:
        parts.append(svg.line(x(hour), TOP - 8, x(hour), foot, "grid"))
        if now is None or abs(x(hour) - x(now)) > 44:
            parts.append(svg.text(x(hour), 16, write_time(hour), "axis", "middle"))
        hour += timedelta(hours=1)
    return parts


def _booked(item: Booked, x: Callable[[datetime], float], y: float, href: str) -> SafeString:
    treatment = item.treatment
    left, wide = x(item.start), x(item.care_end) - x(item.start)
    of = f" of {item.of}" if item.of and treatment.ordinal <= item.of else ""
    what = f"{write_time(item.start)} {_dose(item)} {treatment.ordinal}{of}"
    name = treatment.patient.short_name
    inside = [
        svg.rect(x(item.care_end), y + 7, x(item.held_end) - x(item.care_end), 46, "turnover"),
        svg.rect(left, y + 7, wide, 46, f"stay is-{treatment.status}"),
        svg.rect(left, y + 48, x(item.dose_end) - left, 5, "given"),
        svg.text(left + 7, y + 23, _fit(name, wide), "strong"),
        svg.text(left + 7, y + 39, _fit(what, wide)),
    ]
    return format_html(
        '<a href="{}" aria-label="{}, {}, {}, {}">{}</a>',
        href,
        name,
        what,
        treatment.chair.name,
        treatment.get_status_display(),
        svg.join(inside),
    )


def _dose(item: Booked) -> str:
    course = item.treatment.course
    if course.dose_mg is not None:
        return protocol(course.protocol).say_dose(course.dose_mg)
    return "IV"


def _fit(words: str, wide: float) -> str:
    room = int((wide - 10) / 6.6)
    return words if len(words) <= room else words[: max(room - 1, 1)] + "…"


def _mark(mark: Mark, x: Callable[[datetime], float], y: float) -> SafeString:
    left, wide = x(mark.start), x(mark.end) - x(mark.start)
    return format_html(
        "<g>{}{}{}</g>",
        svg.rect(left, y + 7, wide, 46, f"mark-box {mark.kind}"),
        svg.text(left + 8, y + 23, _fit(mark.title, wide), f"strong {mark.kind}"),
        svg.text(left + 8, y + 39, _fit(mark.words, wide), mark.kind),
    )


def _cover_lane(
    plan: DayPlan, gaps: Sequence[Span], x: Callable[[datetime], float], y: float
) -> list[SafeString]:
    parts: list[SafeString] = []
    for span, names in cover(plan.prescribers):
        left, wide = x(span.start), x(span.end) - x(span.start)
        words = f"{names}, {write_time(span.start)} to {write_time(span.end)}"
        parts += [
            svg.rect(left, y, wide, 32, "cover"),
            svg.text(left + 9, y + 20, _fit(words, wide), "on-cover"),
        ]
    for gap in gaps:
        left, wide = x(gap.start), x(gap.end) - x(gap.start)
        parts.append(svg.rect(left, y, wide, 32, "nobody"))
        if wide > 50:
            parts.append(svg.text(left + wide / 2, y + 20, "nobody", "nobody", "middle"))
    return parts


def _nurse_lane(
    plan: DayPlan, first: datetime, last: datetime, x: Callable[[datetime], float], y: float
) -> list[SafeString]:
    high = 60.0
    quarters = [first + QUARTER * n for n in range(int((last - first) / QUARTER))]
    needed = [sum(b.start < q + QUARTER and q < b.held_end for b in plan.booked) for q in quarters]
    places = [
        sum(s.capacity for s in plan.nurses if s.period.lower <= q < s.period.upper)
        for q in quarters
    ]
    most = max([1, *needed, *places])
    foot = y + high + 14

    def up(count: int) -> float:
        return foot - high * count / most

    parts: list[SafeString] = []
    for quarter, count in zip(quarters, needed, strict=True):
        if count:
            left = x(quarter)
            parts.append(
                svg.rect(
                    left, up(count), x(quarter + QUARTER) - left - 1, foot - up(count), "needed"
                )
            )
    steps: list[tuple[float, float]] = []
    before = None
    for quarter, count in zip(quarters, places, strict=True):
        steps += [(x(quarter), up(count)), (x(quarter + QUARTER), up(count))]
        if count != before and count:
            on = sum(s.period.lower <= quarter < s.period.upper for s in plan.nurses)
            words = f"{on} on duty, {count} places"
            at = min(x(quarter) + 4, RIGHT + 30 - 6.6 * len(words))
            parts.append(svg.text(at, up(count) - 5, words, "strong"))
        before = count
    if steps:
        parts.append(svg.polyline(steps, "on-duty"))
    parts.append(svg.line(LEFT, foot, RIGHT, foot, "rule"))
    return parts
