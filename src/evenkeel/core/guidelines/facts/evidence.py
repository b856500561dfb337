"""What each entry of a record says about which concept.

In: a chart. Out: evidence, one piece per entry and concept, with how far it
goes: present now, history, absent, suspected, or too broad to say. Entries that
were struck out say nothing. What many pieces make together is decided in
``derive``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from evenkeel.core.chart import (
    Allergy,
    Chart,
    Code,
    Condition,
    Entry,
    Medication,
    Observation,
    PartialDate,
    Problem,
    Procedure,
)
from evenkeel.core.guidelines.terms.dictionary import Dictionary
from evenkeel.core.guidelines.terms.terminology import Match, Terminology

When = datetime | PartialDate


class Says(StrEnum):
    """How far one piece of evidence goes."""

    PRESENT = "present"
    HISTORY = "history"
    ABSENT = "absent"
    SUSPECTED = "suspected"
    BROAD = "broad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One entry's word on one concept.

    at: when it happened; recorded: when it was written down. code: as in the record.
    has_status: the record itself says whether it is current.
    """

    concept: str
    says: Says
    ref: str
    words: str
    code: str = ""
    at: When | None = None
    recorded: When | None = None
    has_status: bool = True
    note: str = ""


def earliest(when: When) -> date:
    """The first day that it can mean."""
    return when.earliest if isinstance(when, PartialDate) else when.date()


def latest(when: When) -> date:
    """The last day that it can mean."""
    return when.latest if isinstance(when, PartialDate) else when.date()


def gather(
    chart: Chart, terminology: Terminology, dictionary: Dictionary, as_of: date
) -> tuple[list[Evidence], list[Problem]]:
    """All evidence of a chart, and entries that cannot be (dates in the future)."""
    reader = _Reader(terminology, dictionary, as_of, [])
    found = [
        *(piece for entry in chart.conditions for piece in reader.condition(entry)),
        *(piece for entry in chart.medications for piece in reader.medication(entry)),
        *(piece for entry in chart.allergies for piece in reader.allergy(entry)),
        *(piece for entry in chart.observations for piece in reader.observation(entry)),
        *(piece for entry in chart.procedures for piece in reader.procedure(entry)),
        *(
            piece
            for entry in chart.encounters
            if entry.usable and entry.status not in ("cancelled", "entered-in-error")
            for reason in entry.reasons
            for piece in reader.coded(reason, entry.ref, Says.PRESENT, entry.at, has_status=False)
        ),
    ]
    return found, reader.problems


_CONDITION_KINDS = frozenset({"condition", "status"})
_DRUG_KINDS = frozenset({"drug", "drug_class"})
_PAST = frozenset({"inactive", "resolved", "remission"})
_SUSPECTED = frozenset({"provisional", "differential", "unconfirmed"})
_ORDERED = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})


