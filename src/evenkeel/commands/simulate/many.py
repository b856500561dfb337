"""A population: percentiles over people, with what is drawn and what is assumed told."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from evenkeel.commands.simulate import telling
from evenkeel.commands.simulate.asked import Given
from evenkeel.commands.simulate.one import head, limits, one, receptors_head

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.library.models import Model
    from evenkeel.core.pharmacology.library.uncertainty import Uncertainty
    from evenkeel.core.pharmacology.populations.crowds import Crowd
    from evenkeel.core.pharmacology.populations.draws import Draw
    from evenkeel.core.pharmacology.systems.linear import Floats

PUBLISHED = "published"  # in place of standard errors of one's own
INTERVAL = 90.0  # per cent of the replicates between the ends
MOST_KEPT = 20_000_000  # numbers of all replicates, 160 MB
_SUMS = ("peak_ng_per_ml", "peak_at_h", "area_ng_h_per_ml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many people, which, and what is asked of them.

    doubt: standard errors in per cent by parameter, PUBLISHED, or None. receptors, summary: are
    they asked for; levels: ng/mL, for the time above.
    """

    people: int
    seed: int
    percentiles: tuple[float, ...]
    draws: Mapping[str, Draw]
    assumed: Mapping[str, float]
    step_h: float | None
    doubt: Mapping[str, float] | str | None = None
    replicates: int = 100
    receptors: bool = False
    summary: bool = False
    levels: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """concentrations: shape (times, analytes, percentiles), ng/mL. receptors: shape (times, 3,
    percentiles), shares. sums: shape (analytes, sums, percentiles). Empty where not asked for."""

    concentrations: Floats
    receptors: Floats
    sums: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """People in a model, and the times asked for. doubt: how well its typical values are known."""

    crowd: Crowd
    asked: Asked
    given: Given
    times: Floats
    fixed: dict[str, float]
    doubt: Uncertainty | None

    @property
    def model(self) -> Model:
        return self.crowd.model

    @property
    def analytes(self) -> tuple[str, ...]:
        return self.crowd.analytes

    @property
    def drawn(self) -> dict[str, str]:
        """How each covariate differs between them, in words."""
        from evenkeel.core.pharmacology.populations.draws import words_of

        return words_of(self.model, self.fixed, self.asked.draws)

    @property
    def weights(self) -> tuple[float, ...]:
        """The least and the most that was drawn, kg; empty where weight was not drawn."""
        drawn = self.crowd.covariates["WT"] if "WT" in self.asked.draws else None
        return () if drawn is None else (float(drawn.min()), float(drawn.max()))

    @property
    def occasions(self) -> int:
        """How many there are; people of some models differ from one to the next."""
        return len({period.occasion for period in self.crowd.periods})

    def pieces(self) -> Iterator[tuple[slice, Floats]]:
        """Percentiles piece by piece, shape (length, analytes, percentiles)."""
        from evenkeel.core.pharmacology.populations.crowds import bands

        return bands(self.crowd, self.times, self.asked.percentiles, self.asked.step_h)

    def found(self, *, concentrations: bool, crowd: Crowd | None = None) -> Found:
        """What is asked for, all of it at once; stops where it is too much."""
        import numpy as np

        from evenkeel.core.pharmacology.populations.crowds import BAND_ENDS, bands
        from evenkeel.core.pharmacology.populations.sums import summaries_of

        summed = crowd or replace(self.crowd, heard=telling.Progress("people"))
        crowd, asked, wanted = crowd or self.crowd, self.asked, self.asked.percentiles
        kinds = crowd.kinds
        whole, sums = np.empty((0, kinds, len(wanted))), np.empty((kinds, 0, len(wanted)))
        if concentrations:
            rows = kinds + len(BAND_ENDS) * asked.receptors
            made = bands(crowd, self.times, wanted, asked.step_h, receptors=asked.receptors)
            whole = telling.whole_of(made, (self.times.size, rows, len(wanted)))
        if asked.summary:
            each = summaries_of(
                summed, wanted, levels=asked.levels,
                from_h=float(self.times[0]), until_h=float(self.times[-1]),
            )  # fmt: skip
            sums = np.array(
                [[s.peak, s.peak_at_h, s.area, *(s.above_h[level] for level in asked.levels)]
                 for s in each]
            )  # fmt: skip
        return Found(concentrations=whole[:, :kinds], receptors=whole[:, kinds:], sums=sums)

    def answer(self, *, concentrations: bool) -> tuple[Found, tuple[Found, Found] | None]:
        """What is asked for, and the ends of the middle of its replicates; None without doubt."""
        if self.doubt is None:
            return self.found(concentrations=concentrations), None
        count = self.asked.replicates
        size = self.crowd.kinds * (3 + len(self.asked.levels)) * self.asked.summary
        if concentrations:
            size += self.times.size * (self.crowd.kinds + 3 * self.asked.receptors)
        size *= len(self.asked.percentiles)
        if count * size > MOST_KEPT:
            telling.stop(
                [
                    f"{count} replicates of {size:,} numbers are more than are kept "
                    f"({MOST_KEPT:,}): ask for fewer times, percentiles or replicates"
                ]
            )
        found = self.found(concentrations=concentrations)
        return found, self._ends(self.doubt, concentrations=concentrations)

    def _ends(self, doubt: Uncertainty, *, concentrations: bool) -> tuple[Found, Found]:
        from evenkeel.core.pharmacology.populations.replicates import interval, shifts

        count = self.asked.replicates
        told = telling.Progress("replicates")
        made: list[Found] = []
        drawn = shifts(doubt, model=self.model.id, replicates=count, seed=self.asked.seed)
        for shift in drawn:
            crowd = replace(
                self.crowd,
                shift=shift,
                heard=lambda done, whole: told(len(made) + done / whole, count),
            )
            made.append(self.found(concentrations=concentrations, crowd=crowd))
        names = ("concentrations", "receptors", "sums")
        ends = [interval([getattr(each, name) for each in made], INTERVAL) for name in names]
        low, high = (Found(**dict(zip(names, e, strict=True))) for e in zip(*ends, strict=True))
        return low, high

    def table(self, file: str | None) -> None:
        """Percentiles, to a file or to stdout."""
        if self.doubt is not None:
            found, ends = self.answer(concentrations=True)
            assert ends is not None
            with telling.opened(file) as out:
                telling.write_doubted(
                    out, self.times, self.analytes, self.asked.percentiles,
                    [each.concentrations for each in (found, *ends)],
                )  # fmt: skip
            return
        pieces = self.pieces()
        # The first piece before the file: what is refused then leaves nothing behind.
        made = chain([next(pieces)], pieces)
        with telling.opened(file) as out:
            telling.write_table(out, made, self.times, self.analytes, self.asked.percentiles)

    def summary_table(self, file: str | None) -> None:
        """One row for each analyte and percentile."""
        found, ends = self.answer(concentrations=False)
        columns = [*_SUMS, *(f"above_{level:g}_h" for level in self.asked.levels)]
        names = ["analyte", *columns, "percentile"]
        names += [f"{name}_{end}" for name in columns for end in ("low", "high")] if ends else []
        with telling.opened(file) as out:
            out.write(f"{','.join(names)}\n".encode())
            for place, analyte in enumerate(self.analytes):
                for column, percentile in enumerate(self.asked.percentiles):
                    own = found.sums[place, :, column].tolist()
                    cells = [analyte, *map(repr, own), telling.short(percentile)]
                    if ends:
                        low, high = (each.sums[place, :, column].tolist() for each in ends)
                        for pair in zip(low, high, strict=True):
                            cells += map(repr, pair)
                    out.write(f"{','.join(cells)}\n".encode())

    def json(self) -> None:
        """Everything as one object."""
        found, ends = self.answer(concentrations=True)
        told = head(self.model, self.fixed, self.given)
        if self.crowd.amounts is not None:
            del told["doses"]
            told["regimen"] = self.given.words
        told["people"], told["seed"] = self.asked.people, self.asked.seed
        told["occasions"] = self.occasions
        told["drawn"] = self.drawn
        told["assumed_cv_percent"] = dict(self.asked.assumed)
        told["time_h"] = self.times
        told["percentiles"] = self.asked.percentiles
        told |= self._told(found)
        if self.asked.receptors:
            told["occupancy"] = receptors_head() | told["occupancy"]
        if self.doubt is not None and ends is not None:
            told["uncertainty"] = {
                "assumed": self.doubt.source is None,
                "source": None if self.doubt.source is None else str(self.doubt.source),
                "status": str(self.doubt.status),
                "parameters": list(self.doubt.parameters),
                "relative_se_percent": dict(self.doubt.relative_se_percent),
                "covariance": [list(line) for line in self.doubt.covariance],
                "replicates": self.asked.replicates,
                "interval_percent": INTERVAL,
                "low": self._told(ends[0]),
                "high": self._told(ends[1]),
            }
        told["limits"] = limits(self.model)
        telling.write_json(told)

    def _told(self, found: Found) -> dict[str, Any]:
        def by_percentile(values: Floats) -> dict[str, Any]:
            # A number of each percentile, or a list over the times.
            return {
                telling.short(each): (
                    float(values[column]) if values.ndim == 1 else values[:, column]
                )
                for column, each in enumerate(self.asked.percentiles)
            }

        told: dict[str, Any] = {
            "concentration_ng_per_ml": {
                name: by_percentile(found.concentrations[:, place])
                for place, name in enumerate(self.analytes)
            }
        }
        if self.asked.summary:
            told["summary"] = [
                {"analyte": name}
                | {key: by_percentile(found.sums[place, k]) for k, key in enumerate(_SUMS)}
                | {
                    "above_h": {
                        f"{level:g}": by_percentile(found.sums[place, len(_SUMS) + k])
                        for k, level in enumerate(self.asked.levels)
                    }
                }
                for place, name in enumerate(self.analytes)
            ]
        if self.asked.receptors:
            from evenkeel.core.pharmacology.populations.crowds import BAND_ENDS

            told["occupancy"] = {
                end: by_percentile(found.receptors[:, place]) for place, end in enumerate(BAND_ENDS)
            }
        return told


