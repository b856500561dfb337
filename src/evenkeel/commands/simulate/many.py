"""A population: percentiles over people, with what is drawn and what is assumed told."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from evenkeel.commands.simulate import telling
from evenkeel.commands.simulate.asked import Given
from evenkeel.commands.simulate.one import head, limits, one

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.crowds import Crowd
    from evenkeel.core.pharmacology.draws import Draw
    from evenkeel.core.pharmacology.linear import Floats
    from evenkeel.core.pharmacology.models import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many people, which, and what is asked of them."""

    people: int
    seed: int
    percentiles: tuple[float, ...]
    draws: Mapping[str, Draw]
    assumed: Mapping[str, float]
    step_h: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """People in a model, and the times asked for."""

    crowd: Crowd
    asked: Asked
    given: Given
    times: Floats
    fixed: dict[str, float]
    analytes: tuple[str, ...]

    @property
    def model(self) -> Model:
        return self.crowd.model

    def pieces(self) -> Iterator[tuple[slice, Floats]]:
        """Percentiles piece by piece, shape (length, analytes, percentiles)."""
        from evenkeel.core.pharmacology.crowds import bands

        return bands(self.crowd, self.times, self.asked.percentiles, self.asked.step_h)

    def table(self, file: str | None) -> None:
        """Percentiles, to a file or to stdout."""
        pieces = self.pieces()
        # The first piece before the file: what is refused then leaves nothing behind.
        made = chain([next(pieces)], pieces)
        with telling.opened(file) as out:
            telling.write_table(out, made, self.times, self.analytes, self.asked.percentiles)

    def whole(self) -> Floats:
        """Percentiles, shape (times, analytes, percentiles)."""
        shape = (self.times.size, len(self.analytes), len(self.asked.percentiles))
        return telling.whole_of(self.pieces(), shape)

    def json(self) -> None:
        """Everything as one object."""
        whole = self.whole()
        told = head(self.model, self.fixed, self.given)
        if self.crowd.amounts is not None:
            del told["doses"]
            told["regimen"] = self.given.words
        told["people"], told["seed"] = self.asked.people, self.asked.seed
        told["drawn"] = {name: draw.words for name, draw in self.asked.draws.items()}
        told["assumed_cv_percent"] = dict(self.asked.assumed)
        told["time_h"] = self.times
        told["percentiles"] = self.asked.percentiles
        told["concentration_ng_per_ml"] = {
            name: {
                telling.short(each): whole[:, place, column]
                for column, each in enumerate(self.asked.percentiles)
            }
            for place, name in enumerate(self.analytes)
        }
        told["limits"] = limits(self.model)
        telling.write_json(told)


def many(
    model: Model, covariates: Mapping[str, float], given: Given, times: Floats, asked: Asked
) -> Many:
    """People who differ as was published, or as is assumed and told.

    Raises:
        Refusal: somebody outside the model, a dose that it cannot take, no published spread.
    """
    from evenkeel.core.pharmacology.crowds import MOST_PEOPLE, Crowd
    from evenkeel.core.pharmacology.draws import assuming, drawn
    from evenkeel.core.pharmacology.periods import periods_of
    from evenkeel.core.pharmacology.subjects import Refusal, reference

    if not 1 <= asked.people <= MOST_PEOPLE:
        raise Refusal((f"--population {asked.people}: from 1 to {MOST_PEOPLE:,}",))
    own = {
        name: value
        for name, value in covariates.items()
        if name not in model.covariates or not model.covariates[name].of_dose
    }
    # The typical person first: a dose that cannot be given is refused as for one.
    typical = one(model, own, given, times)
    spread = assuming(model, asked.assumed)
    if not spread.variability:
        raise Refusal(
            (
                f"{model.id}: no spread between people was published, so no band can be drawn "
                f"({model.variability_note}). To see what a spread that you assume would do: "
                f"--assume-cv with NAME=PERCENT, NAME one of {_names(model)}",
            )
        )
    varying = drawn(asked.draws, people=asked.people, seed=asked.seed)
    amounts = None
    if "WT" in varying and given.preset is not None and given.preset.by_weight:
        amounts = given.preset.amounts(varying["WT"])
    fixed = {name: each for name, each in reference(model, own).items() if name not in varying}
    crowd = Crowd(
        model=spread,
        people=asked.people,
        covariates={**fixed, **varying},
        seed=asked.seed,
        periods=periods_of(spread, given.records),
        amounts=amounts,
        threads=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
        heard=telling.Progress("concentrations"),
    )
    return Many(
        crowd=crowd, asked=asked, given=given, times=times, fixed=fixed,
        analytes=typical.who.analytes,
    )  # fmt: skip


def _names(model: Model) -> str:
    """Parameters that can be given a spread, those that covariates scale first."""
    return ", ".join(dict.fromkeys((*model.derived, *model.parameters)))
