"""Made-up courses of symptoms: PHQ-9 answers and MADRS totals over the weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import exp
from random import Random
from typing import Any

from evenkeel.core.instruments import scale_of, score, score_total
from evenkeel.core.instruments.catalogue import edition
from evenkeel.web.records.models import Assessment, Course, Patient

# What is left of the first score once the drug works as well as it will.
LEFT = {"remission": 0.2, "response": 0.42, "partial": 0.68, "none": 0.96}
HOW_OFTEN = {"remission": 34, "response": 30, "partial": 20, "none": 16}
WEEKS_TO_SETTLE = 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """One person's symptoms. ``kind`` is a key of LEFT."""

    kind: str
    phq9: int
    madrs: int

    def at_week(self, first: int, week: float, most: int, random: Random) -> int:
        left = LEFT[self.kind]
        share = 1.0 if week <= 0 else left + (1 - left) * exp(-week / WEEKS_TO_SETTLE)
        return max(0, min(most, round(first * share + random.gauss(0, 1.6))))


def trajectory(random: Random, kind: str = "") -> Trajectory:
    kind = kind or random.choices(list(HOW_OFTEN), list(HOW_OFTEN.values()))[0]
    phq9 = random.randint(15, 25)
    return Trajectory(kind=kind, phq9=phq9, madrs=min(48, phq9 + random.randint(10, 16)))


def phq9_answers(total: int, random: Random) -> dict[str, int | None]:
    """Nine answers with this sum; the ninth item stays low, as it mostly does."""
    answers = {f"q{n}": 0 for n in range(1, 10)}
    weights = [5, 6, 5, 6, 4, 5, 4, 2]
    left = total
    while left:
        place = f"q{random.choices(range(1, 9), weights)[0]}"
        if answers[place] < 3:
            answers[place] += 1
            left -= 1
        elif all(answers[f"q{n}"] == 3 for n in range(1, 9)):
            answers["q9"] = min(3, left)
            break
    return dict(answers)


def phq9_row(
    *, patient: Patient, course: Course | None, total: int, at: datetime, random: Random,
    via: str = "portal", by: Any = None,
) -> Assessment:  # fmt: skip
    """An answered PHQ-9, scored by the real scale."""
    answers = phq9_answers(total, random)
    result = score(scale_of("phq9"), answers)
    return _row(patient, course, "phq9", result, answers, via, at, by)


def madrs_row(*, patient: Patient, course: Course, total: int, at: datetime, by: Any) -> Assessment:
    """A clinician's MADRS by its total; its wording is not ours to keep."""
    result = score_total(scale_of("madrs"), total)
    return _row(patient, course, "madrs", result, {}, "clinician", at, by)


def _row(
    patient: Patient, course: Course | None, instrument: str, result: Any,
    answers: dict[str, int | None], via: str, at: datetime, by: Any,
) -> Assessment:  # fmt: skip
    return Assessment(
        patient=patient, course=course, instrument=instrument,
        instrument_version=edition(instrument), answers=answers,
        total=None if result.total is None else Decimal(result.total), band=result.band,
        complete=result.complete, reason=result.reason, via=via, at=at, recorded_at=at, by=by,
    )  # fmt: skip
