"""A course over weeks or months: phases, doses, scores, decisions and events on one axis.

In: a Plot of plain values. Out: one SVG with a summary, and its table twin. Scores have
fixed ranges, so shapes compare between people. A missing answer is a gap: the line
across it is dotted, and it stands in the table as not answered. Nothing is computed
here; bands, definitions and intervals are handed in with their words.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.web.ui import svg
from evenkeel.web.ui.words import write_date, write_number

LEFT, RIGHT = 112.0, 118.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """One instrument over time.

    bands: (from, to, word) weakest first; points: (day, score, note); missing: days on which
    an answer was asked for and not given; definitions: (score, words, dotted); flags:
    (day, words) standing on the point of that day; fan: (day, low, high) of an expected score.
    """

    name: str
    low: float
    high: float
    points: Sequence[tuple[date, float, str]] = ()
    sub: str = ""
    current: str = ""
    current_sub: str = ""
    bands: Sequence[tuple[float, float, str]] = ()
    missing: Sequence[date] = ()
    definitions: Sequence[tuple[float, str, bool]] = ()
    flags: Sequence[tuple[date, str]] = ()
    fan: Sequence[tuple[date, float, float]] = ()
    baseline: str = ""
    height: float = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A course. phases: (from, to or None, word); doses: (day, mg or None when missed);
    unmeasured: days of doses given whose amount is not in the record;
    decisions and events: (day, words, help)."""

    start: date
    end: date
    now: date
    scores: Sequence[Scores] = ()
    phases: Sequence[tuple[date, date | None, str]] = ()
    doses: Sequence[tuple[date, float | None]] = ()
    unmeasured: Sequence[date] = ()
    decisions: Sequence[tuple[date, str, str]] = ()
    events: Sequence[tuple[date, str, str]] = ()
    title: str = "Course"
    width: float = 1000.0
    notes: Sequence[str] = field(default=())


def _day(when: date) -> float:
    if isinstance(when, datetime):
        return when.toordinal() + (when.hour * 60 + when.minute) / 1440
    return float(when.toordinal())


class _Axis:
    def __init__(self, plot: Plot) -> None:
        self.plot = plot
        self.a, self.b = _day(plot.start), max(_day(plot.end), _day(plot.start) + 1)
        self.left, self.right = LEFT, plot.width - RIGHT

    def x(self, when: date) -> float:
        part = (_day(when) - self.a) / (self.b - self.a)
        return self.left + min(max(part, 0), 1) * (self.right - self.left)

    def write(self, day: date) -> str:
        """A day under the axis; with its year where the axis spans more than most of one."""
        return write_date(day, year=self.b - self.a > 300)

    def ticks(self) -> list[date]:
        most = int((self.right - self.left) / 92)
        for step in (1, 2, 7, 14, 28, 56, 91, 182, 364, 728):
            if (self.b - self.a) / step <= most:
                break
        first = (
            self.plot.start if not isinstance(self.plot.start, datetime) else self.plot.start.date()
        )
        days = [first + timedelta(days=step * i) for i in range(int((self.b - self.a) / step) + 1)]
        return days


def _label(y: float, name: str, sub: str = "") -> list[SafeString]:
    parts = [svg.text(0, y, name, "strong")]
    if sub:
        parts.append(svg.text(0, y + 17, sub))
    return parts


def _free_above(
    taken: list[tuple[float, float, float, float]], x1: float, x2: float, y: float, top: float
) -> float:
    """The lowest place at or above y for a box 22 high that covers nothing taken."""
    place = y
    while place > top and any(
        x1 < b and x2 > a and place < d and place + 22 > c for a, c, b, d in taken
    ):
        place -= 4
    return max(place, top)


def _beside_now(axis: _Axis, words: Sequence[str], *, crowded: bool) -> tuple[float, str]:
    """Where the words of lines stand: before today, or after it where there is no room before.

    crowded: scores or flags stand before today, so that empty days ahead are the better place.
    """
    now = axis.x(axis.plot.now)
    longest = 6.6 * max(map(len, words), default=0)
    if crowded and now + 10 + longest <= axis.right:
        return now + 10, "start"
    if now - 10 - longest >= axis.left:
        return now - 10, "end"
    return now + 10, "start"


