"""Facts that the record says by itself: by its codes, or by a measured value.

No match is never "absent"; what is refuted is absent only as far as it was named.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from evenkeel.core.chart import Problem
from evenkeel.core.guidelines.facts.evidence import Evidence, Says, latest
from evenkeel.core.guidelines.facts.quantities import disagree_on_one_day
from evenkeel.core.guidelines.facts.working import Work, day_of, refs_of, say_day
from evenkeel.core.guidelines.terms.dictionary import (
    About,
    FactDefinition,
    is_stale,
)
from evenkeel.core.guidelines.terms.values import Fact

DIAGNOSIS_FRESH_DAYS = 365


def from_evidence(work: Work, definition: FactDefinition) -> Fact:
    """A yes-or-no fact from all evidence of a concept and what it includes."""
    name = definition.name
    closure = work.terminology.closures.get(name, frozenset({name}))
    parts = (*closure, *definition.also)
    pieces = [piece for part in parts for piece in work.evidence.get(part, ())]
    present: list[Evidence] = []
    too_old: list[Evidence] = []
    for piece in pieces:
        verdict = _counts(piece, definition, work)
        if verdict is True:
            present.append(piece)
        elif verdict is None:
            too_old.append(piece)
    by_parts = [
        work.facts[part]
        for part in (*work.terminology.concepts[name].includes, *definition.also)
        if part in work.facts and work.facts[part].value is True
        and work.facts[part].origin == "answer"
    ]  # fmt: skip
    absent, denial = _is_absent(work, definition, pieces)
    if present and absent:
        return Fact(
            name=name,
            refs=refs_of([*present, *denial]),
            note="the record says both yes and no",
            disputed=True,
        )
    if present:
        newest = max(present, key=lambda piece: day_of(piece) or date.min)
        return Fact(
            name=name,
            value=True,
            refs=refs_of(present),
            origin="record",
            at=day_of(newest),
            note=newest.note or newest.words,
        )
    if by_parts:
        return replace(by_parts[0], name=name, note=work.dictionary[by_parts[0].name].label)
    if absent:
        at = max((day for piece in denial if (day := day_of(piece))), default=None)
        if is_stale(definition, at, work.as_of):
            return Fact(
                name=name, refs=refs_of(denial), stale_since=at, note=f"said on {say_day(at)}"
            )
        return Fact(
            name=name,
            value=False,
            refs=refs_of(denial),
            origin="record",
            at=at,
            note="said not to be so in the record",
        )
    return _open(definition, pieces, too_old, work)


def _open(
    definition: FactDefinition, pieces: list[Evidence], too_old: list[Evidence], work: Work
) -> Fact:
    """Unknown, with the best reason why."""
    if too_old:
        newest = max(too_old, key=lambda piece: day_of(piece) or date.min)
        since = day_of(newest)
        when = f"of {say_day(since)}" if since else "without a date"
        return Fact(
            name=definition.name,
            refs=refs_of(too_old),
            stale_since=since,
            note=f"the record {when} ({newest.words}) does not say how it is now",
        )
    hints = [piece for hint in definition.hints for piece in work.evidence.get(hint, ())]
    doubtful = [p for p in pieces if p.says in (Says.SUSPECTED, Says.BROAD)] + hints
    if doubtful:
        words = doubtful[0].note or doubtful[0].words
        return Fact(
            name=definition.name,
            refs=refs_of(doubtful),
            note=f"the record hints at it ({words}): ask",
        )
    if any(piece.says is Says.ABSENT for piece in pieces):
        refuted = [piece for piece in pieces if piece.says is Says.ABSENT]
        return Fact(
            name=definition.name,
            refs=refs_of(refuted),
            note=f"only {refuted[0].words} was ruled out: other kinds are open",
        )
    return Fact(name=definition.name, note="not in the record")


def _counts(piece: Evidence, definition: FactDefinition, work: Work) -> bool | None:
    """Whether a piece makes the fact true; None = it did once, and may not now.

    A kind that counts for ever (a past heart attack) counts for ever in the whole too.
    """
    if piece.says not in (Says.PRESENT, Says.HISTORY):
        return False
    at = day_of(piece)
    is_drug = work.terminology.concepts[piece.concept].kind in ("drug", "drug_class")
    ages = definition.fresh_days and (is_drug or definition.derive != "drug")
    too_old = bool(ages) and is_stale(definition, at, work.as_of)
    if About.EVER in (definition.about, work.dictionary[piece.concept].about):
        return None if too_old or (ages and at is None) else True
    if piece.says is Says.HISTORY:
        return None
    if ages:
        return None if too_old or (at is None and not is_drug) else True
    if not piece.has_status and at and (work.as_of - at).days > DIAGNOSIS_FRESH_DAYS:
        return None
    return True


def _is_absent(
    work: Work, definition: FactDefinition, pieces: list[Evidence]
) -> tuple[bool, list[Evidence]]:
    """Whether the record rules the whole thing out, and by which entries."""
    own = [piece for piece in pieces if piece.concept == definition.name]
    refuted = [piece for piece in own if piece.says is Says.ABSENT]
    whole = [piece for piece in refuted if piece.code in definition.whole_codes]
    if whole:
        return True, whole
    parts = work.terminology.concepts[definition.name].includes
    if not parts:
        return bool(refuted) and not definition.many_sites, refuted
    facts = [work.facts.get(part) for part in parts]
    if all(fact is not None and fact.value is False for fact in facts):
        closure = work.terminology.closures[definition.name]
        denial = [
            p for part in closure for p in work.evidence.get(part, ()) if p.says is Says.ABSENT
        ]
        return True, denial
    return False, refuted


def from_quantity(work: Work, definition: FactDefinition) -> Fact:
    values = work.measured.get(definition.name, [])
    if not values:
        return Fact(name=definition.name, note="not in the record")
    last = values[-1]
    day = latest(last.at)
    apart = disagree_on_one_day(values, Decimal("0.1")) if definition.name == "body_weight" else []
    if apart:
        written = " and ".join(f"{each.value} {definition.unit_words}" for each in apart)
        work.problems.append(
            Problem(
                severity="warning",
                path=last.path,
                text=f"{definition.label} of {day} is written as {written}: measure again",
            )
        )
        return Fact(
            name=definition.name,
            refs=tuple(each.ref for each in apart),
            disputed=True,
            note=f"two values on {say_day(day)} that differ by more than a tenth",
        )
    same_day = [each for each in values if latest(each.at) == day]
    if definition.name == "body_weight" and len({each.value for each in same_day}) > 1:
        work.problems.append(
            Problem(
                severity="warning",
                path=last.path,
                text=f"two values of {definition.label.lower()} on {day}: the later is used",
            )
        )
    if is_stale(definition, day, work.as_of):
        return Fact(
            name=definition.name,
            refs=(last.ref,),
            stale_since=day,
            old_value=last.value,
            note=f"the value of {say_day(day)} is too old",
        )
    return Fact(name=definition.name, value=last.value, refs=(last.ref,), origin="record", at=day)
