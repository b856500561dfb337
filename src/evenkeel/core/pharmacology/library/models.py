"""Published models of what the body does with the drug, read from content.

In: content/pharmacology/models/*.toml. Out: models with everything that a reader
would ask: compartments, flows, routes, analytes, parameters, how people differ,
for whom it was made, and what it gets wrong. A model that cannot be computed
does not load. For whom it may be used is decided in ``bounds``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import msgspec

from evenkeel.core.kernel.content import ContentFault, Folder, content, one_of
from evenkeel.core.kernel.sources import Mark, Source, Status
from evenkeel.core.pharmacology.library import bounds
from evenkeel.core.pharmacology.library.expressions import (
    Expression,
    ExpressionFault,
    read_expression,
)
from evenkeel.core.pharmacology.library.uncertainty import (
    Uncertainty,
    UncertaintyFile,
    read_uncertainty,
)

HOURS = {"h": 1.0, "min": 60.0}  # how many of its units make an hour


class _CovariateFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    words: str
    unit: str
    reference: float
    minimum: float | None = None
    maximum: float | None = None
    values: list[float] = []
    of_dose: bool = False
    per_mg: float | None = None
    implies: dict[str, float] = {}


class _InputFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    compartment: str
    fraction: str
    duration: str = ""
    lag: str = ""


class _OutputFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    compartment: str
    scale: str
    molar_mass: float


class _EffectSiteFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    analyte: str
    ke0: str
    source: str
    mark: Mark
    url: str = ""
    note: str = ""


class _BlockFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    parameters: list[str]
    omega: list[list[float]]
    kind: Literal["lognormal", "logit-normal"] = "lognormal"
    level: Literal["subject", "occasion"] = "subject"
    note: str = ""


class _ResidualFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    proportional_sd: float = 0.0
    additive_sd_ng_per_ml: float = 0.0
    log_sd: float = 0.0
    note: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    id: str
    title: str
    drug: Literal["racemic_ketamine", "s_ketamine"]
    age_group: Literal["adults", "children"]
    sampling: Literal["venous", "arterial", "mixed"]
    population: str
    citation: str
    doi: str
    doi_mark: Mark
    mark: Mark
    read_in: str
    status: Status
    confidence: Literal["high", "medium", "low"]
    confidence_words: str
    time_unit: Literal["h", "min"]
    age_from: float | None = None
    age_to: float | None = None
    weight_from: float | None = None
    weight_to: float | None = None
    bounds_note: str = ""
    pitfalls: list[str]
    covariate: dict[str, _CovariateFile]
    parameter: dict[str, float]
    derived: dict[str, str] = {}
    compartments: list[str]
    flows: list[list[str]]
    route: dict[str, list[_InputFile]]
    output: dict[str, _OutputFile]
    target_controlled: bool = False
    no_targets: str = ""
    effect_site: _EffectSiteFile | None = None
    variability: list[_BlockFile] = []
    variability_note: str
    residual: dict[str, _ResidualFile] = {}
    uncertainty: UncertaintyFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariate:
    """Something about a person (or, with of_dose, about one dose) that a model reads.

    reference: the value of the person that the paper's typical numbers describe.
    per_mg: where it follows from the amount unless it is given: one for each so many mg.
    implies: other covariates of whoever has 1 of this one: yes to this is yes to those.
    """

    name: str
    words: str
    unit: str
    reference: float
    minimum: float | None
    maximum: float | None
    values: tuple[float, ...]
    of_dose: bool
    per_mg: float | None
    implies: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """rate: per unit of the model's time. target: None = out of the body."""

    source: int
    target: int | None
    rate: Expression
    share: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteInput:
    """One place that a dose by this route reaches. duration, lag: in the model's time."""

    compartment: int
    fraction: Expression
    duration: Expression | None
    lag: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """analyte = scale times the amount in a compartment, ng/mL; molar mass g/mol."""

    analyte: str
    compartment: int
    scale: Expression
    molar_mass: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSite:
    """ke0: per unit of the model's time."""

    analyte: str
    ke0: Expression
    source: Source
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """How some parameters differ together: omega is their covariance on the log (or logit) scale.

    level: between people, or between occasions of one person.
    """

    parameters: tuple[str, ...]
    omega: tuple[tuple[float, ...], ...]
    kind: Literal["lognormal", "logit-normal"]
    level: Literal["subject", "occasion"]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """What a measurement adds to the model: shares of the value, ng/mL, or on the log scale."""

    proportional_sd: float
    additive_sd_ng_per_ml: float
    log_sd: float
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One published model. Amounts mg of base, volumes L, concentrations ng/mL.

    read_in: what the numbers were read in, where the mark says only how.
    target_controlled: pump programs use it for target-controlled infusion.
    no_targets: why nothing may be aimed at in it; empty where nothing forbids that.
    uncertainty: how well its typical values are known; None = nothing was published.
    """

    id: str
    title: str
    drug: Literal["racemic_ketamine", "s_ketamine"]
    age_group: Literal["adults", "children"]
    sampling: Literal["venous", "arterial", "mixed"]
    population: str
    source: Source
    doi: str
    doi_mark: Mark
    read_in: str
    status: Status
    confidence: str
    confidence_words: str
    per_hour: float
    age_from: float | None
    age_to: float | None
    weight_from: float | None
    weight_to: float | None
    bounds_note: str
    pitfalls: tuple[str, ...]
    covariates: dict[str, Covariate]
    parameters: dict[str, float]
    derived: dict[str, Expression]
    compartments: tuple[str, ...]
    flows: tuple[Flow, ...]
    routes: dict[str, tuple[RouteInput, ...]]
    outputs: dict[str, Output]
    target_controlled: bool
    no_targets: str
    effect_site: EffectSite | None
    variability: tuple[Block, ...]
    variability_note: str
    residuals: dict[str, Residual]
    uncertainty: Uncertainty | None = None

    @property
    def parent(self) -> str:
        """The drug that is given, among the analytes."""
        return next(iter(self.outputs))

    def refusals(self, covariates: Mapping[str, float]) -> tuple[str, ...]:
        """Why this person must not be simulated with this model; empty = nothing found."""
        return bounds.refusals(self, covariates)


@cache
def models() -> Mapping[str, Model]:
    """All models by id, each read once, when it is first asked for."""
    return Folder(content("pharmacology", "models"), _File, _model)


def model_named(wanted: str) -> Model:
    """The model of that id.

    Raises:
        KeyError: there is none; the message lists those there are.
    """
    return one_of(models(), wanted, "model")


def _model(file: _File) -> Model:
    try:
        return _read(file)
    except ExpressionFault as fault:
        raise ContentFault(f"{file.id}: {fault}") from fault


def _read(file: _File) -> Model:
    names = [*file.covariate, *file.parameter]
    derived: dict[str, Expression] = {}
    for name, text in file.derived.items():
        if name in names:
            raise ContentFault(f"{file.id}: {name} is defined twice")
        derived[name] = read_expression(text, names)
        names.append(name)
    where = {name: place for place, name in enumerate(file.compartments)}

    def place(name: str) -> int:
        if name not in where:
            raise ContentFault(f"{file.id}: no compartment {name}; there are {sorted(where)}")
        return where[name]

    return Model(
        id=file.id,
        title=file.title,
        drug=file.drug,
        age_group=file.age_group,
        sampling=file.sampling,
        population=file.population,
        source=Source(title=file.citation, url=_doi_url(file.doi), mark=file.mark),
        doi=file.doi,
        doi_mark=file.doi_mark,
        read_in=file.read_in,
        status=file.status,
        confidence=file.confidence,
        confidence_words=file.confidence_words,
        per_hour=HOURS[file.time_unit],
        age_from=file.age_from,
        age_to=file.age_to,
        weight_from=file.weight_from,
        weight_to=file.weight_to,
        bounds_note=file.bounds_note,
        pitfalls=tuple(file.pitfalls),
        covariates={name: _covariate(name, each, file) for name, each in file.covariate.items()},
        parameters=dict(file.parameter),
        derived=derived,
        compartments=tuple(file.compartments),
        flows=tuple(_flow(row, file.id, place, names) for row in file.flows),
        routes={
            route: tuple(
                RouteInput(
                    compartment=place(each.compartment),
                    fraction=read_expression(each.fraction, names),
                    duration=read_expression(each.duration, names) if each.duration else None,
                    lag=read_expression(each.lag, names) if each.lag else None,
                )
                for each in inputs
            )
            for route, inputs in file.route.items()
        },
        outputs={
            name: Output(
                analyte=name, compartment=place(each.compartment),
                scale=read_expression(each.scale, names), molar_mass=each.molar_mass,
            )
            for name, each in file.output.items()
        },
        target_controlled=file.target_controlled,
        no_targets=file.no_targets,
        effect_site=_effect_site(file, names),
        variability=tuple(_block(each, file, names) for each in file.variability),
        variability_note=file.variability_note,
        residuals={name: _residual(name, each, file) for name, each in file.residual.items()},
        uncertainty=None if file.uncertainty is None else read_uncertainty(
            file.uncertainty, model=file.id, parameters=file.parameter, names=names,
            logit=[n for b in file.variability if b.kind == "logit-normal" for n in b.parameters],
        ),
    )  # fmt: skip


def _doi_url(doi: str) -> str:
    return f"https://doi.org/{doi}" if doi else ""


def _covariate(name: str, row: _CovariateFile, file: _File) -> Covariate:
    for other, value in row.implies.items():
        implied = file.covariate.get(other)
        if implied is None or implied.of_dose or implied.implies or value not in implied.values:
            raise ContentFault(f"{file.id}: {name} implies {other} of {value:g}, which cannot be")
        if row.of_dose or sorted(row.values) != [0.0, bounds.YES]:
            raise ContentFault(f"{file.id}: {name} implies {other} and is not one of 0 and 1")
    return Covariate(
        name=name, words=row.words, unit=row.unit, reference=row.reference,
        minimum=row.minimum, maximum=row.maximum, values=tuple(row.values),
        of_dose=row.of_dose, per_mg=row.per_mg, implies=dict(row.implies),
    )  # fmt: skip


def _flow(row: list[str], model: str, place: object, names: list[str]) -> Flow:
    assert callable(place)
    if len(row) not in (3, 4):
        raise ContentFault(f"{model}: a flow is from, to, rate and perhaps a share: {row}")
    return Flow(
        source=place(row[0]),
        target=place(row[1]) if row[1] else None,
        rate=read_expression(row[2], names),
        share=read_expression(row[3], names) if len(row) == 4 else None,
    )


def _effect_site(file: _File, names: list[str]) -> EffectSite | None:
    site = file.effect_site
    if site is None:
        return None
    if site.analyte not in file.output:
        raise ContentFault(f"{file.id}: effect site of {site.analyte}, which is no output")
    return EffectSite(
        analyte=site.analyte,
        ke0=read_expression(site.ke0, names),
        source=Source(title=site.source, url=site.url, mark=site.mark),
        note=site.note,
    )


def _block(row: _BlockFile, file: _File, names: list[str]) -> Block:
    size = len(row.parameters)
    for name in row.parameters:
        if name not in names:
            raise ContentFault(f"{file.id}: variability of {name}, which is no parameter")
    if len(row.omega) != size or any(len(line) != size for line in row.omega):
        raise ContentFault(f"{file.id}: omega of {row.parameters} must be {size} by {size}")
    for i in range(size):
        for j in range(size):
            if row.omega[i][j] != row.omega[j][i]:
                raise ContentFault(f"{file.id}: omega of {row.parameters} is not symmetric")
    return Block(
        parameters=tuple(row.parameters),
        omega=tuple(tuple(line) for line in row.omega),
        kind=row.kind,
        level=row.level,
        note=row.note,
    )


def _residual(name: str, row: _ResidualFile, file: _File) -> Residual:
    if name not in file.output:
        raise ContentFault(f"{file.id}: residual of {name}, which is no output")
    return Residual(
        proportional_sd=row.proportional_sd,
        additive_sd_ng_per_ml=row.additive_sd_ng_per_ml,
        log_sd=row.log_sd,
        note=row.note,
    )
