"""Some people on their way through the periods of what is given.

In: a crowd's model, covariates, seed and periods; which of its people. Out: for each period who
they are, what happens to them, and where they stand when it begins. ``runs`` computes
concentrations. What is still to come (a dose with a lag, the end of an infusion) is handed
from period to period; a reset forgets it, a steady state what has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.populations.pasts import endless_doses, endless_infusion
from evenkeel.core.pharmacology.populations.people import (
    Change,
    Input,
    Population,
    Schedule,
    changes,
    in_order,
    inputs_of,
)
from evenkeel.core.pharmacology.populations.periods import Period
from evenkeel.core.pharmacology.profiles.records import Record
from evenkeel.core.pharmacology.systems.linear import Floats

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.populations.modes import Standing

MOST_TO_COME = 500  # doses that are handed from period to period


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One period of a group. begin: where everybody stands at first; None = with nothing.

    ends_h: where the next period begins, infinity for the last; what happens then or later may
    stand in the plan too, and has no effect on anything up to it.
    """

    who: Population
    plan: Schedule
    begin: Standing | None
    ends_h: float


@dataclass(slots=True, kw_only=True)
class Group:
    """people_of: who they are on an occasion. amounts: by number of a dose, or None."""

    model: Model
    people: int
    people_of: Callable[[int], Population]
    periods: Sequence[Period]
    amounts: Sequence[Any] | None = None
    _who: tuple[int, Population] | None = field(default=None)

    def stages(self) -> Iterator[Stage]:
        """Period by period; each is worked out when it is asked for.

        Raises:
            Refusal: a dose that the model cannot take, somebody whom nothing leaves where a
                steady state is asked for, too much at once.
        """
        last: Stage | None = None
        to_come: list[Input] = []
        for place, period in enumerate(self.periods):
            more = place + 1 < len(self.periods)
            ends_h = self.periods[place + 1].begins_h if more else np.inf
            replaced = period.steady is not None and period.steady.steady == 1
            columns: list[Change] = []
            begin: Standing | None = None
            if period.reset:
                to_come, last = [], None
            if last is not None:
                columns, to_come = _handed_on(to_come, period.begins_h, after=replaced)
                begin = None if replaced else _standing(last, period.begins_h)
            who = self._on(period.occasion)
            own: list[Input] = []
            if period.steady is not None:
                past, running = self._past(who, period.steady)
                own += running
                begin = _added(begin, past, period.begins_h)
            for each in period.given:
                own += inputs_of(
                    who, each.dose, every_h=each.every_h,
                    amount_mg=None if self.amounts is None else self.amounts[each.number],
                )  # fmt: skip
            to_come = [*to_come, *own]
            if len(to_come) > MOST_TO_COME:
                raise Refusal(
                    (
                        f"at {period.begins_h:g} h more than {MOST_TO_COME:,} doses are still to "
                        "come or run at once",
                    )
                )
            plan = in_order([*columns, *changes(own)], self.people)
            last = Stage(who=who, plan=plan, begin=begin, ends_h=ends_h)
            yield last

    def _on(self, occasion: int) -> Population:
        if self._who is None or self._who[0] != occasion:
            self._who = (occasion, self.people_of(occasion))
        return self._who[1]

    def _past(self, who: Population, record: Record) -> tuple[Floats, list[Input]]:
        """What a record's endless past has left, mg, and what still runs of it."""
        whole = np.zeros(who.rates.shape[:2])
        at = record.time_h
        if record.endless_rate:
            inputs = who.model.routes.get(record.route, ())
            if record.route != "iv" or len(inputs) != 1:
                raise Refusal(("an endless infusion goes into a vein: ROUTE iv",))
            return record.endless_rate * endless_infusion(who.rates, inputs[0].compartment), []
        dose = Dose(
            time_h=0.0, route=record.route, amount_mg=record.amount_mg,
            duration_h=record.duration_h, of_dose=record.of_dose,
        )  # fmt: skip
        running: list[Input] = []
        for each in inputs_of(who, dose, every_h=record.every_h):
            slow = each.ends_h is not None
            lasts = np.asarray(each.ends_h - each.begins_h if slow else 0.0)
            absorbed = np.asarray(each.much * lasts if slow else each.much)
            left, still = endless_doses(
                who.rates, each.compartment, every_h=record.every_h,
                ago_h=record.every_h - np.asarray(each.begins_h), lasts_h=lasts,
            )  # fmt: skip
            whole += np.broadcast_to(absorbed, (self.people,))[:, None] * left
            running += [
                Input(
                    begins_h=at,
                    ends_h=at + hours,
                    compartment=each.compartment,
                    much=np.where(hours > 0.0, each.much, 0.0),
                )
                for hours in still
            ]
        return whole, running


def _handed_on(
    to_come: Sequence[Input], at_h: float, *, after: bool
) -> tuple[list[Change], list[Input]]:
    """What of the earlier periods still happens from a moment on, and what of it is kept in mind.

    after: only what begins later than the moment; what began by then is forgotten with its end.
    """
    made: list[Change] = []
    kept: list[Input] = []
    for each in to_come:
        begins = np.asarray(each.begins_h)
        due = begins > at_h if after else begins >= at_h
        if each.ends_h is None:
            if not due.any():
                continue
            made.append((np.maximum(begins, at_h), each.compartment, False, each.much * due))
            kept.append(replace(each, much=each.much * due))
            continue
        ends = np.asarray(each.ends_h)
        # Whoever has begun stands with a rate, of which only the end is to come.
        over = due if after else ends >= at_h
        if not over.any():
            continue
        if due.any():
            made.append((np.maximum(begins, at_h), each.compartment, True, each.much * due))
        made.append((np.maximum(ends, at_h), each.compartment, True, -each.much * over))
        kept.append(replace(each, much=each.much * over))
    return made, kept


def _standing(last: Stage, at_h: float) -> Standing:
    from evenkeel.core.pharmacology.populations.runs import standing

    found = standing(last.who, last.plan, at_h, begin=last.begin)
    return replace(found, amounts=np.maximum(found.amounts, 0.0))


def _added(begin: Standing | None, past: Floats, at_h: float) -> Standing:
    from evenkeel.core.pharmacology.populations.modes import Standing

    if begin is None:
        return Standing(at_h=at_h, amounts=past, rates=np.zeros_like(past))
    return replace(begin, amounts=begin.amounts + past)
