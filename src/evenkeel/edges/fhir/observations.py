"""Observations: values, parts, reasons why there is none, and what cannot be true."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from evenkeel.core.chart import Code, Component, Observation, Quantity
from evenkeel.edges.fhir import plausible
from evenkeel.edges.fhir.bundle import Referral
from evenkeel.edges.fhir.notes import Notes, common
from evenkeel.edges.fhir.references import Entry
from evenkeel.edges.fhir.values import code_of, quantity_of, when_of

Resource = dict[str, Any]


def observation(entry: Entry, referral: Referral, notes: Notes) -> Observation:
    told = entry.resource
    code = code_of(told.get("code"))
    parts = tuple(_part(item, code_of(item.get("code"))) for item in told.get("component", []))
    whole = _part(told, code)
    withdrawn = told.get("status", "") == "entered-in-error"
    for path, text in () if withdrawn else plausible.doubts(whole, parts):
        notes.distrust(entry.number, f"{entry.place}{path}", text)
    for path in _unread_values(told):
        notes.warn(
            f"{entry.place}{path}", "Kept; a value of this kind is not read, so it stays unknown."
        )
    if "focus" in told:
        notes.distrust(
            entry.number,
            f"{entry.place}.focus",
            "is about something else than the patient, such as an unborn child or a device "
            "(focus). Kept, never taken as a fact of the patient.",
        )
    value = told.get("valueBoolean")
    return Observation(
        **common(entry, code, notes, told.get("status", "")),
        status=told.get("status", ""),
        at=when_of(told, "effective"),
        quantity=whole.quantity,
        value_code=whole.value_code,
        value_text=whole.value_text,
        value_bool=value if isinstance(value, bool) else None,
        absent_because=whole.absent_because,
        components=parts,
    )


def _part(told: Resource, code: Code) -> Component:
    quantity = quantity_of(told.get("valueQuantity"))
    if "valueInteger" in told:
        quantity = Quantity(value=Decimal(told["valueInteger"]), unit="1")
    absent = told.get("dataAbsentReason")
    return Component(
        code=code,
        quantity=quantity,
        value_code=code_of(told["valueCodeableConcept"])
        if "valueCodeableConcept" in told
        else None,
        value_text=told.get("valueString", ""),
        absent_because=code_of(absent).words if absent else "",
    )


_READ_VALUES = {
    "valueQuantity",
    "valueInteger",
    "valueCodeableConcept",
    "valueString",
    "valueBoolean",
}


def _unread_values(told: Resource) -> Iterator[str]:
    for name in told:
        if name.startswith("value") and name not in _READ_VALUES:
            yield f".{name}"
    for number, part in enumerate(told.get("component", [])):
        for name in part:
            if name.startswith("value") and name not in _READ_VALUES - {"valueBoolean"}:
                yield f".component[{number}].{name}"