def _scores(axis: _Axis, scores: Scores, top: float) -> list[SafeString]:
    def y(value: float) -> float:
        part = (value - scores.low) / ((scores.high - scores.low) or 1)
        return top + scores.height * (1 - min(max(part, 0), 1))

    out = _label(top + 16, scores.name, scores.sub)
    if scores.current:
        out.append(svg.text(0, top + 62, scores.current, "big"))
        out.append(svg.text(0, top + 82, scores.current_sub))
    wide = axis.right - axis.left
    for place, (low, high, word) in enumerate(scores.bands):
        kind = f"band-{min(place + 1, 4)}"
        out.append(svg.rect(axis.left, y(high), wide, y(low) - y(high), kind))
        out.append(svg.line(axis.left, y(high), axis.right, y(high), "band-line"))
        if y(low) - y(high) >= 14 or place in (0, len(scores.bands) - 1):
            out.append(svg.text(axis.right + 8, (y(low) + y(high)) / 2 + 4, word))
    if not scores.bands:
        for value in (scores.low, (scores.low + scores.high) / 2, scores.high):
            out.append(svg.line(axis.left, y(value), axis.right, y(value), "grid"))
            out.append(svg.text(axis.right + 8, y(value) + 4, write_number(value)))
    for value, _, dotted in scores.definitions:
        kind = "definition dotted" if dotted else "definition"
        out.append(svg.line(axis.left, y(value), axis.right, y(value), kind))
    if scores.fan:
        upper = [(axis.x(d), y(h)) for d, _, h in scores.fan]
        lower = [(axis.x(d), y(low)) for d, low, _ in reversed(scores.fan)]
        out.append(
            svg.path(
                "M" + "L".join(f"{svg.n(a)} {svg.n(b)}" for a, b in upper + lower) + "Z", "fan"
            )
        )
    points = sorted(scores.points, key=lambda p: _day(p[0]))
    for before, after in itertools.pairwise(points):
        gone = [d for d in scores.missing if _day(before[0]) < _day(d) < _day(after[0])]
        ends = [(axis.x(before[0]), y(before[1])), (axis.x(after[0]), y(after[1]))]
        out.append(svg.polyline(ends, "gap" if gone else "series"))
        if gone:
            x = (ends[0][0] + ends[1][0]) / 2
            words = f"{len(gone)} not answered"
            out.append(svg.text(x, min(ends[0][1], ends[1][1]) - 14, words, "", "middle"))
    radius = 5 if len(points) <= 24 else 3.5
    said_at = -99.0
    words_x, anchor = _beside_now(
        axis,
        [words for _, words, _ in scores.definitions],
        crowded=bool(points) and not scores.fan,
    )
    for value, words, _ in sorted(scores.definitions, reverse=True):
        # Two lines close together: the lower one has its words below it.
        below = y(value) - 5 - said_at < 13
        said_at = y(value) + 13 if below else y(value) - 5
        out.append(svg.text(words_x, said_at, words, "line-words", anchor))
    out.extend(svg.circle(axis.x(d), y(v), radius, "point") for d, v, _ in points)
    taken: list[tuple[float, float, float, float]] = []
    if scores.definitions:
        edge = axis.x(axis.plot.now) if anchor == "end" else words_x + 140
        high = y(max(d[0] for d in scores.definitions)) - 18
        taken.append((edge - 140, high, edge, high + scores.height))
    if scores.baseline and points:
        x, foot = axis.x(points[0][0]) + 9, y(points[0][1]) - 4
        out.append(svg.text(x, foot, scores.baseline, "strong"))
        taken.append((x, foot - 13, x + 7 * len(scores.baseline), foot + 4))
    by_day = {_day(d): v for d, v, _ in points}
    for when, words in sorted(scores.flags, key=lambda f: _day(f[0])):
        x = axis.x(when)
        foot = y(by_day.get(_day(when), scores.low))
        wide = len(words) * 6.6 + 16
        now = axis.x(axis.plot.now)
        # The line of today would strike a flag through that hangs to the right of its stem.
        left = x - wide + 2 if x < now < x + wide and x - wide > axis.left else x
        box_y = _free_above(taken, left, left + wide, foot - 76, top + 2)
        taken.append((left, box_y, left + wide, box_y + 22))
        out.append(svg.line(x, box_y + 20, x, foot - 5, "flag-stem"))
        out.append(svg.boxed(left, box_y, words, kind="flag", box="flag-box"))
    return out


