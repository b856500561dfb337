"""Covariates that differ between the people of a population, and spread that is assumed.

In: words such as ``normal:75:15:40:140``. Out: one value a person, seeded as the people
are: person k of a seed is the same however many are drawn. What a model does with the
values, and whether it takes them, is decided elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from hashlib import sha256
from statistics import NormalDist

import numpy as np

from evenkeel.core.pharmacology.library.bounds import YES, contradictions, following
from evenkeel.core.pharmacology.library.models import Block, Model
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.systems.linear import Floats

_BLOCK = 256
FORMS = {
    "normal": "normal:MEAN:SD:LOW:HIGH",
    "lognormal": "lognormal:MEDIAN:CV_PERCENT:LOW:HIGH",
    "uniform": "uniform:LOW:HIGH",
    "choice": "choice:VALUE*SHARE:VALUE*SHARE",
}
WIDEST_CV = 300.0  # per cent; the widest that a model of ours publishes is 148


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How one covariate differs. words: as it was asked for; at: [0, 1) to a value."""

    name: str
    words: str
    at: Callable[[Floats], Floats]


def read_draw(text: str) -> Draw:
    """NAME=FORM with the forms of ``FORMS``.

    Raises:
        Refusal: another form, a number that is none, bounds that enclose nothing.
    """
    name, _, words = text.partition("=")
    kind, *written = words.split(":")
    if not name or kind not in FORMS:
        raise Refusal((f"{text}: write NAME= and one of {', '.join(FORMS.values())}",))
    try:
        made = _MADE[kind](written)
    except _Wrong as fault:
        raise Refusal((f"{text}: {fault}",)) from None
    except ValueError:
        raise Refusal((f"{text}: write {FORMS[kind]} with numbers",)) from None
    return Draw(name=name, words=words, at=made)


class _Wrong(Exception):
    """What is wrong with the numbers of a form."""


def _numbers(written: list[str], count: int) -> list[float]:
    values = [float(each) for each in written]
    if len(values) != count or not all(math.isfinite(each) for each in values):
        raise ValueError
    return values


def _normal(written: list[str]) -> Callable[[Floats], Floats]:
    mean, sd, low, high = _numbers(written, 4)
    if sd <= 0:
        raise _Wrong("the SD must be above 0")
    return _within(NormalDist(mean, sd), low, high)


def _lognormal(written: list[str]) -> Callable[[Floats], Floats]:
    median, cv, low, high = _numbers(written, 4)
    if median <= 0 or low <= 0:
        raise _Wrong("a lognormal lies above 0: give a median and a LOW above 0")
    if not 0 < cv <= WIDEST_CV:
        raise _Wrong(f"the CV must be above 0 and at most {WIDEST_CV:g} per cent")
    spread = NormalDist(math.log(median), math.sqrt(math.log1p((cv / 100.0) ** 2)))
    if low >= high:
        raise _Wrong("LOW must be below HIGH")
    inner = _within(spread, math.log(low), math.log(high))
    return lambda share: np.clip(np.exp(inner(share)), low, high)


def _within(spread: NormalDist, low: float, high: float) -> Callable[[Floats], Floats]:
    """The part of a normal distribution between two bounds, by its inverse."""
    if low >= high:
        raise _Wrong("LOW must be below HIGH")
    below, above = spread.cdf(low), spread.cdf(high)
    if above - below < 1e-6:
        raise _Wrong("hardly anybody lies between LOW and HIGH")
    standard = NormalDist()

    def at(share: Floats) -> Floats:
        level = np.clip(below + share * (above - below), 1e-300, 1.0 - 1e-16)
        scores = np.fromiter(map(standard.inv_cdf, level.tolist()), np.float64, level.size)
        return np.clip(spread.mean + spread.stdev * scores, low, high)

    return at


def _uniform(written: list[str]) -> Callable[[Floats], Floats]:
    low, high = _numbers(written, 2)
    if low >= high:
        raise _Wrong("LOW must be below HIGH")
    return lambda share: low + share * (high - low)


def _choice(written: list[str]) -> Callable[[Floats], Floats]:
    pairs = [each.partition("*") for each in written]
    values = np.array(_numbers([value for value, _, _ in pairs], len(pairs)))
    shares = np.array([float(share) if star else 1.0 for _, star, share in pairs])
    if not pairs or not np.all(np.isfinite(shares)) or shares.min() < 0 or shares.sum() <= 0:
        raise _Wrong("every SHARE must be a number of at least 0, and one above 0")
    edges = np.cumsum(shares) / shares.sum()
    # A share of exactly 1 is never drawn, but the last edge may fall short of it.
    edges[-1] = 1.0
    return lambda share: values[np.searchsorted(edges, share, side="right")]


