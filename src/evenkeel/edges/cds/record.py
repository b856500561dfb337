"""The person's record as a chart, from what was prefetched or fetched.

In: a resource for each key. Out: a chart, and a ``Gap`` for each thing that did not
come or could not be read. Reading is that of a referral (edges/fhir); one resource that
cannot be read is left out and named, and takes nothing else with it. The words of
faults go back to the sender and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from evenkeel.core.chart import Chart, Entry, Fault, Refused
from evenkeel.edges.cds.asked import MOST_RESOURCES, Asked
from evenkeel.edges.cds.offered import CALLED
from evenkeel.edges.fhir import primitives, reading, text
from evenkeel.edges.fhir.values import span

Resource = dict[str, Any]
_HOLDS = {
    "conditions": "Condition",
    "medications": "MedicationRequest",
    "allergies": "AllergyIntolerance",
    "observations": "Observation",
}
_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")
_RESTFUL = re.compile(r"(?P<base>https?://.+)/[A-Z][A-Za-z]+/[A-Za-z0-9.\-]{1,64}\Z")
_TYPES = ("Condition", "MedicationRequest", "MedicationStatement", "AllergyIntolerance",
          "Observation", "Medication")  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_MOST_ROUNDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that did not come. key: of the prefetch, "" for a single resource."""

    key: str
    why: str


@dataclass(slots=True, kw_only=True)
class Record:
    """A chart and what is missing from it.

    entries: of the chart, by reference. resources: the same, as they came.
    """

    chart: Chart
    gaps: list[Gap]
    unread: list[str] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)

    def lacks(self, key: str) -> bool:
        return any(gap.key == key for gap in self.gaps)


def missing_keys(keys: Iterable[str], prefetch: Mapping[str, Any]) -> list[Gap]:
    """The keys that brought nothing that can be used, each with why."""
    gaps: list[Gap] = []
    for key in keys:
        why = _useless(key, prefetch[key]) if key in prefetch else "not sent"
        if why:
            gaps.append(Gap(key=key, why=why))
    return gaps


def _useless(key: str, value: Any) -> str:
    """Why a prefetched value cannot be used; "" when it can."""
    if value is None:
        return "sent as null"
    if not isinstance(value, dict):
        return "not a FHIR resource"
    kind = value.get("resourceType")
    if kind == "OperationOutcome":
        return f"the sender's FHIR server answered with an error{_issue(value)}"
    if key == "patient":
        return "" if kind == "Patient" else "not a Patient"
    if kind != "Bundle":
        return "not the answer to a search (a Bundle)"
    entries = value.get("entry", [])
    if not isinstance(entries, list):
        return "a Bundle whose entries are not a list"
    if len(entries) > MOST_RESOURCES:
        return f"more than {MOST_RESOURCES} entries"
    return ""


def _issue(outcome: Resource) -> str:
    """The code of its first issue, which is a word of FHIR's own."""
    issues = outcome.get("issue")
    first = issues[0] if isinstance(issues, list) and issues else None
    code = first.get("code") if isinstance(first, dict) else None
    return f" ({code})" if isinstance(code, str) and re.fullmatch(r"[a-z\-]{1,30}", code) else ""


def read(
    asked: Asked, came: Mapping[str, Any], *, beside: Iterable[Resource], keys: Iterable[str],
    today: date,
) -> Record:  # fmt: skip
    """A chart of what came.

    came: values by key of the prefetch, the fetched ones included. beside: other draft
    drug orders, to be counted as if they were active.

    Raises:
        Refused: the record is about another person than the context.
    """
    gaps = missing_keys(keys, came)
    bare = {gap.key for gap in gaps}
    patient = came["patient"] if "patient" not in bare else None
    if patient is not None and not _is_text(patient):
        gaps, patient = [*gaps, Gap(key="patient", why="holds a character that is no text")], None
    if patient is not None and patient.get("id") != asked.patient_id:
        words = "is another person than context.patientId. Nothing was judged; ask again."
        raise Refused((Fault(code="business-rule", path="prefetch.patient.id", words=words),))
    record = Record(chart=_EMPTY, gaps=gaps)
    entries = [_entry(patient or {"resourceType": "Patient", "id": asked.patient_id}, asked)]
    # What is being changed stands in the drafts as it will be.
    drafts = {_called(order) for order in asked.orders if "id" in order}
    for key, kind in _HOLDS.items():
        if key not in bare and key in came:
            for entry, resource in _held(key, kind, came[key], record):
                if _called(resource) in drafts:
                    continue
                if not _is_text(resource):
                    record.unread.append(f"{_called(resource)} holds a character that is no text")
                    continue
                entries.append(_entry(resource, asked, entry.get("fullUrl")))
    entries += [_entry(resource, asked) for resource in beside]
    record.resources = {
        f"{entry['resource'].get('resourceType')}/{entry['resource'].get('id')}": entry["resource"]
        for entry in entries
    }
    chart = record.chart = _chart(entries, record, today, asked)
    groups: tuple[tuple[Entry, ...], ...] = (
        chart.conditions,
        chart.medications,
        chart.allergies,
        chart.observations,
    )
    record.entries = {entry.ref: entry for group in groups for entry in group}
    return record


