"""A picture of concentrations over time, as SVG text.

In: curves with or without a band, doses as marks, words. Out: one SVG that stands by
itself: a panel for each unit, curves told apart by their dashes and by the name at
their end, doses marked below the axis. Nothing here knows a model or a file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from evenkeel.core.pharmacology.systems.linear import Floats

FAMILY = "IBM Plex Sans"
WIDTH, LEFT, RIGHT, PANEL, GAP = 960, 66, 210, 300, 46
_TOP, _LINE = 34, 16
# Okabe and Ito's colours, dark enough on white; the dashes say the same without colour.
_STYLES = (
    ("#0072b2", ""),
    ("#c44e00", "9 4"),
    ("#00734f", "2 3"),
    ("#9b3f78", "12 3 2 3"),
    ("#333333", "5 2"),
    ("#7a5b00", "1 4"),
)
_COLUMNS = 2 * (WIDTH - LEFT - RIGHT)  # finer than this no eye and no screen sees
_HOURS = (1 / 60, 1 / 12, 1 / 6, 0.25, 0.5, 1, 2, 3, 4, 6, 12, 24, 48, 72, 168, 336, 672)
_SHORT_H = 2.0
_LETTER = 6.1  # mean width of a letter of 12 px, for breaking lines
_MOST_MARKS = 400
_NEAR = 12.0  # px: doses of one kind that are nearer than this share their words


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """values, low, high: shape (m,). note: said below the name at the curve's end.

    edges: from and to, each shape (m,), of what is not known of a line; shaded darker.
    """

    name: str
    values: Floats
    low: Floats | None = None
    high: Floats | None = None
    edges: Sequence[tuple[Floats, Floats]] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Curves of one unit. top: where the axis ends, None = where the values do."""

    unit: str
    curves: Sequence[Curve]
    top: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something given from a moment until another (the same one: at once)."""

    time_h: float
    until_h: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """times_h: shape (m,), ascending. head: lines below the title; foot: paragraphs."""

    title: str
    head: Sequence[str]
    times_h: Floats
    panels: Sequence[Panel]
    marks: Sequence[Mark]
    foot: Sequence[str]


def svg(picture: Picture) -> str:
    """The picture as text; the same for the same picture."""
    head = [line for each in picture.head for line in _broken(each, WIDTH - 2 * 24)]
    foot = [line for each in picture.foot for line in _broken(each, WIDTH - 2 * 24)]
    top = _TOP + 8 + _LINE * len(head) + 42
    span = _span(picture.times_h)
    inner: list[str] = []
    y = float(top)
    for panel in picture.panels:
        inner += _panel(picture, panel, span, y)
        y += PANEL + GAP
    y -= GAP
    inner += _hours(span, y)
    y += 30
    if picture.marks:
        inner += _marks(picture.marks, span, y)
        y += 44
    y += 26
    told = [
        f'<text x="24" y="{y + _LINE * n:g}" class="s">{escape(line)}</text>'
        for n, line in enumerate(foot)
    ]
    height = y + _LINE * len(foot) + 8
    words = [
        f'<text x="24" y="{_TOP + 8 + _LINE * (n + 1):g}" class="m">{escape(line)}</text>'
        for n, line in enumerate(head)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
            f'width="{WIDTH}" height="{height:g}" role="img" aria-label={quoteattr(picture.title)} '
            f'font-family="\'{FAMILY}\', Helvetica, Arial, sans-serif" font-size="12">',
            f"<title>{escape(picture.title)}</title>",
            f"<desc>{escape(' '.join([*picture.head, *picture.foot]))}</desc>",
            "<style>.s{fill:#444;font-size:11px}.m{fill:#333}.a{fill:#444;font-size:12px}</style>",
            f'<rect width="{WIDTH}" height="{height:g}" fill="#ffffff"/>',
            f'<text x="24" y="{_TOP}" font-size="{_size(picture.title):g}" font-weight="600" '
            f'fill="#111">{escape(picture.title)}</text>',
            *words,
            *inner,
            *told,
            "</svg>\n",
        ]
    )


def _size(title: str) -> float:
    """18, or as small as a long title needs."""
    return min(18.0, math.floor(18.0 * 96.0 / max(1, len(title))))


def _span(times: Floats) -> tuple[float, float]:
    first, last = float(times[0]), float(times[-1])
    return (first, last) if last > first else (first - 0.5, first + 0.5)


def _x(time: float, span: tuple[float, float]) -> float:
    return LEFT + (time - span[0]) / (span[1] - span[0]) * (WIDTH - LEFT - RIGHT)


def _panel(picture: Picture, panel: Panel, span: tuple[float, float], y: float) -> Iterator[str]:
    highest = panel.top or max(
        float(np.max(line))
        for each in panel.curves
        for line in (
            each.values if each.high is None else each.high, *(high for _, high in each.edges)
        )
    )  # fmt: skip
    step = _nice(highest / 5.0 if highest > 0 else 0.2)
    count = max(1, math.ceil(highest / step - 1e-9)) if highest > 0 else 1
    top = panel.top or step * count

    def up(value: float) -> float:
        return y + PANEL * (1.0 - value / top)

    yield f'<text x="24" y="{y - 12:g}" class="a">{escape(panel.unit)}</text>'
    right = WIDTH - RIGHT
    for k in range(round(top / step) + 1):
        at, line = up(k * step), "#888" if k == 0 else "#e2e2e2"
        yield f'<path d="M{LEFT} {at:.1f}H{right}" stroke="{line}"/>'
        yield (
            f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end" class="a">'
            f"{k * step:.10g}</text>"
        )
    for tick in _ticks(span):
        yield f'<path d="M{_x(tick, span):.1f} {y:g}v{PANEL}" stroke="#f0f0f0"/>'
    for place, curve in enumerate(panel.curves):
        colour, _ = _STYLES[place % len(_STYLES)]
        if curve.low is not None and curve.high is not None:
            yield from _band(picture.times_h, curve.low, curve.high, span, up, colour)
        for low, high in curve.edges:
            yield from _band(picture.times_h, low, high, span, up, colour, shade=0.22, lined=False)
    for place, curve in enumerate(panel.curves):
        colour, dashes = _STYLES[place % len(_STYLES)]
        points = _thinned(picture.times_h, curve.values)
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        if len(points) == 1:
            x, value = points[0]
            yield f'<circle cx="{_x(x, span):.1f}" cy="{up(value):.1f}" r="3" fill="{colour}"/>'
        path = " ".join(f"{_x(x, span):.1f},{up(value):.1f}" for x, value in points)
        yield (
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash} '
            'stroke-linejoin="round"/>'
        )
    yield from _names(panel.curves, y, up)


def _band(
    times: Floats,
    low: Floats,
    high: Floats,
    span: tuple[float, float],
    up: object,
    colour: str,
    shade: float = 0.13,
    lined: bool = True,
) -> Iterator[str]:
    assert callable(up)
    above = [(_x(x, span), up(value)) for x, value in _thinned(times, high)]
    below = [(_x(x, span), up(value)) for x, value in _thinned(times, low)]
    path = " ".join(f"{x:.1f},{value:.1f}" for x, value in [*above, *reversed(below)])
    yield f'<polygon points="{path}" fill="{colour}" fill-opacity="{shade:g}"/>'
    for edge in (above, below) if lined else ():
        path = " ".join(f"{x:.1f},{value:.1f}" for x, value in edge)
        yield (
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-opacity="0.55" '
            'stroke-width="0.8"/>'
        )


def _names(curves: Sequence[Curve], y: float, up: object) -> Iterator[str]:
    """A name beside the end of each curve, moved apart where ends are near each other."""
    assert callable(up)
    tall = [34.0 if each.note else 20.0 for each in curves]
    order = sorted(range(len(curves)), key=lambda place: -float(curves[place].values[-1]))
    ends: list[float] = []
    floor = y
    for place in order:
        ends.append(max(up(float(curves[place].values[-1])), floor))
        floor = ends[-1] + tall[place]
    # Those that no longer fit above the axis push the others up.
    ceiling = y + PANEL + 14.0
    for number in range(len(order) - 1, -1, -1):
        ends[number] = min(ends[number], ceiling - tall[order[number]])
        ceiling = ends[number]
    x = WIDTH - RIGHT + 10
    for place, at in zip(order, ends, strict=True):
        colour, dashes = _STYLES[place % len(_STYLES)]
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        curve = curves[place]
        yield (
            f'<path d="M{x} {at:.1f}h34" stroke="{colour}" stroke-width="2"{dash} fill="none"/>'
            f'<text x="{x + 40}" y="{at + 4:.1f}" fill="{colour}" font-weight="600">'
            f"{escape(curve.name)}</text>"
        )
        if curve.note:
            yield f'<text x="{x + 40}" y="{at + 18:.1f}" class="s">{escape(curve.note)}</text>'


def _hours(span: tuple[float, float], y: float) -> Iterator[str]:
    """The axis of time; a short one in minutes, of which nobody has to think in fractions."""
    in_minutes = span[1] - span[0] <= _SHORT_H
    for tick in _ticks(span):
        x, shown = _x(tick, span), tick * 60 if in_minutes else tick
        yield f'<path d="M{x:.1f} {y:g}v5" stroke="#888"/>'
        yield f'<text x="{x:.1f}" y="{y + 19:g}" text-anchor="middle" class="a">{shown:.4g}</text>'
    unit = "minutes" if in_minutes else "hours"
    yield f'<text x="{WIDTH - RIGHT + 24}" y="{y + 19:g}" class="a">{unit}</text>'


def _marks(marks: Sequence[Mark], span: tuple[float, float], y: float) -> Iterator[str]:
    """A triangle for what is given at once, a bar for what takes time; words where they fit."""
    shown = [each for each in marks if span[0] <= each.time_h <= span[1]]
    if len(shown) > _MOST_MARKS:
        shown = [shown[k * len(shown) // _MOST_MARKS] for k in range(_MOST_MARKS)]
    yield f'<text x="{WIDTH - RIGHT + 24}" y="{y + 12:g}" class="a">doses</text>'
    groups: list[tuple[float, str, int]] = []
    for each in shown:
        x = _x(each.time_h, span)
        width = _x(min(each.until_h, span[1]), span) - x
        if width >= 3.0:
            yield f'<rect x="{x:.1f}" y="{y + 3:g}" width="{width:.1f}" height="8" fill="#333"/>'
        else:
            yield f'<path d="M{x:.1f} {y:g}l5 11h-10z" fill="#333"/>'
        if groups and groups[-1][1] == each.words and x - groups[-1][0] < _NEAR * groups[-1][2]:
            groups[-1] = (groups[-1][0], each.words, groups[-1][2] + 1)
        else:
            groups.append((x, each.words, 1))
    free = -math.inf
    for x, words, count in groups:
        told = words if count == 1 else f"{count} × {words}"
        at = max(LEFT - 5.0, min(x - 5.0, WIDTH - RIGHT - len(told) * _LETTER))
        if told and at >= free:
            yield f'<text x="{at:.1f}" y="{y + 27:g}" class="s">{escape(told)}</text>'
            free = at + len(told) * _LETTER + 8.0


def _ticks(span: tuple[float, float]) -> list[float]:
    whole = span[1] - span[0]
    step = next((each for each in _HOURS if whole / each <= 12), _nice(whole / 8.0))
    first = math.ceil(span[0] / step - 1e-9)
    last = math.floor(span[1] / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def _nice(step: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(each * power for each in (1.0, 2.0, 2.5, 5.0, 10.0) if each * power >= 0.999 * step)


def _thinned(times: Floats, values: Floats) -> list[tuple[float, float]]:
    """Points of a curve; of very many, the lowest and the highest of each narrow column."""
    if times.size <= 2 * _COLUMNS:
        return list(zip(times.tolist(), values.tolist(), strict=True))
    edges = np.unique(np.linspace(0, times.size, _COLUMNS + 1).astype(int))
    places: list[int] = [0]
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = values[first:last]
        both = {first + int(np.argmin(part)), first + int(np.argmax(part))}
        places += sorted(both)
    places.append(times.size - 1)
    return [(float(times[place]), float(values[place])) for place in places]


def _broken(text: str, width: float) -> list[str]:
    """Lines that fit, broken between words."""
    most = int(width / (_LETTER * 0.93))
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
