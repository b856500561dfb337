"""Believable signs for a demo, and the messages that a bedside monitor would send.

Not a model of anything: numbers that wander, rise while the drug runs and settle
after it, so that screens have something to show. Nothing clinical follows from them.
Seeded, so that the same chair looks the same.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scenario(StrEnum):
    """How the simulated person fares."""

    STEADY = "steady"
    PRESSURE_RISE = "pressure-rise"
    PROBE_OFF = "probe-off"
    NOISY = "noisy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One sign as the monitor has it; ``value`` None: the monitor has none."""

    number: int
    name: str
    channel: str
    unit: str
    value: int | None
    at: datetime


_RATE = "264864^MDC_DIM_BEAT_PER_MIN^MDC"
_BREATHS = "264928^MDC_DIM_RESP_PER_MIN^MDC"
_PERCENT = "262688^MDC_DIM_PERCENT^MDC"
_MMHG = "266016^MDC_DIM_MMHG^MDC"

# Systolic mmHg added at the peak.
_RISE = {Scenario.PRESSURE_RISE: 66.0}
_USUAL_RISE = 17.0
_RISES_OVER_MIN = 14.0  # time constant while the drug runs
_SETTLES_OVER_MIN = 22.0  # and after it


@dataclass
class SimulatedPerson:
    """Signs at a time. ``seed`` fixes the resting values and the noise."""

    seed: int
    scenario: Scenario = Scenario.STEADY

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._systolic = self._chance.gauss(121, 5)
        self._diastolic = self._systolic * 0.62 + self._chance.gauss(0, 2)
        self._heart = self._chance.gauss(71, 4)
        self._breaths = self._chance.gauss(14, 0.8)
        self._saturation = self._chance.gauss(97.6, 0.5)

    def effect(self, running_min: float | None, over_min: float | None) -> float:
        """0 at rest, towards 1 while the drug runs, back to 0 after it.

        running_min: minutes since the dose began; None before it.
        over_min: minutes since it ended; None while it runs.
        """
        if running_min is None:
            return 0.0
        ran = running_min if over_min is None else max(running_min - over_min, 0.0)
        risen = 1 - math.exp(-ran / _RISES_OVER_MIN)
        return risen if over_min is None else risen * math.exp(-over_min / _SETTLES_OVER_MIN)

    def signs(self, at: datetime, effect: float) -> list[Measured]:
        """What is measured all the time: heart rate, saturation, pulse, breaths."""
        wander = math.sin(at.timestamp() / 47.0)
        noise = 3.0 if self.scenario is Scenario.NOISY else 1.0
        heart = self._heart + 9 * effect + 2 * wander + self._chance.gauss(0, 0.9 * noise)
        saturation = self._saturation - 0.7 * effect + self._chance.gauss(0, 0.4 * noise)
        breaths = self._breaths - 0.8 * effect + self._chance.gauss(0, 0.7 * noise)
        if self.scenario is Scenario.NOISY and self._chance.random() < 0.04:
            saturation -= self._chance.uniform(4, 12)  # a hand that moves
            heart += self._chance.uniform(-15, 40)
        off = self.scenario is Scenario.PROBE_OFF and at.timestamp() % 180 < 75
        pulse = None if off else _between(heart + self._chance.gauss(0, 0.5), 30, 190)
        return [
            Measured(
                number=147842, name="MDC_ECG_HEART_RATE", channel="1.6.1.1", unit=_RATE,
                value=_between(heart, 30, 190), at=at,
            ),
            Measured(
                number=150456, name="MDC_PULS_OXIM_SAT_O2", channel="1.3.1.2", unit=_PERCENT,
                value=None if off else _between(saturation, 70, 100), at=at,
            ),
            Measured(
                number=149530, name="MDC_PULS_OXIM_PULS_RATE", channel="1.3.1.3", unit=_RATE,
                value=pulse, at=at,
            ),
            Measured(
                number=151578, name="MDC_TTHOR_RESP_RATE", channel="1.6.2.4", unit=_BREATHS,
                value=_between(breaths, 4, 40), at=at,
            ),
        ]  # fmt: skip

    def cuff(self, at: datetime, effect: float) -> list[Measured]:
        """One inflation of the cuff."""
        rise = _RISE.get(self.scenario, _USUAL_RISE) * effect
        systolic = round(self._systolic + rise + self._chance.gauss(0, 2.5))
        lower = self._diastolic + 0.55 * rise + self._chance.gauss(0, 2)
        diastolic = round(min(lower, systolic - 20))
        mean = round(diastolic + (systolic - diastolic) / 3)
        return [
            Measured(
                number=150021 + n, name=f"MDC_PRESS_BLD_NONINV_{part}", channel=f"1.2.1.{n + 1}",
                unit=_MMHG, value=value, at=at,
            )
            for n, (part, value) in enumerate(
                (("SYS", systolic), ("DIA", diastolic), ("MEAN", mean))
            )
        ]  # fmt: skip


def _between(value: float, low: int, high: int) -> int:
    return min(max(round(value), low), high)


def _time(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}.{at.microsecond // 1000:03d}{at:%z}"


def message(
    *,
    device: str,
    chair: int | None,
    person: str,
    measured: Sequence[Measured],
    control_id: str,
    at: datetime,
) -> bytes:
    """An ORU^R01 after the form of IHE PCD-01, in UTF-8, without a name of the person.

    person: the record number, or "" when nobody has told the monitor.
    """
    place = f"CHAIR^{chair}" if chair is not None else ""
    lines = [
        f"MSH|^~\\&|MONITOR^{device}^L|CLINIC|EVENKEEL|CLINIC|{_time(at)}||ORU^R01^ORU_R01|"
        f"{control_id}|P|2.6|||NE|AL||UNICODE UTF-8|||"
        "IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO",
        f"PID|||{person}^^^Evenkeel^PI||^^^^^^U" if person else "PID|||||^^^^^^U",
        f"PV1||O|{place}",
        f"OBR|1|{control_id}^MONITOR|{control_id}^MONITOR|182777000^monitoring of patient^SCT|||"
        f"{_time(at)}",
        "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X",
    ]
    for number, each in enumerate(measured, start=2):
        value, status = (str(each.value), "R") if each.value is not None else ("", "X")
        lines.append(
            f"OBX|{number}|NM|{each.number}^{each.name}^MDC|{each.channel}|{value}|{each.unit}|"
            f"||||{status}|||{_time(each.at)}|||AMEAS^auto-measurement^MDC|{device}^^{device}^L"
        )
    return ("\r".join(lines) + "\r").encode()
