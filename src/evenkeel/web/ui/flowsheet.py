"""One treatment on one time axis: dose, signs, levels, events, checks, limits, now.

In: a document of plain values (its keys stand in ui/README.md; times are aware
datetimes or ISO text). Out: one SVG with a summary, a cursor for the arrow keys, and
the table twin. The same drawing serves the live screen, the review and the print.
Signs are never smoothed; a silence longer than `gap_s` stays a gap.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.web.ui import expected, svg
from evenkeel.web.ui.words import clinic_zone, write_number, write_time

WIDTH, LEFT, RIGHT = 828.0, 102.0, 814.0
# name, range low and high, top, height of the strip: fixed, so that visits compare.
PRESSURE = (40.0, 200.0, 112.0, 160.0)
SPO2 = (80.0, 100.0, 294.0, 56.0)
BREATHS = (0.0, 40.0, 362.0, 44.0)
SEDATION, DISSOCIATION, EVENTS, CHECKS, BOTTOM = 408.0, 446.0, 484.0, 520.0, 556.0
GAP_S = 180


def moment(value: datetime | str) -> datetime:
    """An aware datetime. Raises ValueError for a time without a zone."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"{value!r} has no zone, so it names no moment.")
    return found


class _Sheet:
    """Where a time and a value stand on the paper."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.start, self.end = moment(document["start"]), moment(document["end"])
        self.now = moment(document["now"])
        self.span = max((self.end - self.start).total_seconds(), 60)
        self.gap_s = float(document.get("gap_s", GAP_S))
        self.series: dict[str, list[dict[str, Any]]] = document.get("series", {})
        self.levels: dict[str, list[dict[str, Any]]] = document.get("levels", {})
        # What a model expects stands below everything that was measured or written down.
        self.model: dict[str, Any] = document.get("expected", {})
        self.bottom = BOTTOM + expected.TALL if self.model else BOTTOM

    def x(self, when: datetime | str) -> float:
        part = (moment(when) - self.start).total_seconds() / self.span
        return LEFT + min(max(part, 0), 1) * (RIGHT - LEFT)

    def inside(self, when: datetime | str) -> bool:
        return self.start <= moment(when) <= self.end

    @staticmethod
    def y(value: float, strip: tuple[float, float, float, float]) -> float:
        low, high, top, tall = strip
        return top + tall * (1 - (min(max(float(value), low), high) - low) / (high - low))

    def items(self, name: str) -> list[dict[str, Any]]:
        found = [item for item in self.series.get(name, ()) if self.inside(item["at"])]
        return sorted(found, key=lambda item: moment(item["at"]))


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


def _axis(sheet: _Sheet) -> list[SafeString]:
    """Quarter hours in the clinic's zone (wider steps for long sheets), the future, now."""
    step = next(m for m in (5, 15, 30, 60, 120, 360, 1440) if sheet.span / 60 / m <= 9)
    local = sheet.start.astimezone(clinic_zone())
    first = local.replace(minute=0, second=0, microsecond=0)
    while first < sheet.start:
        first += timedelta(minutes=step)
    now_x = sheet.x(sheet.now)
    out = [svg.rect(now_x, 26, RIGHT - now_x, sheet.bottom - 26, "future")]
    while first <= sheet.end:
        x = sheet.x(first)
        out.append(svg.line(x, 24, x, sheet.bottom, "grid"))
        if abs(x - now_x) > 48:
            out.append(svg.text(x, 16, write_time(first), "", "middle"))
        first += timedelta(minutes=step)
    out += [
        svg.line(0, y, WIDTH, y, "rule")
        for y in (96, 282, 352, SEDATION, DISSOCIATION, EVENTS, CHECKS)
    ]
    for value in (60, 100, 140, 180):
        y = sheet.y(value, PRESSURE)
        out.append(svg.line(LEFT, y, RIGHT, y, "dots"))
        out.append(svg.text(RIGHT - 2, y - 4, value, "", "end"))
    return out


def _dose(sheet: _Sheet) -> list[SafeString]:
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
        if last < RIGHT - 180:
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


def _limits(sheet: _Sheet) -> list[SafeString]:
    strips = {"sys_dia": PRESSURE, "pulse": PRESSURE, "spo2": SPO2, "rr": BREATHS}
    out = []
    for limit in sheet.document.get("limits", ()):
        y = sheet.y(limit["value"], strips[limit["series"]])
        kind = (
            "limit"
            + (" over" if limit.get("over") else "")
            + (" lower" if limit.get("second") else "")
        )
        out.append(svg.line(LEFT, y, RIGHT, y, kind))
        if limit.get("words"):
            # left of the axis figures, which stand at the right edge of the pressures
            x = RIGHT - (34 if strips[limit["series"]] is PRESSURE else 2)
            words = "limit-words" + (" over" if limit.get("over") else "")
            out.append(svg.text(x, y - 5, limit["words"], words, "end"))
    return out


def _pressure(sheet: _Sheet) -> list[SafeString]:
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
    sheet: _Sheet, name: str, strip: tuple[float, float, float, float], kind: str = "series"
) -> list[SafeString]:
    """A line through what was measured, broken where nothing was."""
    out: list[SafeString] = []
    run: list[tuple[float, float]] = []
    before: datetime | None = None
    for item in sheet.items(name):
        at = moment(item["at"])
        if before is not None and (at - before).total_seconds() > sheet.gap_s:
            out += [svg.polyline(run, kind), *_single(run, kind)]
            run = []
        place = (sheet.x(at), sheet.y(item["value"], strip))
        if item.get("by") == "hand":
            out.append(svg.circle(*place, 3.4, "point open"))
        run.append(place)
        before = at
    out += [svg.polyline(run, kind), *_single(run, kind)]
    if run:
        out.append(svg.circle(*run[-1], 3.6, "point thin" if "thin" in kind else "point"))
    return out


