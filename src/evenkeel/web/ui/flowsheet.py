"""One treatment on one time axis: dose, signs, levels, events, checks, limits, now.

In: a document of plain values (its keys stand in ui/README.md; times are aware
datetimes or ISO text). Out: one SVG with a summary, a cursor for the arrow keys, and
the table twin. The same drawing serves the live screen, the review and the print.
Signs are never smoothed; a silence longer than `gap_s` stays a gap.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.web.ui import clear_places, expected, svg
from evenkeel.web.ui.sheet_axis import (
    BOTTOM,
    BREATHS,
    CHECKS,
    DISSOCIATION,
    EVENTS,
    LEFT,
    PRESSURE,
    SEDATION,
    SPO2,
    STRIPS,
    WIDE,
    Sheet,
    by_time,
    moment,
    runs,
)
from evenkeel.web.ui.sheet_table import moments
from evenkeel.web.ui.words import clinic_zone, write_number, write_time


def _label(y: float, name: str, unit: str = "") -> SafeString:
    return svg.join(
        [svg.text(0, y, name, "strong"), svg.text(0, y + 16, unit) if unit else svg.NOTHING]
    )


def _latest(y: float, name: str, words: str, unit: str, over: str = "") -> SafeString:
    return svg.join(
        [
            svg.text(0, y, name, "strong"),
            format_html(
                '<text x="0" y="{}"><tspan class="now-value {}">{}</tspan> '
                "<tspan>{}</tspan></text>",
                svg.n(y + 21),
                over,
                words,
                unit,
            ),
        ]
    )


def _axis(sheet: Sheet) -> list[SafeString]:
    """Quarter hours in the clinic's zone (wider steps for long sheets), the future, now."""
    day = 1440
    whole_days = day * math.ceil(sheet.span / 60 / day / 9)  # somebody forgot to end it
    step = next((m for m in (5, 15, 30, 60, 120, 360) if sheet.span / 60 / m <= 9), whole_days)
    local = sheet.start.astimezone(clinic_zone())
    first = local.replace(minute=0, second=0, microsecond=0)
    while first < sheet.start:
        first += timedelta(minutes=step)
    now_x = sheet.x(sheet.now)
    out = [svg.rect(now_x, 26, sheet.right - now_x, sheet.bottom - 26, "future")]
    while first <= sheet.end:
        x = sheet.x(first)
        out.append(svg.line(x, 24, x, sheet.bottom, "grid"))
        if abs(x - now_x) > 60:
            out.append(svg.text(x, 16, write_time(first), "", "middle"))
        first += timedelta(minutes=step)
    out += [
        svg.line(0, y, sheet.width, y, "rule")
        for y in (96, 282, 352, SEDATION, DISSOCIATION, EVENTS, CHECKS)
    ]
    for value, y, baseline in _figures(sheet):
        out.append(svg.line(LEFT, y, sheet.right, y, "dots"))
        out.append(svg.text(sheet.right - 2, baseline, value, "", "end"))
    return out


def _figures(sheet: Sheet) -> list[tuple[int, float, float]]:
    """Figures of the pressures: value, its line, and a baseline that no limit strikes through."""
    limits = [
        sheet.y(limit["value"], PRESSURE)
        for limit in sheet.document.get("limits", ())
        if STRIPS[limit["series"]] is PRESSURE
    ]
    found = []
    for value in (60, 100, 140, 180):
        y = sheet.y(value, PRESSURE)
        struck = any(y - 16 < limit < y - 1 for limit in limits)
        found.append((value, y, y + 13 if struck else y - 4))
    return found


