"""Finding criteria, facts and conflicts by their words.

Plain text without an index: there are hundreds, not millions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.web.guidelines import links

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader looks for; "" = anything."""

    words: str = ""
    strength: str = ""
    stage: str = ""
    country: str = ""

    @property
    def anything(self) -> bool:
        return bool(self.words or self.strength or self.stage or self.country)

    @property
    def parts(self) -> list[str]:
        return self.words.casefold().split()

    def fits(self, criterion: Criterion, pack: Pack) -> bool:
        return (
            self.strength in ("", criterion.strength)
            and self.stage in ("", criterion.stage)
            and self.country in ("", pack.jurisdiction)
            and self.says(_text_of(criterion, pack))
        )

    def says(self, text: str) -> bool:
        """Whether every word occurs in it."""
        folded = text.casefold()
        return all(part in folded for part in self.parts)


def _text_of(criterion: Criterion, pack: Pack) -> str:
    words = library().dictionary
    asked = " ".join(f"{words[n].label} {words[n].question} {n}" for n in criterion.facts)
    return (
        f"{criterion.id} {criterion.statement} {criterion.note} {pack.short} {pack.title} "
        f"{pack.publisher} {library().topics[criterion.topic].label} {asked}"
    )


def find(wanted: Wanted) -> dict[str, Any]:
    """Criteria, and for words alone facts and conflicts too, in the order of the content."""
    content = library()
    criteria = [pair for pair in links.every_criterion().values() if wanted.fits(*pair)]
    only_words = bool(wanted.words) and not (wanted.strength or wanted.stage or wanted.country)
    facts = [
        each
        for each in content.dictionary.facts.values()
        if only_words
        and not each.name.startswith("says_")
        and wanted.says(f"{each.name} {each.label} {each.question}")
    ]
    conflicts = [
        each
        for each in content.conflicts
        if only_words and wanted.says(f"{each.id} {each.title} {each.summary}")
    ]
    return {
        "criteria": [links.criterion_line(*pair) for pair in criteria[:MOST]],
        "criteria_count": len(criteria),
        "facts": [links.fact_line(each) for each in facts[:MOST]],
        "facts_count": len(facts),
        "conflicts": [links.conflict_line(each) for each in conflicts],
        "most": MOST,
        "nothing": not (criteria or facts or conflicts),
    }