def _single(run: Sequence[tuple[float, float]], kind: str) -> list[SafeString]:
    return (
        [svg.circle(*run[0], 2.4, "point thin" if "thin" in kind else "point")]
        if len(run) == 1
        else []
    )


def _signs(sheet: _Sheet) -> list[SafeString]:
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


def _levels(sheet: _Sheet) -> list[SafeString]:
    out = []
    for name, words, top in (
        ("sedation", "Sedation", SEDATION),
        ("dissociation", "Dissociation", DISSOCIATION),
    ):
        out.append(svg.text(0, top + 24, words, "strong"))
        for item in _by_time(sheet.levels.get(name, ())):
            if not sheet.inside(item["at"]):
                continue
            x = sheet.x(item["at"])
            out.append(svg.rect(x - 13, top + 7, 26, 24, "level-box"))
            out.append(svg.text(x, top + 24, item["value"], "level", "middle"))
            if item.get("was") is not None:
                out.append(svg.text(x + 18, top + 18, item["was"], "struck"))
    return out


def _by_time(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: moment(item["at"]))


def _events(sheet: _Sheet) -> list[SafeString]:
    out = [
        svg.text(0, EVENTS + 23, "Events", "strong"),
        svg.text(0, CHECKS + 23, "Checks", "strong"),
    ]
    events = [e for e in _by_time(sheet.document.get("events", ())) if sheet.inside(e["at"])]
    for place, item in enumerate(events):
        x = sheet.x(item["at"])
        out.append(svg.line(x, EVENTS + 9, x, EVENTS + 28, "event-bar"))
        after = sheet.x(events[place + 1]["at"]) if place + 1 < len(events) else WIDTH
        # Words that the next bar would strike through stand in the table.
        if after - x >= 6.4 * len(item["words"]) + 8:
            out.append(svg.text(x + 6, EVENTS + 23, item["words"]))
    leaving = sheet.document.get("leaving")
    if leaving:
        out.append(svg.text(RIGHT, EVENTS + 23, f"{leaving} ▸", "strong", "end"))
    first_due = True
    checks = [c for c in _by_time(sheet.document.get("checks", ())) if sheet.inside(c["at"])]
    for place, item in enumerate(checks):
        x, y = sheet.x(item["at"]), CHECKS + 18
        if item.get("done"):
            out.append(svg.circle(x, y, 8, "check-done"))
            out.append(svg.path(f"M{svg.n(x - 3.6)} {svg.n(y + 0.4)}l2.6 2.6 4.8-5.4", "tick"))
        else:
            out.append(svg.circle(x, y, 8, "check-late" if item.get("late") else "check-due"))
            after = sheet.x(checks[place + 1]["at"]) if place + 1 < len(checks) else RIGHT
            if first_due and after - x > 62:  # words that would overlap stand in the table
                words = item.get("words") or write_time(moment(item["at"]))
                out.append(svg.text(x + 12, y + 5, words, "strong"))
            first_due = False
    return out


def moments(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that was written down, by time: {at, time, what, value, origin}."""
    sheet = _Sheet(document)
    found = []

    def add(at: datetime | str, what: str, value: str, origin: str = "") -> None:
        when = moment(at)
        found.append(
            {"at": when, "time": write_time(when), "what": what, "value": value, "origin": origin}
        )

    origins = {"hand": "by hand", "monitor": "monitor"}
    for item in sheet.series.get("sys_dia", ()):
        over = f", {item['over']} alarm" if item.get("over") else ""
        add(
            item["at"],
            "Pressure",
            f"{item['sys']}/{item['dia']} mmHg{over}",
            origins.get(item.get("by", ""), ""),
        )
    for name, what, unit in (
        ("pulse", "Pulse", "per min"),
        ("spo2", "SpO₂", "%"),
        ("rr", "Breaths", "per min"),
    ):
        for item in sheet.series.get(name, ()):
            add(
                item["at"],
                what,
                f"{write_number(item['value'])} {unit}",
                origins.get(item.get("by", ""), ""),
            )
    for name, what in (("sedation", "Sedation"), ("dissociation", "Dissociation")):
        for item in sheet.levels.get(name, ()):
            was = f", corrected from {item['was']}" if item.get("was") is not None else ""
            add(item["at"], what, f"{item['value']}{was}", "by hand")
    for item in document.get("events", ()):
        add(item["at"], "Event", item["words"])
    for item in document.get("checks", ()):
        add(
            item["at"],
            "Check",
            "done" if item.get("done") else "late" if item.get("late") else "due",
        )
    for part in document.get("dose", ()):
        add(part["from"], "Dose", part.get("words", "given"))
    return sorted(found, key=lambda row: row["at"])


def _summary(sheet: _Sheet) -> str:
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
    """The figure. live: the address of `answer(document)`; event: the stream's event name."""
    sheet = _Sheet(document)
    body = [*_axis(sheet), *_limits(sheet), *_dose(sheet), *_pressure(sheet), *_signs(sheet)]
    body += [*_levels(sheet), *_events(sheet)]
    if sheet.model:
        points = [
            (sheet.x(each["at"]), each["line"], each["low"], each["high"])
            for each in sheet.model["points"]
            if sheet.inside(each["at"])
        ]
        body += expected.strip(sheet.model, points, top=BOTTOM, left=LEFT, right=RIGHT)
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
        svg.n(WIDTH),
        svg.n(sheet.bottom),
        _summary(sheet),
        sheet.start.isoformat(),
        sheet.end.isoformat(),
        svg.n(LEFT),
        svg.n(RIGHT),
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
