"""What the models say to a question: curves, numbers, bands, or why they do not answer.

In: an Asked. Out: an Answer, kept for the next who asks the same. Work is bounded: at
most 4 models, 100 doses, 3,000 times and 300 people, two questions at once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import Model, model_named
from evenkeel.core.pharmacology.library.subjects import (
    EFFECT_SITE,
    Refusal,
    Subject,
    reference,
    subject,
)
from evenkeel.core.pharmacology.profiles.decrements import decrement_time
from evenkeel.core.pharmacology.profiles.occupancy import Band, occupancy, occupancy_model
from evenkeel.core.pharmacology.profiles.results import Summary, summarise
from evenkeel.core.pharmacology.profiles.simulate import happenings
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.core.pharmacology.systems.stations import stations
from evenkeel.web.explorer.people import known_to
from evenkeel.web.explorer.queries import Asked

MOST_TIMES = 3000
PEOPLE, SEED = 300, 20261129
BAND_ENDS = (5.0, 95.0)
HELD_MIN = (5, 10, 20, 30, 40, 60, 90, 120, 180, 240, 360, 480)
_EVEN = 400  # times on an even grid
_JUST_AFTER_H = 1e-5  # a bolus is seen at its top
_FIRST_H, _NEAR_H = 0.01, 24.0  # from where to where times stand denser after something happened
_MOST_NEAR = 24
_KEEP = 32
_WAIT_S = 8.0
# People of a model with so many compartments (a chain on the way) differ by no modes. A time
# of one's own costs fifty times as much for them, one on an even grid next to nothing, and
# each beginning and end of a dose much.
MANY_COMPARTMENTS = 10
_GRID_DOSES = 12
_GRID_POINTS = 13_000
_GRID_STEPS_MIN = (1, 2, 4, 5, 10, 20)


class Busy(Exception):
    """Others are asking; nothing was computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A 90% band over 300 people. times_h: shape (m,). low, high: by analyte, shape (m,), ng/mL."""

    times_h: Floats
    low: Mapping[str, Floats]
    high: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """One model's answer; refusals say why there is none.

    letter: A to D, as it stands on the axes. curves: by analyte, shape (m,), ng/mL.
    no_spread: why there is no band. half_time_h: at HELD_MIN, or empty.
    """

    model: Model
    letter: str
    place: int
    refusals: tuple[str, ...] = ()
    times_h: Floats = field(default_factory=lambda: np.zeros(0))
    curves: Mapping[str, Floats] = field(default_factory=dict)
    summaries: tuple[Summary, ...] = ()
    taken: Mapping[str, float] = field(default_factory=dict)
    spread: Spread | None = None
    no_spread: str = ""
    occupied: Band | None = None
    half_time_h: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """doses: mg of base. until_h: end of the axis."""

    asked: Asked
    doses: tuple[Dose, ...]
    until_h: float
    models: tuple[ModelAnswer, ...]

    @property
    def answering(self) -> tuple[ModelAnswer, ...]:
        return tuple(each for each in self.models if not each.refusals)


V = TypeVar("V")


class _Kept(Generic[V]):
    """The latest answers, and a desk for those who ask something new."""

    def __init__(self, most: int, at_once: int) -> None:
        self.most = most
        self.found: OrderedDict[Any, V] = OrderedDict()
        self.lock = threading.Lock()
        self.desk = threading.BoundedSemaphore(at_once)

    def get(self, key: Any, make: Callable[[], V]) -> V:
        with self.lock:
            if key in self.found:
                self.found.move_to_end(key)
                return self.found[key]
        if not self.desk.acquire(timeout=_WAIT_S):
            raise Busy
        try:
            made = make()
        finally:
            self.desk.release()
        with self.lock:
            self.found[key] = made
            while len(self.found) > self.most:
                self.found.popitem(last=False)
        return made


_kept: _Kept[Any] = _Kept(_KEEP, at_once=2)


def keep(asked: Any, make: Callable[[], V]) -> V:
    """What was made for the same question before, or made now: all pages share one desk.

    Raises:
        Busy: two others are being answered, and went on being so for 8 s.
    """
    made: V = _kept.get(asked, make)
    return made


def answer(asked: Asked) -> Answer:
    """What the models say.

    Raises:
        Busy: two others are being answered, and went on being so for 8 s.
    """
    return keep(asked, lambda: work_out(asked))


def work_out(asked: Asked) -> Answer:
    """The same, always computed."""
    doses, until = asked.doses(), asked.until_h()
    # What lies beyond the axis changes nothing on it.
    shown = tuple(each for each in doses if each.time_h < until)
    times = _times(shown, until)
    answers = tuple(_one(asked, place, shown, times, until) for place, _ in enumerate(asked.models))
    return Answer(asked=asked, doses=shown, until_h=until, models=answers)


def _times(doses: tuple[Dose, ...], until: float) -> Floats:
    """Even times, and after each beginning and end of a dose some that stand denser at first."""
    knots = np.unique([at for each in doses for at in (each.time_h, each.time_h + each.duration_h)])
    knots = knots[knots <= until]
    room = (MOST_TIMES - _EVEN - 1) // max(knots.size, 1) - 2
    # Up to the next of them, which stands for itself.
    share = np.geomspace(_FIRST_H / _NEAR_H, 1.0, min(room, _MOST_NEAR) + 1)[:-1]
    reach = np.minimum(np.diff(np.append(knots, np.inf)), _NEAR_H)
    near = np.concatenate([knots, knots + _JUST_AFTER_H, (knots + np.outer(share, reach)).ravel()])
    whole: Floats = np.unique(np.concatenate([near, np.linspace(0.0, until, _EVEN + 1)]))
    return whole[whole <= until]


def _one(
    asked: Asked, place: int, doses: tuple[Dose, ...], times: Floats, until: float
) -> ModelAnswer:
    model = model_named(asked.models[place])
    letter = "ABCD"[place]
    try:
        who = subject(model, _person(asked, model))
        along = stations(who.rates, happenings(who, doses))
        values = who.concentrations(along.at(times, before=True))
        levels = (float(asked.level),) if asked.level else ()
        summaries = summarise(who, doses, until_h=until, levels=levels)
    except Refusal as refusal:
        reasons = tuple(each.removeprefix(f"{model.id}: ") for each in refusal.reasons)
        return ModelAnswer(model=model, letter=letter, place=place, refusals=reasons)
    curves = {name: values[:, place] for place, name in enumerate(who.analytes)}
    spread, no_spread = None, ""
    if "band" in asked.show:
        spread, no_spread = _spread(asked, model, doses, times)
    return ModelAnswer(
        model=model,
        letter=letter,
        place=place,
        times_h=times,
        curves=curves,
        summaries=summaries,
        taken={name: each for name, each in who.covariates.items() if name in model.covariates},
        spread=spread,
        no_spread=no_spread,
        occupied=_occupied(model, curves) if "occupancy" in asked.show else None,
        half_time_h=_half_times(who) if "halftime" in asked.show else (),
    )


def _person(asked: Asked, model: Model) -> dict[str, float]:
    return reference(model, known_to(model, asked.covariates()))


def _occupied(model: Model, curves: Mapping[str, Floats]) -> Band | None:
    binding = {name: curves[name] for name in model.outputs if name in occupancy_model().ic50}
    if not binding:
        return None
    return occupancy(binding, {name: model.outputs[name].molar_mass for name in binding})


def _half_times(who: Subject) -> tuple[float, ...]:
    if "iv" not in who.model.routes:
        return ()
    return tuple(decrement_time(who, held_h=held / 60) for held in HELD_MIN)


def _spread(
    asked: Asked, model: Model, doses: tuple[Dose, ...], times: Floats
) -> tuple[Spread | None, str]:
    if not model.variability:
        return None, f"No spread between people was published. {model.variability_note}"
    is_chain = len(model.compartments) > MANY_COMPARTMENTS
    if is_chain and len(doses) > _GRID_DOSES:
        return None, (
            f"Its {len(model.compartments)} compartments take too long for a band of more than "
            f"{_GRID_DOSES} doses: choose a shorter axis or fewer doses."
        )
    # What computes many people takes a moment to load: only whoever asks for a band waits for it.
    from evenkeel.core.pharmacology.populations.crowds import Crowd, bands
    from evenkeel.core.pharmacology.populations.periods import periods_of_doses

    step, kept = None, np.arange(times.size)
    if is_chain:
        step, kept = _even(times)
        times = np.asarray(np.arange(int(kept[-1]) + 1) * step)
    try:
        crowd = Crowd(
            model=model,
            people=PEOPLE,
            covariates=_person(asked, model),
            seed=SEED,
            periods=periods_of_doses(model, doses),
        )
        made = np.concatenate([piece for _, piece in bands(crowd, times, BAND_ENDS, step)])
        made = made[kept]
    except Refusal as refusal:
        return None, "; ".join(refusal.reasons)
    return Spread(
        times_h=times[kept],
        low={name: made[:, place, 0] for place, name in enumerate(crowd.analytes)},
        high={name: made[:, place, 1] for place, name in enumerate(crowd.analytes)},
    ), ""


def _even(times: Floats) -> tuple[float, npt.NDArray[np.int64]]:
    """The step of an even grid, hours, and its points that are nearest to these times."""
    until = float(times[-1])
    step = next(m for m in _GRID_STEPS_MIN if until * 60 / m <= _GRID_POINTS) / 60
    return step, np.unique(np.rint(times / step).astype(np.int64))


def kind_of(analyte: str) -> str:
    """Which of the explorer's kinds an analyte is: parent, norketamine and so on."""
    if analyte.startswith(EFFECT_SITE):
        return "effect"
    if "hydroxy" in analyte:
        return "hydroxynorketamine"
    return "norketamine" if "nor" in analyte else "parent"


def of_kind(model: Model, kind: str) -> str:
    """The analyte of a model that is of this kind; "" when it has none."""
    names = [*model.outputs]
    if model.effect_site is not None:
        names.append(EFFECT_SITE + model.effect_site.analyte)
    return next((name for name in names if kind_of(name) == kind), "")
