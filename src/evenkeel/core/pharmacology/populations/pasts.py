"""What an endless past of regular doses has left in each of many people.

In: everybody's rates, what one dose brings, how often, how long ago the last one was. Out: the
amounts of that moment, and the infusions that still run. One person's is in ``linear``; here the
sums are taken for all at once. Rates are per hour, times hours, amounts mg of a dose of 1 mg.

Method: of doses that have ended, a geometric series of the propagator of one interval; of those
that still run, one after the other. Propagators as in ``linear``: nothing cancels.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.systems.linear import Floats

_TERMS = 22
MOST_RUNNING = 1000


def propagators_of_each(rates: Floats, hours: Any) -> Floats:
    """exp(rates * hours) of each person; shape (i, n, n).

    rates: shape (i, n, n), 1/h, non-negative off the diagonal. hours: one for all, or shape (i,).
    """
    people, n = rates.shape[:2]
    span = np.broadcast_to(np.asarray(hours, dtype=np.float64), (people,))
    shift = np.maximum(-np.diagonal(rates, axis1=1, axis2=2).min(axis=1), 1e-300)
    jumps = shift * span
    halvings = np.ceil(np.log2(np.maximum(jumps, 1e-300))).clip(0.0).astype(np.int64)
    small = jumps / np.exp2(halvings)
    # What remains of a jump: each term is non-negative, so no digit is lost.
    share = (rates / shift[:, None, None] + np.eye(n)) * small[:, None, None]
    made = np.broadcast_to(np.eye(n), rates.shape).copy()
    term = made.copy()
    for k in range(1, _TERMS):
        term = term @ share / k
        made += term
    made *= np.exp(-small)[:, None, None]
    for done in range(int(halvings.max(initial=0))):
        again = halvings > done
        made[again] = made[again] @ made[again]
    return made


def with_inputs(rates: Floats, inputs: Floats) -> Floats:
    """Rates with one more state that is always 1 and feeds ``inputs``, shape (i, n)."""
    people, n = rates.shape[:2]
    whole = np.zeros((people, n + 1, n + 1))
    whole[:, :n, :n] = rates
    whole[:, :n, n] = inputs
    return whole


def endless_infusion(rates: Floats, compartment: int) -> Floats:
    """What 1 mg/h has come to, shape (i, n), mg.

    Raises:
        Refusal: nothing leaves somebody.
    """
    inputs = np.zeros(rates.shape[:2])
    inputs[:, compartment] = 1.0
    return _solved(-rates, inputs)


def endless_doses(
    rates: Floats, compartment: int, *, every_h: float, ago_h: Any, lasts_h: Any
) -> tuple[Floats, list[Floats]]:
    """What doses of 1 mg, given for ever, have left.

    Args:
        every_h: between two doses. ago_h: since the last one, above 0 and at most every_h.
        lasts_h: 0 or less: at once; otherwise how long each runs. Both one for all, or shape (i,).

    Returns:
        Shape (i, n), mg; and for each infusion that still runs with somebody the hours it has
        left, shape (i,), 0 where it does not.

    Raises:
        Refusal: nothing leaves somebody, or more than 1,000 infusions run at once.
    """
    people, n = rates.shape[:2]
    ago = np.broadcast_to(np.asarray(ago_h, dtype=np.float64), (people,))
    lasts = np.broadcast_to(np.asarray(lasts_h, dtype=np.float64), (people,))
    unit = np.zeros((people, n))
    unit[:, compartment] = 1.0
    slow = bool((lasts > 0.0).all())
    left: list[Floats] = []
    ended_ago = ago
    whole = np.zeros((people, n))
    given = unit
    if slow:
        if float(((lasts - ago) / every_h).max()) > MOST_RUNNING:
            raise Refusal(
                (
                    f"infusions of {lasts.max():g} h every {every_h:g} h: more than "
                    f"{MOST_RUNNING:,} would run at once",
                )
            )
        fed = with_inputs(rates, unit / lasts[:, None])
        for k in range(max(0, math.ceil(float(((lasts - ago) / every_h).max())))):
            age = ago + k * every_h
            runs = age < lasts
            if not runs.any():
                break
            whole += np.where(runs[:, None], propagators_of_each(fed, age)[:, :n, n], 0.0)
            left.append(np.where(runs, lasts - age, 0.0))
            ended_ago = np.where(runs, age + every_h, ended_ago)
        given = propagators_of_each(fed, lasts)[:, :n, n]
        ended_ago = np.maximum(ended_ago - lasts, 0.0)
    first = np.einsum("ijk,ik->ij", propagators_of_each(rates, ended_ago), given)
    every = propagators_of_each(rates, every_h)
    return whole + _solved(np.eye(n) - every, first), left


def _solved(matrix: Floats, right: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(matrix, right[:, :, None])[:, :, 0], dtype=np.float64)
    except np.linalg.LinAlgError:
        raise Refusal(
            ("nothing removes the drug from somebody: an endless past has no answer",)
        ) from None
