"""Which codes of a record may mean which concept.

In: codings of an entry. Out: the concepts whose rows match, with what the row
means. What an entry's statuses do to it is decided in ``evidence``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources.abc import Traversable

from evenkeel.core.chart import Code, Coding
from evenkeel.core.kernel.content import ContentFault, content, read_csv

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"

_CONCEPT_COLUMNS = ("concept_id", "name", "kind", "criteria", "note", "includes")
_CODE_COLUMNS = (
    "concept_id", "system", "code", "match", "display", "meaning", "status", "where",
)  # fmt: skip
_UNIT_COLUMNS = (
    "concept_id", "loinc", "ucum", "role", "to_expected_factor", "to_expected_offset",
    "hard_min", "hard_max", "unusual_below", "unusual_above", "source_or_reason", "note",
)  # fmt: skip
_REMISSION = re.compile(r"F1\d\.(11|21|91)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A thing that records may say. includes: it is also true when any of these is."""

    id: str
    name: str
    kind: str
    criteria: tuple[str, ...]
    note: str
    includes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A row of codes.csv that fits. meaning: present, absent or value."""

    concept: str
    coding: Coding
    meaning: str
    display: str
    in_words: bool = False

    @property
    def is_remission(self) -> bool:
        """A substance use code whose last digits say remission: history, not now."""
        return self.coding.system == ICD_10_CM and bool(_REMISSION.match(self.coding.code))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRule:
    """How a unit becomes the expected one: value * factor + offset."""

    ucum: str
    accepted: bool
    factor: Decimal
    offset: Decimal
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityRule:
    """The unit expected of a quantity and what it can possibly be."""

    unit: str
    hard_min: Decimal
    hard_max: Decimal
    units: dict[str, UnitRule]


@dataclass(frozen=True, slots=True)
class Terminology:
    """All concepts and codes, indexed once."""

    concepts: dict[str, Concept]
    exact: dict[tuple[str, str], tuple[Match, ...]]
    prefixes: dict[tuple[str, str], tuple[Match, ...]]
    quantities: dict[str, QuantityRule]
    drug_names: dict[str, tuple[Match, ...]]
    closures: dict[str, frozenset[str]]

    def matches(self, coding: Coding) -> tuple[Match, ...]:
        """Rows that fit one coding."""
        code = coding.code.strip()
        found = list(self.exact.get((coding.system, code), ()))
        if coding.system in _PREFIX_SYSTEMS:
            for length in range(3, len(code) + 1):
                found += self.prefixes.get((coding.system, code[:length]), ())
        return tuple(
            Match(m.concept, Coding(m.coding.system, code, coding.display), m.meaning, m.display)
            for m in found
        )

    def matches_of(self, code: Code) -> tuple[Match, ...]:
        """Rows that fit any coding of an entry."""
        return tuple(match for coding in code.codings for match in self.matches(coding))

    def drugs_named(self, words: str) -> tuple[Match, ...]:
        """Drug rows whose name begins a part of a product's name.

        "Fluoxetine 25 MG Oral Tablet" names fluoxetine; "a 5 MG / b 7 MG" names a and b.
        """
        found: list[Match] = []
        for part in re.split(r"\s*/\s*", words.lower()):
            part = re.sub(r"\A(\d+ (hr|ml|actuat) |\{?\d+ \()+", "", part.strip())
            tokens = re.findall(r"[a-z][a-z\-]+", part)
            for length in (3, 2, 1):
                name = " ".join(tokens[:length])
                if len(tokens) >= length and part.startswith(name) and name in self.drug_names:
                    found += self.drug_names[name]
                    break
        return tuple(found)


_PREFIX_SYSTEMS = frozenset({ICD_10, ICD_10_CM, ATC})


def load_terminology(root: Traversable | None = None) -> Terminology:
    """Read the three tables below ``root``, or those that are shipped.

    Raises:
        ContentFault: a code names a concept that does not exist, or includes loop.
    """
    concepts: dict[str, Concept] = {}
    for row in read_csv(content("terminology", "concepts.csv", root=root), _CONCEPT_COLUMNS):
        concepts[row["concept_id"]] = Concept(
            id=row["concept_id"],
            name=row["name"],
            kind=row["kind"],
            criteria=tuple(row["criteria"].split()),
            note=row["note"],
            includes=tuple(row["includes"].split()),
        )
    for concept in concepts.values():
        for part in concept.includes:
            if part not in concepts:
                raise ContentFault(f"concepts.csv: {concept.id} includes unknown {part}")
    exact: dict[tuple[str, str], list[Match]] = {}
    prefixes: dict[tuple[str, str], list[Match]] = {}
    names: dict[str, list[Match]] = {}
    for row in read_csv(content("terminology", "codes.csv", root=root), _CODE_COLUMNS):
        concept_id = row["concept_id"]
        if concept_id not in concepts:
            raise ContentFault(f"codes.csv: code {row['code']} names unknown concept {concept_id}")
        coding = Coding(row["system"], row["code"], row["display"])
        match = Match(concept_id, coding, row["meaning"], row["display"])
        index = prefixes if row["match"] == "descendants-by-prefix" else exact
        index.setdefault((row["system"], row["code"]), []).append(match)
        if row["system"] in (RXNORM, ATC) and concepts[concept_id].kind in ("drug", "drug_class"):
            name = row["display"].lower()
            if re.fullmatch(r"[a-z][a-z\-]+( [a-z][a-z\-]+){0,2}", name):
                named = Match(concept_id, coding, row["meaning"], row["display"], in_words=True)
                names.setdefault(name, []).append(named)
    return Terminology(
        concepts=concepts,
        exact={key: tuple(rows) for key, rows in exact.items()},
        prefixes={key: tuple(rows) for key, rows in prefixes.items()},
        quantities=_quantities(root),
        drug_names={key: tuple(rows) for key, rows in names.items()},
        closures={name: frozenset(_closure(name, concepts, ())) for name in concepts},
    )


def _closure(name: str, concepts: dict[str, Concept], above: tuple[str, ...]) -> set[str]:
    if name in above:
        raise ContentFault(f"concepts.csv: {name} includes itself through {' > '.join(above)}")
    found = {name}
    for part in concepts[name].includes:
        found |= _closure(part, concepts, (*above, name))
    return found


def _quantities(root: Traversable | None) -> dict[str, QuantityRule]:
    rows: dict[str, list[dict[str, str]]] = {}
    for row in read_csv(content("terminology", "units.csv", root=root), _UNIT_COLUMNS):
        rows.setdefault(row["concept_id"], []).append(row)
    rules: dict[str, QuantityRule] = {}
    for concept_id, of_concept in rows.items():
        expected = next(row for row in of_concept if row["role"] == "expected")
        units = {
            row["ucum"]: UnitRule(
                ucum=row["ucum"],
                accepted=row["role"] != "rejected",
                factor=Decimal(row["to_expected_factor"] or "1"),
                offset=Decimal(row["to_expected_offset"] or "0"),
                why=row["note"] or row["source_or_reason"],
            )
            for row in of_concept
        }
        rules[concept_id] = QuantityRule(
            unit=expected["ucum"],
            hard_min=Decimal(expected["hard_min"]),
            hard_max=Decimal(expected["hard_max"]),
            units=units,
        )
    return rules
