"""The tables of FHIR R4 that referrals are checked against.

``r4/elements.csv`` has one row per element of the types a patient's record may
hold, ``r4/codes.csv`` the value sets with a required binding. Both were made from
the FHIR R4 (4.0.1) definitions, which HL7 publishes under CC0-1.0. An element whose
type begins with @ is a group of elements of that name.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of a type.

    choice: the name before [x] ("value" for valueQuantity), "" where there is none.
    codes: the value set that must be used, "" where none must.
    targets: the types a reference may lead to; empty means any.
    """

    name: str
    kind: str
    required: bool
    many: bool
    choice: str = ""
    codes: str = ""
    targets: frozenset[str] = frozenset()


_ANY = (
    Element(name="id", kind="id", required=False, many=False),
    Element(name="extension", kind="Extension", required=False, many=True),
)
_MODIFIER = Element(name="modifierExtension", kind="Extension", required=False, many=True)
_RESOURCE = (
    Element(name="id", kind="id", required=False, many=False),
    Element(name="meta", kind="Meta", required=False, many=False),
    Element(name="implicitRules", kind="uri", required=False, many=False),
    Element(name="language", kind="code", required=False, many=False),
)
_DOMAIN = (
    Element(name="text", kind="Narrative", required=False, many=False),
    Element(name="contained", kind="Resource", required=False, many=True),
    Element(name="extension", kind="Extension", required=False, many=True),
    _MODIFIER,
)
# Types with modifierExtension although they are no resources and no groups inside one.
_BACKBONE_TYPES = frozenset({"Dosage", "Timing"})
_NOT_DOMAIN = frozenset({"Bundle", "Binary"})
ELEMENT = "Element"  # what stands beside a primitive, under its name with _ before it


@cache
def types() -> dict[str, dict[str, Element]]:
    """Each type's elements by name."""
    read: dict[str, dict[str, Element]] = {
        ELEMENT: {element.name: element for element in _string_id()}
    }
    for row in _rows("elements.csv"):
        elements = read.setdefault(row["of"], {})
        elements[row["name"]] = Element(
            name=row["name"],
            kind=row["type"],
            required=row["min"] == "1",
            many=row["max"] == "*",
            choice=row["choice"],
            codes=row["codes"],
            targets=frozenset(row["targets"].split()),
        )
    for name, elements in read.items():
        inherited: tuple[Element, ...]
        if name in resources():
            inherited = _RESOURCE + (() if name in _NOT_DOMAIN else _DOMAIN)
        else:
            inherited = _string_id()
            if "." in name or name in _BACKBONE_TYPES:
                inherited += (_MODIFIER,)
        for element in inherited:
            elements.setdefault(element.name, element)
    return read


@cache
def required(kind: str) -> tuple[tuple[str, tuple[Element, ...]], ...]:
    """What a type must have: a name ("value" for value[x]) and the elements that can be it."""
    groups: dict[str, list[Element]] = {}
    for element in types()[kind].values():
        if element.required:
            groups.setdefault(element.choice or element.name, []).append(element)
    return tuple((name, tuple(elements)) for name, elements in groups.items())


@cache
def resources() -> frozenset[str]:
    """The resource types in the tables: upper case, and not a data type."""
    names = {row["of"] for row in _rows("elements.csv") if "." not in row["of"]}
    return frozenset(names - DATA_TYPES)


@cache
def value_sets() -> dict[str, frozenset[tuple[str, str]]]:
    """(system, code) pairs of each value set."""
    read: dict[str, set[tuple[str, str]]] = {}
    for row in _rows("codes.csv"):
        read.setdefault(row["value_set"], set()).add((row["system"], row["code"]))
    return {name: frozenset(pairs) for name, pairs in read.items()}


@cache
def allowed(value_set: str) -> tuple[str, ...]:
    """The codes of a value set, in the order of the alphabet."""
    return tuple(sorted({code for _, code in value_sets()[value_set]}))


def _string_id() -> tuple[Element, ...]:
    return (Element(name="id", kind="string", required=False, many=False), _ANY[1])


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    place = files("evenkeel.edges.fhir").joinpath("r4", name)
    return tuple(csv.DictReader(place.read_text(encoding="utf-8").splitlines()))


DATA_TYPES = frozenset(
    {
        "Address",
        "Age",
        "Annotation",
        "Attachment",
        "CodeableConcept",
        "Coding",
        "ContactDetail",
        "ContactPoint",
        "Count",
        "DataRequirement",
        "Distance",
        "Dosage",
        "Duration",
        "Expression",
        "Extension",
        "HumanName",
        "Identifier",
        "Meta",
        "Money",
        "Narrative",
        "Period",
        "Quantity",
        "Range",
        "Ratio",
        "Reference",
        "RelatedArtifact",
        "SampledData",
        "Signature",
        "SimpleQuantity",
        "Timing",
        "TriggerDefinition",
        "UsageContext",
    }
)
