"""Screening of invented people: answers to what the referral leaves open, and decisions.

The answers are rows, the decisions go through the real service, so that every
verdict on the screen is the packs' own.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.web.records.models import FactAnswer, Patient, ScreeningDecision
from evenkeel.web.records.seed.rows import Rows
from evenkeel.web.records.services import screening

# fact: what a person fit for treatment would answer, and who is asked
ANSWERS: dict[str, tuple[Any, str]] = {
    "indication": ("trd", "clinician"),
    "aneurysmal_vascular_disease": (False, "patient"),
    "arteriovenous_malformation": (False, "patient"),
    "history_intracerebral_haemorrhage": (False, "patient"),
    "hypersensitivity_ketamine": (False, "patient"),
    "hypersensitivity_excipient": (False, "patient"),
    "psychosis_history": (False, "clinician"),
    "substance_use_risk_assessed": (True, "clinician"),
    "cardiovascular_or_cerebrovascular_condition": (False, "patient"),
    "child_pugh_class": ("none", "clinician"),
    "pregnant": (False, "patient"),
    "lactating": (False, "patient"),
    "raised_pressure_serious_risk": (False, "clinician"),
    "home_self_administration": (False, "clinician"),
    "assessment_documented": (True, "clinician"),
    "trial_history_documented": (True, "clinician"),
    "systems_review_done": (True, "clinician"),
    "off_label_consent_signed": (True, "record"),
    "setting": ("outpatient", "clinician"),
    "rems_enrolled": (True, "record"),
}
ASKED_AGAIN_AFTER = timedelta(days=170)  # the judgement on blood pressure counts for 180 days
PACKS = {"racemic_iv": "apa-2017", "esketamine_nasal": "esketamine-us"}
WHY_ALL_THE_SAME = (
    "Two trials are in the letter and were discussed; what is open was asked and will be followed."
)
WHY_NOT = "The second trial is still running at a low dose; to come back in six weeks."

TRIED = (
    ("sertraline", 150),
    ("venlafaxine", 225),
    ("escitalopram", 20),
    ("duloxetine", 60),
    ("bupropion", 300),
)


def trials(random: Random, before: date) -> list[dict[str, Any]]:
    """Two antidepressants that did not help, as the letter tells them."""
    told = []
    end = before - timedelta(days=random.randint(20, 60))
    for drug, dose in random.sample(TRIED, 2):
        start = end - timedelta(days=random.randint(63, 160))
        told.append(
            {
                "drug": drug, "dose_mg_per_day": dose, "start": start.isoformat(),
                "end": end.isoformat(), "improvement_percent": random.choice((0, 5, 10, 15)),
                "adherent": True, "augmentation": None,
            }
        )  # fmt: skip
        end = start - timedelta(days=random.randint(5, 40))
    return told


def answer(
    rows: Rows, patient: Patient, *, by: Any, at: datetime, random: Random, share: float = 1.0
) -> None:
    """Answers to the screening questions; ``share`` below 1 leaves some open."""
    said = {**ANSWERS, TRIALS: (trials(random, at.date()), "clinician")}
    kept = [
        FactAnswer(patient=patient, name=name, value=value, said_by=said_by, by=by, at=at,
                   recorded_at=at)
        for name, (value, said_by) in said.items()
        if random.random() < share
    ]  # fmt: skip
    FactAnswer.objects.bulk_create(kept)
    rows.told(
        "fact.answered",
        f"{by.short_name} answered {len(kept)} screening questions about {patient.short_name}.",
        by=by, at=at, patient=patient,
    )  # fmt: skip


def judge_pressure_again(rows: Rows, patient: Patient, *, by: Any, at: datetime) -> None:
    FactAnswer.objects.create(
        patient=patient, name="raised_pressure_serious_risk", value=False, said_by="clinician",
        by=by, at=at, recorded_at=at,
    )  # fmt: skip
    rows.told(
        "fact.answered",
        f"{by.short_name} answered a screening question about {patient.short_name}.",
        by=by, at=at, patient=patient,
    )  # fmt: skip


def decide(
    patient: Patient, *, product: str, choice: str, by: Any, at: datetime
) -> ScreeningDecision:
    """The prescriber's decision; against an open verdict it carries a reason."""

    def with_reason(reason: str) -> ScreeningDecision:
        return screening.decide(
            patient=patient, pack=PACKS[product], product=product, indication="trd",
            choice=choice, reason=reason, by=by, at=at,
        )  # fmt: skip

    if choice != "proceed":
        return with_reason(WHY_NOT)
    try:
        return with_reason("")
    except screening.CannotDecide:
        return with_reason(WHY_ALL_THE_SAME)
