"""One person (or many) in a model: parameters, rates, what a dose becomes.

In: a model, covariates, and how this person differs (etas). Out: numbers per hour.
Covariates that are not given take the reference value of the model only where the
caller says so: a typical person is not a patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evenkeel.core.pharmacology.library.bounds import POSSIBLE, following
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.core.pharmacology.systems.timeline import Bolus, Happening, Infusion

EFFECT_SITE = "Ce_"


class Refusal(ValueError):
    """A model that must not be used like this. reasons: one line each."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def values_of(
    model: Model, covariates: Mapping[str, Any], etas: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Every parameter of the model, of one person or of many at once.

    Args:
        covariates: every covariate of the model; numbers or arrays of one shape.
        etas: by parameter, on the log scale (logit for logit-normal ones); absent = 0.
    """
    missing = [name for name in model.covariates if name not in covariates]
    if missing:
        words = ", ".join(f"{name} ({model.covariates[name].words})" for name in missing)
        raise Refusal((f"{model.id} needs {words}",))
    kinds = {name: block.kind for block in model.variability for name in block.parameters}
    values: dict[str, Any] = dict(covariates)

    def differing(name: str, value: Any) -> Any:
        eta = None if etas is None else etas.get(name)
        if eta is None:
            return value
        if kinds.get(name) == "logit-normal":
            return 1.0 / (1.0 + (1.0 - value) / value * np.exp(-eta))
        return value * np.exp(eta)

    for name, number in model.parameters.items():
        values[name] = differing(name, number)
    for name, expression in model.derived.items():
        values[name] = differing(name, expression(values))
    return values


def reference(model: Model, known: Mapping[str, float]) -> dict[str, float]:
    """Covariates of the model's typical person, with what is known put in their place.

    So is what follows from what is known (whoever is Japanese is Asian). Covariates of a dose
    are left out: they belong to each dose.
    """
    typical = {name: each.reference for name, each in model.covariates.items() if not each.of_dose}
    return {**typical, **following(model, known), **known}


@dataclass(slots=True)
class Subject:
    """One person in a model, ready to be computed.

    covariates: of the person; those of a dose come with the dose.
    rates: shape (n, n), 1/h, the effect site last where the model has one.
    analytes: names of what comes out, Ce_ ones last.
    """

    model: Model
    covariates: dict[str, float]
    etas: dict[str, float] | None
    rates: Floats
    analytes: tuple[str, ...]
    outputs: Floats
    _by_dose: dict[tuple[tuple[str, float], ...], dict[str, Any]] = field(default_factory=dict)

    def concentrations(self, states: Floats) -> Floats:
        """ng/mL from mg: shape (m, n) to (m, analytes)."""
        return np.asarray(states @ self.outputs)

    def inputs(
        self,
        *,
        time_h: float,
        route: str,
        amount_mg: float,
        duration_h: float = 0.0,
        of_dose: Mapping[str, float] | None = None,
        rank: int = 0,
    ) -> list[Happening]:
        """What one dose becomes in the compartments.

        Raises:
            Refusal: the model has no such route, or this route takes no duration.
        """
        if route not in self.model.routes:
            known = ", ".join(self.model.routes)
            raise Refusal((f"{self.model.id} has no route {route}; it has {known}",))
        if duration_h > 0.0 and route != "iv":
            raise Refusal(
                (f"a dose by the route {route} has no duration: absorption is the model's",)
            )
        values = self._values(of_dose or {})
        hour = self.model.per_hour
        made: list[Happening] = []
        for each in self.model.routes[route]:
            amount = amount_mg * float(each.fraction(values))
            lasts = duration_h
            if each.duration is not None:
                lasts = float(each.duration(values)) / hour
            starts = time_h + (float(each.lag(values)) / hour if each.lag is not None else 0.0)
            if lasts > 0.0:
                made.append(
                    Infusion(
                        time_h=starts,
                        compartment=each.compartment,
                        rate_mg_per_h=amount / lasts,
                        end_h=starts + lasts,
                        rank=rank,
                    )
                )
            else:
                made.append(
                    Bolus(time_h=starts, compartment=each.compartment, amount_mg=amount, rank=rank)
                )
        return made

    def _values(self, of_dose: Mapping[str, float]) -> dict[str, Any]:
        key = tuple(sorted(of_dose.items()))
        if key not in self._by_dose:
            whole = {**dose_reference(self.model), **self.covariates, **of_dose}
            self._by_dose[key] = values_of(self.model, whole, self.etas)
        return self._by_dose[key]


def dose_reference(model: Model) -> dict[str, float]:
    """Covariates of a dose at their reference."""
    return {name: each.reference for name, each in model.covariates.items() if each.of_dose}


def subject(
    model: Model, covariates: Mapping[str, float], etas: Mapping[str, float] | None = None
) -> Subject:
    """One person in a model.

    covariates: every covariate of the person that the model reads; AGE and WT are judged
        against the model's people even where it does not read them.

    Raises:
        Refusal: a covariate or a difference is unknown, or a covariate missing, not finite, or
            outside the people that the model was made from.
    """
    known = (*model.covariates, *(name for name in POSSIBLE if name not in model.covariates))
    told = _unknown("covariate", covariates, known)
    told += _unknown("parameter", etas or (), (*model.parameters, *model.derived))
    if told:
        raise Refusal(tuple(f"{model.id} {each}" for each in told))
    broken = tuple(
        f"{name} is not a number that can be used" for name, value in covariates.items()
        if not np.isfinite(value)
    )  # fmt: skip
    refused = broken or model.refusals(covariates)
    if refused:
        raise Refusal(tuple(f"{model.id}: {each}" for each in refused))
    values = values_of(model, {**dose_reference(model), **covariates}, etas)
    rates, outputs, analytes = _matrices(model, values)
    return Subject(
        model=model,
        covariates=dict(covariates),
        etas=dict(etas) if etas is not None else None,
        rates=rates,
        analytes=analytes,
        outputs=outputs,
    )


def _unknown(kind: str, names: Iterable[str], known: tuple[str, ...]) -> list[str]:
    """A name that is misspelt would be taken as if it had not been given."""
    return [
        f"has no {kind} {name}; there is {', '.join(known)}" for name in names if name not in known
    ]


def _matrices(model: Model, values: Mapping[str, Any]) -> tuple[Floats, Floats, tuple[str, ...]]:
    n = len(model.compartments)
    size = n + (model.effect_site is not None)
    rates = np.zeros((size, size))
    for flow in model.flows:
        rate = float(flow.rate(values)) * model.per_hour
        rates[flow.source, flow.source] -= rate
        if flow.target is not None:
            share = 1.0 if flow.share is None else float(flow.share(values))
            rates[flow.target, flow.source] += rate * share
    names = list(model.outputs)
    outputs = np.zeros((size, len(names) + (size - n)))
    for place, output in enumerate(model.outputs.values()):
        outputs[output.compartment, place] = float(output.scale(values))
    if model.effect_site is not None:
        # The effect site follows the plasma and takes no drug from it.
        site = model.outputs[model.effect_site.analyte]
        ke0 = float(model.effect_site.ke0(values)) * model.per_hour
        rates[n, site.compartment] = ke0 * float(site.scale(values))
        rates[n, n] = -ke0
        outputs[n, len(names)] = 1.0
        names.append(EFFECT_SITE + model.effect_site.analyte)
    if not np.all(np.isfinite(rates)) or not np.all(np.isfinite(outputs)):
        raise Refusal((f"{model.id} cannot be computed for this person: a rate is not finite",))
    if (rates[~np.eye(size, dtype=bool)] < 0).any():
        raise Refusal((f"{model.id} cannot be computed for this person: a flow is negative",))
    return rates, outputs, tuple(names)
