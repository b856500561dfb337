"""What another edition, or another engine, makes of the same person.

In: two checks of one person on one day, or verdicts that were kept and verdicts made
anew. Out: the packs whose answer differs, with the criteria that made it so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenkeel.core.guidelines.verdicts.verdicts import CriterionVerdict, PackVerdict

# Said of a pack or criterion that one of the two does not have.
ABSENT = "not there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A criterion whose finding is another. before, after: findings, or ``ABSENT``."""

    id: str
    before: str
    after: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A pack whose answer is another. before, after: answers, or ``ABSENT``."""

    pack: str
    title: str
    before: str
    after: str
    criteria: tuple[Moved, ...]


def effects(
    before: Iterable[PackVerdict], after: Iterable[PackVerdict], stood_on: Iterable[str] = ()
) -> tuple[Effect, ...]:
    """Packs whose answer differs, in the order of ``before``.

    A pack that only one side has is no change of a verdict, unless a decision stood on it.
    stood_on: packs that decisions of this person followed.
    """
    was = {each.pack.id: each for each in before}
    now = {each.pack.id: each for each in after}
    told: list[Effect] = []
    for name, old in was.items():
        new = now.get(name)
        if new is None and name in set(stood_on):
            told.append(
                Effect(pack=name, title=old.pack.short, before=str(old.answer), after=ABSENT,
                       criteria=())
            )  # fmt: skip
        elif new is not None and new.answer is not old.answer:
            told.append(
                Effect(pack=name, title=new.pack.short, before=str(old.answer),
                       after=str(new.answer), criteria=moved(old.criteria, new.criteria))
            )  # fmt: skip
    return tuple(told)


def moved(
    before: Sequence[CriterionVerdict], after: Sequence[CriterionVerdict]
) -> tuple[Moved, ...]:
    """Criteria that weigh in either and whose finding, weight or presence differs."""
    was = {each.criterion.id: each for each in before}
    now = {each.criterion.id: each for each in after}
    told: list[Moved] = []
    for name in dict.fromkeys((*was, *now)):
        old, new = was.get(name), now.get(name)
        weighs = [each for each in (old, new) if each is not None and each.criterion.binds]
        if weighs and _weight(old) != _weight(new):
            told.append(
                Moved(id=name, before=_said(old), after=_said(new),
                      statement=weighs[-1].criterion.statement)
            )  # fmt: skip
    return tuple(told)


def _weight(verdict: CriterionVerdict | None) -> tuple[str, str, bool] | None:
    if verdict is None:
        return None
    return str(verdict.finding), verdict.criterion.strength, verdict.criterion.counts


def _said(verdict: CriterionVerdict | None) -> str:
    if verdict is None:
        return ABSENT
    return str(verdict.finding) if verdict.criterion.binds else f"{verdict.finding}, no weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """A place where kept verdicts and verdicts made anew part. criterion: "" = the pack."""

    pack: str
    criterion: str
    kept: str
    anew: str


_COMPARED = ("verdict", "applies", "missing")


def parted(
    kept: Iterable[Mapping[str, Any]], anew: Iterable[Mapping[str, Any]]
) -> tuple[Parted, ...]:
    """Where verdicts as a decision keeps them and the same made anew are not the same.

    Both are the ``packs`` of ``check.as_object``. Answers, findings, whether a criterion
    applies and what is missing count; the words of a reason do not.
    """
    now = {each["pack"]: each for each in anew}
    told: list[Parted] = []
    for old in kept:
        new = now.get(old["pack"])
        if new is None or new["verdict"] != old["verdict"]:
            said = ABSENT if new is None else str(new["verdict"])
            told.append(Parted(pack=old["pack"], criterion="", kept=str(old["verdict"]), anew=said))
        found = {each["id"]: each for each in new["criteria"]} if new is not None else {}
        for each in old["criteria"]:
            other = found.pop(each["id"], None)
            if other is None or any(each[key] != other[key] for key in _COMPARED):
                told.append(
                    Parted(pack=old["pack"], criterion=each["id"], kept=_words(each),
                           anew=_words(other))
                )  # fmt: skip
        told += [
            Parted(pack=old["pack"], criterion=name, kept=ABSENT, anew=_words(other))
            for name, other in found.items()
        ]
    return tuple(told)


def _words(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return ABSENT
    missing = f" (missing: {', '.join(told['missing'])})" if told["missing"] else ""
    return f"{told['verdict']}{missing}"
