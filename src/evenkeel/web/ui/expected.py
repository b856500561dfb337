"""What a model expects, drawn so that nobody takes it for a measurement.

In: plain values (points of line and band, ng/mL). Out: a strip below a flowsheet, or a
figure of its own for a plan. Dashed on a tint, labelled in the drawing itself, never a
big number, never in the table of what was written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.web.ui import svg
from evenkeel.web.ui.words import write_number

TALL = 66.0  # of the strip, with its margins
LEGEND = format_html("<span>{}</span>", "dashed on grey: expected by a model, not measured")
_WIDTH, _LEFT, _RIGHT, _TALL = 640.0, 102.0, 620.0, 150.0
_STEPS = (10, 20, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800)

# x on the paper, the line, the ends of the band or None
Point = tuple[float, float, float | None, float | None]


def ceiling(values: Sequence[float]) -> float:
    """A round number above all of them, so that the axis is not that of one curve."""
    most = max(values, default=0.0)
    factor = 1
    while most > _STEPS[-1] * factor:
        factor *= 10
    return float(next(step * factor for step in _STEPS if most <= step * factor))


def strip(
    model: dict[str, Any],
    points: Sequence[Point],
    *,
    top: float,
    left: float,
    right: float,
    tall: float = TALL,
) -> list[SafeString]:
    """The strip of ``tall`` units from ``top`` on; its scale is that of the whole curve."""
    foot, head = top + tall - 6, top + 12
    out = [
        svg.line(0, top, right, top, "rule"),
        svg.rect(left, top + 4, right - left, tall - 8, "model-ground"),
        svg.text(0, top + 19, "By a model", "strong"),
        svg.text(0, top + 35, "expected ng/mL"),
        svg.text(0, top + 51, "not measured", "strong"),
    ]
    if model["waiting"]:
        return [*out, svg.text(left + 8, top + 44, "being worked out")]
    most = ceiling([each["high"] or each["line"] for each in model["points"]])

    def y(value: float) -> float:
        return foot - (foot - head) * value / most

    for value in (most / 2, most):
        out.append(svg.line(left, y(value), right, y(value), "dots"))
        out.append(svg.text(right - 2, y(value) + 4, write_number(value), "model-words", "end"))
    return [*out, *_curve(points, y)]


def _curve(points: Sequence[Point], y: Any) -> list[SafeString]:
    upper = [(x, y(high)) for x, _, _, high in points if high is not None]
    lower = [(x, y(low)) for x, _, low, _ in points if low is not None]
    out: list[SafeString] = []
    if len(upper) > 1:
        around = "L".join(f"{svg.n(a)} {svg.n(b)}" for a, b in [*upper, *reversed(lower)])
        out += [
            svg.path(f"M{around}Z", "model-band"),
            svg.polyline(upper, "model-edge"),
            svg.polyline(lower, "model-edge"),
        ]
    out.append(svg.polyline([(x, y(line)) for x, line, _, _ in points], "model-line"))
    return out


def summary(model: dict[str, Any]) -> str:
    """What a drawing says of the strip to those who do not see it."""
    if model["waiting"]:
        return "What a model expects is being worked out."
    peak = max(each["line"] for each in model["points"])
    return (
        f"Below, by a model and not measured: expected {model['name']}, "
        f"at most about {write_number(round(peak))} ng/mL."
    )


def draw_plan(model: dict[str, Any], doses: Sequence[tuple[float, float]]) -> SafeString:
    """A figure of a plan: minutes after the start across, the dose above, the strip below.

    model: as in a flowsheet document, its points with ``minute`` in place of ``at``.
    doses: minutes from and to of each part; a device has no length.
    """
    last = max((each["minute"] for each in model["points"]), default=60.0)

    def x(minute: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * minute / last

    top = 64.0
    body: list[SafeString] = []
    for minute in range(0, int(last) + 1, 30):
        body.append(svg.line(x(minute), 20, x(minute), top + _TALL, "grid"))
        words = f"{minute} min" if minute == 0 else str(minute)
        body.append(svg.text(x(minute), 14, words, "", "middle"))
    body.append(svg.text(0, 44, "Dose, planned", "strong"))
    body += [
        svg.rect(x(start), 26, max(x(end) - x(start), 6), 28, "planned") for start, end in doses
    ]
    points = [(x(p["minute"]), p["line"], p["low"], p["high"]) for p in model["points"]]
    body += strip(model, points, top=top, left=_LEFT, right=_RIGHT, tall=_TALL)
    return format_html(
        '<figure class="plot"><div class="scroll-x" tabindex="0" role="region" '
        'aria-label="Expected concentration, drawn"><svg viewBox="0 0 {} {}" role="img" '
        'aria-label="{}" class="plan-model">{}</svg></div></figure>',
        svg.n(_WIDTH),
        svg.n(top + _TALL),
        summary(model),
        svg.join(body),
    )
