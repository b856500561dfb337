"""Resources to the entries of a chart.

In: a checked ``Referral``. Out: a ``Chart``. What cannot be relied on becomes an
entry that is not usable, with the reason, and a ``Problem`` with its place. Whether
a code means something is decided by guidelines; whether a number is possible, in
``plausible``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from evenkeel.core.chart import (
    Allergy,
    Chart,
    Code,
    Condition,
    Encounter,
    Medication,
    Person,
    Procedure,
    When,
)
from evenkeel.edges.fhir import observations
from evenkeel.edges.fhir.bundle import Referral
from evenkeel.edges.fhir.notes import Notes, common
from evenkeel.edges.fhir.references import Entry
from evenkeel.edges.fhir.values import code_of, quantity_of, span, status_of, when_of, written

Resource = dict[str, Any]


def chart(referral: Referral, person: Person, notes: Notes, today: date) -> Chart:
    """Every entry that Evenkeel reads, in the order of the bundle."""
    made: dict[str, list[Any]] = {}
    for entry in referral.entries:
        maker = _MAKERS.get(entry.kind)
        if maker is None or entry.number in referral.doubled:
            continue
        if entry.number in referral.others:
            notes.distrust(
                entry.number,
                f"{entry.place}.subject",
                f"Kept, but never taken as a fact: {referral.others[entry.number]}.",
            )
        _impossible_times(entry, person, notes, today)
        field_name, make = maker
        made.setdefault(field_name, []).append(make(entry, referral, notes))
    return Chart(person=person, **{name: tuple(items) for name, items in made.items()})


def _condition(entry: Entry, referral: Referral, notes: Notes) -> Condition:
    told = entry.resource
    clinical, verification = (
        status_of(told.get("clinicalStatus")),
        status_of(told.get("verificationStatus")),
    )
    has_abated = any(name.startswith("abatement") and value for name, value in told.items())
    if has_abated and clinical in ("active", "recurrence", "relapse"):
        notes.distrust(
            entry.number,
            f"{entry.place}.clinicalStatus",
            f'says "{clinical}" although an end is given (FHIR con-4). Kept; which of the two '
            "holds is to be asked.",
        )
    return Condition(
        **common(entry, code_of(told.get("code")), notes, verification),
        clinical=clinical,
        verification=verification,
        onset=when_of(told, "onset"),
        abated=when_of(told, "abatement"),
        has_abated=has_abated,
        recorded=written(told, "recordedDate"),
        severity=code_of(told["severity"]) if "severity" in told else None,
    )


def _medication(entry: Entry, referral: Referral, notes: Notes) -> Medication:
    told = entry.resource
    status = told.get("status", "")
    code = _drug(entry, referral, notes)
    dosages = told.get("dosageInstruction") or told.get("dosage") or []
    dosage = dosages[0] if isinstance(dosages, list) and dosages else {}
    if isinstance(dosages, dict):  # an administration has one dosage
        dosage = dosages
    rates = dosage.get("doseAndRate") or [{}]
    start, end = _times(entry)
    kind = entry.kind.removeprefix("Medication").lower()
    return Medication(
        **common(entry, code, notes, status),
        kind="statement" if kind == "dispense" else kind,
        status=status,
        intent=told.get("intent", ""),
        do_not_perform=told.get("doNotPerform") is True,
        start=start,
        end=end,
        dose_text=dosage.get("text", ""),
        dose=quantity_of(rates[0].get("doseQuantity")) or quantity_of(dosage.get("dose")),
        route=code_of(dosage["route"]) if "route" in dosage else None,
    )


def _times(entry: Entry) -> tuple[When | None, When | None]:
    told = entry.resource
    if entry.kind == "MedicationRequest":
        period = told.get("dispenseRequest", {}).get("validityPeriod", {})
        start = written(told, "authoredOn") or written(period, "start")
        return start, written(period, "end")
    if entry.kind == "MedicationDispense":
        return written(told, "whenHandedOver") or written(told, "whenPrepared"), None
    period = told.get("effectivePeriod", {})
    return when_of(told, "effective") or written(told, "dateAsserted"), written(period, "end")


def _drug(entry: Entry, referral: Referral, notes: Notes) -> Code:
    """The drug: a concept, or the Medication that is pointed at."""
    told = entry.resource
    link = told.get("medicationReference")
    if not isinstance(link, dict):
        return code_of(told.get("medicationCodeableConcept"))
    place = f"{entry.place}.medicationReference"
    target = _medication_named(link, entry, referral)
    if target is None:
        notes.distrust(
            entry.number,
            place,
            "The drug is described by a resource that is not in the bundle. Kept; which drug "
            "it is must be asked.",
        )
        return Code(text=link.get("display", ""))
    if target.get("status") == "entered-in-error":
        notes.distrust(entry.number, place, "The drug's description was entered in error.")
    return _with_ingredients(target, entry, referral)


def _medication_named(link: dict[str, Any], entry: Entry, referral: Referral) -> Resource | None:
    reference = link.get("reference", "")
    if reference.startswith("#"):
        return referral.index.contained(entry.resource, reference)
    found = referral.index.entry(reference, entry.full_url)
    return found.resource if found else None


def _with_ingredients(target: Resource, entry: Entry, referral: Referral) -> Code:
    """The product's own concept, then those of its active ingredients.

    A product that only its sender's catalogue knows is so recognised by what is in it.
    """
    own = code_of(target.get("code"))
    inside = list(_ingredients(target, entry, referral, {id(target)}))
    codings = dict.fromkeys(coding for code in (own, *inside) for coding in code.codings)
    named = next((code.words for code in (own, *inside) if code.codings or code.text), "")
    return Code(codings=tuple(codings), text=own.text or (named if not own.codings else ""))


def _ingredients(of: Resource, entry: Entry, referral: Referral, seen: set[int]) -> Iterator[Code]:
    """Each that is pointed at is read once, however they point at each other."""
    for part in of.get("ingredient", []):
        if part.get("isActive") is False:
            continue
        if "itemCodeableConcept" in part:
            yield code_of(part["itemCodeableConcept"])
        deeper = _medication_named(part.get("itemReference", {}), entry, referral)
        if deeper is not None and id(deeper) not in seen:
            seen.add(id(deeper))
            yield code_of(deeper.get("code"))
            yield from _ingredients(deeper, entry, referral, seen)


def _allergy(entry: Entry, referral: Referral, notes: Notes) -> Allergy:
    told = entry.resource
    verification = status_of(told.get("verificationStatus"))
    return Allergy(
        **common(entry, code_of(told.get("code")), notes, verification),
        clinical=status_of(told.get("clinicalStatus")),
        verification=verification,
        kind=told.get("type", ""),
        criticality=told.get("criticality", ""),
        reactions=tuple(
            code_of(sign).words
            for reaction in told.get("reaction", [])
            for sign in reaction.get("manifestation", [])
        ),
        recorded=written(told, "recordedDate"),
    )


def _procedure(entry: Entry, referral: Referral, notes: Notes) -> Procedure:
    told = entry.resource
    return Procedure(
        **common(entry, code_of(told.get("code")), notes, told.get("status", "")),
        status=told.get("status", ""),
        at=when_of(told, "performed"),
    )


def _encounter(entry: Entry, referral: Referral, notes: Notes) -> Encounter:
    told = entry.resource
    kinds = told.get("type") or [{}]
    period = told.get("period", {})
    return Encounter(
        **common(entry, code_of(kinds[0]), notes, told.get("status", "")),
        status=told.get("status", ""),
        setting=told.get("class", {}).get("code", ""),
        at=written(period, "start") or written(period, "end"),
        reasons=tuple(code_of(reason) for reason in told.get("reasonCode", [])),
    )


def _impossible_times(entry: Entry, person: Person, notes: Notes, today: date) -> None:
    """What lies in the future, before birth or after death happened at another time, if at all."""
    names = {
        "Condition": ("onsetDateTime", "recordedDate"),
        "Observation": ("effectiveDateTime", "effectiveInstant"),
        "Procedure": ("performedDateTime",),
    }.get(entry.kind, ())
    for name in names:
        when = written(entry.resource, name)
        if when is None:
            continue
        first, last = span(when)
        if first > today:
            text = (
                "lies in the future. Kept, but never taken as a fact until the date is put right."
            )
        elif person.birth is not None and last < person.birth.earliest:
            text = "lies before the person was born. Kept, but never taken as a fact."
        elif person.died is not None and first > span(person.died)[1]:
            text = "lies after the person's death. Kept, but never taken as a fact."
        else:
            continue
        notes.distrust(entry.number, f"{entry.place}.{name}", text)


Maker = Callable[[Entry, Referral, Notes], Any]
_MAKERS: dict[str, tuple[str, Maker]] = {
    "Condition": ("conditions", _condition),
    "MedicationRequest": ("medications", _medication),
    "MedicationStatement": ("medications", _medication),
    "MedicationAdministration": ("medications", _medication),
    "MedicationDispense": ("medications", _medication),
    "AllergyIntolerance": ("allergies", _allergy),
    "Observation": ("observations", observations.observation),
    "Procedure": ("procedures", _procedure),
    "Encounter": ("encounters", _encounter),
}
# Read as part of others, or only as names in text.
_SUPPORT = frozenset(
    {
        "Patient",
        "Medication",
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
        "Composition",
    }
)


def is_understood(kind: str) -> bool:
    """Does Evenkeel read anything from this type?"""
    return kind in _MAKERS or kind in _SUPPORT