def _rows(plot: Plot) -> list[tuple[object, ...]]:
    found: list[tuple[float, tuple[object, ...]]] = []

    def add(when: date, what: str, value: object, note: str = "") -> None:
        found.append((_day(when), (write_date(when), what, value, note)))

    for scores in plot.scores:
        flags = {_day(d): words for d, words in scores.flags}
        for when, value, note in scores.points:
            add(
                when,
                scores.name,
                write_number(value),
                ", ".join(filter(None, (flags.get(_day(when), ""), note))),
            )
        for when in scores.missing:
            add(when, scores.name, "not answered")
        for when, low, high in scores.fan:
            add(when, f"{scores.name}, expected", f"{write_number(low)} to {write_number(high)}")
    for when, mg in plot.doses:
        add(when, "Dose", "missed" if mg is None else f"{write_number(mg)} mg")
    for when in plot.unmeasured:
        add(when, "Dose", "given", "the amount is not in the record")
    for begin, _, word in plot.phases:
        add(begin, "Phase", word)
    for when, words, help_ in plot.decisions:
        add(when, "Decision", words, help_)
    for when, words, help_ in plot.events:
        add(when, "Event", words, help_)
    return [row for _, row in sorted(found, key=lambda item: item[0])]


def _summary(plot: Plot) -> str:
    said = [f"{plot.title}, {write_date(plot.start)} to {write_date(plot.end)}."]
    for scores in plot.scores:
        points = sorted(scores.points, key=lambda p: _day(p[0]))
        if points:
            said.append(
                f"{scores.name}: {write_number(points[0][1])} at first, "
                f"{write_number(points[-1][1])} on {write_date(points[-1][0])}; "
                f"{len(points)} scores, {len(scores.missing)} not answered."
            )
    given = [mg for _, mg in plot.doses if mg is not None]
    if given:
        said.append(f"{len(given)} doses given, {len(plot.doses) - len(given)} missed.")
    if plot.unmeasured:
        said.append(f"{len(plot.unmeasured)} more given, of an amount not in the record.")
    return " ".join(said)


def draw(plot: Plot) -> SafeString:
    """The figure: SVG with a spoken summary, notes, and the table twin."""
    axis = _Axis(plot)
    top, body = 28.0, []
    if plot.phases:
        body += _label(top + 18, "Phase")
        for place, (begin, end, word) in enumerate(plot.phases):
            x1, x2 = axis.x(begin), axis.x(end or plot.end)
            kind = "phase open" if end is None else "phase first" if place == 0 else "phase"
            body.append(svg.rect(x1, top, x2 - x1 - 1.5, 26, kind))
            if x2 - x1 > len(word) * 6.6 + 10:
                body.append(svg.text(x1 + 7, top + 17, word, "strong"))
        top += 38
    if plot.doses or plot.unmeasured:
        given = [mg for _, mg in plot.doses if mg is not None]
        most = max(given, default=1)
        said = " or ".join(write_number(mg) for mg in sorted(set(given))[:3])
        body += _label(top + 18, "Doses", f"{said} mg" if said else "amounts not known")
        for when in plot.unmeasured:
            body.append(svg.rect(axis.x(when) - 3, top + 10, 6, 32, "to-come"))
        for when, mg in plot.doses:
            high = 40 * (mg if mg is not None else most) / most
            body.append(
                svg.rect(
                    axis.x(when) - 4,
                    top + 42 - high,
                    8,
                    high,
                    "given" if mg is not None else "planned",
                )
            )
        body.append(svg.line(axis.left, top + 42, axis.right, top + 42, "grid"))
        top += 56
    for scores in plot.scores:
        body.append(svg.line(0, top - 4, plot.width, top - 4, "rule"))
        body += _scores(axis, scores, top + 4)
        top += scores.height + 20
    for name, marks in (("Decisions", plot.decisions), ("Events", plot.events)):
        if not marks:
            continue
        body.append(svg.line(0, top - 4, plot.width, top - 4, "rule"))
        body += _label(top + 24, name)
        free = [0.0, 0.0, 0.0]
        for when, words, help_ in sorted(marks, key=lambda m: _day(m[0])):
            x = axis.x(when)
            row = next((r for r in (0, 1, 2) if free[r] <= x - 9), None)
            # No room in any row: the mark stands alone, and the table has its words.
            y = top + 34 * (2 if row is None else row)
            if name == "Decisions":
                shape = f"M{svg.n(x)} {svg.n(y + 10)}l9 9-9 9-9-9z"
                body.append(
                    svg.path(shape, "diamond open" if _day(when) >= _day(plot.now) else "diamond")
                )
                x += 6
            else:
                body.append(svg.line(x, y + 8, x, y + 30, "event-bar"))
            if row is None:
                continue
            body.append(svg.text(x + 8, y + 17, words, "strong"))
            body.append(svg.text(x + 8, y + 31, help_))
            free[row] = x + 8 + 6.0 * max(len(words), len(help_)) + 2
        top += 44 + 34 * sum(1 for end in free[1:] if end)
    bottom = top
    grid = []
    now_x = axis.x(plot.now)
    for day in axis.ticks():
        x = axis.x(day)
        grid.append(svg.line(x, 22, x, bottom, "grid"))
        if abs(x - now_x) > (84 if axis.b - axis.a > 300 else 52):
            grid.append(svg.text(x, 14, axis.write(day), "", "middle"))
    now = [
        svg.line(now_x, 20, now_x, bottom, "now-line"),
        svg.boxed(
            min(now_x, plot.width - 46),
            1,
            axis.write(plot.now),
            kind="now",
            box="now-box",
            anchor="middle",
        ),
    ]
    return format_html(
        '<figure class="plot"><div class="scroll-x" tabindex="0" role="region" '
        'aria-label="{}, drawn">'
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" class="plot-wide">'
        "{}{}{}</svg></div>{}{}</figure>",
        plot.title,
        svg.n(plot.width),
        svg.n(bottom + 6),
        _summary(plot),
        svg.join(grid),
        svg.join(body),
        svg.join(now),
        format_html("<figcaption>{}</figcaption>", " ".join(plot.notes)) if plot.notes else "",
        svg.twin(("Day", "What", "Value", "Note"), _rows(plot), f"{plot.title}, as a table"),
    )