_MADE: dict[str, Callable[[list[str]], Callable[[Floats], Floats]]] = {
    "normal": _normal,
    "lognormal": _lognormal,
    "uniform": _uniform,
    "choice": _choice,
}


def standard_uniforms(seed: int, stream: str, people: int) -> Floats:
    """Numbers of [0, 1), shape (people,); number k depends on seed, stream and k alone."""
    key = int.from_bytes(sha256(f"{seed}:uniform:{stream}".encode()).digest()[:16], "little")
    made = np.empty(people)
    for start in range(0, people, _BLOCK):
        bits = np.random.Philox(key=key, counter=[0, 0, 0, start // _BLOCK])
        stop = min(start + _BLOCK, people)
        made[start:stop] = np.random.Generator(bits).random(_BLOCK)[: stop - start]
    return made


def drawn(draws: Mapping[str, Draw], *, people: int, seed: int) -> dict[str, Floats]:
    """One value a person of each covariate, shape (people,). Covariates are independent."""
    return {
        name: draw.at(standard_uniforms(seed, f"covariate:{name}", people))
        for name, draw in draws.items()
    }


def with_following(
    model: Model, given: Mapping[str, float], varying: Mapping[str, Floats]
) -> dict[str, Floats]:
    """What was drawn, and what follows from it: whoever is drawn Japanese is Asian.

    Whoever that does not decide keeps the value that was drawn, or the model's reference.

    Args:
        given: covariates of everybody.
        varying: one value a person of each covariate that was drawn, shape (people,).

    Raises:
        Refusal: what is given and what is drawn cannot be true together of somebody, or nothing
            is left to draw.
    """
    made = dict(varying)
    told = [
        f"{other} is drawn, but follows for everybody from what is given"
        for other in following(model, given)
        if other in varying
    ]
    for name, covariate in model.covariates.items():
        for other, value in covariate.implies.items():
            if name in varying and other not in given:
                own = made.get(other, np.full(varying[name].shape, _reference(model, other)))
                made[other] = np.where(varying[name] == YES, value, own)
    told = told or list(contradictions(model, {**given, **made}))
    if told:
        raise Refusal(tuple(f"{model.id}: {each}" for each in told))
    return made


def words_of(model: Model, given: Mapping[str, float], draws: Mapping[str, Draw]) -> dict[str, str]:
    """How each covariate differs between people, in words: as drawn, or as it follows from that."""
    words = {name: draw.words for name, draw in draws.items()}
    for name, covariate in model.covariates.items():
        for other, value in covariate.implies.items():
            if name in draws and other not in given:
                otherwise = words.get(other, f"{_reference(model, other):g}")
                words[other] = f"{value:g} where {name} is {YES:g}, otherwise {otherwise}"
    return words


def _reference(model: Model, name: str) -> float:
    return model.covariates[name].reference


def no_parameter(model: Model, name: str) -> str:
    """That the model has no parameter of this name, and the nearest; empty where it has."""
    known = [*model.parameters, *model.derived]
    if name in known:
        return ""
    close = get_close_matches(name, known, n=1, cutoff=0.4)
    nearest = f"; the nearest is {close[0]}" if close else ""
    return f"{model.id} has no parameter {name}{nearest}. It has {', '.join(known)}"


def assuming(model: Model, cv_percent: Mapping[str, float]) -> Model:
    """The model with a lognormal spread of some parameters that nobody published.

    cv_percent: by parameter; parameters are independent.

    Raises:
        Refusal: no such parameter, one with a published spread, a CV that cannot be.
    """
    published = {name for block in model.variability for name in block.parameters}
    told: list[str] = []
    for name, cv in cv_percent.items():
        if no_such := no_parameter(model, name):
            told.append(no_such)
        elif name in published:
            told.append(f"{model.id}: the spread of {name} was published; it is not assumed")
        elif not 0 < cv <= WIDEST_CV:
            told.append(f"{name}={cv:g}: a CV is above 0 and at most {WIDEST_CV:g}, in per cent")
    if told:
        raise Refusal(tuple(told))
    blocks = tuple(
        Block(
            parameters=(name,),
            omega=((math.log1p((cv / 100.0) ** 2),),),
            kind="lognormal",
            level="subject",
            note=f"assumed, not published: CV {cv:g}%",
        )
        for name, cv in cv_percent.items()
    )
    return replace(model, variability=(*model.variability, *blocks))
