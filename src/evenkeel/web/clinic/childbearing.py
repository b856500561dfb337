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
POSSIBLE = frozenset(
    {"pregnant", "pregnancy_test", "contraception_in_use", "highly_effective_contraception",
     RULED_OUT}
)  # fmt: skip
FACTS = POSSIBLE | {"lactating"}
DOES_NOT_APPLY = "does-not-apply"
WHY_ASKED = "The record says male, which rules no pregnancy out; so it is asked, and asked last."


def is_asked_gently(seen: Screening, fact: str) -> bool:
    return fact in FACTS and seen.fact("sex").value == "male"


def in_order(seen: Screening, questions: Iterable[Question]) -> list[Question]:
    """The questions as they come, these after all others that anybody can answer."""
    asked = list(questions)
    if seen.fact("sex").value != "male":
        return asked
    return sorted(asked, key=lambda question: question.fact in FACTS)


def meant(fact: str, typed: str) -> tuple[str, str]:
    """Which fact an answer is kept under, and as what.

    "Does not apply" to anything about a pregnancy says that none is possible, for good; to
    breastfeeding it says no.
    """
    if typed != DOES_NOT_APPLY or fact not in FACTS:
        return fact, typed
    return (RULED_OUT, "yes") if fact in POSSIBLE else (fact, "no")
