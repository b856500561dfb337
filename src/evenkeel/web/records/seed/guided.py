"""Three invented people for whom the guidelines have something to tell.

One has a history of antidepressants that definitions count differently, one a packet for
a payer, one a decision that stands on the edition before. All of it goes through the
real services; whom the newer edition moves is found by the worker, as in any clinic.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from evenkeel.core.guidelines.packs.editions import released, releases
from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.web.accounts.models import User
from evenkeel.web.records.models import FactAnswer, Patient, ScreeningDecision
from evenkeel.web.records.selectors.packets import packet_of
from evenkeel.web.records.services import packets, screening, trials
from evenkeel.web.ui.words import local

PAYER = "payer-first-esketamine"
PAIN_PACK = "asra-2018-chronic-pain"
# What is known of a person with regional pain, for whom a single infusion is asked.
PAIN_ANSWERS: dict[str, tuple[Any, str]] = {
    "indication": ("crps", "clinician"),
    "product": ("racemic_iv", "clinician"),
    "poorly_controlled_cardiovascular_disease": (False, "clinician"),
    "high_cardiovascular_risk": (False, "clinician"),
    "ischaemic_heart_disease": (False, "clinician"),
    "heart_failure": (False, "clinician"),
    "valvular_heart_disease": (False, "clinician"),
    "pregnant": (False, "patient"),
    "psychosis_current": (False, "clinician"),
    "child_pugh_class": ("none", "clinician"),
    "raised_intracranial_pressure": (False, "clinician"),
    "raised_intraocular_pressure": (False, "clinician"),
    "substance_use_disorder": (True, "clinician"),
    "serial_infusions": (False, "clinician"),
}
WHY_WAIT = (
    "A substance use disorder, in treatment for five weeks, and one infusion is asked for. "
    "The pain guideline leaves it to us; to be talked over with the pain clinic."
)


def history(patient: Patient, *, by: User, at: datetime) -> None:
    """Five trials: one that every definition counts, some that only some do, one that runs.

    The doses lie where published minimums part: venlafaxine at 75 mg and mirtazapine at
    15 mg a day are enough by one table and not by another.
    """
    today = local(at).date()

    def ago(days: int) -> str:
        return (today - timedelta(days=days)).isoformat()

    for number, trial in enumerate(_trials(ago)):
        trials.add_trial(
            patient=patient, trial=trial, by=by, at=at + timedelta(minutes=number),
            said_by="clinician",
        )  # fmt: skip
    _answer(patient, {"current_episode_months": (22, "patient")}, by=by, at=at)


def _trials(ago: Callable[[int], str]) -> list[dict[str, Any]]:
    return [
        {"drug": "sertraline", "start": ago(650), "end": ago(540), "improvement_percent": 5,
         "adherent": True, "augmentation": False,
         "doses": [{"dose_mg_per_day": 50, "start": ago(650)},
                   {"dose_mg_per_day": 100, "start": ago(625)},
                   {"dose_mg_per_day": 150, "start": ago(590)}]},
        {"drug": "venlafaxine XR", "start": ago(520), "end": ago(400), "improvement_percent": 10,
         "adherent": True, "augmentation": False,
         "doses": [{"dose_mg_per_day": 37.5, "start": ago(520)},
                   {"dose_mg_per_day": 75, "start": ago(505)}]},
        {"drug": "mirtazapine", "dose_mg_per_day": 15, "start": ago(380), "end": ago(310),
         "improvement": "under_25", "adherent": True},
        {"drug": "bupropion XL", "dose_mg_per_day": 300, "start": ago(290), "end": ago(268),
         "stopped_because": "side_effects", "adherent": True},
        {"drug": "duloxetine", "dose_mg_per_day": 60, "start": ago(75), "end": None,
         "improvement_percent": 30, "adherent": True},
    ]  # fmt: skip


def packet(patient: Patient, *, by: User, at: datetime) -> None:
    """A packet as a coordinator issued it, with the parts that these rules ask for."""
    rules = library().payers[PAYER]
    assert rules.packet is not None
    parts = rules.packet.parts
    made = packet_of(patient, pack=rules, as_of=local(at).date(), parts=sorted(parts))
    packets.issue(
        patient=patient, pack=PAYER, parts=parts, seen=packets.fingerprint_of(made), by=by, at=at
    )


def decided_before(patient: Patient, *, by: User, at: datetime) -> None:
    """A decision to wait, made on the edition before; today's says otherwise."""
    before = edition_before()
    if before is None:
        return
    _answer(patient, PAIN_ANSWERS, by=by, at=at - timedelta(minutes=30))
    screening.decide(
        patient=patient, pack=PAIN_PACK, product="racemic_iv", indication="crps",
        choice="wait", reason=WHY_WAIT, by=by, at=at, content=before,
    )  # fmt: skip


def shown() -> list[dict[str, str]]:
    """These people, for somebody who sees the demo for the first time: number, name, what."""
    found = []

    def add(patient: Patient | None, what: str) -> None:
        if patient is not None:
            found.append({"number": patient.number, "name": patient.full_name, "what": what})

    told = FactAnswer.objects.filter(name=TRIALS, value__4__isnull=False).select_related("patient")
    five = told.order_by("pk").first()
    add(five and five.patient, "five antidepressant trials, counted differently (Trials)")
    packets = Patient.objects.filter(packets__isnull=False)
    add(packets.order_by("packets__pk").first(), "a packet for a payer (Packets)")
    decided = ScreeningDecision.objects.filter(pack=PAIN_PACK).select_related("patient")
    older = decided.order_by("pk").first()
    add(older and older.patient, "a decision that a newer edition moves (Guideline changes)")
    return found


def edition_before() -> Library | None:
    """The newest released edition that is not today's; None when there is none."""
    today = library().sha256
    older = [each.sha256 for each in releases() if each.sha256 != today]
    return released(older[-1]) if older else None


def _answer(patient: Patient, told: dict[str, tuple[Any, str]], *, by: User, at: datetime) -> None:
    for name, (value, said_by) in told.items():
        screening.answer_fact(
            patient=patient, name=name, value=value, by=by, at=at, said_by=said_by
        )
