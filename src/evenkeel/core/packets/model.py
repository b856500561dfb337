"""What a packet is made of.

A ``Stated`` cannot be made without a value and an origin; what has none is a
``Missing``, and a packet tells those first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# The shape of the stored object. A change that old packets cannot be read by raises it.
FORMAT = 1


class Unfounded(ValueError):
    """A value that would stand in a packet without its origin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One value.

    origin: entry of the record, who answered, or how it was computed; never empty.
    day: when it was so, in words, "" when the record does not say. age: "12 days".
    """

    label: str
    value: str
    origin: str
    day: str = ""
    age: str = ""

    def __post_init__(self) -> None:
        if not self.value.strip() or not self.origin.strip():
            raise Unfounded(
                f"{self.label} would stand in the packet without "
                f"{'its origin' if self.value.strip() else 'a value'}. It is left out: name it "
                "as missing instead."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What the packet lacks.

    why: why it is not known. ask: the question that would settle it, "" when the gap is
    not a fact. of: the role that is asked. fact: the fact's name, for a link, or "".
    """

    what: str
    why: str
    ask: str = ""
    of: str = ""
    fact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Values of one kind, and what of them is missing."""

    stated: tuple[Stated, ...] = ()
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionLine:
    """One thing that the payer asks. finding: as ``guidelines.verdicts.Finding``."""

    id: str
    statement: str
    strength: str
    finding: str
    words: str
    note: str
    stated: tuple[Stated, ...]
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One course of one antidepressant; judged: (definition, finding, why)."""

    drug: str
    dose: str
    dates: str
    response: str
    adherence: str
    alongside: str
    judged: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPart:
    """The trial history under each published definition.

    origin: who listed the trials, and when. counts: (definition, different drugs that
    were adequate and failed, source and how it was read). parting: where definitions
    disagree. missing: what nobody told about a trial.
    """

    origin: str
    rows: tuple[TrialRow, ...]
    counts: tuple[tuple[str, str, str], ...]
    parting: tuple[str, ...]
    missing: tuple[Missing, ...]

    def __post_init__(self) -> None:
        if self.rows and not self.origin.strip():
            raise Unfounded("Trials would stand in the packet without saying who listed them.")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictLine:
    """What a guideline or a safeguard says. words: the answer; from_: edition, or the source."""

    title: str
    answer: str
    words: str
    reason: str
    from_: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """The payer pack as it stood when the packet was made."""

    id: str
    title: str
    short: str
    publisher: str
    edition: str
    status: str
    illustrative: bool
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One packet. A part that is None was left out by whoever made it."""

    request: str
    as_of: str
    payer: Payer
    answer: str
    person: Section
    people: Section
    course: Section
    diagnosis: Section
    criteria: tuple[CriterionLine, ...]
    scores: Section | None
    trials: TrialPart | None
    treatments: Section | None
    safeguards: tuple[VerdictLine, ...] | None
    guidelines: tuple[VerdictLine, ...] | None
    left_out: tuple[str, ...]
    drafts: tuple[str, ...]
    edition: str
    sha256: str

    @property
    def missing(self) -> tuple[Missing, ...]:
        """Everything that is lacking, each once, in the order of the packet."""
        sections: list[Section | CriterionLine | TrialPart] = [
            self.person, self.people, self.course, self.diagnosis, *self.criteria
        ]  # fmt: skip
        sections += [part for part in (self.scores, self.trials, self.treatments) if part]
        return tuple(dict.fromkeys(gap for part in sections for gap in part.missing))

    @property
    def not_met(self) -> tuple[CriterionLine, ...]:
        return tuple(line for line in self.criteria if line.finding == "not_met")

    def stated(self) -> tuple[Stated, ...]:
        """Every value that stands in the packet."""
        sections: list[Section | CriterionLine] = [
            self.person, self.people, self.course, self.diagnosis, *self.criteria
        ]  # fmt: skip
        sections += [part for part in (self.scores, self.treatments) if part is not None]
        return tuple(value for part in sections for value in part.stated)

    def as_object(self) -> dict[str, Any]:
        """Plain keys and words, as they are stored and drawn."""
        told: dict[str, Any] = asdict(self)
        return {
            "format": FORMAT,
            **told,
            "missing": [asdict(gap) for gap in self.missing],
            "not_met": [line.id for line in self.not_met],
            "complete": not self.missing,
        }
