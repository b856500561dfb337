"""A scheme as pictures and tables: concentrations beside their targets, the rate below.

In: an Aimed. Out: one figure, drawn for a wide and for a narrow screen, with its table twin.
No meaning hangs on colour: plasma is a whole line, the effect site a dashed one, targets steps.
"""

from __future__ import annotations

import math

import numpy as np
from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.core.pharmacology.profiles.aims import Aimed, clock, minutes
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.web.explorer.axes import Axes, Box, hour_ticks, points, round_up
from evenkeel.web.explorer.drawing import NARROW, WIDE
from evenkeel.web.explorer.numbers import number
from evenkeel.web.ui import svg
from evenkeel.web.ui.words import write_number

_HIGH, _RATE_HIGH = {WIDE: 270.0, NARROW: 216.0}, 92.0
_GAP = 40.0
MOST_ROWS = 40
_TWIN_TIMES = 12


def figure(aimed: Aimed) -> SafeString:
    """Concentrations, targets and rates on one axis of time."""
    lines = [("1", "plasma")] + [("3", "effect site")] * aimed.has_effect
    keys = [
        format_html(
            '<span class="plot-key"><svg viewBox="0 0 34 12" width="34" height="12" '
            'aria-hidden="true" focusable="false">{}</svg>{}</span>',
            svg.line(1, 6, 33, 6, kind),
            words,
        )
        for kind, words in [(f"curve curve-{k}", words) for k, words in lines]
        + [("aimed", f"target in {'plasma' if aimed.site == 'plasma' else 'the effect site'}")]
    ]
    said = _said(aimed)
    return format_html(
        '<figure class="plot model-plot">{}{}{}{}</figure>',
        svg.join(keys),
        _drawing(aimed, WIDE, said),
        _drawing(aimed, NARROW, said),
        _twin(aimed),
    )


def _said(aimed: Aimed) -> str:
    told = [
        f"{number(each.target.ng_per_ml)} ng/mL from {minutes(each.target.from_h)}"
        for each in aimed.aims
    ]
    sites = [f"Plasma: highest {number(float(aimed.plasma.max()))} ng/mL."]
    if aimed.has_effect:
        sites.append(f"Effect site: highest {number(float(aimed.effect.max()))} ng/mL.")
    highest = number(float(aimed.made.ml_per_h.max()))
    return (
        f"Targets: {', '.join(told)}; the pump stops at {minutes(aimed.stop_h)}. "
        f"{' '.join(sites)} Rate: highest {highest} mL/h."
    )


def _drawing(aimed: Aimed, width: float, said: str) -> SafeString:
    is_wide = width == WIDE
    end = float(aimed.times_h[-1])
    left, right = 44.0, width - 24.0
    above = Axes(box=Box(left=left, right=right, top=26.0, bottom=_HIGH[width]), x_end=end,
                 y_low=0.0, y_high=_top(aimed))  # fmt: skip
    top = _HIGH[width] + _GAP
    most = round_up(max(float(aimed.made.ml_per_h.max()), 1e-3) * 1.02)
    below = Axes(box=Box(left=left, right=right, top=top, bottom=top + _RATE_HIGH), x_end=end,
                 y_low=0.0, y_high=most)  # fmt: skip
    parts = [*_frame(above, "ng/mL", 5), *_frame(below, "mL/h", 2)]
    for value, words in hour_ticks(end, 10 if is_wide else 4):
        at = below.x(value)
        parts.append(svg.line(at, above.box.bottom, at, above.box.bottom + 4, "tick-mark"))
        parts.append(svg.line(at, below.box.bottom, at, below.box.bottom + 4, "tick-mark"))
        parts.append(svg.text(at, below.box.bottom + 18, words, "", "middle"))
    stop = above.x(aimed.stop_h)
    parts.append(svg.line(stop, above.box.top, stop, below.box.bottom, "limit lower"))
    parts.append(svg.text(stop + 5, above.box.top + 10, "stop"))
    parts += _targets(aimed, above)
    parts += _curve(above, aimed.times_h, aimed.plasma, "1")
    if aimed.has_effect:
        parts += _curve(above, aimed.times_h, aimed.effect, "3")
    parts += _rates(aimed, below, is_wide)
    for axes in (above, below):
        box = axes.box
        parts.append(svg.line(box.left, box.bottom, box.right, box.bottom, "axis"))
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        "for-wide" if is_wide else "for-narrow", svg.n(width), svg.n(below.box.bottom + 26), said,
        svg.join(parts),
    )  # fmt: skip


def _top(aimed: Aimed) -> float:
    tops = [float(aimed.plasma.max()), *(each.target.ng_per_ml for each in aimed.aims)]
    if aimed.has_effect:
        tops.append(float(aimed.effect.max()))
    return round_up(max(*tops, 1.0) * 1.04)


