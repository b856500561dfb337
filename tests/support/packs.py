"""Packs made for a test out of rules in words, otherwise like a shipped one."""

from __future__ import annotations

from dataclasses import replace

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.guidelines.predicates.tree import facts_in, read_predicate


def planted(*rules: tuple[str, str]) -> Pack:
    """A pack of ``applies_when`` and ``require`` pairs, otherwise like a shipped criterion."""
    content = library()
    like = content.packs["esketamine-us"].criteria[0]
    criteria = []
    for number, (when, want) in enumerate(rules, 1):
        applies = read_predicate(when, content.dictionary) if when else None
        require = read_predicate(want, content.dictionary)
        names = (*(facts_in(applies) if applies else ()), *facts_in(require))
        criteria.append(
            replace(
                like,
                id=f"X-{number}",
                applies_when=applies,
                require=require,
                applies_text=when,
                require_text=want,
                facts=tuple(dict.fromkeys(names)),
            )
        )
    return replace(content.packs["esketamine-us"], criteria=tuple(criteria))