def _dose(sheet: Sheet) -> list[SafeString]:
    document = sheet.document
    out = [_label(46, "Dose", document.get("dose_unit", "mg/min"))]
    for part in document.get("planned", ()):
        x1, x2 = sheet.x(part["from"]), sheet.x(part["to"])
        out.append(svg.rect(x1, 40, x2 - x1, 34, "planned"))
    last = LEFT
    for part in document.get("dose", ()):
        begin, end = moment(part["from"]), moment(part["to"]) if part.get("to") else sheet.now
        x1, x2 = sheet.x(begin), sheet.x(min(end, sheet.now))
        out.append(svg.rect(x1, 40, x2 - x1, 34, "given"))
        if part.get("words") and x2 - x1 > 6.8 * len(part["words"]) + 10:
            out.append(svg.text(x1 + 6, 61, part["words"], "on-given"))
        if end > sheet.now:
            out.append(svg.rect(x2, 40, sheet.x(end) - x2, 34, "to-come"))
        last = max(last, sheet.x(end))
    if document.get("dose_words"):
        now_x, wide = sheet.x(sheet.now), 7.2 * len(document["dose_words"])
        if last < now_x < last + 12 + wide:  # the line of now would strike the words through
            last = now_x
        if last < sheet.right - 180:
            out.append(svg.text(last + 8, 54, document["dose_words"], "strong", "start"))
            out.append(svg.text(last + 8, 72, document.get("dose_help", ""), "", "start"))
        else:  # no room beside the bar: below it, on the side of now that has room
            said = ", ".join(filter(None, (document["dose_words"], document.get("dose_help", ""))))
            before = now_x - 8 - 7.2 * len(said) >= LEFT
            x, anchor = (now_x - 8, "end") if before else (now_x + 8, "start")
            out.append(svg.text(x, 90, said, "strong", anchor))
    for pause in document.get("pauses", ()):
        middle = (sheet.x(pause["from"]) + sheet.x(pause.get("to") or sheet.now)) / 2
        out.append(svg.text(middle, 90, pause.get("words", "pause"), "", "middle"))
    return out


def _limits(sheet: Sheet) -> list[SafeString]:
    out = []
    taken = _taken(sheet)
    for limit in sheet.document.get("limits", ()):
        strip = STRIPS[limit["series"]]
        y = sheet.y(limit["value"], strip)
        kind = (
            "limit"
            + (" over" if limit.get("over") else "")
            + (" lower" if limit.get("second") else "")
        )
        out.append(svg.line(LEFT, y, sheet.right, y, kind))
        if limit.get("words"):
            # left of the axis figures, which stand at the right edge of the pressures
            x, baseline = clear_places.beside_line(
                limit["words"], y, taken=taken, left=LEFT + 4,
                right=sheet.right - (34 if strip is PRESSURE else 2),
                top=strip[2] - 14, foot=strip[2] + strip[3] + 4,
            )  # fmt: skip
            words = "limit-words" + (" over" if limit.get("over") else "")
            out.append(svg.text(x, baseline, limit["words"], words, "end"))
            taken.append(clear_places.of_words(x, baseline, limit["words"]))
    return out


def _taken(sheet: Sheet) -> list[clear_places.Box]:
    """What words should keep away from: what was measured, the line of now, other limits."""
    now_x = sheet.x(sheet.now)
    # It wanders to the right until the sheet is drawn again.
    found = [(now_x - 3, 0.0, now_x + 8, sheet.bottom)]
    for item in sheet.items("sys_dia"):
        x, top = sheet.x(item["at"]), sheet.y(item["sys"], PRESSURE)
        found.append((x - 7, top - 6, x + 7, sheet.y(item["dia"], PRESSURE) + 6))
    for name in ("pulse", "spo2", "rr"):
        for run in runs(sheet, name):
            places = [(sheet.x(each["at"]), sheet.y(each["value"], STRIPS[name])) for each in run]
            found += clear_places.along(places) if len(places) > 1 else []
            found += [clear_places.around(*places[-1])]
    found += [
        (LEFT, y - 1, sheet.right, y + 1)
        for limit in sheet.document.get("limits", ())
        for y in [sheet.y(limit["value"], STRIPS[limit["series"]])]
    ]
    return found


def _pressure(sheet: Sheet) -> list[SafeString]:
    """Paired triangles: filled from the monitor, open by hand."""
    out = []
    items = sheet.items("sys_dia")
    for item in items:
        x = sheet.x(item["at"])
        top, foot = sheet.y(item["sys"], PRESSURE), sheet.y(item["dia"], PRESSURE)
        mark = (" open" if item.get("by") == "hand" else "") + (" over" if item.get("over") else "")
        out.append(svg.line(x, top, x, foot, "mark-stem" + (" over" if item.get("over") else "")))
        out.append(svg.path(f"M{svg.n(x - 5)} {svg.n(top - 4)}h10l-5 8z", "tri" + mark))
        out.append(svg.path(f"M{svg.n(x - 5)} {svg.n(foot + 4)}h10l-5 -8z", "tri" + mark))
    out.append(svg.text(0, 120, "Pressure", "strong"))
    out.append(svg.text(0, 136, "mmHg"))
    if items:
        latest = items[-1]
        over = "over" if latest.get("over") else ""
        out.append(svg.text(0, 162, f"{latest['sys']}/{latest['dia']}", f"big {over}"))
        said = f"▲ {latest['over']}, " if over else ""
        out.append(svg.text(0, 179, f"{said}{write_time(moment(latest['at']))}", over))
    else:
        out.append(svg.text(0, 158, "not yet measured", "strong"))
    return out


