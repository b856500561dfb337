"""What a definition makes of a trial: one part for each thing that it asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.guidelines.trials.history import Trial
from evenkeel.core.kernel.sources import Mark

_NOT_KNOWN = Range(None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that a definition asks of a trial.

    about: dose, time, time_at_dose, taken, response, episode, route or rules.
    holds: None = not known.
    """

    about: str
    holds: bool | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialJudgement:
    """What one definition makes of one trial.

    adequate, failed, in_scope: yes, no or not known. partial: the improvement lies
    between failure and response. why: the parts that decided, in words.
    stretch: the longest time surely at an adequate dose, where it was long enough.
    rests_on: how the dose that decided was read; a no that rests on ``known-verify``
    alone must not stop anybody.
    """

    trial: Trial
    definition: str
    adequate: bool | None
    failed: bool | None
    why: str
    in_scope: bool | None = True
    partial: bool | None = None
    parts: tuple[Part, ...] = ()
    weeks: Range = _NOT_KNOWN
    weeks_at_dose: Range = _NOT_KNOWN
    stretch: tuple[date, date] | None = None
    rests_on: Mark = Mark.SEEN

    @property
    def counts(self) -> bool | None:
        """Whether it is an adequate trial that failed."""
        return all_of((self.adequate, self.failed, self.in_scope))

    @property
    def binds(self) -> bool | None:
        """As ``counts``, but a no that rests on a number nobody re-read is not known."""
        if self.counts is False and self.failed is not False and self.in_scope is not False:
            others = [
                part
                for part in self.parts
                if part.holds is False and part.about not in ("dose", "time_at_dose")
            ]
            if not others and self.rests_on is Mark.KNOWN_VERIFY:
                return None
        return self.counts


def all_of(answers: Sequence[bool | None]) -> bool | None:
    """Kleene's and."""
    if False in answers:
        return False
    return None if None in answers else True