_EMPTY: Any = None


def _held(
    key: str, kind: str, bundle: Resource, record: Record
) -> Iterator[tuple[Resource, Resource]]:
    """Entries of a search's answer with their resources; others are named."""
    for number, entry in enumerate(bundle.get("entry", [])):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        found = resource.get("resourceType") if isinstance(resource, dict) else None
        if isinstance(resource, dict) and found in _TYPES and found is not None:
            yield entry, resource
        elif found == "OperationOutcome":
            if _is_error(resource):
                record.gaps.append(Gap(key=key, why="the answer carries an error beside its data"))
        elif not _is_included(entry):
            record.unread.append(f"prefetch.{key}.entry[{number}]: no {kind} is in it")
    links = bundle.get("link")
    more = any(
        isinstance(link, dict) and link.get("relation") == "next"
        for link in (links if isinstance(links, list) else [])
    )
    if more and key != "observations":
        record.gaps.append(Gap(key=key, why="only the first page came"))
    elif more and not _newest_first(bundle):
        record.gaps.append(Gap(key=key, why="only the first page came, and not the newest first"))


def _is_error(outcome: Any) -> bool:
    issues = outcome.get("issue")
    return any(
        isinstance(issue, dict) and issue.get("severity") in ("error", "fatal")
        for issue in (issues if isinstance(issues, list) else [])
    )


def _is_included(entry: Any) -> bool:
    """Whether a search says itself that this is no match, but came along with one."""
    search = entry.get("search") if isinstance(entry, dict) else None
    return isinstance(search, dict) and search.get("mode") in ("include", "outcome")


def _newest_first(bundle: Resource) -> bool:
    """Whether what was cut off can only be older than what came."""
    times: list[date] = []
    for entry in bundle.get("entry", []):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        written = resource.get("effectiveDateTime") if isinstance(resource, dict) else None
        if not isinstance(written, str) or primitives.wrong("dateTime", written):
            return False
        times.append(span(primitives.moment(written))[0])
    return times == sorted(times, reverse=True)


def _entry(resource: Resource, asked: Asked, full_url: Any = None) -> Resource:
    """One entry, with the address that references to it may use."""
    named = resource.get("id")
    if isinstance(full_url, str) and _RESTFUL.match(full_url):
        return {"fullUrl": full_url, "resource": resource}
    if asked.fhir_server and isinstance(named, str) and _ID.match(named):
        kind = resource.get("resourceType")
        return {"fullUrl": f"{asked.fhir_server}/{kind}/{named}", "resource": resource}
    return {"resource": resource}


def _chart(entries: list[Resource], record: Record, today: date, asked: Asked) -> Chart:
    """Read; leave out what is faulty and name it; read again."""
    left = list(entries)
    for _ in range(_MOST_ROUNDS):
        raw = text.write({"resourceType": "Bundle", "type": "collection", "entry": left}).encode()
        try:
            return reading.read(raw, today=today, may_be_dead=True).chart
        except Refused as refusal:
            faulty: dict[int, str] = {}
            for fault in refusal.faults:
                found = _ENTRY.match(fault.path)
                if found is None:
                    continue
                faulty.setdefault(int(found[1]), f"{fault.path[found.end() :]}: {fault.words}")
            if not faulty:
                break
            for number, why in faulty.items():
                record.unread.append(f"{_called(left[number]['resource'])} {why.strip('.: ')}")
            if 0 in faulty:
                record.gaps.append(Gap(key="patient", why="it could not be read"))
                left[0] = _entry({"resourceType": "Patient", "id": asked.patient_id}, asked)
            left = [one for number, one in enumerate(left) if number == 0 or number not in faulty]
    # What stays unreadable is as good as not sent; the order is judged without it.
    record.unread.append("the record as a whole could not be read")
    record.gaps = [Gap(key=key, why="it could not be read") for key in CALLED]
    nobody = {"resource": {"resourceType": "Patient", "id": asked.patient_id}}
    only = text.write({"resourceType": "Bundle", "type": "collection", "entry": [nobody]})
    return reading.read(only.encode(), today=today, may_be_dead=True).chart


def _is_text(resource: Resource) -> bool:
    """Whether it can be written down again."""
    try:
        text.write(resource)
    except TypeError:
        return False
    return True


def _called(resource: Resource) -> str:
    named = resource.get("id")
    kind = str(resource.get("resourceType"))
    return f"{kind}/{named}" if isinstance(named, str) and _ID.match(named) else kind


def as_if_active(order: Resource) -> Resource:
    """Another draft order, as the drug it will be if it is signed too."""
    kept = ("resourceType", "id", "subject", "medicationCodeableConcept", "medicationReference",
            "contained")  # fmt: skip
    plain = {name: order[name] for name in kept if name in order}
    return {**plain, "status": "active", "intent": "order"}
