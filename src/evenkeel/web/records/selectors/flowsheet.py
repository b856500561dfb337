"""One treatment as a flowsheet document: the plain values that web.ui draws.

Signs are thinned by keeping the lowest and the highest reading of each stretch of
time, as they were measured; nothing is averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from evenkeel.core.kernel.quantities import plain
from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.alarms import Sample, crosses
from evenkeel.core.monitoring.checks import CheckState
from evenkeel.core.monitoring.events import Scale
from evenkeel.core.monitoring.fold import State
from evenkeel.core.monitoring.leaving import earliest_leaving
from evenkeel.core.monitoring.rules import Limit, Rules
from evenkeel.web.records.models import Treatment
from evenkeel.web.records.selectors import expected, timeline

_SERIES = {"heart_rate": "pulse", "spo2": "spo2", "respiratory_rate": "rr"}
_STRETCHES = 240
_THIN = """
    SELECT sign,
           (array_agg(at ORDER BY value, at))[1], min(value),
           (array_agg(at ORDER BY value DESC, at))[1], max(value),
           bool_and(message_id IS NULL)
      FROM records_reading r
     WHERE treatment_id = %s AND sign = ANY(%s) AND value IS NOT NULL AND at BETWEEN %s AND %s
       AND NOT EXISTS (SELECT 1 FROM records_reading s WHERE s.supersedes_id = r.id)
     GROUP BY sign, date_bin(make_interval(secs => %s), at, %s)
