"""What ``evenkeel individual`` shows: text for people, a table, one JSON object."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click

from evenkeel.commands.simulate.one import limits
from evenkeel.commands.simulate.telling import opened, short, write_json
from evenkeel.core.pharmacology.doses.occasions import Difference
from evenkeel.core.pharmacology.individuals.averaging import Mixture
from evenkeel.core.pharmacology.individuals.estimate import (
    FAR,
    LOST,
    Individual,
    Parameter,
    Part,
    parameters,
    parts,
)
from evenkeel.core.pharmacology.individuals.future import WhatIf

TEACHING = "a teaching view, not for choosing a dose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that was found. weights: of the models; futures: empty without --what-if."""

    people: tuple[Individual, ...]
    weights: tuple[float, ...]
    futures: tuple[WhatIf, ...]
    mixed: Mixture | None
    levels: tuple[float, ...]

    def text(self) -> None:
        """For people, on stdout."""
        for number, person in enumerate(self.people):
            if number:
                click.echo()
            _show_person(person)
            if self.futures:
                _show_future(self.futures[number], self.levels)
        if len(self.people) > 1:
            click.echo("\nHow probable each model is after these measurements (equal before)")
            for person, weight in zip(self.people, self.weights, strict=True):
                click.echo(f"  {100 * weight:5.1f}%  {person.model.id}")
        if self.mixed is not None:
            click.echo("\nWhat may come, over all models by their weight, ng/mL")
            _show_bands(self.mixed.analytes, self.mixed.times_h, self.mixed)
        click.echo(f"\nA draft: {TEACHING}.")

    def table(self, file: str) -> None:
        """Measurements beside what is expected; with --what-if the bands."""
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        if not self.futures:
            rows.writerow(
                ["model", "time_h", "analyte", "concentration_ng_per_ml", "below",
                 "typical_ng_per_ml", "expected_ng_per_ml", "weighted_residual"]
            )  # fmt: skip
            for person in self.people:
                rows.writerows(_measured_row(row) for row in _measured(person))
        else:
            rows.writerow(["model", "time_h", "analyte", "percentile", "concentration_ng_per_ml"])
            named: list[tuple[str, WhatIf | Mixture]] = [
                (each.person.model.id, each) for each in self.futures
            ]
            if self.mixed is not None:
                named.append(("average", self.mixed))
            for name, each in named:
                rows.writerows([name, *row] for row in _band_rows(each))
        with opened(file) as made:
            made.write(out.getvalue().encode())
        _warn(self.people)
        click.echo(TEACHING, err=True)

    def json(self) -> None:
        """One object on stdout."""
        told: dict[str, Any] = {
            "note": TEACHING,
            "models": [
                _object(person, weight)
                for person, weight in zip(self.people, self.weights, strict=True)
            ],
        }
        if self.futures:
            told["what_if"] = [_future_object(each, self.levels) for each in self.futures]
        if self.mixed is not None:
            told["average"] = {
                "time_h": self.mixed.times_h,
                "bands_ng_per_ml": _named_bands(self.mixed),
            }
        write_json(told)


def _measured(person: Individual) -> Iterator[dict[str, Any]]:
    for k, each in enumerate(person.measurements):
        yield {
            "model": person.model.id,
            "time_h": each.time_h,
            "analyte": each.analyte,
            "concentration_ng_per_ml": each.ng_per_ml,
            "below": each.below,
            "typical_ng_per_ml": float(person.typical[k]),
            "expected_ng_per_ml": float(person.predicted[k]),
            "weighted_residual": None if each.below else float(person.weighted[k]),
            "probability_below": float(person.below_share[k]) if each.below else None,
        }


def _measured_row(told: dict[str, Any]) -> list[Any]:
    found = {**told, "below": "yes" if told["below"] else ""}
    del found["probability_below"]
    return ["" if value is None else value for value in found.values()]


