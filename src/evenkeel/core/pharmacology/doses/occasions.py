"""What differs between people, and what differs between one person's treatments.

In: a model's spread, doses. Out: when treatments begin, the differences that can be told
apart and their joint prior, and each split into the person's part and the treatments'.

A model's spread is of two kinds: between people, and between occasions of one person. Here
an occasion is a treatment: doses that lie no more than a day apart. A parameter that has a
part of each treatment has one difference a treatment, the sum of the person's part and that
treatment's; the sums of two treatments go together as far as the person's part reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.systems.linear import Floats

ANOTHER_DAY_H = 24.0  # doses farther apart are different treatments
_ALMOST = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """treatment: from 1; 0: the same in all of them, or there is one only."""

    parameter: str
    treatment: int = 0

    @property
    def name(self) -> str:
        """As it is called in tables."""
        return f"{self.parameter}, treatment {self.treatment}" if self.treatment else self.parameter


def varies(model: Model) -> bool:
    """Whether the model's people differ from treatment to treatment."""
    return any(block.level == "occasion" for block in model.variability)


def another_day(latest_h: float, at_h: float) -> bool:
    """Whether a dose begins another treatment than the one before it.

    Every day at the same hour is one, whatever the last digit of the times says.
    """
    return at_h - latest_h > ANOTHER_DAY_H * (1.0 + _ALMOST)


def begins_of(model: Model, doses: Sequence[Dose], also: Sequence[float] = ()) -> Floats:
    """When treatments begin, hours; one treatment where the model tells none apart.

    also: beginnings that are known already, whatever lies between.
    """
    times = sorted(dose.time_h for dose in doses)
    if not varies(model):
        return np.array(times[:1])
    found = [
        at
        for place, at in enumerate(times)
        if place == 0 or another_day(times[place - 1], at) or (at in also and at > times[place - 1])
    ]
    return np.array(found)


def treatment_at(begins_h: Floats, times_h: Floats) -> npt.NDArray[np.int64]:
    """The place of the treatment that a time belongs to; what is before the first is of it."""
    return np.maximum(np.searchsorted(begins_h, times_h, side="right") - 1, 0)


def differences(model: Model, treatments: int) -> tuple[Difference, ...]:
    """Everything that differs, in the order of the model's blocks.

    Raises:
        Refusal: no spread was published.
    """
    if not model.variability:
        raise Refusal(
            (f"{model.id}: no spread between people was published: {model.variability_note}",)
        )
    of_treatments = [block for block in model.variability if block.level == "occasion"]
    changing = {name for block in of_treatments for name in block.parameters}
    names = dict.fromkeys(name for block in model.variability for name in block.parameters)
    made: list[Difference] = []
    for name in names:
        several = name in changing and treatments > 1
        made += [Difference(name, k) for k in range(1, treatments + 1)] if several else []
        made += [] if several else [Difference(name)]
    return tuple(made)


def prior_of(model: Model, of: Sequence[Difference]) -> Floats:
    """The joint covariance of these differences, both kinds of spread together."""
    treatments = range(1, 1 + max((1, *(each.treatment for each in of))))
    return prior_between(model, of, treatments, of, treatments)


def prior_between(
    model: Model,
    these: Sequence[Difference],
    treatments: Sequence[int],
    those: Sequence[Difference],
    other_treatments: Sequence[int],
) -> Floats:
    """Covariance of some differences with others, shape (these, those).

    By the person's part, which is the same in all treatments, and by the treatment's, which
    has nothing in common with another's.

    treatments: which treatment each number of a difference stands for; there is at least one.
    """
    a = np.array([treatments[max(each.treatment, 1) - 1] for each in these])
    b = np.array([other_treatments[max(each.treatment, 1) - 1] for each in those])
    passing = _covariance(model, "occasion", these, those)
    return _covariance(model, "subject", these, those) + np.where(a[:, None] == b, passing, 0.0)


def split(
    model: Model, of: Sequence[Difference], treatments: int
) -> tuple[tuple[Difference, ...], Floats, Floats]:
    """The parts of which differences are sums.

    Returns:
        The person's parts (treatment 0) and then those of each treatment; their covariance,
        shape (parts, parts); which add up to each difference, shape (differences, parts).
    """
    made: list[Difference] = []
    blocks: list[Floats] = []
    for block in model.variability:
        whose = (0,) if block.level == "subject" else range(1, treatments + 1)
        for treatment in whose:
            made += [Difference(name, treatment) for name in block.parameters]
            blocks.append(np.array(block.omega))
    prior = np.zeros((len(made), len(made)))
    at = 0
    for omega in blocks:
        prior[at : at + len(omega), at : at + len(omega)] = omega
        at += len(omega)
    total = np.array(
        [
            [
                float(
                    each.parameter == part.parameter
                    and part.treatment in (0, max(each.treatment, 1))
                )
                for part in made
            ]
            for each in of
        ]
    )
    return tuple(made), prior, total


def _covariance(
    model: Model, level: str, these: Sequence[Difference], those: Sequence[Difference]
) -> Floats:
    made = np.zeros((len(these), len(those)))
    for block in model.variability:
        if block.level != level:
            continue
        place = {name: k for k, name in enumerate(block.parameters)}
        rows = [(i, place[d.parameter]) for i, d in enumerate(these) if d.parameter in place]
        columns = [(j, place[d.parameter]) for j, d in enumerate(those) if d.parameter in place]
        for i, a in rows:
            for j, b in columns:
                made[i, j] += block.omega[a][b]
    return made
