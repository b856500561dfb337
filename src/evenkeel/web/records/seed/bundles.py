"""Referral bundles for invented people, as a family doctor's system would send them."""

from __future__ import annotations

import json
import uuid
from datetime import date, timedelta
from random import Random
from typing import Any

NAMESPACE = uuid.UUID("6f1c1a52-6c0e-4e0e-8a3b-2f5b1f0d9a11")
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"

DEPRESSION = (
    ("F33.2", "Major depressive disorder, recurrent severe without psychotic features"),
    ("F32.2", "Major depressive disorder, single episode, severe without psychotic features"),
    ("F33.1", "Major depressive disorder, recurrent, moderate"),
)
OTHER_CONDITIONS = (
    ("I10", "Essential (primary) hypertension"),
    ("E03.9", "Hypothyroidism, unspecified"),
    ("F41.1", "Generalized anxiety disorder"),
    ("G43.909", "Migraine, unspecified, not intractable, without status migrainosus"),
    ("E11.9", "Type 2 diabetes mellitus without complications"),
    ("J45.909", "Unspecified asthma, uncomplicated"),
)
DRUGS = (
    ("36437", "sertraline"),
    ("39786", "venlafaxine"),
    ("321988", "escitalopram"),
    ("42347", "bupropion"),
    ("15996", "mirtazapine"),
    ("72625", "duloxetine"),
)


def bundle(
    *, number: int, given: str, family: str, sex: str, born: date, email: str, seen: date,
    random: Random,
) -> bytes:  # fmt: skip
    """One collection Bundle. The same arguments and random state give the same bytes.

    seen: the day of the last visit at the referring doctor.
    """
    subject = _id(number, "Patient")
    reference = {"reference": f"urn:uuid:{subject}"}
    resources: list[dict[str, Any]] = [
        {
            "resourceType": "Patient",
            "id": subject,
            "identifier": [{"system": "urn:oid:2.999.7.1", "value": f"HC-{100000 + number}"}],
            "name": [{"family": family, "given": [given]}],
            "gender": sex,
            "birthDate": born.isoformat(),
            "telecom": [{"system": "email", "value": email}],
        }
    ]
    code, words = random.choice(DEPRESSION)
    onset = seen - timedelta(days=random.randint(300, 4000))
    conditions = [(code, words, onset)]
    conditions += [
        (*one, seen - timedelta(days=random.randint(200, 3000)))
        for one in random.sample(OTHER_CONDITIONS, random.choice((0, 0, 1, 1, 2)))
    ]
    resources += [
        {
            "resourceType": "Condition",
            "id": _id(number, f"Condition{place}"),
            "clinicalStatus": _code(
                "http://terminology.hl7.org/CodeSystem/condition-clinical", "active"
            ),
            "verificationStatus": _code(
                "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"
            ),
            "code": _code(ICD, icd, text),
            "subject": reference,
            "onsetDateTime": began.isoformat(),
        }
        for place, (icd, text, began) in enumerate(conditions)
    ]
    resources += [
        {
            "resourceType": "MedicationRequest",
            "id": _id(number, f"MedicationRequest{place}"),
            "status": "active" if place == 0 else "stopped",
            "intent": "order",
            "medicationCodeableConcept": _code(RXNORM, rx, name),
            "subject": reference,
            "authoredOn": (seen - timedelta(days=60 + 140 * place)).isoformat(),
        }
        for place, (rx, name) in enumerate(random.sample(DRUGS, random.choice((2, 3))))
    ]
    tall = {"female": 164, "male": 177}.get(sex, 170) + round(random.gauss(0, 7))
    weight = round(max(48.0, random.gauss(24 + tall * 0.31, 12)), 1)
    for loinc, text, value, unit in (
        ("29463-7", "Body weight", weight, "kg"),
        ("8302-2", "Body height", tall, "cm"),
    ):
        resources.append(_observation(number, loinc, text, reference, seen) | {
            "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
        })  # fmt: skip
    resources.append(
        _observation(number, "85354-9", "Blood pressure panel", reference, seen)
        | {
            "component": [
                {
                    "code": _code(LOINC, loinc, text),
                    "valueQuantity": {
                        "value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"
                    },
                }
                for loinc, text, value in (
                    ("8480-6", "Systolic blood pressure", random.randint(108, 138)),
                    ("8462-4", "Diastolic blood pressure", random.randint(64, 88)),
                )
            ]
        }
    )  # fmt: skip
    entries = [
        {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in resources
    ]
    whole = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": f"{seen.isoformat()}T09:00:00Z",
        "entry": entries,
    }
    return json.dumps(whole, ensure_ascii=False).encode()


def _id(number: int, what: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{number} {what}"))


def _code(system: str, code: str, text: str = "") -> dict[str, Any]:
    coding: dict[str, Any] = {"system": system, "code": code}
    if text:
        coding["display"] = text
        return {"coding": [coding], "text": text}
    return {"coding": [coding]}


def _observation(
    number: int, loinc: str, text: str, reference: dict[str, str], day: date
) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": _id(number, f"Observation{loinc}"),
        "status": "final",
        "category": [
            _code("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")
        ],
        "code": _code(LOINC, loinc, text),
        "subject": reference,
        "effectiveDateTime": f"{day.isoformat()}T09:10:00Z",
    }
