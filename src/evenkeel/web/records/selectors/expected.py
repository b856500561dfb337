"""What a model expects of one course or one treatment, for those who look on.

A teaching view. Nothing of the day reads it: no alarm, gate, check or act. Off at this
site: nothing is asked, worked out or kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.kernel.quantities import plain, read_decimal
from evenkeel.core.monitoring.fold import State
from evenkeel.core.monitoring.portions import (
    Portions,
    planned_infusion,
    planned_spray,
    portions_of,
)
from evenkeel.core.pharmacology.doses.dosing import to_step
from evenkeel.core.pharmacology.doses.products import Product, product
from evenkeel.core.pharmacology.shown.serving import Asked, Curve, Expected, serving
from evenkeel.web.records.models import (
    Course,
    ModelAnswer,
    Patient,
    SiteSwitch,
    Treatment,
    TreatmentEvent,
)
from evenkeel.web.records.selectors import site, timeline
from evenkeel.web.records.selectors.dose_checks import standing_of
from evenkeel.web.records.selectors.facts import check_of
from evenkeel.web.records.selectors.worked_out import curves
from evenkeel.web.ui.words import local

PRINT_WAIT_S = 10.0  # a paper is drawn once: it waits for its curve, or says that it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page shows where the site has turned the view on.

    state: drawn, waiting (being worked out), missing, outside, none (as ``Expected``), or
        no_dose (``reasons`` say which dose is not known).
    started_at: the first drop or device; None = as planned, from a start that is not known.
    dose_words: the dose it is drawn for. doses_min: its parts, minutes from and to.
    """

    state: Literal["drawn", "waiting", "missing", "outside", "none", "no_dose"]
    started_at: datetime | None
    dose_words: str
    expected: Expected | None = None
    reasons: tuple[str, ...] = ()
    words: str = ""
    doses_min: tuple[tuple[float, float], ...] = ()


def is_on() -> bool:
    """Has the site turned the view on?"""
    return site.is_on(SiteSwitch.Name.EXPECTED)


def of_course(course: Course, now: datetime, *, wait_s: float = 0.0) -> Shown | None:
    """One treatment of this course as planned; None where the view is off."""
    if not is_on():
        return None
    return _planned(
        product(course.product), course.patient, now, _weight(course.patient, now),
        mg=course.dose_mg, mg_per_kg=course.dose_mg_per_kg, minutes=course.minutes,
        basis="actual", wait_s=wait_s,
    )  # fmt: skip


def of_treatment(
    treatment: Treatment, state: State, now: datetime, *, wait_s: float = 0.0
) -> Shown | None:
    """This treatment: as ordered until its dose begins, then as it was given.

    None where the view is off, and for a treatment that was cancelled.
    """
    if state.cancelled is not None or not is_on():
        return None
    what = product(treatment.course.product)
    said = timeline.weight_of(state)
    kg = said[0] if said is not None else _weight(treatment.patient, now)
    if state.dose is not None:
        devices = what.devices
        portions = portions_of(
            state.dose,
            state.now,
            device_mg=devices.mg.mg if devices is not None else Decimal(0),
            apart_minutes=devices.apart_minutes if devices is not None else 0,
        )
        given = f"{plain(state.dose.given_mg.quantize(Decimal('0.1')))} mg given"
        return _shown(
            what, treatment.patient, now, kg, portions, state.dose.started_at, given, wait_s
        )
    checked = standing_of(treatment)
    order = checked.order
    answers = checked.first.answers if checked.is_agreed and checked.first is not None else {}
    course = treatment.course
    return _planned(
        what, treatment.patient, now, kg,
        mg=Decimal(answers["dose"]) if answers else (order.mg if order else course.dose_mg),
        mg_per_kg=order.mg_per_kg if order else course.dose_mg_per_kg,
        minutes=order.minutes if order else course.minutes,
        basis=order.weight_basis if order else "actual", wait_s=wait_s,
    )  # fmt: skip


def _planned(
    what: Product, patient: Patient, now: datetime, kg: Decimal | None, *,
    mg: Decimal | None, mg_per_kg: Decimal | None, minutes: int | None, basis: str, wait_s: float,
) -> Shown:  # fmt: skip
    portions, words = _plan(what, kg, mg, mg_per_kg, minutes, basis)
    return _shown(what, patient, now, kg, portions, None, words, wait_s)