def _show_person(person: Individual) -> None:
    model = person.model
    click.echo(f"{model.id}: {model.title}")
    click.echo(f"  {model.source}; {model.sampling} blood; {model.confidence} confidence")
    if person.unexplained:
        click.echo("\nNobody was found who explains this: there is no estimate.")
    else:
        _show_estimate(person)
    click.echo("\nMeasured beside expected, ng/mL")
    nearest = "nearest" if person.unexplained else "this person"
    rows = [("hours", "analyte", "measured", "typical", nearest, "residual")]
    for each in _measured(person):
        left = (
            f"{each['probability_below']:.0%} below"
            if each["below"]
            else _residual(each["weighted_residual"])
        )
        value = ("<" if each["below"] else "") + f"{each['concentration_ng_per_ml']:g}"
        rows.append(
            (f"{each['time_h']:g}", each["analyte"], value, f"{each['typical_ng_per_ml']:.3g}",
             f"{each['expected_ng_per_ml']:.3g}", left)
        )  # fmt: skip
    _show_table(rows)
    _warn([person])
    click.echo("\nLimits of this model")
    for line in (*person.assumed, *limits(model)):
        click.echo(f"  - {line}")


def _residual(left: float) -> str:
    # Beyond, the number says how near to nothing the prediction was taken, and no more.
    return f"{left:+.1f} SD" if abs(left) <= LOST else f"over {math.copysign(LOST, left):+g} SD"


def _show_estimate(person: Individual) -> None:
    click.echo("\nThis person, and the middle 90% of what may be")
    rows = [("", "typical", "this person", "from", "to", "eta", "SD", "doubt left")]
    rows += [
        (_called(each), f"{each.typical:.3g}", f"{each.value:.3g}", f"{each.low:.3g}",
         f"{each.high:.3g}", f"{each.eta:+.2f}", f"{each.doubt:.2f}", f"{each.shrinkage:.0%}")
        for each in parameters(person)
    ]  # fmt: skip
    _show_table(rows)
    click.echo("  eta: how this person differs, on the scale of the model (log or logit).")
    click.echo("  doubt left: share of the variance between people that the measurements left.")
    if person.untouched:
        click.echo(f"  Nothing measured depends on {'; '.join(person.untouched)}.")
    if person.treatments > 1:
        _show_parts(person)


def _called(each: Parameter | Part) -> str:
    return Difference(each.parameter, each.treatment).name


def _show_parts(person: Individual) -> None:
    """Of what has both a part of the person and one of each treatment."""
    begins = ", ".join(f"{at:g}" for at in person.begins_h[: person.treatments])
    click.echo(f"  {person.treatments} treatments, begun at {begins} h.")
    made, _ = parts(person)
    own = {each.parameter for each in made if each.treatment == 0}
    both = own & {each.parameter for each in made if each.treatment}
    if not both:
        return
    click.echo("\nOf the person, and of each treatment, where a parameter has both")
    rows = [("", "eta", "SD", "doubt left")]
    rows += [
        (
            _called(each) if each.treatment else f"{each.parameter}, the person's",
            f"{each.eta:+.2f}", f"{each.doubt:.2f}", f"{each.shrinkage:.0%}",
        )
        for each in sorted(made, key=lambda each: each.parameter)
        if each.parameter in both
    ]  # fmt: skip
    _show_table(rows)


def _warn(people: Sequence[Individual]) -> None:
    for person in people:
        origin = (
            "the nearest that was found" if person.unexplained else "what the model can explain"
        )
        for each, left in zip(person.measurements, person.weighted, strict=True):
            if abs(left) > FAR:
                how_far = f"{abs(left):.1f}" if abs(left) <= LOST else f"over {LOST:g}"
                click.echo(
                    f"warning: {person.model.id}: {each.analyte} of {each.ng_per_ml:g} ng/mL at "
                    f"{each.time_h:g} h lies {how_far} standard deviations from "
                    f"{origin}. Check its time and the doses; the model may not fit.",
                    err=True,
                )
        if person.unexplained:
            click.echo(
                f"warning: {person.model.id}: nobody was found who explains this: what stands for "
                "the person is where the search ended, and no estimate.",
                err=True,
            )


