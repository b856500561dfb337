"""Curves of up to four models as pictures, each with its table twin.

In: an Answer. Out: figures. Every figure is drawn twice, for a wide and for a narrow
screen, so that letters keep their size; one of them is shown. A model has one line
style through all figures, and its letter stands at its line: no meaning hangs on colour.
Curves of venous, arterial and pooled sampling never share a panel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.web.explorer.answers import HELD_MIN, Answer, ModelAnswer, of_kind
from evenkeel.web.explorer.axes import Axes, Box, hour_ticks, points, round_up
from evenkeel.web.explorer.numbers import hours_words, number
from evenkeel.web.explorer.words import SAMPLING, analyte_words, short_name
from evenkeel.web.ui import svg
from evenkeel.web.ui.words import write_number

WIDE, NARROW = 860.0, 330.0
_HIGH = {WIDE: 290.0, NARROW: 216.0}
_LOG_DECADES = 1000.0
_TWIN_TIMES, _TWIN_ENDS = 12, 30
KINDS = {
    "parent": "The drug that is given",
    "norketamine": "Norketamine",
    "hydroxynorketamine": "Hydroxynorketamine",
    "effect": "Effect site",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One curve. x, y: shape (m,). low, high: a band at band_x, or nothing."""

    of: ModelAnswer
    words: str
    x: Floats
    y: Floats
    band_x: Floats | None = None
    low: Floats | None = None
    high: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the figures of one kind share: the axes' ends and words."""

    x_end: float
    y_low: float
    y_high: float
    is_log: bool
    unit: str
    x_ticks: Callable[[float, int], list[tuple[float, str]]]
    answer: Answer | None = None
    level: float = 0.0


def concentration_figures(answer: Answer) -> list[dict[str, object]]:
    """By analyte, then by where blood was taken; all panels of one analyte have one scale."""
    made: list[dict[str, object]] = []
    for kind, title in KINDS.items():
        if kind not in answer.asked.show:
            continue
        having = [each for each in answer.answering if of_kind(each.model, kind)]
        lines = {each.letter: _line(each, of_kind(each.model, kind)) for each in having}
        if not lines:
            made.append({"title": title, "figures": [], "none": _none_words(kind, answer)})
            continue
        frame = _frame(answer, list(lines.values()), kind)
        figures = []
        for sampling in ("venous", "arterial", "mixed"):
            group = [lines[e.letter] for e in having if e.model.sampling == sampling]
            if group:
                figures.append(_figure(frame, group, title, sampling))
        without = [each for each in answer.answering if each not in having]
        made.append({"title": title, "figures": figures, "without": _without_words(kind, without)})
    return made


def _none_words(kind: str, answer: Answer) -> str:
    if not answer.answering:
        return "No model answers."
    if kind == "effect":
        return "None of these models has a published effect site."
    return f"None of these models has {kind}."


def _without_words(kind: str, without: Sequence[ModelAnswer]) -> str:
    if not without:
        return ""
    names = ", ".join(f"{each.letter} ({short_name(each.model)})" for each in without)
    what = "no published effect site" if kind == "effect" else f"no {kind}"
    return f"{names}: {what}."


def _line(of: ModelAnswer, analyte: str) -> Line:
    spread = of.spread
    has_band = spread is not None and analyte in spread.low
    return Line(
        of=of,
        words=analyte_words(analyte),
        x=of.times_h,
        y=of.curves[analyte],
        band_x=spread.times_h if spread is not None and has_band else None,
        low=spread.low[analyte] if spread is not None and has_band else None,
        high=spread.high[analyte] if spread is not None and has_band else None,
    )


def _frame(answer: Answer, lines: list[Line], kind: str) -> Frame:
    tops = [float(each.y.max(initial=0.0)) for each in lines]
    tops += [float(each.high.max(initial=0.0)) for each in lines if each.high is not None]
    level = float(answer.asked.level) if kind in ("parent", "effect") else 0.0
    top = max([*tops, 1.0])
    is_log = answer.asked.scale == "log"
    if is_log:
        high = 10.0 ** np.ceil(np.log10(top))
        low, high = float(high / _LOG_DECADES), float(high)
    else:
        low, high = 0.0, round_up(top * 1.04)
    return Frame(
        x_end=answer.until_h, y_low=low, y_high=high, is_log=is_log, unit="ng/mL",
        x_ticks=hour_ticks, answer=answer, level=level if level <= high else 0.0,
    )  # fmt: skip


