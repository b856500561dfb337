"""FHIR data types to the plain values of a chart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from evenkeel.core.chart import Code, Coding, PartialDate, Quantity, When
from evenkeel.edges.fhir import primitives

UCUM = "http://unitsofmeasure.org"


def code_of(value: Any) -> Code:
    """A CodeableConcept; an absent one is a code without codings or words."""
    if not isinstance(value, dict):
        return Code()
    return Code(
        codings=tuple(
            Coding(item.get("system", ""), item.get("code", ""), item.get("display", ""))
            for item in value.get("coding", [])
        ),
        text=value.get("text", ""),
    )


def when_of(resource: dict[str, Any], name: str) -> When | None:
    """name[x] as a time: a dateTime or instant, or the start (else the end) of a period."""
    for ending in ("DateTime", "Instant"):
        if isinstance(resource.get(name + ending), str):
            return primitives.moment(resource[name + ending])
    period = resource.get(f"{name}Period")
    if isinstance(period, dict):
        written = period.get("start") or period.get("end")
        return primitives.moment(written) if isinstance(written, str) else None
    return None


def quantity_of(value: Any) -> Quantity | None:
    """A Quantity with a number; None where there is none."""
    if not isinstance(value, dict) or "value" not in value:
        return None
    coded = value.get("system") == UCUM and "code" in value
    unit = value["code"] if coded else value.get("unit", value.get("code", ""))
    return Quantity(
        value=Decimal(value["value"]),
        unit=str(unit),
        comparator=value.get("comparator", ""),
        coded=coded,
    )


def written(resource: dict[str, Any], name: str) -> When | None:
    value = resource.get(name)
    return primitives.moment(value) if isinstance(value, str) else None


def status_of(value: Any) -> str:
    """The code of a status concept (Condition.clinicalStatus and its like)."""
    return next((c.code for c in code_of(value).codings if c.code), "")


def span(when: When) -> tuple[date, date]:
    """The first and the last day that a time can mean."""
    if isinstance(when, PartialDate):
        return when.earliest, when.latest
    return when.date(), when.date()
