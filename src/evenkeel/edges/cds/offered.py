"""The services that are offered, and what discovery says of them.

Prefetch keeps to the part of FHIR search that the CDS Hooks specification advises:
reads by id, and searches by reference, token and date with ``_sort`` and ``_count``.
Observations come newest first, so that a cut-off list loses only the oldest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Blood pressure (panel, systolic, diastolic), weight, height, BMI, pregnancy status.
_LOINC = ("85354-9", "8480-6", "8462-4", "29463-7", "8302-2", "39156-5", "82810-3")
_CODES = ",".join(f"http://loinc.org|{code}" for code in _LOINC)

PREFETCH: dict[str, str] = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}&_count=500",
    "medications": (
        "MedicationRequest?patient={{context.patientId}}&status=active,on-hold&_count=200"
    ),
    "allergies": "AllergyIntolerance?patient={{context.patientId}}&_count=200",
    "observations": (
        f"Observation?patient={{{{context.patientId}}}}&code={_CODES}&_sort=-date&_count=100"
    ),
}
# What each key brings, as a card says it, and the type that it must hold.
CALLED = {
    "patient": "the person's Patient record",
    "conditions": "diagnoses",
    "medications": "active drugs",
    "allergies": "allergies",
    "observations": "blood pressure, weight and pregnancy status",
}

_USE = (
    "Each request needs a JSON web token of a registered client. FHIR R4. What is not "
    "prefetched is read from the registered FHIR server where fhirAuthorization is given; "
    "otherwise a card names what is missing. Draft content: no clinician has reviewed it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service. needs: what the context must hold, in order."""

    id: str
    hook: str
    title: str
    description: str
    prefetch: dict[str, str] = field(default_factory=lambda: dict(PREFETCH))

    def as_object(self) -> dict[str, Any]:
        """As discovery lists it."""
        return {
            "hook": self.hook,
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "prefetch": self.prefetch,
            "usageRequirements": _USE,
        }


SERVICES = {
    service.id: service
    for service in (
        Service(
            id="ketamine-patient-view",
            hook="patient-view",
            title="Ketamine and esketamine: what is known",
            description=(
                "For a person with a diagnosis that ketamine or esketamine is given for: at most "
                "one card that says what published criteria find known and what is missing. It "
                "recommends nothing."
            ),
        ),
        Service(
            id="ketamine-order-select",
            hook="order-select",
            title="Ketamine and esketamine: the selected order",
            description=(
                "Judges a selected ketamine or esketamine order against published criteria, each "
                "named with its source: contraindications, pressure, interactions, dose, what is "
                "missing. Other orders are answered with no card."
            ),
        ),
        Service(
            id="ketamine-order-sign",
            hook="order-sign",
            title="Ketamine and esketamine: before signing",
            description=(
                "Judges every ketamine or esketamine order that is about to be signed against "
                "published criteria, each named with its source. Other orders are answered with "
                "no card."
            ),
        ),
    )
}


def discovery() -> dict[str, Any]:
    """The body of GET /cds-services."""
    return {"services": [service.as_object() for service in SERVICES.values()]}
