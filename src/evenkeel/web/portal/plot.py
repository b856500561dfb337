"""The picture of a person's own scores: answered, not answered, and treatments.

In: scores and times. Out: numbers for an SVG of 350 by 300 units; the template
draws them. Two answers with none missed between them are joined by a solid line,
across a gap by a dotted one, because nobody knows what lay there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evenkeel.web.records.selectors.scores import OwnCourse, OwnScore
from evenkeel.web.ui import words

LEFT, RIGHT, TOP, BOTTOM = 30.0, 344.0, 16.0, 252.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Everything the template needs; x and y in units of the picture."""

    points: list[dict[str, object]]
    solid: list[tuple[float, float, float, float]]
    dotted: list[tuple[float, float, float, float]]
    gaps: list[dict[str, object]]
    doses: list[float]
    lines: list[dict[str, object]]
    days: list[dict[str, object]]
    few: dict[str, float] | None
    summary: str


def draw(course: OwnCourse) -> Plot | None:
    """The plot of a course, or None when there is no score to draw."""
    known = [one for one in course.scores if one.total is not None]
    if not known:
        return None
    times = [one.at for one in course.scores] + course.treated_at
    first, last = min(times), max(times)
    span = max((last - first).total_seconds(), 86400.0)
    top = float(course.scale.highest)

    def x(at: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * (at - first).total_seconds() / span, 1)

    def y(total: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * total / top, 1)

    solid, dotted = _joined(course.scores, x, y)
    few = course.scale.bands[0] if course.scale.bands else None
    return Plot(
        points=[{"x": x(o.at), "y": y(o.total or 0), "total": o.total} for o in known],
        solid=solid,
        dotted=dotted,
        gaps=[{"x": x(o.at), "why": o.why} for o in course.scores if o.total is None],
        doses=[x(at) for at in course.treated_at],
        lines=[{"y": y(v), "value": v} for v in (0, 9, 18, 27) if v <= top],
        days=_days(first, last, x),
        few={"y": y(few.highest + 0.5), "height": round(BOTTOM - y(few.highest + 0.5), 1)}
        if few
        else None,
        summary=summary(known, course),
    )


def _joined(scores: list[OwnScore], x, y):  # type: ignore[no-untyped-def]
    solid, dotted = [], []
    before: OwnScore | None = None
    gap = False
    for one in scores:
        if one.total is None:
            gap = True
            continue
        if before is not None:
            line = (x(before.at), y(before.total), x(one.at), y(one.total))
            (dotted if gap else solid).append(line)
        before, gap = one, False
    return solid, dotted


def _days(first: datetime, last: datetime, x) -> list[dict[str, object]]:  # type: ignore[no-untyped-def]
    if (last - first).days < 2:
        return [{"x": x(first), "words": words.write_date(first, year=False), "anchor": "start"}]
    middle = first + (last - first) / 2
    places = ((first, "start"), (middle, "middle"), (last, "end"))
    return [
        {"x": x(at), "words": words.write_date(at, year=False), "anchor": anchor}
        for at, anchor in places
    ]


def summary(known: list[OwnScore], course: OwnCourse) -> str:
    """The picture in one sentence."""
    start, now = known[0], known[-1]
    if len(known) == 1:
        return f"You answered once: {start.total}"
    return f"Your answers went from {start.total} to {now.total} in {_length(start.at, now.at)}"


def _length(start: datetime, end: datetime) -> str:
    days = (end - start).days
    if days < 14:
        return f"{max(days, 1)} day{'s' if days > 1 else ''}"
    return f"{days // 7} weeks"