def many(
    model: Model, covariates: Mapping[str, float], given: Given, times: Floats, asked: Asked
) -> Many:
    """People who differ as was published, or as is assumed and told.

    Raises:
        Refusal: somebody outside the model, a dose that it cannot take, no published spread, no
            published standard errors.
    """
    from evenkeel.core.pharmacology.library.subjects import Refusal, reference
    from evenkeel.core.pharmacology.populations.crowds import MOST_PEOPLE, Crowd
    from evenkeel.core.pharmacology.populations.draws import assuming, drawn, with_following
    from evenkeel.core.pharmacology.populations.periods import periods_of

    if not 1 <= asked.people <= MOST_PEOPLE:
        raise Refusal((f"--population {asked.people}: from 1 to {MOST_PEOPLE:,}",))
    own = {
        name: value
        for name, value in covariates.items()
        if name not in model.covariates or not model.covariates[name].of_dose
    }
    # The typical person first: a dose that cannot be given is refused as for one.
    one(model, own, given, times)
    spread = assuming(model, asked.assumed)
    if not spread.variability:
        raise Refusal(
            (
                f"{model.id}: no spread between people was published, so no band can be drawn "
                f"({model.variability_note.rstrip('.')}). To see what a spread that you assume "
                f"would do: --assume-cv with NAME=PERCENT, NAME one of {_names(model)}",
            )
        )
    varying = with_following(model, own, drawn(asked.draws, people=asked.people, seed=asked.seed))
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
        doubt=_doubt(spread, asked.doubt),
    )  # fmt: skip


def _doubt(model: Model, asked: Mapping[str, float] | str | None) -> Uncertainty | None:
    from evenkeel.core.pharmacology.library.subjects import Refusal
    from evenkeel.core.pharmacology.populations.replicates import assumed_uncertainty

    if asked is None:
        return None
    if not isinstance(asked, str):
        return assumed_uncertainty(model, asked)
    if model.uncertainty is None:
        raise Refusal(
            (
                f"{model.id}: no standard errors of its typical values are among what was "
                "published here, so their uncertainty cannot be shown. To see what one that you "
                f"assume would do: --uncertainty NAME=PERCENT, NAME one of {_names(model)}",
            )
        )
    return model.uncertainty


def _names(model: Model) -> str:
    """Parameters that can be given a spread, those that covariates scale first."""
    return ", ".join(dict.fromkeys((*model.derived, *model.parameters)))
