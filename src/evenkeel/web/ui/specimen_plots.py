"""An invented course and an invented treatment, drawn in the gallery."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.safestring import SafeString

from evenkeel.web.ui import expected, plots

START = date(2026, 6, 23)


def _after(days: int) -> date:
    return START + timedelta(days=days)


def course() -> plots.Plot:
    """Twenty-two weeks with a response, a relapse sign and two missing answers."""
    phq = [18, 17, 15, 13, 12, 11, 11, 9, 8, 7, 7, None, None, 9, 11, 9, 8, 7, 7, 6, 7, 7, 7]
    madrs = [
        (0, 34),
        (14, 26),
        (28, 17),
        (42, 13),
        (56, 10),
        (70, 9),
        (84, 11),
        (98, 15),
        (112, 11),
        (126, 9),
        (140, 9),
        (151, 8),
    ]
    doses: list[tuple[date, float | None]] = [
        (_after(4 * i), 56 if i < 2 else 84) for i in range(8)
    ]
    doses += [(_after(28 + 7 * i), 84) for i in range(5)]
    doses += [
        (_after(71), 84),
        (_after(85), None),
        (_after(98), 84),
        (_after(112), 84),
        (_after(126), 84),
    ]
    return plots.Plot(
        start=START,
        end=_after(172),
        now=_after(154),
        title="Course at a glance",
        doses=doses,
        phases=[
            (_after(0), _after(28), "twice weekly"),
            (_after(28), _after(56), "weekly"),
            (_after(56), _after(98), "every 2 weeks"),
            (_after(98), _after(126), "weekly"),
            (_after(126), _after(154), "every 2 weeks"),
            (_after(154), None, "to decide"),
        ],
        scores=[
            plots.Scores(
                name="MADRS",
                sub="by clinician, total",
                current="8",
                current_sub="21 Nov, down 76%",
                low=0,
                high=44,
                height=260,
                baseline="34, frozen baseline",
                points=[(_after(d), v, "") for d, v in madrs],
                bands=[(0, 7, "none"), (7, 20, "mild"), (20, 35, "moderate"), (35, 44, "severe")],
                definitions=[
                    (22, "relapse line, 22", False),
                    (17, "response, half of 34", True),
                    (12, "remission, 12 or less", False),
                ],
                flags=[
                    (_after(28), "Response"),
                    (_after(56), "Remission"),
                    (_after(98), "Above 12"),
                    (_after(126), "Remission again"),
                ],
                fan=[(_after(154), 8, 8), (_after(163), 7, 12), (_after(172), 8, 16)],
            ),
            plots.Scores(
                name="PHQ-9",
                sub="by patient",
                current="7",
                current_sub="22 Nov",
                low=0,
                high=27,
                height=130,
                points=[(_after(7 * i), v, "") for i, v in enumerate(phq) if v is not None],
                missing=[_after(7 * i) for i, v in enumerate(phq) if v is None],
                bands=[
                    (0, 5, "minimal"),
                    (5, 10, "mild"),
                    (10, 20, "moderate"),
                    (20, 27, "severe"),
                ],
            ),
        ],
        decisions=[
            (_after(28), "Go on", "benefit at week 4"),
            (_after(56), "2 weeks", "as suggested"),
            (_after(98), "Weekly", "as suggested"),
            (_after(154), "Today", ""),
        ],
        events=[
            (_after(17), "182/104", "at 40 min, settled"),
            (_after(42), "Item 9 positive", "seen in 2 h 10"),
            (_after(85), "Flu", "treatment missed"),
        ],
        notes=["Invented. Missing answers stay missing."],
    )


def patient_graph() -> SafeString:
    values = [21, 20, 16, 13, 11, 9, 10, 8, None, 7, 9]
    return plots.draw_patient(
        points=[(_after(7 * i), v) for i, v in enumerate(values) if v is not None],
        missing=[_after(7 * i) for i, v in enumerate(values) if v is None],
        treatments=[_after(d) for d in (7, 10, 14, 17, 21, 28, 35, 42, 49, 56, 70)],
        high=27,
        few=(4, "few signs, 0 to 4"),
        step=9,
    )


def treatment(now: datetime) -> dict[str, Any]:
    """A flowsheet document: 27 minutes into an infusion with a pause and a limit crossed."""
    begin = now - timedelta(minutes=27, seconds=18)

    def at(minutes: float) -> str:
        return (begin + timedelta(minutes=minutes)).isoformat()

    pressures = [
        (-7, 128, 78, "hand", ""),
        (0, 130, 80, "monitor", ""),
        (5, 136, 83, "monitor", ""),
        (10, 144, 86, "monitor", ""),
        (15, 150, 88, "monitor", ""),
        (20, 156, 90, "monitor", ""),
        (25, 164, 100, "monitor", "medium"),
        (26.3, 166, 101, "monitor", "medium"),
    ]
    pulse = [72, 74, 76, 75, 78, 82, 81, 84, 86, 88]
    return {
        "start": at(-10),
        "end": at(82),
        "now": now.isoformat(),
        "dose_unit": "mg/min",
        "dose": [
            {"from": at(0), "to": at(12), "words": "0.95 mg/min"},
            {"from": at(15), "to": at(43)},
        ],
        "planned": [{"from": at(0), "to": at(40)}],
        "pauses": [{"from": at(12), "to": at(15), "words": "pause 3 min"}],
        "dose_words": "23.1 of 38 mg given",
        "dose_help": "ends later than planned by 3 min",
        "series": {
            "sys_dia": [
                {"at": at(m), "sys": s, "dia": d, "by": b, "over": o} for m, s, d, b, o in pressures
            ],
            "pulse": [
                {"at": at(2.9 * i), "value": v, "by": "monitor"} for i, v in enumerate(pulse)
            ],
            "spo2": [
                {"at": at(2 * i), "value": 98 - i % 3, "by": "monitor"}
                for i in range(14)
                if i not in (7, 8)
            ],
            "rr": [{"at": at(2 * i), "value": 15 - i % 2, "by": "monitor"} for i in range(14)],
        },
        "levels": {
            "sedation": [
                {"at": at(0), "value": 5},
                {"at": at(10), "value": 5},
                {"at": at(20), "value": 4},
            ],
            "dissociation": [
                {"at": at(0), "value": 0},
                {"at": at(10), "value": 3},
                {"at": at(20), "value": 5, "was": 6},
            ],
        },
        "events": [{"at": at(-5), "words": "Gate: go"}, {"at": at(12), "words": "Paused, nausea"}],
        "checks": [
            {"at": at(0), "done": True},
            {"at": at(10), "done": True},
            {"at": at(20), "done": True},
            {"at": at(26), "done": False, "late": True, "words": ""},
            {"at": at(45), "done": False},
            {"at": at(60), "done": False},
            {"at": at(75), "done": False},
        ],
        "limits": [
            {
                "series": "sys_dia",
                "value": 160,
                "words": "limit 160/100, order of Dr Mockridge today",
                "over": True,
            },
            {"series": "sys_dia", "value": 100, "over": True, "second": True},
            {"series": "spo2", "value": 92, "words": "lower limit 92, protocol"},
        ],
        "leaving": "earliest leaving in 75 min",
        "gap_s": 240,
    }


def modelled() -> SafeString:
    """A plan of two devices with what a model expects: invented numbers, for the look only."""
    points = [
        {
            "minute": float(minute),
            "line": (line := 72 * (minute / 40) * math.exp(1 - minute / 40)),
            "low": line * 0.5,
            "high": line * 1.6,
        }
        for minute in range(0, 181, 4)
    ]
    model = {"waiting": False, "name": "esketamine", "points": points}
    return expected.draw_plan(model, [(0, 0), (5, 5)])