def _plan(
    what: Product, kg: Decimal | None, mg: Decimal | None, mg_per_kg: Decimal | None,
    minutes: int | None, basis: str,
) -> tuple[Portions, str]:  # fmt: skip
    spray = what.devices
    if spray is not None:
        if mg is None:
            return Portions(why_not="No dose is ordered."), ""
        count = int(mg / spray.mg.mg)
        words = f"{plain(mg)} mg, {count} device{'s' if count != 1 else ''} planned"
        return planned_spray(spray.mg.mg, count, spray.apart_minutes), words
    if mg is None:
        if mg_per_kg is None:
            return Portions(why_not="No dose is ordered."), ""
        if basis == "ideal":
            return Portions(why_not="The dose is by ideal weight; it is known once checked."), ""
        if not minutes:
            return Portions(why_not="How long the infusion runs is not ordered."), ""
        # Never in mg before two people have worked it out, each alone: it would be their answer.
        words = f"{plain(mg_per_kg)} mg/kg over {minutes} min planned"
        if kg is None:
            return Portions(why_not="The weight is not known, so the dose in mg is not."), words
        step = what.rounding.dose_mg if what.rounding is not None else Decimal("0.1")
        return planned_infusion(to_step(mg_per_kg * kg, step), minutes), words
    if not minutes:
        return Portions(why_not="How long the infusion runs is not ordered."), ""
    return planned_infusion(mg, minutes), f"{plain(mg)} mg over {minutes} min planned"


def strip_of(shown: Shown | None) -> dict[str, Any] | None:
    """The strip of a flowsheet document; None where there is no line to draw."""
    if shown is None or shown.started_at is None or shown.state not in {"drawn", "waiting"}:
        return None
    drawn = shown.expected
    if drawn is None or drawn.curve is None or drawn.model is None:
        return {"waiting": True, "points": []}
    return {
        "waiting": False,
        "name": drawn.model.analyte,
        "no_band": drawn.curve.no_band,
        "points": [
            {"at": (shown.started_at + timedelta(minutes=minute)).isoformat(), "line": line,
             "low": low, "high": high}
            for minute, line, low, high in rows_of(drawn.curve)
        ],
    }  # fmt: skip


def rows_of(curve: Curve) -> list[tuple[float, float, float | None, float | None]]:
    """Minute, line and ends of the band of a curve; no ends where it has no band."""
    none = (None,) * len(curve.minutes)
    return list(zip(curve.minutes, curve.line, curve.low or none, curve.high or none, strict=True))


def _shown(
    what: Product, patient: Patient, now: datetime, kg: Decimal | None, portions: Portions,
    started_at: datetime | None, dose_words: str, wait_s: float,
) -> Shown:  # fmt: skip
    if portions.why_not:
        return Shown(
            state="no_dose", started_at=started_at, dose_words=dose_words,
            reasons=(portions.why_not,),
        )  # fmt: skip
    asked = Asked(product=what.id, known=_known(patient, now, kg), portions=portions.portions)
    found = curves.get(asked, wait_s=wait_s)
    return Shown(
        state=found.kind if found is not None else "waiting",
        started_at=started_at,
        dose_words=dose_words,
        expected=found,
        reasons=found.reasons if found is not None else (),
        words=portions.words,
        doses_min=tuple(
            (each.after_s / 60, (each.after_s + each.lasts_s) / 60) for each in portions.portions
        ),
    )


def _known(patient: Patient, now: datetime, kg: Decimal | None) -> tuple[tuple[str, float], ...]:
    """Covariates that are known of this person; nothing stands in for one that is not."""
    known: dict[str, float] = {}
    age = timeline.age_on(patient, now)
    if age is not None:
        known["AGE"] = float(age)
    if kg is not None:
        known["WT"] = float(kg)
    for question, choice in answers_of(patient).items():
        if choice:
            known |= serving().told(question, choice)
    return tuple(sorted(known.items()))


def answers_of(patient: Patient) -> dict[str, str]:
    """The latest answer to each question that a model asks; "" = taken back."""
    rows = ModelAnswer.objects.filter(patient=patient).order_by("id")
    return dict(rows.values_list("question", "choice"))


def _weight(patient: Patient, now: datetime) -> Decimal | None:
    """The latest weight that is not too old: of a treatment day, or of the record."""
    today = local(now).date()
    fact = _weight_fact(
        patient.pk, today.isoformat(),
        patient.referrals.order_by("-id").values_list("id", flat=True).first(),
        patient.fact_answers.order_by("-id").values_list("id", flat=True).first(),
    )  # fmt: skip
    days = library().dictionary["body_weight"].fresh_days
    row = (
        TreatmentEvent.objects.filter(
            treatment__patient=patient, kind="answered", data__condition="weight",
            superseded_by__isnull=True, at__lte=now,
        )
        .order_by("-at", "-id")
        .first()
    )  # fmt: skip
    if row is None or (days and row.at < now - timedelta(days=days)):
        return fact[0] if fact else None
    if fact is not None and fact[1] is not None and fact[1] > local(row.at).date().isoformat():
        return fact[0]
    return read_decimal(row.data["values"]["kg"], "kg")


@lru_cache(maxsize=512)
def _weight_fact(
    patient_id: int, day: str, referral: int | None, answer: int | None
) -> tuple[Decimal, str | None] | None:
    """Weight and day of the record; read again only when something came in, or a day went by."""
    patient = Patient.objects.get(pk=patient_id)
    facts = check_of(patient, as_of=datetime.fromisoformat(day).date(), packs=()).facts
    fact = facts["body_weight"]
    if not isinstance(fact.value, int | float | Decimal) or isinstance(fact.value, bool):
        return None
    return Decimal(str(fact.value)), fact.at.isoformat() if fact.at is not None else None