def _curve(
    sheet: Sheet, name: str, strip: tuple[float, float, float, float], kind: str = "series"
) -> list[SafeString]:
    """A line through what was measured, broken where nothing was."""
    out: list[SafeString] = []
    places: list[tuple[float, float]] = []
    for run in runs(sheet, name):
        places = [(sheet.x(item["at"]), sheet.y(item["value"], strip)) for item in run]
        out += [
            svg.circle(*place, 3.4, "point open")
            for place, item in zip(places, run, strict=True)
            if item.get("by") == "hand"
        ]
        out += [svg.polyline(places, kind), *_single(places, kind)]
    if places:
        out.append(svg.circle(*places[-1], 3.6, "point thin" if "thin" in kind else "point"))
    return out


def _single(run: Sequence[tuple[float, float]], kind: str) -> list[SafeString]:
    return (
        [svg.circle(*run[0], 2.4, "point thin" if "thin" in kind else "point")]
        if len(run) == 1
        else []
    )


def _signs(sheet: Sheet) -> list[SafeString]:
    out = _curve(sheet, "pulse", PRESSURE, "series thin")
    out += _curve(sheet, "spo2", SPO2) + _curve(sheet, "rr", BREATHS)
    for name, words, unit, y in (
        ("pulse", "Pulse", "per min", 240),
        ("spo2", "SpO₂", "%", 302),
        ("rr", "Breaths", "per min", 370),
    ):
        items = sheet.items(name)
        said = write_number(items[-1]["value"]) if items else "none yet"
        out.append(
            _latest(
                y,
                words,
                said,
                unit if items else "",
                "over" if items and items[-1].get("over") else "",
            )
        )
    return out


def _levels(sheet: Sheet) -> list[SafeString]:
    out = []
    for name, words, top in (
        ("sedation", "Sedation", SEDATION),
        ("dissociation", "Dissociation", DISSOCIATION),
    ):
        out.append(svg.text(0, top + 24, words, "strong"))
        items = [e for e in by_time(sheet.levels.get(name, ())) if sheet.inside(e["at"])]
        for place, item in enumerate(items):
            x = sheet.x(item["at"])
            # The next box may stand nearer than this one is wide: it gets what is left, and
            # its number only where that has room. The table has every one.
            after = sheet.x(items[place + 1]["at"]) if place + 1 < len(items) else WIDE
            wide = min(26, after - x - 2)
            if wide < 4:
                continue
            out.append(svg.rect(x - 13, top + 7, wide, 24, "level-box"))
            if wide >= 14:
                out.append(svg.text(x - 13 + wide / 2, top + 24, item["value"], "level", "middle"))
            if item.get("was") is not None:
                out.append(svg.text(x + 18, top + 18, item["was"], "struck"))
    return out


def _events(sheet: Sheet) -> list[SafeString]:
    out = [
        svg.text(0, EVENTS + 23, "Events", "strong"),
        svg.text(0, CHECKS + 23, "Checks", "strong"),
    ]
    now_x = sheet.x(sheet.now)
    events = [e for e in by_time(sheet.document.get("events", ())) if sheet.inside(e["at"])]
    for place, item in enumerate(events):
        x = sheet.x(item["at"])
        out.append(svg.line(x, EVENTS + 9, x, EVENTS + 28, "event-bar"))
        after = sheet.x(events[place + 1]["at"]) if place + 1 < len(events) else sheet.width
        # Words that the next bar or the line of now would strike through stand beside that
        # line where there is room, else in the table only.
        begin, wide = x + 6, 6.4 * len(item["words"])
        if begin - 4 < now_x < begin + wide:
            begin = now_x + 8
        if after - begin >= wide + 2:
            out.append(svg.text(begin, EVENTS + 23, item["words"]))
    leaving = sheet.document.get("leaving")
    if leaving:
        out.append(svg.text(sheet.right, EVENTS + 23, f"{leaving} ▸", "strong", "end"))
    first_due = True
    checks = [c for c in by_time(sheet.document.get("checks", ())) if sheet.inside(c["at"])]
    for place, item in enumerate(checks):
        x, y = sheet.x(item["at"]), CHECKS + 18
        if item.get("done"):
            out.append(svg.circle(x, y, 8, "check-done"))
            out.append(svg.path(f"M{svg.n(x - 3.6)} {svg.n(y + 0.4)}l2.6 2.6 4.8-5.4", "tick"))
        else:
            out.append(svg.circle(x, y, 8, "check-late" if item.get("late") else "check-due"))
            after = sheet.x(checks[place + 1]["at"]) if place + 1 < len(checks) else sheet.right
            if first_due and after - x > 62:  # words that would overlap stand in the table
                words = item.get("words") or write_time(moment(item["at"]))
                out.append(svg.text(x + 12, y + 5, words, "strong"))
            first_due = False
    return out