def draw_patient(
    *,
    points: Sequence[tuple[date, float]],
    missing: Sequence[date],
    treatments: Sequence[date],
    high: float,
    few: tuple[float, str] | None,
    step: float,
    title: str = "Your answers",
) -> SafeString:
    """The same scores for the person treated: plain words, no red, gaps said.

    few: the highest score that means few signs and its words; step: distance of the rules.
    """
    if not points:
        return svg.NOTHING
    points = sorted(points)
    days = [d for d, _ in points] + list(treatments) + list(missing)
    plot = Plot(start=min(days), end=max(days), now=max(days), width=350 + RIGHT - 20)
    axis = _Axis(plot)
    axis.left, axis.right, top, tall = 32.0, 340.0, 8.0, 236.0

    def y(value: float) -> float:
        return top + tall * (1 - value / high)

    out = []
    if few:
        out.append(svg.rect(axis.left, y(few[0]), axis.right - axis.left, y(0) - y(few[0]), "few"))
        out.append(svg.text(axis.right - 6, y(0) - 8, few[1], "few-words", "end"))
    value = 0.0
    while value <= high:
        out.append(svg.line(axis.left, y(value), axis.right, y(value), "grid"))
        out.append(svg.text(axis.left - 8, y(value) + 5, write_number(value), "", "end"))
        value += step
    for before, after in itertools.pairwise(points):
        gone = any(_day(before[0]) < _day(d) < _day(after[0]) for d in missing)
        ends = [(axis.x(before[0]), y(before[1])), (axis.x(after[0]), y(after[1]))]
        out.append(svg.polyline(ends, "gap" if gone else "series"))
        if gone:
            out.append(
                svg.text(
                    (ends[0][0] + ends[1][0]) / 2,
                    max(e[1] for e in ends) + 22,
                    "no answer",
                    "",
                    "middle",
                )
            )
    out.extend(svg.circle(axis.x(d), y(v), 5.5, "point open") for d, v in points)
    out.append(
        svg.text(
            axis.x(points[0][0]) + 8,
            y(points[0][1]) - 10,
            f"{write_number(points[0][1])} at the start",
            "strong",
        )
    )
    if len(points) > 1:
        out.append(
            svg.text(
                axis.right,
                y(points[-1][1]) - 13,
                f"{write_number(points[-1][1])} now",
                "strong",
                "end",
            )
        )
    out.extend(svg.rect(axis.x(d) - 1.5, top + tall + 6, 3, 12, "treatment") for d in treatments)
    ticks = axis.ticks()
    for day in ticks[:: max(1, len(ticks) // 3)]:
        out.append(svg.text(max(axis.x(day), 32), top + tall + 36, axis.write(day), "", "middle"))
    rows = [(write_date(d), write_number(v)) for d, v in points] + [
        (write_date(d), "no answer") for d in missing
    ]
    return format_html(
        '<figure class="plot patient-plot"><svg viewBox="0 0 350 290" role="img" '
        'aria-label="{}">{}</svg>'
        '<p class="legend"><span>○ your answers</span><span>▮ a treatment</span></p>{}</figure>',
        f"{title}: {write_number(points[0][1])} at the start, {write_number(points[-1][1])} now. "
        f"{len(missing)} times no answer.",
        svg.join(out),
        svg.twin(("Day", "Your answers"), rows, f"{title}, as a list", "As a list"),
    )
