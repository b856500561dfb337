"""A FHIR R4 bundle, from bytes to a ``Reading`` that may be stored.

Strict and in one direction: text, shape, envelope, person, references, meaning.
Every fault that can be found is found before refusing, so that the sender can
correct them together.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

from evenkeel.core.chart import Chart, Fault, Kept, Reading, Refused
from evenkeel.edges.fhir import bundle, mapping, people, shape, subjects, text
from evenkeel.edges.fhir.bundle import Referral
from evenkeel.edges.fhir.notes import Notes, ref_of
from evenkeel.edges.fhir.primitives import shown
from evenkeel.edges.fhir.shape import Survey
from evenkeel.edges.fhir.values import code_of

MOST_FAULTS = 100  # told at once; a file with more has one cause
_LONGEST_URL = 2048


def read(raw: bytes, *, today: date, may_be_dead: bool = False) -> Reading:
    """What the bundle says about one person.

    today: the day on which it is read; nothing may lie after it that has happened.
    may_be_dead: True only to look at a record, never to take somebody in; that the
        person has died by that day is then a problem of severity "error".

    Raises:
        Refused: with all faults found, each with its FHIRPath.
    """
    value = text.read(raw)
    _is_bundle(value)
    _has_few_entries(value)
    found = shape.survey(value)
    bundle.envelope(value, found)
    referral = bundle.parts(value, found)
    _refuse_if_faulty(found)
    assert referral is not None, "without one patient there is a fault"
    notes = Notes()
    bundle.person(referral, found, today, may_be_dead=may_be_dead)
    subjects.follow(referral, found)
    _modifiers(referral, found, notes)
    _composition(referral, found, notes)
    _sizes(referral, found)
    person = people.person(referral.patient, notes, found, today)
    _refuse_if_faulty(found)
    chart = mapping.chart(referral, person, notes, today)
    _not_understood(referral, found, notes)
    return _reading(value, referral, replace(chart, problems=tuple(notes.problems)))


def _is_bundle(value: Any) -> None:
    if not isinstance(value, dict):
        fault = Fault(
            code="structure",
            path="",
            words=f"The file holds {shown(value)}; a referral is a FHIR R4 Bundle, an object.",
        )
    elif value.get("resourceType") == "Bundle":
        return
    elif isinstance(value.get("resourceType"), str):
        kind = value["resourceType"][:64]
        fault = Fault(
            code="not-supported",
            path=kind,
            words=f"This is a {kind}. A referral is a Bundle that holds the person's Patient and "
            "their record.",
        )
    else:
        fault = Fault(
            code="required",
            path="resourceType",
            words="This is no FHIR resource: resourceType is missing. Send a FHIR R4 Bundle.",
        )
    raise Refused((fault,), unreadable=True)


def _has_few_entries(value: dict[str, Any]) -> None:
    entries = value.get("entry")
    if isinstance(entries, list) and len(entries) > bundle.ENTRIES:
        fault = Fault(
            code="too-long",
            path="Bundle.entry",
            words=f"has {len(entries):,} entries; at most {bundle.ENTRIES:,} are read.",
        )
        raise Refused((fault,), unreadable=True)


def _refuse_if_faulty(found: Survey) -> None:
    if not found.faults:
        return
    told = tuple(dict.fromkeys(found.faults))
    if len(told) > MOST_FAULTS:
        rest = Fault(
            code="incomplete",
            path="Bundle",
            words=f"{len(told) - MOST_FAULTS} more faults are not listed. Correct these first.",
        )
        told = (*told[:MOST_FAULTS], rest)
    raise Refused(told)


def _modifiers(referral: Referral, found: Survey, notes: Notes) -> None:
    """What may turn a meaning round, and is not known, is never passed over."""
    for path, words in found.modifiers:
        number = _entry_number(path)
        if number is None or number == referral.patient.number:
            found.fault(
                "extension",
                path,
                f"carries {words}. It may change what the whole referral means, so the referral "
                "cannot be taken. Ask the sender to leave it out or to explain it.",
            )
        else:
            notes.distrust(
                number,
                path,
                f"carries {words}, so it may mean the opposite. Kept word for word, never taken "
                "as a fact.",
            )


def _entry_number(path: str) -> int | None:
    match = re.match(r"Bundle\.entry\[(\d+)\]", path)
    return int(match[1]) if match else None


def _composition(referral: Referral, found: Survey, notes: Notes) -> None:
    if referral.kind != "document":
        return
    first = referral.entries[0]
    if first.resource.get("status") == "entered-in-error":
        found.fault(
            "business-rule",
            f"{first.place}.status",
            "The document was withdrawn (entered in error). Send the one that replaces it.",
        )
    for number, section in enumerate(first.resource.get("section", [])):
        if "emptyReason" in section:
            reason = code_of(section["emptyReason"]).words
            notes.warn(
                f"{first.place}.section[{number}]",
                f"The section {shown(section.get('title', 'without a title'))} is empty: {reason}. "
                "That is not known, which is not the same as none.",
            )


def _sizes(referral: Referral, found: Survey) -> None:
    for entry in referral.entries:
        if len(entry.full_url) > _LONGEST_URL:
            found.fault(
                "too-long",
                f"Bundle.entry[{entry.number}].fullUrl",
                f"has {len(entry.full_url)} characters; at most {_LONGEST_URL} can be kept whole.",
            )


def _not_understood(referral: Referral, found: Survey, notes: Notes) -> None:
    if referral.patient.resource.get("active") is False:
        notes.warn(
            f"{referral.patient.place}.active",
            "The sender does not use this person's record any more. Ask whether another one is "
            "in use.",
        )
    for number in referral.doubled:
        notes.warn(f"Bundle.entry[{number}]", "The same entry was sent twice; it is kept once.")
    unknown = dict(found.unknown_types)
    for path, kind in unknown.items():
        notes.warn(path, f"{kind} is no type that Evenkeel knows. Kept word for word, not read.")
    for entry in referral.entries:
        if entry.place not in unknown and not mapping.is_understood(entry.kind):
            notes.warn(entry.place, f"Kept word for word; nothing is read from {entry.kind}.")
    for path in found.blank:
        notes.warn(path, "The label of a code is empty text. The code is read without it.")
    places: dict[tuple[int | None, str], list[str]] = {}
    for path, url in found.extensions:
        places.setdefault((_entry_number(path), url), []).append(path)
    for (_, url), paths in places.items():
        often = f", {len(paths)} times in this entry" if len(paths) > 1 else ""
        notes.warn(
            paths[0],
            f"An extension that Evenkeel does not know ({url}{often}). Kept word for word.",
        )


def _reading(value: dict[str, Any], referral: Referral, chart: Chart) -> Reading:
    kept = tuple(
        Kept(
            place=f"Bundle.entry[{entry.number}]",
            kind=entry.kind,
            ref=ref_of(entry),
            full_url=entry.full_url,
            json=text.write(entry.resource),
            sha256=text.fingerprint(entry.resource),
            understood=mapping.is_understood(entry.kind),
        )
        for entry in referral.entries
        if entry.number not in referral.doubled
    )
    named = value.get("identifier", {})
    pair = (named.get("system", ""), named.get("value", ""))
    return Reading(
        kind=referral.kind,
        chart=chart,
        kept=kept,
        identifiers=chart.person.identifiers,
        bundle_identifier=pair if pair[1] else None,
        content_sha256=sha256("".join(sorted(item.sha256 for item in kept)).encode()).hexdigest(),
    )
