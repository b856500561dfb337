"""Where references lead: to an entry, a contained resource, the patient, or nowhere.

After the rules of FHIR R4 for bundles: an absolute address names a fullUrl; a
relative one is completed with the base of the fullUrl it stands under. Where
fullUrls are UUIDs, a relative reference is also looked up by type and id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

_RESTFUL = re.compile(
    r"(?P<base>https?://.+/)?(?P<kind>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.\-]{1,64})"
    r"(?:/_history/[A-Za-z0-9.\-]{1,64})?\Z"
)
_CONDITIONAL = re.compile(r"(?P<kind>[A-Z][A-Za-z]+)\?(?P<query>.+)\Z")

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One resource of the bundle: its number, fullUrl and content."""

    number: int
    full_url: str
    resource: Resource

    @property
    def kind(self) -> str:
        return str(self.resource["resourceType"])

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.number}].resource"


@dataclass(slots=True)
class Index:
    """The entries by the names that references use."""

    patient: Entry
    by_url: dict[str, Entry] = field(default_factory=dict)
    by_id: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)
    inside: dict[int, dict[str, Resource]] = field(default_factory=dict)
    identifiers: set[tuple[str, str]] = field(default_factory=set)  # of the patient

    @classmethod
    def of(cls, entries: list[Entry], patient: Entry) -> Index:
        index = cls(patient, identifiers=identifiers_of(patient.resource))
        for entry in entries:
            if entry.full_url:
                index.by_url.setdefault(entry.full_url, entry)
            key = (entry.kind, str(entry.resource.get("id", "")))
            index.by_id.setdefault(key, []).append(entry)
        return index

    def contained(self, resource: Resource, reference: str) -> Resource | None:
        """What "#id" names inside a resource; "#" alone is the resource itself."""
        if reference == "#":
            return resource
        named = self.inside.get(id(resource))
        if named is None:
            named = {str(item["id"]): item for item in resource.get("contained", [])}
            self.inside[id(resource)] = named
        return named.get(reference[1:])

    def entry(self, reference: str, under: str) -> Entry | None:
        """The entry a reference names, or None. ``under``: the fullUrl it stands under."""
        if reference in self.by_url:
            return self.by_url[reference]
        match = _RESTFUL.match(reference)
        if match is None:
            return None
        plain = f"{match['base'] or ''}{match['kind']}/{match['id']}"
        if match["base"]:
            return self.by_url.get(plain)
        home = _RESTFUL.match(under)
        if home is not None and home["base"]:
            return self.by_url.get(home["base"] + plain)
        same = self.by_id.get((match["kind"], match["id"]), [])
        return same[0] if len(same) == 1 else None


def kind_named(reference: str) -> str:
    """The type a reference names in its own text, "" when it names none."""
    match = _RESTFUL.match(reference) or _CONDITIONAL.match(reference)
    return match["kind"] if match else ""


def is_conditional(reference: str) -> bool:
    return _CONDITIONAL.match(reference) is not None


def means_patient(reference: str, identifiers: set[tuple[str, str]]) -> bool:
    """Does a conditional reference such as Patient?identifier=system|value mean this person?

    Only a search by identifier can be decided here; anything else could mean somebody
    else, so it does not.
    """
    match = _CONDITIONAL.match(reference)
    if match is None or match["kind"] != "Patient":
        return False
    asked = parse_qsl(match["query"], keep_blank_values=True)
    if [name for name, _ in asked] != ["identifier"]:
        return False
    system, bar, value = asked[0][1].partition("|")
    if bar:
        return (system, value) in identifiers
    return [held for _, held in identifiers].count(system) == 1


def identifiers_of(patient: Resource) -> set[tuple[str, str]]:
    """(system, value) of every identifier that has a value; its shape is judged elsewhere."""
    held = patient.get("identifier")
    return {
        (str(item.get("system", "")), str(item["value"]))
        for item in (held if isinstance(held, list) else [])
        if isinstance(item, dict) and isinstance(item.get("value"), str)
    }