@dataclass(slots=True)
class _Reader:
    terminology: Terminology
    dictionary: Dictionary
    as_of: date
    problems: list[Problem]

    def _in_future(self, entry: Entry, when: When | None, element: str) -> bool:
        if when is None or earliest(when) <= self.as_of:
            return False
        where = f"{entry.place}.resource" if entry.place else entry.ref
        self.problems.append(
            Problem(
                severity="warning",
                path=f"{where}.{element}",
                text=f"{earliest(when)} lies after {self.as_of}, the day that is judged: "
                "the entry is kept and not used",
            )
        )
        return True

    def _kind(self, match: Match) -> str:
        return self.terminology.concepts[match.concept].kind

    def coded(
        self,
        code: Code,
        ref: str,
        says: Says,
        at: When | None = None,
        *,
        recorded: When | None = None,
        has_status: bool = True,
        kinds: Iterable[str] = _CONDITION_KINDS,
    ) -> Iterator[Evidence]:
        """Evidence for every concept that the coding of an entry means."""
        for match in self.terminology.matches_of(code):
            if self._kind(match) not in kinds or match.meaning == "value":
                continue
            said = says
            if match.meaning == "absent":
                said = {Says.PRESENT: Says.ABSENT}.get(says, Says.SUSPECTED)
            if match.coding.code in self.dictionary.ask_codes:
                said = Says.BROAD
            elif match.is_remission and said is Says.PRESENT:
                said = Says.HISTORY
            yield Evidence(
                concept=match.concept,
                says=said,
                ref=ref,
                words=code.words,
                code=match.coding.code,
                at=at,
                recorded=recorded,
                has_status=has_status,
            )

    def condition(self, entry: Condition) -> Iterator[Evidence]:
        if not entry.usable or entry.verification == "entered-in-error":
            return
        if self._in_future(entry, entry.onset, "onsetDateTime"):
            return
        if entry.verification == "refuted":
            says = Says.ABSENT
        elif entry.verification in _SUSPECTED:
            says = Says.SUSPECTED
        elif entry.clinical in _PAST or entry.has_abated:
            says = Says.HISTORY
        else:
            says = Says.PRESENT
        yield from self.coded(
            entry.code,
            entry.ref,
            says,
            entry.onset,
            recorded=entry.recorded,
            has_status=bool(entry.clinical),
            kinds=(*_CONDITION_KINDS, "observation"),
        )
        # A finding such as "ketamine allergy" in the problem list is an allergy too.
        yield from (
            piece
            for piece in self.coded(entry.code, entry.ref, says, entry.onset, kinds=("allergy",))
            if piece.code == _KETAMINE_ALLERGY
        )

    def medication(self, entry: Medication) -> Iterator[Evidence]:
        if not entry.usable or entry.status in ("entered-in-error", "draft", "not-taken"):
            return
        if entry.do_not_perform or entry.status == "not-done":
            return
        if entry.kind == "request" and entry.intent and entry.intent not in _ORDERED:
            return
        if self._in_future(entry, entry.start, "authoredOn"):
            return
        says: Says = self._medication_says(entry)
        matches = self.terminology.matches_of(entry.code)
        note = ""
        if not any(self._kind(match) in _DRUG_KINDS for match in matches):
            names = [coding.display for coding in entry.code.codings if coding.display]
            matches = tuple(m for name in names for m in self.terminology.drugs_named(name))
            note = "told from the name of the product"
            if not matches and entry.code.text:
                matches = self.terminology.drugs_named(entry.code.text)
                note = "named in words only, without a code: confirm it"
                says = Says.SUSPECTED if says is Says.PRESENT else says
        seen: set[str] = set()
        for match in matches:
            if self._kind(match) not in _DRUG_KINDS or match.concept in seen:
                continue
            doubtful = match.concept in _NASAL_ONLY and not _is_nasal(entry, match)
            said: Says = Says.SUSPECTED if doubtful and says is Says.PRESENT else says
            seen.add(match.concept)
            yield Evidence(
                concept=match.concept,
                says=said,
                ref=entry.ref,
                words=entry.code.words,
                code=match.coding.code,
                at=entry.start,
                has_status=True,
                note=note,
            )

    def _medication_says(self, entry: Medication) -> Says:
        if entry.end is not None and latest(entry.end) < self.as_of:
            return Says.HISTORY
        if entry.kind == "administration":
            return Says.PRESENT if entry.status == "in-progress" else Says.HISTORY
        if entry.status == "active":
            return Says.PRESENT
        if entry.status in ("on-hold", "unknown", "intended", ""):
            return Says.SUSPECTED
        return Says.HISTORY

    def allergy(self, entry: Allergy) -> Iterator[Evidence]:
        if not entry.usable or entry.verification == "entered-in-error":
            return
        says: Says = Says.PRESENT
        note = ""
        if entry.verification == "refuted":
            says = Says.ABSENT
        elif entry.verification in _SUSPECTED:
            says, note = Says.SUSPECTED, f"recorded as {entry.verification}"
        elif entry.clinical in ("inactive", "resolved"):
            says, note = Says.SUSPECTED, f"recorded as {entry.clinical}"
        elif entry.kind == "intolerance":
            says, note = Says.SUSPECTED, "recorded as an intolerance: ask for the reaction"
        found = list(self.coded(entry.code, entry.ref, says, kinds=("allergy",)))
        if not found:
            names = [entry.code.text, *(coding.display for coding in entry.code.codings)]
            if any("ketamine" in name.lower() for name in names):
                found = [
                    Evidence(
                        concept="hypersensitivity_ketamine",
                        says=Says.SUSPECTED,
                        ref=entry.ref,
                        words=entry.code.words,
                    )
                ]
                note = "named in words only: ask for the reaction"
        for piece in found:
            yield Evidence(
                concept=piece.concept,
                says=piece.says,
                ref=piece.ref,
                words=piece.words,
                code=piece.code,
                recorded=entry.recorded,
                note=note or piece.note,
            )

    def observation(self, entry: Observation) -> Iterator[Evidence]:
        """Findings said by the code alone, and answers in the value."""
        if not entry.usable or entry.status not in ("final", "amended", "corrected"):
            return
        if entry.absent_because or self._in_future(entry, entry.at, "effectiveDateTime"):
            return
        if entry.value_code is not None:
            yield from self.coded(
                entry.value_code, entry.ref, Says.PRESENT, entry.at, has_status=False
            )
        if entry.value_bool is not None:
            says = Says.PRESENT if entry.value_bool else Says.ABSENT
            yield from self.coded(entry.code, entry.ref, says, entry.at, has_status=False)

    def procedure(self, entry: Procedure) -> Iterator[Evidence]:
        if not entry.usable or entry.status not in ("completed", "in-progress", "stopped"):
            return
        if self._in_future(entry, entry.at, "performedDateTime"):
            return
        yield from self.coded(
            entry.code, entry.ref, Says.PRESENT, entry.at, kinds=("procedure", "status")
        )


_KETAMINE_ALLERGY = "293707005"
_NASAL_ONLY = frozenset({"nasal_corticosteroid", "nasal_decongestant"})


def _is_nasal(entry: Medication, match: Match) -> bool:
    if match.coding.code.startswith("R01A"):
        return True
    words = " ".join(
        [entry.code.words, *(coding.display for coding in entry.code.codings)]
        + ([entry.route.words] if entry.route else [])
    )
    return "nasal" in words.lower()
