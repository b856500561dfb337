"""Is this bundle a referral of one living person?

In: a bundle, walked once. Out: faults and the bundle in parts. Whom its entries are
about is for ``subjects``, what they mean for ``mapping``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from evenkeel.core.chart import PartialDate
from evenkeel.edges.fhir import primitives, text
from evenkeel.edges.fhir.references import Entry, Index
from evenkeel.edges.fhir.shape import Link, Survey

ENTRIES = 20_000
_TAKEN = ("transaction", "collection", "document")
_VERSIONED = re.compile(r"/_history/[^/]+\Z")
_RESTFUL_URL = re.compile(r"https?://.+/(?P<kind>[A-Z][A-Za-z]+)/(?P<id>[^/]+)\Z")


@dataclass(slots=True)
class Referral:
    """A bundle in parts. ``dangling``: links that lead out of it; ``others``: entry
    numbers whose resource is about no person or about something else."""

    kind: str
    entries: list[Entry]
    patient: Entry
    index: Index
    dangling: list[Link] = field(default_factory=list)
    others: dict[int, str] = field(default_factory=dict)
    doubled: list[int] = field(default_factory=list)


def envelope(value: dict[str, Any], found: Survey) -> None:
    """The bundle around its entries: type, verbs, totals."""
    kind = value.get("type")
    if isinstance(kind, str) and kind not in _TAKEN:
        found.fault(
            "not-supported",
            "Bundle.type",
            f"A referral is a bundle of type {', '.join(_TAKEN[:2])} or {_TAKEN[2]}; "
            f'"{kind}" asks for something else. Nothing was changed.',
        )
    if "total" in value:
        found.fault(
            "invariant", "Bundle.total", "Only the answer to a search has a total (FHIR bdl-1)."
        )
    if kind == "document":
        _document(value, found)
    listed = value.get("entry")
    for number, entry in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(entry, dict):
            _entry(entry, f"Bundle.entry[{number}]", str(kind), found)


def _document(value: dict[str, Any], found: Survey) -> None:
    identifier = value.get("identifier")
    if not isinstance(identifier, dict) or not {"system", "value"} <= identifier.keys():
        found.fault(
            "required",
            "Bundle.identifier",
            "A document needs an identifier with system and value (FHIR bdl-9).",
        )
    if "timestamp" not in value:
        found.fault("required", "Bundle.timestamp", "A document needs a date (FHIR bdl-10).")
    entries = value.get("entry")
    first = entries[0] if isinstance(entries, list) and entries else None
    resource = first.get("resource") if isinstance(first, dict) else None
    if isinstance(resource, dict) and resource.get("resourceType") != "Composition":
        found.fault(
            "invariant",
            "Bundle.entry[0].resource",
            "A document begins with its Composition (FHIR bdl-11).",
        )


def _entry(entry: dict[str, Any], place: str, kind: str, found: Survey) -> None:
    request = entry.get("request")
    method = request.get("method") if isinstance(request, dict) else None
    resource = entry.get("resource")
    if isinstance(method, str) and method != "POST":
        found.fault(
            "not-supported",
            f"{place}.request.method",
            f'asks for {method}. A referral may only add ("POST"); no stored record is '
            "changed or deleted by one.",
        )
        return
    if resource is None:
        found.fault(
            "required", f"{place}.resource", "The entry has no resource, so it says nothing."
        )
        return
    if not isinstance(resource, dict):
        return
    if resource.get("resourceType") == "Bundle":
        found.fault(
            "not-supported",
            f"{place}.resource",
            "A bundle inside a bundle could be about somebody else. Send its entries directly.",
        )
    if kind == "transaction" and request is None:
        found.fault(
            "required", f"{place}.request", "An entry of a transaction needs its request (bdl-3)."
        )
    url = request.get("url") if isinstance(request, dict) else None
    if isinstance(url, str) and url.strip("/") != resource.get("resourceType"):
        found.fault(
            "value",
            f"{place}.request.url",
            f"must be the type of the resource ({resource.get('resourceType')}) when it is added.",
        )
    for name, rule in (("search", "bdl-2"), ("response", "bdl-4")):
        if name in entry:
            found.fault(
                "invariant",
                f"{place}.{name}",
                f"belongs to an answer, not to a referral (FHIR {rule}).",
            )


def parts(value: dict[str, Any], found: Survey) -> Referral | None:
    """Entries, the one patient, and the index; None when there is no one patient."""
    entries: list[Entry] = []
    doubled: list[int] = []
    seen: dict[str, Entry] = {}
    listed = value.get("entry")
    for number, item in enumerate(listed if isinstance(listed, list) else []):
        resource = item.get("resource") if isinstance(item, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            continue
        entry = Entry(number=number, full_url=str(item.get("fullUrl", "")), resource=resource)
        entries.append(entry)
        if entry.full_url:
            _full_url(entry, found)
            first = seen.setdefault(entry.full_url, entry)
            if first is not entry:
                if text.fingerprint(first.resource) == text.fingerprint(resource):
                    doubled.append(number)
                else:
                    found.fault(
                        "duplicate",
                        f"Bundle.entry[{number}].fullUrl",
                        f"Entry {first.number} has the same fullUrl and says something else. "
                        "Which is right cannot be known; send one.",
                    )
    _same_id(entries, found)
    patients = [
        entry for entry in entries if entry.kind == "Patient" and entry.number not in doubled
    ]
    if not patients:
        found.fault(
            "required",
            "Bundle.entry",
            "There is no Patient in the bundle, so nobody is referred. Add the person's Patient.",
        )
        return None
    for other in patients[1:]:
        found.fault(
            "business-rule",
            other.place,
            "This is a second patient. A referral is about one person, or one person's record "
            "could end up in another's. Send one bundle for each.",
        )
    if len(patients) > 1:
        return None
    return Referral(
        kind=str(value.get("type")),
        entries=entries,
        patient=patients[0],
        index=Index.of(entries, patients[0]),
        doubled=doubled,
    )


def _full_url(entry: Entry, found: Survey) -> None:
    place = f"Bundle.entry[{entry.number}].fullUrl"
    if _VERSIONED.search(entry.full_url):
        found.fault("invariant", place, "must not name a version (FHIR bdl-8).")
        return
    if not re.match(r"[A-Za-z][A-Za-z0-9+.\-]*:", entry.full_url):
        found.fault(
            "value", place, "must be a whole address, such as urn:uuid:… or https://…/Patient/17."
        )
        return
    match = _RESTFUL_URL.match(entry.full_url)
    named = entry.resource.get("id")
    if match and isinstance(named, str) and (match["kind"], match["id"]) != (entry.kind, named):
        found.fault(
            "value", place, f"does not agree with the resource, which is {entry.kind}/{named}."
        )


def _same_id(entries: list[Entry], found: Survey) -> None:
    """Without fullUrls a type and an id name a resource, so they must not name two."""
    seen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        name = entry.resource.get("id")
        if entry.full_url or not isinstance(name, str):
            continue
        first = seen.setdefault((entry.kind, name), entry)
        if first is not entry and text.fingerprint(first.resource) != text.fingerprint(
            entry.resource
        ):
            found.fault(
                "duplicate",
                f"{entry.place}.id",
                f"Entry {first.number} is {entry.kind}/{name} too and says something else. "
                "Which is right cannot be known; send one.",
            )


def person(referral: Referral, found: Survey, today: date, *, may_be_dead: bool) -> None:
    """The patient is born, alive unless ``may_be_dead``, and not replaced by another record."""
    patient, place = referral.patient.resource, referral.patient.place
    if "birthDate" in patient:
        born = primitives.moment(patient["birthDate"])
        if isinstance(born, PartialDate) and born.earliest > today:
            found.fault(
                "business-rule",
                f"{place}.birthDate",
                "lies in the future, so every age would be wrong. Correct it at its source.",
            )
    told = death(patient)
    if told and not may_be_dead:
        found.fault(
            "business-rule",
            f"{place}.{told}",
            f"{DEAD} Nobody who has died can be referred for treatment; if this is a mistake, it "
            "must be corrected at the place that sent it.",
        )
    for number, link in enumerate(patient.get("link", [])):
        if link.get("type") == "replaced-by":
            found.fault(
                "business-rule",
                f"{place}.link[{number}]",
                "This record of the person has been replaced by another one. Send the referral "
                "from the record that is in use.",
            )


DEAD = "This person has died."


def death(patient: dict[str, Any]) -> str:
    """The element that says that the person has died, "" when none does."""
    if "deceasedDateTime" in patient:
        return "deceasedDateTime"
    return "deceasedBoolean" if patient.get("deceasedBoolean") is True else ""
