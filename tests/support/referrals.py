"""Bundles for tests: the samples in tests/data/fhir, and small ones made on the spot."""

from __future__ import annotations

import copy
import csv
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
SAMPLES = CHECKOUT / "tests" / "data" / "fhir"
TODAY = date(2026, 11, 24)
PATIENT_URL = "urn:uuid:b7963cd7-ffd6-5078-830b-11be12d89ecd"


def faults() -> list[dict[str, str]]:
    """The rows of faults.csv."""
    with (SAMPLES / "faulty" / "faults.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def faulty(name: str) -> bytes:
    """One faulty bundle by the number its file begins with."""
    (found,) = (SAMPLES / "faulty").glob(f"{name}-*.json")
    return found.read_bytes()


def referral(name: str) -> bytes:
    """One referral by the number its file begins with."""
    (found,) = (SAMPLES / "referrals").glob(f"{name}-*.json")
    return found.read_bytes()


def every_referral() -> list[Path]:
    """The referrals kept here, and the others of the set where it lies beside the checkout."""
    beside = Path(os.environ.get("EVENKEEL_SHARED", CHECKOUT.parent / "shared"))
    found = {path.name: path for path in (beside / "samples" / "fhir" / "referrals").glob("*.json")}
    found |= {path.name: path for path in (SAMPLES / "referrals").glob("*.json")}
    return [found[name] for name in sorted(found)]


PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "urn:oid:2.999.1", "value": "T-0001"}],
    "name": [{"family": "Exampleby", "given": ["Nora"]}],
    "gender": "female",
    "birthDate": "1981-02-03",
}
WEIGHT: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": PATIENT_URL},
    "effectiveDateTime": "2026-10-20T09:00:00-04:00",
    "valueQuantity": {
        "value": 70,
        "unit": "kg",
        "system": "http://unitsofmeasure.org",
        "code": "kg",
    },
}
CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "id": "c1",
    "clinicalStatus": {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                "code": "active",
            }
        ]
    },
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "F33.2"}]},
    "subject": {"reference": PATIENT_URL},
}


def bundle(*resources: dict[str, Any], patient: dict[str, Any] | None = None) -> dict[str, Any]:
    """A collection of a patient and other resources. Change it, then ``as_json`` it."""
    entries = [{"fullUrl": PATIENT_URL, "resource": copy.deepcopy(patient or PATIENT)}]
    entries += [{"resource": copy.deepcopy(resource)} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def changed(resource: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with other elements; ``None`` takes one away."""
    made = copy.deepcopy(resource)
    for name, value in changes.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = value
    return made


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()
