"""All content that a check needs, read and checked once.

``library()`` keeps what it read. The edition and the fingerprint go into every
decision, so that it can be explained again later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Any

import msgspec

from evenkeel.core.guidelines.facts.computed import FUNCTIONS
from evenkeel.core.guidelines.facts.working import Knowledge
from evenkeel.core.guidelines.packs.conflicts import Conflict, load_conflicts
from evenkeel.core.guidelines.packs.packs import Pack, load_packs
from evenkeel.core.guidelines.terms.dictionary import Dictionary, load_dictionary
from evenkeel.core.guidelines.terms.terminology import Terminology, load_terminology
from evenkeel.core.guidelines.trials.rules import load_definitions, load_doses
from evenkeel.core.guidelines.trials.staging import load_staging
from evenkeel.core.kernel.content import ContentFault, content, fingerprint, hold, read_toml
from evenkeel.core.kernel.held import Held

# What a check stands on, in the order in which it is hashed: a decision names its hash.
PARTS = ("guidelines", "facts", "terminology", "safeguards")
# Earlier editions and the tables that test this one lie beside it and are no part of it.
APART = ("guidelines/editions", "guidelines/spec")


class Topic(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One row of the table of packs."""

    id: str
    label: str


class _Index(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    edition: str
    topic: list[Topic]
    conflict: list[dict[str, Any]] = []  # as editions up to 2026-11-24 told them


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Content of one edition.

    packs: guidelines, the only ones that verdicts on care stand on. payers: what payers
    ask, kept apart for packets.
    """

    edition: str
    sha256: str
    knowledge: Knowledge
    packs: dict[str, Pack]
    payers: dict[str, Pack]
    topics: dict[str, Topic]
    conflicts: tuple[Conflict, ...]
    held: Held = field(repr=False, compare=False)

    @property
    def dictionary(self) -> Dictionary:
        return self.knowledge.dictionary

    @property
    def terminology(self) -> Terminology:
        return self.knowledge.terminology

    def conflicts_on(self, topic: str) -> tuple[Conflict, ...]:
        return tuple(conflict for conflict in self.conflicts if topic in conflict.topics)

    def conflicts_of(self, criterion_id: str) -> tuple[Conflict, ...]:
        return tuple(each for each in self.conflicts if each.names(criterion_id))


def load_library(root: Traversable | None = None) -> Library:
    """Read everything below ``root`` (a folder, an archive), or what is shipped.

    Raises:
        ContentFault: anything that must not be used, with file and place.
    """
    held = hold(content() if root is None else root, *PARTS, apart=APART)
    terminology = load_terminology(held)
    dictionary = load_dictionary(terminology, held)
    known = {"", "concept", "drug", "allergy", "quantity", *FUNCTIONS}
    for fact in dictionary.facts.values():
        if fact.derive not in known:
            raise ContentFault(f"{fact.name}: there is no way of deriving called {fact.derive}")
    every = load_packs(dictionary, held)
    index = read_toml(content("guidelines", "index.toml", root=held), _Index)
    topics = {topic.id: topic for topic in index.topic}
    for pack in every.values():
        for criterion in pack.criteria:
            for name in (criterion.topic, *criterion.also):
                if name not in topics:
                    raise ContentFault(f"{pack.id}: {criterion.id}: no topic {name}")
    return Library(
        edition=index.edition,
        sha256=fingerprint(*(held.joinpath(part) for part in PARTS)),
        held=held,
        knowledge=Knowledge(
            terminology=terminology,
            dictionary=dictionary,
            definitions=load_definitions(held),
            doses=load_doses(held),
            staging=load_staging(held),
        ),
        packs={name: pack for name, pack in every.items() if not pack.is_payers},
        payers={name: pack for name, pack in every.items() if pack.is_payers},
        topics=topics,
        conflicts=load_conflicts(every, topics, dictionary, held),
    )


@lru_cache(maxsize=1)
def library() -> Library:
    """The content that is shipped, read once in a process."""
    return load_library()