def _frame(axes: Axes, unit: str, most: int) -> list[SafeString]:
    box = axes.box
    ticks = axes.y_ticks()
    if len(ticks) > most + 2:
        ticks = [ticks[0], ticks[-1]]
    parts = [svg.text(0, box.top - 12, unit, "unit")]
    for value in ticks:
        at = axes.y(value)
        parts.append(svg.line(box.left, at, box.right, at, "grid"))
        parts.append(svg.text(box.left - 7, at + 4, write_number(f"{value:g}"), "", "end"))
    return parts


def _targets(aimed: Aimed, axes: Axes) -> list[SafeString]:
    steps: list[tuple[float, float]] = []
    parts = []
    for each in aimed.aims:
        y = axes.y(each.target.ng_per_ml)
        x, until = axes.x(each.target.from_h), axes.x(each.until_h)
        steps += [(x, y), (until, y)]
        words = number(each.target.ng_per_ml)
        if until - x > 7.0 * len(words):
            parts.append(svg.text(until - 4, y - 6, words, "limit-words", "end"))
    if aimed.pump.most_ng_per_ml <= axes.y_high:
        at = axes.y(aimed.pump.most_ng_per_ml)
        parts.append(svg.line(axes.box.left, at, axes.box.right, at, "limit"))
        parts.append(svg.text(axes.box.right, at - 5, "nothing beyond", "limit-words", "end"))
    return [svg.polyline(steps, "aimed"), *parts]


def _curve(axes: Axes, x: Floats, y: Floats, kind: str) -> list[SafeString]:
    return [svg.polyline(points(axes, x, y), f"curve curve-{kind}")]


def _rates(aimed: Aimed, axes: Axes, is_wide: bool) -> list[SafeString]:
    """Bars as long as a setting lasts, and a mark for each bolus."""
    parts = []
    box = axes.box
    outline: list[tuple[float, float]] = []
    for each in aimed.settings:
        y = axes.y(each.ml_per_h)
        outline += [(axes.x(each.from_h), y), (axes.x(each.until_h), y)]
    if outline:
        foot = [(outline[-1][0], box.bottom), (outline[0][0], box.bottom)]
        d = "M" + "L".join(f"{svg.n(a)} {svg.n(b)}" for a, b in [*outline, *foot]) + "Z"
        parts.append(svg.path(d, "rate-area"))
    said_to = -1e9
    for each in aimed.settings:
        if not each.bolus_mg:
            continue
        at = axes.x(each.from_h)
        parts.append(svg.path(f"M{svg.n(at)} {svg.n(box.top)}l5 -9h-10z", "given"))
        parts.append(svg.line(at, box.top, at, box.bottom, "bolus-stem"))
        words = f"{number(each.bolus_mg)} mg{' at once' if is_wide else ''}"
        if at > said_to:
            parts.append(svg.text(at + 8, box.top - 2, words))
            said_to = at + 12 + 6.6 * len(words)
    return parts


def _twin(aimed: Aimed) -> SafeString:
    heads = ["Time", "Plasma, ng/mL", *(["Effect site, ng/mL"] * aimed.has_effect)]
    rows = []
    for at in np.linspace(0.0, float(aimed.times_h[-1]), _TWIN_TIMES + 1).tolist():
        row = [minutes(at), number(float(np.interp(at, aimed.times_h, aimed.plasma)))]
        if aimed.has_effect:
            row.append(number(float(np.interp(at, aimed.times_h, aimed.effect))))
        rows.append(row)
    return svg.twin(heads, rows, "Concentrations through the scheme and after it")


def setting_rows(aimed: Aimed) -> list[dict[str, str]]:
    """The first settings as lines of a table."""
    syringe = aimed.pump.mg_per_ml
    return [
        {
            "at": clock(each.from_h),
            "bolus": f"{number(each.bolus_mg)} mg ({number(each.bolus_mg / syringe)} mL)"
            if each.bolus_mg
            else "",
            "ml": write_number(f"{each.ml_per_h:.6g}"),
            "mg": write_number(f"{each.mg_per_h:.6g}"),
            "plasma": number(each.plasma),
            "effect": "" if math.isnan(each.effect) else number(each.effect),
        }
        for each in aimed.settings[:MOST_ROWS]
    ]


def fall_rows(aimed: Aimed) -> list[dict[str, str]]:
    """How fast each site falls after the stop."""
    return [
        {
            "site": "Plasma" if each.site == "plasma" else "Effect site",
            "share": "by half" if each.share == 0.5 else f"by {100 * each.share:g}%",
            "after": minutes(each.after_h),
            "plateau": minutes(each.after_plateau_h),
        }
        for each in aimed.falls
    ]
