"""Small server-drawn SVG parts: phase track, day boxes, balance bar, dose scale, sparkline.

Geometry stands in SVG attributes, never in style, so that a strict
Content-Security-Policy holds. Each returns safe markup; words beside it say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from evenkeel.web.ui import svg
from evenkeel.web.ui.icons import draw_icon
from evenkeel.web.ui.words import write_number


def phase_track(
    parts: Sequence[tuple[float, float]], notches: Sequence[float] | None = None
) -> SafeString:
    """Phases as bars. parts: (share of the width, done from 0 to 1); notches: 0 to 1."""
    total = sum(width for width, _ in parts) or 1
    gap, x, bars = 0.7, 0.0, []
    for width, done in parts:
        whole = max(100 * width / total - gap, 0.5)
        filled = whole * min(max(done, 0), 1)
        bars.append(("todo", x, whole))
        if filled:
            bars.append(("done", x, filled))
        x += whole + gap
    return format_html(
        '<svg class="phases" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        "{}{}</svg>",
        format_html_join(
            "",
            '<rect class="{}" x="{}" y="2" width="{}" height="6"></rect>',
            ((kind, f"{left:.2f}", f"{wide:.2f}") for kind, left, wide in bars),
        ),
        format_html_join(
            "",
            '<rect class="notch" x="{}" y="0" width="0.6" height="10"></rect>',
            ((f"{100 * place:.2f}",) for place in notches or ()),
        ),
    )


def day_boxes(
    used: int, total: int | None = None, words: str | None = None, state: str | None = None
) -> SafeString:
    """Calendar days used of those there are (7 unless told)."""
    total = total or 7
    boxes = format_html_join(
        "",
        '<rect class="{}" x="{}" y="0.5" width="11" height="11"></rect>',
        (("used" if i < used else "left", f"{14 * i + 0.5}") for i in range(total)),
    )
    left = total - used
    said = words or (f"{left} day{'' if left == 1 else 's'}" if left > 0 else "late")
    return format_html(
        '<span class="days {}"><svg viewBox="0 0 {} 12" width="{}" height="12" role="img" '
        'aria-label="{} of {} days used">{}</svg><span>{}</span></span>',
        state or "",
        14 * total,
        14 * total,
        min(used, total),
        total,
        boxes,
        said,
    )


def step_bar(done: int, total: int) -> SafeString:
    """One short bar per question; the words above say the same."""
    wide = (100 - 1.1 * (total - 1)) / max(total, 1)
    return format_html(
        '<svg class="steps" viewBox="0 0 100 6" preserveAspectRatio="none" '
        'aria-hidden="true">{}</svg>',
        format_html_join(
            "",
            '<rect class="{}" x="{}" y="0" width="{}" height="6"></rect>',
            (
                ("done" if i < done else "todo", f"{i * (wide + 1.1):.2f}", f"{wide:.2f}")
                for i in range(total)
            ),
        ),
    )


def balance_bar(
    drawn: Decimal,
    given: Decimal,
    wasted: Decimal,
    unit: str = "mg",
    given_word: str | None = None,
    wasted_word: str | None = None,
) -> SafeString:
    """Drawn = given + wasted. The equation in text is the truth; the bar shows it."""
    drawn, given, wasted = Decimal(drawn), Decimal(given), Decimal(wasted)
    off = drawn - given - wasted
    unit = unit or "mg"
    whole = max(drawn, given + wasted) or Decimal(1)
    given_x = float(100 * given / whole)
    wasted_w = float(100 * wasted / whole)
    if off == 0:
        state, said = "yes", "Adds up"
    elif off > 0:
        state, said = "no", f"{write_number(off)} {unit} unaccounted for"
    else:
        state, said = "no", f"{write_number(-off)} {unit} more than was drawn"
    off_x = given_x + wasted_w if off > 0 else float(100 * drawn / whole)
    off_w = float(100 * abs(off) / whole)
    return format_html(
        '<div class="balance"><div class="sum"><div><span>Drawn</span><b>{} {}</b></div>'
        '<span class="sign">=</span><div><span>{}</span><b>{} {}</b></div>'
        '<span class="sign">+</span><div><span>{}</span><b>{} {}</b></div>'
        '<span class="mark end is-{}">{}{}</span></div>'
        '<svg viewBox="0 0 100 22" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="given" x="0" y="0" width="{}" height="22"></rect>'
        '<rect class="wasted" x="{}" y="0" width="{}" height="22"></rect>'
        '<rect class="off" x="{}" y="0" width="{}" height="22"></rect></svg></div>',
        write_number(drawn),
        unit,
        given_word or "Given",
        write_number(given),
        unit,
        wasted_word or "Wasted, witnessed",
        write_number(wasted),
        unit,
        state,
        draw_icon(state),
        said,
        f"{given_x:.3f}",
        f"{given_x + 0.2:.3f}",
        f"{max(wasted_w - 0.2, 0):.3f}",
        f"{off_x:.3f}",
        f"{off_w:.3f}",
    )


def dose_scale(
    value: float, soft: float | None = None, hard: float | None = None, unit: str | None = ""
) -> SafeString:
    """Where a dose stands between nothing, the soft limit and the hard one."""
    value = float(value)
    top = float(hard or soft or value * 1.5 or 1)
    over = value > top

    def x(amount: float) -> float:
        return 6 + 280 * min(amount, top) / top

    parts = [svg.path("M6 14H286", "axis")]
    if soft is not None:
        parts.append(
            format_html(
                '<path class="soft" d="M{} 14H286"></path>'
                '<text x="{}" y="36" text-anchor="middle">soft {}</text>',
                f"{x(float(soft)):.1f}",
                f"{x(float(soft)):.1f}",
                write_number(soft),
            )
        )
    if hard is not None:
        parts.append(
            format_html(
                '<path class="hard" d="M286 7V21"></path>'
                '<text x="290" y="36" text-anchor="end">hard {}</text>',
                write_number(hard),
            )
        )
    parts.append(
        format_html(
            '<circle cx="{}" cy="14" r="6"></circle>'
            '<text class="now" x="{}" y="36" text-anchor="middle">{}</text>',
            f"{x(value):.1f}",
            f"{max(min(x(value), 262), 12):.1f}",
            write_number(value),
        )
    )
    said = f"{write_number(value)} {unit or ''}".strip()
    limits = [f"soft limit {write_number(soft)}"] if soft is not None else []
    limits += [f"hard limit {write_number(hard)}"] if hard is not None else []
    return format_html(
        '<svg class="dose-scale" viewBox="0 0 300 40" role="img" aria-label="{}">{}</svg>',
        f"{said}{', above the hard limit' if over else ''}; {', '.join(limits) or 'no limit set'}",
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def spark(points: Sequence[tuple[float, float]], limit: float | str | None = None) -> SafeString:
    """Recent values as a line ending in a dot; (time, value) in any one unit each."""
    if not points:
        return svg.NOTHING
    # A template gives "" for a key that is not there.
    limit = None if limit == "" else limit
    times = [t for t, _ in points]
    values = [v for _, v in points] + ([float(limit)] if limit is not None else [])
    t0, t1 = min(times), max(times)
    low, high = min(values), max(values)
    # At least 40 units high, so that two beats of difference do not look like a cliff.
    spread = max(high - low, 40.0)
    middle = (high + low) / 2

    def place(t: float, v: float) -> tuple[float, float]:
        return (
            3 + 100 * ((t - t0) / (t1 - t0) if t1 > t0 else 1),
            22 - 36 * (v - middle) / spread,
        )

    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(t, v) for t, v in points))
    end_x, end_y = place(*points[-1])
    rule = (
        format_html(
            '<path class="limit" d="M0 {}H110"></path>', f"{place(t0, float(limit))[1]:.1f}"
        )
        if limit is not None
        else ""
    )
    return format_html(
        '<svg class="spark" viewBox="0 0 110 44" aria-hidden="true">{}<path d="M{}"></path>'
        '<circle cx="{}" cy="{}" r="4"></circle></svg>',
        rule,
        line,
        f"{end_x:.1f}",
        f"{end_y:.1f}",
    )
