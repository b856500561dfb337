"""The entries of a chart: one frozen dataclass per kind, close to FHIR R4.

``ref`` is the entry's place in the record it came from ("Condition/17"), so
that every conclusion can say what it stands on. Times are aware UTC datetimes;
``PartialDate`` where only a day, month or year was written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from evenkeel.core.chart.partial_dates import PartialDate

When = datetime | PartialDate


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of one system."""

    system: str
    code: str
    display: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A concept: several codings that mean the same, and the writer's own words."""

    codings: tuple[Coding, ...] = ()
    text: str = ""

    @property
    def words(self) -> str:
        """The best words for a reader."""
        if self.text:
            return self.text
        for coding in self.codings:
            if coding.display:
                return coding.display
        return self.codings[0].code if self.codings else "without a name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number as written, with its unit. ``unit`` is the UCUM code where one was given.

    comparator: "<", "<=", ">=", ">" when the value is only a bound.
    coded: False when only a human-readable unit was written, so it is not understood.
    """

    value: Decimal
    unit: str
    comparator: str = ""
    coded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The person the record is about."""

    ref: str
    family: str = ""
    given: str = ""
    birth: PartialDate | None = None
    sex: str = "unknown"
    deceased: bool = False
    died: When | None = None
    identifiers: tuple[tuple[str, str], ...] = ()
    email: str = ""
    phone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every entry has.

    place: where in the bundle it came from ("Bundle.entry[3]"), "" when from elsewhere.
    usable: False when the entry must never become a fact (entered in error, an
        unknown modifier extension, ...); ``unusable_because`` says why.
    """

    ref: str
    code: Code
    place: str = ""
    usable: bool = True
    unusable_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Entry):
    """clinical: active, recurrence, relapse, inactive, remission, resolved or "".
    verification: confirmed, provisional, differential, unconfirmed, refuted,
    entered-in-error or ""."""

    clinical: str = ""
    verification: str = ""
    onset: When | None = None
    abated: When | None = None
    has_abated: bool = False
    recorded: When | None = None
    severity: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Medication(Entry):
    """kind: request, statement or administration (dispenses come as statements).

    do_not_perform: an order NOT to give the drug.
    """

    kind: str
    status: str
    intent: str = ""
    do_not_perform: bool = False
    start: When | None = None
    end: When | None = None
    dose_text: str = ""
    dose: Quantity | None = None
    route: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allergy(Entry):
    """As Condition; ``code`` is the substance or a finding that names it."""

    clinical: str = ""
    verification: str = ""
    kind: str = ""
    criticality: str = ""
    reactions: tuple[str, ...] = ()
    recorded: When | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of an observation, such as the systolic pressure."""

    code: Code
    quantity: Quantity | None = None
    value_code: Code | None = None
    value_text: str = ""
    absent_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Entry):
    """A finding with its value, its parts, or the reason why there is none."""

    status: str
    at: When | None = None
    quantity: Quantity | None = None
    value_code: Code | None = None
    value_text: str = ""
    value_bool: bool | None = None
    absent_because: str = ""
    components: tuple[Component, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure(Entry):
    status: str
    at: When | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter(Entry):
    """``code`` is the type; ``reasons`` why it happened."""

    status: str
    setting: str = ""
    at: When | None = None
    reasons: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that was kept but not understood, or refused.

    path: a FHIRPath such as ``Bundle.entry[3].resource.valueQuantity``.
    """

    severity: str
    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One person's record."""

    person: Person
    conditions: tuple[Condition, ...] = ()
    medications: tuple[Medication, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    observations: tuple[Observation, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    encounters: tuple[Encounter, ...] = ()
    problems: tuple[Problem, ...] = field(default=())