def _show_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if k < 2 and not _is_number(cell) else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo(("  " + "  ".join(cells)).rstrip())


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _show_future(future: WhatIf, levels: Sequence[float]) -> None:
    click.echo("\nWhat may come of the doses, ng/mL in blood (without the error of a measurement)")
    if future.occasion == "new":
        click.echo("  What differs from treatment to treatment is drawn anew.")
    _show_bands(future.analytes, future.times_h, future)
    for level in levels:
        for analyte in future.analytes:
            share = future.share_reaching(analyte, level)
            click.echo(
                f"  {share:.0%} of the people who may be this one are above {level:g} ng/mL of "
                f"{analyte} at one of these times."
            )


def _show_bands(analytes: Sequence[str], times: Any, found: WhatIf | Mixture) -> None:
    best = isinstance(found, WhatIf)
    heads = [f"{each:g}%" for each in found.percentiles]
    rows = [("hours", "analyte", *(["most probable"] if best else []), *heads)]
    for a, analyte in enumerate(analytes):
        for t, at in enumerate(times):
            values = [f"{x:.3g}" for x in found.bands[:, a, t]]
            if isinstance(found, WhatIf):
                values.insert(0, f"{found.most_probable[a, t]:.3g}")
            rows.append((f"{at:g}", analyte, *values))
    _show_table(rows)


def _band_rows(found: WhatIf | Mixture) -> Iterator[list[Any]]:
    for t, at in enumerate(found.times_h.tolist()):
        for a, analyte in enumerate(found.analytes):
            for p, percentile in enumerate(found.percentiles):
                yield [at, analyte, short(percentile), float(found.bands[p, a, t])]


def _named_bands(found: WhatIf | Mixture) -> dict[str, dict[str, Any]]:
    return {
        analyte: {short(p): found.bands[k, a] for k, p in enumerate(found.percentiles)}
        for a, analyte in enumerate(found.analytes)
    }


def _object(person: Individual, weight: float) -> dict[str, Any]:
    model = person.model
    return {
        "model": model.id,
        "doi": model.doi,
        "status": str(model.status),
        "sampling": model.sampling,
        "weight": weight,
        "estimated": not person.unexplained,
        "log_evidence": person.log_evidence,
        "covariates": person.covariates,
        "parameters": [
            {"name": each.parameter, "treatment": each.treatment or None,
             "typical": each.typical, "value": each.value, "low90": each.low,
             "high90": each.high, "eta": each.eta, "eta_sd": each.doubt,
             "variance_left": each.shrinkage}
            for each in parameters(person)
        ],
        "covariance": person.covariance,
        "treatments_begin_h": person.begins_h[: person.treatments],
        "parts": [
            {"name": each.parameter, "treatment": each.treatment or None, "eta": each.eta,
             "eta_sd": each.doubt, "variance_left": each.shrinkage}
            for each in parts(person)[0]
        ],
        "not_informed": list(person.untouched),
        "measurements": [
            {name: value for name, value in each.items() if name != "model"}
            for each in _measured(person)
        ],
        "warnings": [
            {"time_h": each.time_h, "analyte": each.analyte, "weighted_residual": float(left)}
            for each, left in zip(person.measurements, person.weighted, strict=True)
            if abs(left) > FAR
        ],
        "limits": [*person.assumed, *limits(model)],
    }  # fmt: skip


def _future_object(future: WhatIf, levels: Sequence[float]) -> dict[str, Any]:
    return {
        "model": future.person.model.id,
        "occasion": future.occasion,
        "time_h": future.times_h,
        "most_probable_ng_per_ml": {
            analyte: future.most_probable[a] for a, analyte in enumerate(future.analytes)
        },
        "bands_ng_per_ml": _named_bands(future),
        "share_above": {
            analyte: {
                short(level): {
                    "at_each_time": future.share_above(analyte, level),
                    "at_any_of_them": future.share_reaching(analyte, level),
                }
                for level in levels
            }
            for analyte in future.analytes
        },
    }