"""


def span(state: State, rules: Rules) -> tuple[datetime, datetime]:
    """From a little before the dose to a little after the earliest leaving."""
    begin = state.dose.started_at if state.dose else state.now
    start = begin - timedelta(minutes=10)
    if state.pressures:
        start = min(start, max(state.pressures[0].at, begin - timedelta(minutes=30)))
    leaving = earliest_leaving(state, rules)
    end = max(state.now + timedelta(minutes=20), begin + timedelta(minutes=75))
    if state.left_at is not None:
        end = state.left_at + timedelta(minutes=5)
    elif leaving is not None:
        end = max(end, leaving + timedelta(minutes=10))
    return start, end


def document_of(treatment: Treatment, now: datetime, *, wait_s: float = 0.0) -> dict[str, Any]:
    """The document of ``web.ui.flowsheet`` for this treatment at ``now``.

    wait_s: how long to wait for the line of a model that is being worked out.
    """
    rules = timeline.rules_of(treatment)
    read = timeline.Read(treatment, now)
    start, end = span(read.at(now), rules)
    state = read.at(now, horizon=end)
    limits = timeline.limits_in_force(treatment)
    document: dict[str, Any] = {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "now": (state.left_at or now).isoformat(),
        "series": {
            "sys_dia": [_pressure(sample, limits) for sample in state.pressures],
            **_thinned(treatment.pk, start, min(end, now)),
        },
        "levels": {scale.value: _levels(state, scale) for scale in Scale},
        "events": _events(state),
        "checks": [
            {
                "at": check.due_at.isoformat(),
                "done": check.state is CheckState.DONE,
                "late": check.state in {CheckState.LATE, CheckState.MISSED},
            }
            for check in state.checks
            if check.due_at is not None
        ],
        "limits": _limits(limits, state),
        "gap_s": 180,
    }
    document |= _dose(state)
    strip = expected.strip_of(expected.of_treatment(treatment, state, now, wait_s=wait_s))
    if strip is not None:
        document["expected"] = strip
    leaving = earliest_leaving(state, rules)
    if leaving is not None and state.left_at is None and now < leaving:
        document["leaving"] = f"earliest leaving {_clock(leaving)}"
    return document


def _pause_words(seconds: float) -> str:
    """ "pause 3 min"; one of some seconds is not "0 min"."""
    return f"pause {int(seconds // 60)} min" if seconds >= 60 else "pause under 1 min"


def _clock(at: datetime) -> str:
    return at.astimezone(timeline.zone()).strftime("%H:%M")


def _pressure(sample: Sample, limits: Sequence[Limit]) -> dict[str, Any]:
    beyond = [limit.priority for limit in limits if crosses(limit, sample)]
    worst = min(beyond, key=lambda priority: priority.rank, default=None)
    return {
        "at": sample.at.isoformat(),
        "sys": plain(sample.systolic) if sample.systolic is not None else "0",
        "dia": plain(sample.diastolic) if sample.diastolic is not None else "0",
        "by": sample.origin,
        "over": worst.value if worst else "",
    }


def _thinned(treatment_id: int, start: datetime, end: datetime) -> dict[str, list[dict[str, Any]]]:
    seconds = max((end - start).total_seconds() / _STRETCHES, 1)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in _SERIES.values()}
    if end <= start:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_THIN, [treatment_id, list(_SERIES), start, end, seconds, start])
        for sign, low_at, low, high_at, high, by_hand in cursor.fetchall():
            series = found[_SERIES[sign]]
            by = "hand" if by_hand else "monitor"
            series.append({"at": low_at.isoformat(), "value": plain(low), "by": by})
            if high_at != low_at:
                series.append({"at": high_at.isoformat(), "value": plain(high), "by": by})
    for series in found.values():
        series.sort(key=lambda item: item["at"])
    return found


def _levels(state: State, scale: Scale) -> list[dict[str, Any]]:
    """Levels that count; one that was struck out stands beside the next one."""
    found: list[dict[str, Any]] = []
    struck: int | None = None
    struck_at: datetime | None = None
    for tap in state.levels[scale]:
        if tap.id in state.struck:
            struck, struck_at = tap.level, tap.at
            continue
        item: dict[str, Any] = {"at": tap.at.isoformat(), "value": tap.level}
        if struck is not None:
            item["was"], struck = struck, None
        found.append(item)
    if struck is not None and struck_at is not None:
        found.append({"at": struck_at.isoformat(), "value": "–", "was": struck})
    return found


def _events(state: State) -> list[dict[str, Any]]:
    found = []
    for event in state.events:
        words = event_words(event)
        if words:
            struck = " (struck out)" if event.id in state.struck else ""
            found.append({"at": event.at.isoformat(), "words": f"{words}{struck}"})
    return found


def event_words(event: e.Event) -> str:
    """An event in a few words for the axis; empty for those shown otherwise."""
    if isinstance(event, e.GateChecked):
        return "Gate: go"
    if isinstance(event, e.Overridden):
        return f"◆ Override: {event.condition.replace('_', ' ')}"
    if isinstance(event, e.Paused):
        return f"Paused, {event.reason}" if event.reason else "Paused"
    if isinstance(event, e.Resumed):
        return "Resumed"
    if isinstance(event, e.RateChanged):
        return f"Rate {plain(event.rate_ml_per_h)} mL/h"
    if isinstance(event, e.DoseStopped):
        return f"Stopped, {event.reason}"
    if isinstance(event, e.DoseFinished):
        return "Dose finished"
    if isinstance(event, e.DeviceGiven):
        return f"Device {event.number}"
    if isinstance(event, e.SymptomNoted):
        return event.name
    if isinstance(event, e.AlarmRaised):
        return f"{event.priority.value.capitalize()} alarm"
    if isinstance(event, e.AlarmAcknowledged):
        return f"Answered by {event.by}"
    if isinstance(event, e.ReadyJudged):
        return "Judged stable" if event.stable else "Judged not stable"
    if isinstance(event, e.CheckDone):
        return "Seen in person"
    if isinstance(event, e.Left):
        return "Left"
    return ""


def _limits(limits: Sequence[Limit], state: State) -> list[dict[str, Any]]:
    """Lines of the chart. Each names its number and who set it."""
    crossed = {alarm.key for alarm in state.open_alarms if alarm.ended_at is None}
    lines: list[dict[str, Any]] = []
    # The nearest upper limit of pressure is drawn; a further one would only crowd it.
    upper = [x for x in limits if x.sign == "pressure" and x.side == "above"]
    nearest = min(upper, key=lambda x: x.systolic or 999, default=None)
    for limit in limits:
        over = limit.key in crossed
        if limit is nearest:
            for part, second in ((limit.systolic, False), (limit.diastolic, True)):
                if part is not None:
                    words = "" if second else f"limit {limit.words}, {limit.set_by}"
                    lines.append(
                        {"series": "sys_dia", "value": int(part), "words": words, "over": over,
                         "second": second}
                    )  # fmt: skip
        elif limit.sign in {"spo2", "respiratory_rate"} and limit.side == "below":
            words = f"lower limit {limit.words}, {limit.set_by}"
            lines.append(
                {"series": _SERIES[limit.sign], "value": int(limit.value or 0), "words": words,
                 "over": over}
            )  # fmt: skip
    return lines


def _dose(state: State) -> dict[str, Any]:
    dose = state.dose
    if dose is None:
        return {"dose_words": "not started", "dose_help": ""}
    if dose.route == "nasal":
        given = dose.given_devices
        return {
            "dose_unit": "mg",
            "dose": [
                {"from": d.at.isoformat(), "to": (d.at + timedelta(minutes=1)).isoformat(),
                 "words": f"{plain(d.mg)}"}
                for d in given
            ],
            "dose_words": f"{plain(dose.given_mg)} of {plain(dose.planned_mg)} mg given",
            "dose_help": f"device {len(given)} of {dose.devices}",
        }  # fmt: skip
    parts: list[dict[str, Any]] = [
        {
            "from": s.start.isoformat(),
            "to": s.end.isoformat(),
            "words": f"{plain(s.mg_per_min.quantize(Decimal('0.01')))} mg/min",
        }
        for s in dose.stretches
    ]
    if parts and dose.running and dose.expected_end is not None:
        parts[-1]["to"] = max(dose.expected_end, state.now).isoformat()
    pauses = [
        {
            "from": before.end.isoformat(),
            "to": after.start.isoformat(),
            "words": _pause_words((after.start - before.end).total_seconds()),
        }
        for before, after in zip(dose.stretches, dose.stretches[1:], strict=False)
        if after.start > before.end
    ]
    given_mg = plain(dose.given_mg.quantize(Decimal("0.1")))
    planned = f", planned {_clock(dose.planned_end)}" if dose.planned_end else ""
    if dose.ended_at is not None:
        help_words = f"ended {_clock(dose.ended_at)}{planned}"
    elif dose.expected_end is not None:
        help_words = f"ends {_clock(dose.expected_end)}{planned}"
    else:
        help_words = "paused"
    return {
        "dose_unit": "mg/min",
        "dose": parts,
        "planned": [{"from": dose.started_at.isoformat(), "to": dose.planned_end.isoformat()}]
        if dose.planned_end
        else [],
        "pauses": pauses,
        "dose_words": f"{given_mg} of {plain(dose.planned_mg)} mg given",
        "dose_help": help_words,
    }
