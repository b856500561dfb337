"""Questions about pregnancy, asked of a person whom the record calls male.

The record's sex is what an office wrote, not what a body can do, so it answers nothing by
itself and rules nothing out. But a man is asked last, and with "Does not apply" first: that is
kept as the person's own answer to a question that the packs know already. See
docs/decisions/pregnancy-and-recorded-sex.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from evenkeel.core.guidelines.changes.changes import Question
from evenkeel.web.records.selectors.screening import Screening

RULED_OUT = "not_of_childbearing_potential"
LACTATING = "lactating"
# What "Does not apply" answers. Of contraception it could mean many things, so it is not offered.
_PLAIN = frozenset({"pregnant", "pregnancy_test", RULED_OUT, LACTATING})
FACTS = _PLAIN | {"contraception_in_use", "highly_effective_contraception"}
DOES_NOT_APPLY = "does-not-apply"
WHY_ASKED = "The record says male, which rules no pregnancy out; so it is asked, and asked last."


def is_asked_gently(seen: Screening, fact: str) -> bool:
    return fact in FACTS and seen.fact("sex").value == "male"


def in_order(seen: Screening, questions: Iterable[Question]) -> list[Question]:
    """The questions as they come, these after all others that anybody can answer."""
    return sorted(questions, key=lambda question: is_asked_gently(seen, question.fact))


def may_not_apply(seen: Screening, fact: str) -> bool:
    """Whether "Does not apply" is an answer to this question, of this person."""
    return fact in _PLAIN and is_asked_gently(seen, fact)


def meant_by_not_applying(fact: str) -> tuple[str, str]:
    """Which fact "Does not apply" is kept under, and as what.

    To a pregnancy it says that none is possible, for good; to breastfeeding it says no.
    """
    return (fact, "no") if fact == LACTATING else (RULED_OUT, "yes")