def occupancy_figures(answer: Answer) -> list[SafeString]:
    """Middle and band of each model, 0 to 100%, by where blood was taken."""
    lines = [
        Line(
            of=each, words="receptors taken", x=each.times_h, y=100 * each.occupied.middle,
            band_x=each.times_h, low=100 * each.occupied.low, high=100 * each.occupied.high,
        )
        for each in answer.answering
        if each.occupied is not None
    ]  # fmt: skip
    frame = Frame(
        x_end=answer.until_h, y_low=0.0, y_high=100.0, is_log=False, unit="%",
        x_ticks=hour_ticks, answer=answer,
    )  # fmt: skip
    return [
        _figure(frame, group, "NMDA receptors taken", sampling)
        for sampling in SAMPLING
        if (group := [each for each in lines if each.of.model.sampling == sampling])
    ]


def half_time_figures(answer: Answer) -> list[SafeString]:
    """Minutes to half after the plasma was held for a while, by where blood was taken."""
    held = np.array(HELD_MIN, dtype=np.float64) / 60
    lines = [
        Line(of=each, words="minutes to half", x=held, y=60 * np.array(each.half_time_h))
        for each in answer.answering
        if each.half_time_h
    ]
    if not lines:
        return []
    top = round_up(max(float(each.y.max()) for each in lines) * 1.04)
    frame = Frame(
        x_end=float(held[-1]), y_low=0.0, y_high=top, is_log=False, unit="min", x_ticks=hour_ticks
    )
    return [
        _figure(frame, group, "Context-sensitive half-time", sampling)
        for sampling in SAMPLING
        if (group := [each for each in lines if each.of.model.sampling == sampling])
    ]


def _figure(frame: Frame, lines: list[Line], what: str, sampling: str) -> SafeString:
    title = f"{what}, {SAMPLING[sampling]}"
    said = f"{title}. " + " ".join(
        f"{each.of.letter}, {short_name(each.of.model)}, {each.words}: highest "
        f"{number(float(each.y.max()))} {frame.unit} at {_when(each)}."
        for each in lines
    )
    return format_html(
        '<figure class="plot model-plot"><figcaption class="plot-title">{}</figcaption>{}{}{}'
        "{}</figure>",
        SAMPLING[sampling].capitalize(),
        svg.join(_key(each) for each in lines),
        _drawing(frame, lines, WIDE, said),
        _drawing(frame, lines, NARROW, said),
        _twin(frame, lines, title),
    )


def _when(line: Line) -> str:
    return hours_words(float(line.x[int(np.argmax(line.y))]))


def _key(line: Line) -> SafeString:
    place = line.of.place + 1
    return format_html(
        '<span class="plot-key"><svg viewBox="0 0 34 12" width="34" height="12" '
        'aria-hidden="true" focusable="false">{}</svg><b>{}</b> {}, {}</span>',
        svg.line(1, 6, 33, 6, f"curve curve-{place}"),
        line.of.letter,
        short_name(line.of.model),
        line.words,
    )


def _drawing(frame: Frame, lines: list[Line], width: float, said: str) -> SafeString:
    high = _HIGH[width]
    is_wide = width == WIDE
    has_doses = frame.answer is not None
    foot = 60.0 if has_doses else 34.0
    box = Box(left=44.0, right=width - 20.0, top=26.0, bottom=high)
    axes = Axes(
        box=box, x_end=frame.x_end, y_low=frame.y_low, y_high=frame.y_high, is_log=frame.is_log
    )
    parts: list[SafeString] = []
    for value in axes.y_ticks():
        at = axes.y(value)
        parts.append(svg.line(box.left, at, box.right, at, "grid"))
        parts.append(svg.text(box.left - 7, at + 4, write_number(f"{value:g}"), "", "end"))
    parts.append(svg.text(0, 11, frame.unit, "unit"))
    for value, words in frame.x_ticks(frame.x_end, 10 if is_wide else 4):
        at = axes.x(value)
        parts.append(svg.line(at, box.bottom, at, box.bottom + 4, "tick-mark"))
        parts.append(svg.text(at, box.bottom + 18, words, "", "middle"))
    if frame.level:
        at = axes.y(frame.level)
        parts.append(svg.line(box.left, at, box.right, at, "definition"))
    for line in lines:
        if line.band_x is not None and line.low is not None and line.high is not None:
            upper = points(axes, line.band_x, line.high)
            lower = points(axes, line.band_x, line.low)[::-1]
            d = "M" + "L".join(f"{svg.n(x)} {svg.n(y)}" for x, y in upper + lower) + "Z"
            parts.append(svg.path(d, f"spread spread-{line.of.place + 1}"))
    for line in lines:
        for part in _above_floor(axes, line.y):
            drawn = points(axes, line.x[part], line.y[part])
            parts.append(svg.polyline(drawn, f"curve curve-{line.of.place + 1}"))
    if frame.level:
        # Above the curves, of which one may stand where the words are.
        words = f"{write_number(frame.level)} {frame.unit}"
        parts.append(svg.text(box.right - 4, axes.y(frame.level) - 5, words, "limit-words", "end"))
    parts += _letters(axes, lines)
    parts.append(svg.line(box.left, box.bottom, box.right, box.bottom, "axis"))
    if frame.answer is not None:
        parts += _doses(frame.answer, axes, box.bottom + 30, is_wide)
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        "for-wide" if is_wide else "for-narrow",
        svg.n(width),
        svg.n(high + foot),
        said,
        svg.join(parts),
    )