def _summary(sheet: Sheet) -> str:
    said = [f"Treatment from {write_time(sheet.start)} to {write_time(sheet.end, zone=True)}."]
    if sheet.document.get("dose_words"):
        said.append(f"Dose: {sheet.document['dose_words']}.")
    for name, what in (("pulse", "pulse"), ("spo2", "SpO₂"), ("rr", "breaths")):
        items = sheet.items(name)
        said.append(
            f"Last {what} {write_number(items[-1]['value'])}." if items else f"No {what} yet."
        )
    items = sheet.items("sys_dia")
    if items:
        said.append(
            f"Last pressure {items[-1]['sys']}/{items[-1]['dia']} "
            f"at {write_time(moment(items[-1]['at']))}."
        )
    if sheet.model:
        said.append(expected.summary(sheet.model))
    said.append("The arrow keys move a cursor; the same stands in the table below.")
    return " ".join(said)


def draw(document: dict[str, Any], *, live: str = "", event: str = "") -> SafeString:
    """The figure. live: the address of `answer(document)`; event: the stream's event name.

    ``width`` of the document: units across, for a place wider than it is high.
    """
    sheet = Sheet(document)
    body = [*_axis(sheet), *_limits(sheet), *_dose(sheet), *_pressure(sheet), *_signs(sheet)]
    body += [*_levels(sheet), *_events(sheet)]
    if sheet.model:
        points = [
            (sheet.x(each["at"]), each["line"], each["low"], each["high"])
            for each in sheet.model["points"]
            if sheet.inside(each["at"])
        ]
        body += expected.strip(sheet.model, points, top=BOTTOM, left=LEFT, right=sheet.right)
    now_x = sheet.x(sheet.now)
    now = format_html(
        '<g data-now-line data-x="{}">{}{}</g>',
        svg.n(now_x),
        svg.line(now_x, 22, now_x, sheet.bottom, "now-line"),
        svg.boxed(
            now_x,
            3,
            write_time(sheet.now, seconds=True),
            kind="now",
            box="now-box",
            anchor="middle",
        ),
    )
    rows = moments(document)
    stops: dict[datetime, list[str]] = {}
    for row in rows:
        stops.setdefault(row["at"], []).append(f"{row['what']} {row['value']}")
    cursor = json.dumps(
        [
            [round(sheet.x(at), 1), f"{write_time(at)}: {', '.join(said)}"]
            for at, said in stops.items()
            if sheet.inside(at)
        ]
    )
    return format_html(
        '<figure class="plot flowsheet" data-flowsheet data-live="{}" data-event="{}">'
        '<div class="scroll-x" tabindex="0" role="region" aria-label="Flowsheet, drawn">'
        '<svg viewBox="0 0 {} {}" class="plot-wide" preserveAspectRatio="xMinYMin" '
        'role="img" tabindex="0" '
        'aria-label="{}" data-plot '
        'data-start="{}" data-end="{}" data-left="{}" data-right="{}" data-stops="{}">'
        '{}{}<line class="cursor" data-cursor y1="22" y2="{}" x1="-9" x2="-9"></line></svg></div>'
        '<p class="reader" aria-live="polite"></p>'
        '<p class="legend"><span>▼ filled: monitor</span><span>▽ open: by hand</span>'
        "<span>dashed outline: planned</span><span>solid: given</span>"
        "<span><del>6</del> corrected, kept</span>{}</p>{}</figure>",
        live,
        event,
        svg.n(sheet.width),
        svg.n(sheet.bottom),
        _summary(sheet),
        sheet.start.isoformat(),
        sheet.end.isoformat(),
        svg.n(LEFT),
        svg.n(sheet.right),
        cursor,
        svg.join(body),
        now,
        svg.n(sheet.bottom),
        expected.LEGEND if sheet.model else svg.NOTHING,
        svg.twin(
            ("Time", "What", "Value", "Origin"),
            ((r["time"], r["what"], r["value"], r["origin"]) for r in rows),
            "Flowsheet, as a table",
        ),
    )


def answer(document: dict[str, Any], *, live: str = "", event: str = "") -> dict[str, Any]:
    """What a live address returns as JSON: the document and its drawing."""
    return {**document, "figure": draw(document, live=live, event=event)}
