"""A course of one person, made ready: what matters for some analytes at some times.

In: a model, a person, doses, the analytes and times that matter. Out: a ``Course``.

Left out, since it cannot matter: compartments that no dose reaches or from which
nothing reaches an analyte that matters, doses after the last time, and differences
of which the rest does not depend. That is found from the model's own flows and
expressions, never from numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

import numpy as np

from evenkeel.core.pharmacology.doses.occasions import Difference, differences, treatment_at
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.courses import Course, Doses, Ints
from evenkeel.core.pharmacology.individuals.formulas import Pairs, Sketch, needed_by
from evenkeel.core.pharmacology.kernels.sizes import PART, PUT_IN, RATE
from evenkeel.core.pharmacology.library.expressions import Expression
from evenkeel.core.pharmacology.library.models import Model, RouteInput
from evenkeel.core.pharmacology.library.subjects import Refusal, dose_reference, subject
from evenkeel.core.pharmacology.profiles.simulate import happenings, of_dose
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.core.pharmacology.systems.structure import structure_of


def course_of(
    model: Model,
    *,
    covariates: Mapping[str, float],
    doses: Sequence[Dose],
    analytes: Sequence[str],
    times_h: Floats,
    begins_h: Floats | None = None,
    with_routes: Collection[str] = (),
    followed: bool = False,
) -> Course:
    """A course of one person.

    Args:
        covariates: every covariate of the person that the model reads.
        times_h: ascending.
        begins_h: when treatments begin that may differ; None: there is one.
        with_routes: also what doses of these would reach is kept.
        followed: another course goes on from the last time.

    Raises:
        Refusal: a person outside the model's people, a covariate that is missing, a route
            that the model has not, a dose that cannot be given.
    """
    typical = subject(model, covariates)
    before = tuple(dose for dose in doses if dose.time_h < times_h[-1])
    happenings(typical, doses)
    begins = np.array([-np.inf]) if begins_h is None or not begins_h.size else begins_h
    begins = begins[: max(1, int(np.searchsorted(begins, times_h[-1])))]
    given = {*(dose.route for dose in before), *with_routes}
    routes = {route: model.routes[route] for route in given}
    where, fed = _kept(model, routes, analytes)
    flows = tuple(flow for flow in model.flows if flow.source in where)
    inner = sorted(
        (place for place, flow in enumerate(flows) if flow.target in where),
        # From upstream first; into a leaf that from its centre, which comes after it, last.
        key=lambda place: (where[flows[place].target or 0], where[flows[place].source]),
    )
    outputs = [model.outputs[name] for name in analytes]
    seen = [each.scale if each.compartment in where else None for each in outputs]
    shares = [flows[place].share for place in inner]
    read = [each for each in (*(flow.rate for flow in flows), *shares, *seen) if each is not None]
    sketch = Sketch(model, {**dose_reference(model), **covariates})
    when_of = treatment_at(begins, np.array([dose.time_h for dose in before]))
    # What is measured when a treatment begins is of the one before.
    measured = set(np.maximum(np.searchsorted(begins, times_h) - 1, 0).tolist())
    informed, timing = _informed(model, before, when_of, where, read, begins.size, measured)
    for flow in flows:
        sketch.ask(flow.rate)
    for share in shares:
        sketch.ask(share, absent=1.0)
    for scale in seen:
        sketch.ask(scale)
    told, site, kind = _doses(sketch, typical.covariates, before, when_of, begins, where)
    targets = np.array([where[flows[place].target or 0] for place in inner], dtype=np.int64)
    left = np.array([where[flow.source] for flow in flows], dtype=np.int64)
    by_source = np.argsort(left, kind="stable")
    leaves_by = np.searchsorted(left[by_source], np.arange(len(where) + 1))
    source = np.array([where[flows[place].source] for place in inner], dtype=np.int64)
    leaves, outward = _stars(len(where), source, targets)
    reached = [where[each.compartment] for each in outputs if each.compartment in where]
    upstream = [np.zeros(0, dtype=np.int64), *_upstream(source, targets, reached)]
    return Course(
        model=model,
        analytes=tuple(analytes),
        times_h=times_h,
        informed=informed,
        timing=timing,
        reached=tuple(name for name, each in model.outputs.items() if each.compartment in fed),
        treatments=begins.size,
        formulas=sketch.formulas(informed, begins.size),
        flows=len(flows),
        leaves_by=leaves_by,
        by_source=by_source,
        size=len(where),
        inner=np.array(inner, dtype=np.int64),
        source=source,
        inflow=np.searchsorted(targets, np.arange(len(where) + 1)).astype(np.int64),
        leaves=leaves,
        outward=outward,
        upstream=np.concatenate(upstream),
        upstream_of=np.cumsum([each.size for each in upstream]),
        places=np.array([where.get(each.compartment, 0) for each in outputs], dtype=np.int64),
        doses=told,
        site=np.concatenate([np.arange(1, begins.size), site]).astype(np.int64),
        kind=np.concatenate([np.full(begins.size - 1, PART), kind]).astype(np.int64),
        beginnings=begins[1:].astype(np.float64),
        followed=followed,
    )  # fmt: skip


def _kept(
    model: Model, routes: Mapping[str, tuple[RouteInput, ...]], analytes: Sequence[str]
) -> tuple[dict[int, int], set[int]]:
    """Compartments that a dose reaches and that reach an analyte, with their new places.

    From upstream to downstream; of those that exchange the centre last. And all that a dose
    reaches.
    """
    pairs = [(flow.source, flow.target) for flow in model.flows if flow.target is not None]
    fed = _closure(_entered(routes), pairs)
    seen = _closure(
        {model.outputs[name].compartment for name in analytes}, [(b, a) for a, b in pairs]
    )
    kept = sorted(fed & seen)
    place = {old: new for new, old in enumerate(kept)}
    inner = [(place[a], place[b]) for a, b in pairs if a in place and b in place]
    shape = structure_of(len(kept), inner)
    if not shape.stars or len(set(inner)) < len(inner):
        raise Refusal(
            (
                f"{model.id}: compartments exchange otherwise than each with one centre, by one "
                "flow each way, so that single people cannot be estimated",
            )
        )
    ordered: list[int] = []
    for begin, end in pairwise(shape.starts.tolist()):
        ordered += [*shape.nodes[begin + 1 : end].tolist(), int(shape.nodes[begin])]
    return {kept[old]: new for new, old in enumerate(ordered)}, fed


def _entered(routes: Mapping[str, Sequence[RouteInput]]) -> set[int]:
    return {way.compartment for ways in routes.values() for way in ways}


def _closure(begin: set[int], pairs: Sequence[tuple[int, int]]) -> set[int]:
    found, more = set(begin), True
    while more:
        reached = {b for a, b in pairs if a in found} - found
        found |= reached
        more = bool(reached)
    return found


def _into(
    model: Model,
    routes: Mapping[str, Sequence[RouteInput]],
    where: Mapping[int, int],
    *,
    times_only: bool = False,
) -> list[Expression]:
    """What is read of the ways in that reach a kept compartment."""
    ways = [each for route in routes.values() for each in route if each.compartment in where]
    parts = [part for each in ways for part in (each.duration, each.lag) if part is not None]
    return parts if times_only else [*parts, *(each.fraction for each in ways)]


def _informed(
    model: Model,
    doses: Sequence[Dose],
    treatment: Ints,
    where: Mapping[int, int],
    read: Sequence[Expression],
    treatments: int,
    measured: Collection[int],
) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """The differences that matter, and those of them that move a time when it is measured."""
    body = needed_by(model, read)
    moved: list[set[str]] = []
    needed: list[set[str]] = []
    for k in range(treatments):
        own = {dose.route for dose, at in zip(doses, treatment, strict=True) if at == k}
        routes = {route: model.routes[route] for route in own}
        times = _into(model, routes, where, times_only=True) if k in measured else []
        moved.append(needed_by(model, times))
        needed.append(body | needed_by(model, _into(model, routes, where)))

    def among(difference: Difference, names: Sequence[set[str]]) -> bool:
        of = names if difference.treatment == 0 else [names[difference.treatment - 1]]
        return any(difference.parameter in each for each in of)

    everything = differences(model, treatments) if model.variability else ()
    return (
        tuple(each for each in everything if among(each, needed)),
        tuple(each for each in everything if among(each, moved)),
    )


def _doses(
    sketch: Sketch,
    covariates: Mapping[str, float],
    doses: Sequence[Dose],
    treatment: Ints,
    begins: Floats,
    where: Mapping[int, int],
) -> tuple[Doses, list[int], list[int]]:
    """Doses by every way, and place and kind of each happening, in the order of the doses."""
    model, hour = sketch.model, sketch.model.per_hour
    parts = begins.size - 1  # their beginnings are the first happenings
    site: list[int] = []
    kind: list[int] = []
    at_h: list[float] = []
    ways: list[tuple[int, ...]] = []
    told: list[tuple[float, ...]] = []
    asked: dict[tuple[str, Pairs, int], tuple[int, int, int, float]] = {}
    for dose, own in zip(doses, treatment.tolist(), strict=True):
        pairs = tuple(sorted(of_dose(model, covariates, dose).items()))
        for row, way in enumerate(model.routes[dose.route]):
            if way.compartment not in where:
                continue
            # Doses of one route and the same covariates read the same numbers.
            key = dose.route, pairs, row
            if key not in asked:
                lasts = 0.0
                if way.duration is not None:
                    lasts = float(way.duration(sketch.typical(pairs))) / hour
                asked[key] = (
                    sketch.ask(way.fraction, of_dose=pairs),
                    -1 if way.duration is None else sketch.ask(way.duration, of_dose=pairs),
                    -1 if way.lag is None else sketch.ask(way.lag, of_dose=pairs),
                    lasts,
                )
            *numbers, lasts = asked[key]
            lasting = (dose.duration_h if way.duration is None else lasts) > 0.0
            first = parts + len(site)
            ways.append((own, *numbers, first, first + 1 if lasting else -1))
            told.append((dose.time_h, dose.amount_mg, dose.duration_h))
            count = 2 if lasting else 1
            site += [where[way.compartment]] * count
            kind += [RATE if lasting else PUT_IN] * count
            at_h += [dose.time_h] * count
    return (
        Doses(
            ways=np.array(ways, dtype=np.int64).reshape(-1, 6),
            told=np.array(told, dtype=np.float64).reshape(-1, 3),
            nearly=np.argsort(np.concatenate([begins[1:], at_h]), kind="stable"),
        ),
        site,
        kind,
    )


def _stars(n: int, source: Ints, target: Ints) -> tuple[Ints, Ints]:
    """Of how many of those before it each is the centre; the flow of each of those to it."""
    leaves, outward = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    back = {(a, b) for a, b in zip(source.tolist(), target.tolist(), strict=True) if a > b}
    for flow, (a, b) in enumerate(zip(source.tolist(), target.tolist(), strict=True)):
        if (b, a) in back:
            leaves[b] += 1
            outward[a] = flow
    return leaves, outward


def _upstream(source: Ints, target: Ints, places: Sequence[int]) -> tuple[Ints, ...]:
    """Of each place the compartments that feed it, at once or through others, and itself."""
    pairs = list(zip(target.tolist(), source.tolist(), strict=True))
    return tuple(
        np.array(sorted(_closure({place}, pairs)), dtype=np.int64)
        for place in dict.fromkeys(places)
    )