def _above_floor(axes: Axes, y: Floats) -> list[slice]:
    """Where a curve is on the axis: a logarithmic one has a floor, and nothing lies along it."""
    if not axes.is_log:
        return [slice(0, y.size)]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (y >= axes.y_low).astype(int), [0]])))
    # One point more at each end, which stands on the floor, so that a curve rises from it.
    return [
        slice(max(int(begin) - 1, 0), min(int(end) + 1, y.size))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def _letters(axes: Axes, lines: list[Line]) -> Iterable[SafeString]:
    """Each line's letter at its end, moved apart where ends meet."""
    ends = sorted(
        ((axes.y(float(each.y[-1])), each.of.letter) for each in lines), key=lambda e: e[0]
    )
    least = axes.box.top
    low = axes.box.bottom - 13.0 * (len(ends) - 1)
    for place, (at, letter) in enumerate(ends):
        put = max(min(at + 4, low + 13.0 * place + 4), least + 4)
        least = put + 9
        yield svg.text(axes.box.right + 6, put, letter, "strong")


def _doses(answer: Answer, axes: Axes, top: float, is_wide: bool) -> list[SafeString]:
    """Doses as bars as long as they last, with their amounts where there is room."""
    parts: list[SafeString] = [svg.text(axes.box.left - 7, top + 15, "dose", "", "end")]
    said_to = -1e9
    for dose in answer.doses:
        begin = axes.x(dose.time_h)
        end = axes.x(dose.time_h + dose.duration_h)
        parts.append(svg.rect(begin - (0 if dose.duration_h else 1.5), top, max(end - begin, 3),
                              10, "given"))  # fmt: skip
        words = f"{number(dose.amount_mg)} mg"
        wide = 6.6 * len(words)
        at = min(begin, axes.box.right - wide)
        if at > said_to + 6:
            parts.append(svg.text(at, top + 24, words))
            said_to = at + wide
    return parts


def _twin(frame: Frame, lines: list[Line], title: str) -> SafeString:
    shown = np.linspace(0.0, frame.x_end, _TWIN_TIMES + 1)
    if frame.answer is not None:
        # Even times of a course of weeks would all lie where nothing is left.
        ends = [each.time_h + each.duration_h for each in frame.answer.doses if each.duration_h]
        shown = np.unique([*shown, *(end for end in ends[:_TWIN_ENDS] if end <= frame.x_end)])
    heads = ["Time"]
    for line in lines:
        heads.append(f"{line.of.letter}, {frame.unit}")
        if line.low is not None:
            heads.append(f"{line.of.letter}, {'90% band' if frame.unit == 'ng/mL' else 'band'}")
    rows = []
    for at in shown:
        row: list[object] = [hours_words(float(at))]
        for line in lines:
            row.append(number(float(np.interp(at, line.x, line.y))))
            if line.band_x is not None and line.low is not None and line.high is not None:
                low = float(np.interp(at, line.band_x, line.low))
                top = float(np.interp(at, line.band_x, line.high))
                row.append(f"{number(low)} to {number(top)}")
        rows.append(row)
    return svg.twin(heads, rows, title)
