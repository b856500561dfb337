"""Small charts for tests of facts and guidelines, made from FHIR that a record could hold."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from evenkeel.core.chart import Chart
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Answer, Range
from evenkeel.core.guidelines.verdicts.check import Check, check
from evenkeel.core.guidelines.verdicts.verdicts import CriterionVerdict
from evenkeel.edges.fhir import reading

AS_OF = date(2026, 11, 1)
CM = "http://hl7.org/fhir/sid/icd-10-cm"
WHO = "http://hl7.org/fhir/sid/icd-10"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
_STATUS = "http://terminology.hl7.org/CodeSystem/"
SUBJECT = {"reference": "Patient/p1"}


def _coded(system: str, code: str, display: str = "") -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


def condition(
    code: str,
    system: str = CM,
    *,
    clinical: str = "active",
    verification: str = "confirmed",
    number: int = 1,
    **more: Any,
) -> dict[str, Any]:
    made = {
        "resourceType": "Condition",
        "id": f"c{number}",
        "subject": SUBJECT,
        "code": _coded(system, code),
        **more,
    }
    if clinical:
        made["clinicalStatus"] = _coded(f"{_STATUS}condition-clinical", clinical)
    if verification:
        made["verificationStatus"] = _coded(f"{_STATUS}condition-ver-status", verification)
    return made


def drug(
    code: str,
    system: str = RXNORM,
    *,
    status: str = "active",
    display: str = "",
    authored: str = "2026-09-15",
    intent: str = "order",
    text: str = "",
    **more: Any,
) -> dict[str, Any]:
    concept = _coded(system, code, display) if code else {}
    if text:
        concept["text"] = text
    return {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": status,
        "intent": intent,
        "subject": SUBJECT,
        "medicationCodeableConcept": concept,
        "authoredOn": authored,
        **more,
    }


def allergy(
    code: str,
    system: str = RXNORM,
    *,
    clinical: str = "active",
    verification: str = "confirmed",
    **more: Any,
) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "patient": SUBJECT,
        "code": _coded(system, code),
        "clinicalStatus": _coded(f"{_STATUS}allergyintolerance-clinical", clinical),
        "verificationStatus": _coded(f"{_STATUS}allergyintolerance-verification", verification),
        **more,
    }


def quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def measured(
    code: str,
    value: float,
    unit: str,
    *,
    at: str = "2026-11-01T08:00:00Z",
    number: int = 1,
    status: str = "final",
    **more: Any,
) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": status,
        "subject": SUBJECT,
        "code": _coded(LOINC, code),
        "effectiveDateTime": at,
        "valueQuantity": quantity(value, unit),
        **more,
    }


def pressure(
    systolic: float | None,
    diastolic: float | None,
    *,
    unit: str = "mm[Hg]",
    at: str = "2026-11-01T08:00:00Z",
    status: str = "final",
) -> dict[str, Any]:
    parts = [
        {"code": _coded(LOINC, code), "valueQuantity": quantity(value, unit)}
        for code, value in (("8480-6", systolic), ("8462-4", diastolic))
        if value is not None
    ]
    return {
        "resourceType": "Observation",
        "id": "bp",
        "status": status,
        "subject": SUBJECT,
        "code": _coded(LOINC, "85354-9"),
        "effectiveDateTime": at,
        "component": parts,
    }


def person(birth: str | None = "1981-02-03", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Patient",
        "id": "p1",
        "gender": "female",
        "name": [{"family": "Vignette"}],
        **more,
    }
    return made | ({"birthDate": birth} if birth else {})


def chart_of(*resources: dict[str, Any], birth: str | None = "1981-02-03") -> Chart:
    """A chart as the FHIR door reads it."""
    entries = [{"resource": each} for each in (person(birth), *resources)]
    raw = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    return reading.read(raw.encode(), today=AS_OF).chart


def told(**facts: Any) -> list[Answer]:
    """Answers of today; a number stands for an exact one."""
    return [
        Answer(
            name=name,
            value=Range.exactly(value)
            if isinstance(value, int | float) and not isinstance(value, bool)
            else value,
            at=AS_OF,
            by="told",
        )
        for name, value in facts.items()
    ]


def checked(*resources: dict[str, Any], birth: str | None = "1981-02-03", **facts: Any) -> Check:
    """All packs for a small chart and some answers."""
    return check(
        chart_of(*resources, birth=birth), library=library(), as_of=AS_OF, answers=told(**facts)
    )


def verdict(result: Check, criterion: str) -> CriterionVerdict:
    return next(
        each for pack in result.packs for each in pack.criteria if each.criterion.id == criterion
    )
