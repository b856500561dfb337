"""Safeguards: facts that bind every pack, read from content/safeguards.

In: what is known by fact name. Out: a verdict per safeguard. A fact that is not
known is unknown, never safe. No guideline is known here, so none can disarm one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Protocol

import msgspec

from evenkeel.core.kernel.content import content, read_toml
from evenkeel.core.kernel.sources import Mark, Source, Status
from evenkeel.core.kernel.verdicts import Answer, Verdict, judge, no, unknown, yes


class Known(Protocol):
    """What is known of one fact. value: None = not known, ``note`` says why."""

    @property
    def value(self) -> object: ...

    @property
    def note(self) -> str: ...

    @property
    def refs(self) -> tuple[str, ...]: ...


class _Row(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    label: str
    fact: str
    safe_when: bool
    words: str
    source: str
    place: str
    url: str
    mark: Mark
    status: Status
    role: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    about: str
    safeguard: list[_Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguard:
    """fact: the fact that it watches. role: who must say it, "" when a record may."""

    id: str
    label: str
    fact: str
    safe_when: bool
    words: str
    source: Source
    status: Status
    role: str

    @property
    def stops(self) -> bool:
        """Whether nobody may pass: only a source read on its own page stops by itself."""
        return self.source.mark is Mark.SEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardVerdict:
    """answer yes = nothing in the way."""

    safeguard: Safeguard
    verdict: Verdict
    refs: tuple[str, ...]

    @property
    def holds_back(self) -> bool:
        return self.verdict.answer is not Answer.YES


def load_safeguards(root: Traversable | None = None) -> tuple[Safeguard, ...]:
    """The safeguards below ``root``, or those that are shipped, in the order of the file.

    Raises:
        ContentFault: not what a file of safeguards holds.
    """
    read = read_toml(content("safeguards", "safeguards.toml", root=root), _File)
    return tuple(
        Safeguard(
            id=row.id,
            label=row.label,
            fact=row.fact,
            safe_when=row.safe_when,
            words=row.words,
            source=Source(title=row.source, at=row.place, url=row.url, mark=row.mark),
            status=row.status,
            role=row.role,
        )
        for row in read.safeguard
    )


@lru_cache(maxsize=1)
def safeguards() -> tuple[Safeguard, ...]:
    """Those that are shipped, read once in a process."""
    return load_safeguards()


def judge_all(
    known: Mapping[str, Known], among: Sequence[Safeguard] | None = None
) -> tuple[SafeguardVerdict, ...]:
    """Every safeguard for one person. among: those of an earlier edition."""
    rules = safeguards() if among is None else among
    return tuple(_judge(each, known[each.fact]) for each in rules)


def _judge(safeguard: Safeguard, fact: Known) -> SafeguardVerdict:
    source = safeguard.source
    if fact.value is None and safeguard.role:
        verdict = judge(f"a {safeguard.role} must say: {safeguard.label}", source,
                        role=safeguard.role)  # fmt: skip
    elif fact.value is None:
        reason = f"{safeguard.label}: {fact.note or 'not in the record'}"
        verdict = unknown(reason, source, [safeguard.fact])
    elif fact.value is safeguard.safe_when:
        verdict = yes(f"{safeguard.label}: no", source)
    else:
        verdict = no(f"{safeguard.label}: yes. {safeguard.words}", source)
    return SafeguardVerdict(safeguard=safeguard, verdict=verdict, refs=fact.refs)
