"""Linear compartments, exactly: what is where after a while, with constant inputs.

In: a matrix of rates and times. Out: propagators, states, steady states. Nothing
here knows a drug, a route or a person. Rates are per hour, times hours, amounts mg.

A rate matrix has no negative entry off its diagonal, so shifting it by its
largest outflow makes every term of the exponential series positive: nothing
cancels, and the result is right to the last digits however stiff the model is
or however nearly two rates coincide. Method: uniformisation (Jensen 1953) with
scaling and squaring; checked against SciPy's expm and 40-digit arithmetic.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_TERMS = 20  # 1/20! is below a tenth of the last digit when the step is at most one
_DENSE = 64  # times to a jump, from which a jump is worth its own series
_CHUNK = 8192  # steps treated at once: bounds memory at 8192 n^2 doubles


def propagators(rates: Floats, steps_h: Floats) -> Floats:
    """exp(rates * step) for each step.

    Args:
        rates: shape (n, n), 1/h; entry [i, j] is the rate from j to i, non-negative
            off the diagonal.
        steps_h: shape (m,), hours, each >= 0 and finite.

    Returns:
        Shape (m, n, n), all entries non-negative.

    Raises:
        ValueError: a negative rate between compartments, or a step that is negative
            or not finite.
    """
    if not np.all(np.isfinite(rates)):
        raise ValueError("a rate is not finite")
    off = rates[~np.eye(rates.shape[0], dtype=bool)]
    if off.size and off.min() < 0:
        raise ValueError("a rate between two compartments is negative")
    if steps_h.size and (not np.all(np.isfinite(steps_h)) or steps_h.min() < 0):
        raise ValueError("a step is negative or not finite")
    n = rates.shape[0]
    shift = max(float(-np.diag(rates).min()), 0.0)
    if shift == 0.0:
        return _growing(rates, steps_h)
    return _shifted(rates / shift + np.eye(n), shift, steps_h)


def _growing(rates: Floats, steps_h: Floats) -> Floats:
    """A matrix with no outflow at all: shift by one to have a scale."""
    scale = max(float(rates.max(initial=0.0)), 1.0)
    return _shifted(rates / scale + np.eye(rates.shape[0]), scale, steps_h)


def _shifted(share: Floats, shift: float, steps_h: Floats) -> Floats:
    n = share.shape[0]
    powers = np.empty((_TERMS, n * n))
    power = np.eye(n)
    for k in range(_TERMS):
        powers[k] = power.ravel()
        power = power @ share
    out = np.empty((steps_h.size, n, n))
    for start in range(0, steps_h.size, _CHUNK):
        part = steps_h[start : start + _CHUNK]
        jumps = part * shift
        halvings = np.maximum(0, np.ceil(np.log2(np.maximum(jumps, 1e-300)))).astype(np.int64)
        small = jumps / np.exp2(halvings)
        weights = np.empty((part.size, _TERMS))
        weights[:, 0] = np.exp(-small)
        for k in range(1, _TERMS):
            weights[:, k] = weights[:, k - 1] * small / k
        made = (weights @ powers).reshape(part.size, n, n)
        for done in range(int(halvings.max(initial=0))):
            again = halvings > done
            made[again] = made[again] @ made[again]
        out[start : start + part.size] = made
    return out


def with_input(rates: Floats, inputs: Floats) -> Floats:
    """Rates with one more state that is always 1 and feeds ``inputs``.

    inputs: shape (n,), mg/h, non-negative. Returns shape (n + 1, n + 1).
    """
    n = rates.shape[0]
    whole = np.zeros((n + 1, n + 1))
    whole[:n, :n] = rates
    whole[:n, n] = inputs
    return whole


def states(rates: Floats, start: Floats, inputs: Floats, after_h: Floats) -> Floats:
    """States after each time, with constant inputs since the start.

    Args:
        rates: shape (n, n), 1/h.
        start: shape (n,), mg. inputs: shape (n,), mg/h.
        after_h: shape (m,), hours since the start, each >= 0.

    Returns:
        Shape (m, n), mg.
    """
    n = rates.shape[0]
    fed = bool(np.any(inputs))
    matrix = with_input(rates, inputs) if fed else rates
    if _is_dense(matrix, after_h):
        whole = np.append(start, 1.0) if fed else start
        return np.ascontiguousarray(_near_each_other(matrix, whole, after_h)[:, :n])
    out = np.empty((after_h.size, n))
    for begin in range(0, after_h.size, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        made = propagators(matrix, after_h[part])
        out[part] = made[:, :n, :n] @ start
        if fed:
            out[part] += made[:, :n, n]
    return out


def _is_dense(matrix: Floats, after_h: Floats) -> bool:
    """Are there many ascending times to each jump of the fastest compartment?"""
    if after_h.size < _DENSE:
        return False
    span = float(after_h[-1] - after_h[0])
    jumps = max(float(-np.diag(matrix).min()), 0.0) * span
    return 0.0 < jumps <= after_h.size / _DENSE and bool(np.all(np.diff(after_h) >= 0.0))


def _near_each_other(matrix: Floats, start: Floats, after_h: Floats) -> Floats:
    """States at ascending times, many to each jump; shape (m, n).

    The first of the times within a jump by its propagator, the others from there by the same
    series without its matrices: a tenth of the work, and as exact.
    """
    shift = float(-np.diag(matrix).min())
    n = matrix.shape[0]
    share = matrix / shift + np.eye(n)
    jump = np.floor((after_h - after_h[0]) * shift)
    firsts = np.flatnonzero(np.diff(jump, prepend=-1.0))
    bases = propagators(matrix, after_h[firsts]) @ start
    out = np.empty((after_h.size, n))
    terms = np.empty((_TERMS, n))
    edges = [*firsts.tolist(), after_h.size]
    for base, begin, end in zip(bases, edges[:-1], edges[1:], strict=True):
        terms[0] = base
        for k in range(1, _TERMS):
            terms[k] = share @ terms[k - 1] / k
        for first in range(begin, end, _CHUNK):
            part = slice(first, min(first + _CHUNK, end))
            small = (after_h[part] - after_h[begin]) * shift
            weights = np.empty((_TERMS, small.size))
            weights[0] = np.exp(-small)
            for k in range(1, _TERMS):
                np.multiply(weights[k - 1], small, out=weights[k])
            out[part] = weights.T @ terms
    return out


def before_dose_at_steady_state(
    rates: Floats, compartment: int, amount_mg: float, duration_h: float, interval_h: float
) -> tuple[Floats, tuple[float, ...]]:
    """What endless regular doses have left at the moment of the next one.

    Args:
        rates: shape (n, n), 1/h, from which everything leaves in time.
        duration_h: 0 for a bolus; may be longer than the interval.

    Returns:
        Shape (n,), mg, just before the next dose; and for each infusion that is still
        running then, the hours that it has left.
    """
    n = rates.shape[0]
    dose = np.zeros(n)
    running: tuple[float, ...] = ()
    if duration_h == 0.0:
        dose[compartment] = amount_mg
        ended, age_h = dose, interval_h
    else:
        dose[compartment] = amount_mg / duration_h
        none = np.zeros(n)
        ended = states(rates, none, dose, np.array([duration_h]))[0]
        count = math.ceil(duration_h / interval_h)
        # An infusion that ends at this very moment has ended.
        running = tuple(
            duration_h - k * interval_h for k in range(1, count) if duration_h > k * interval_h
        )
        age_h = count * interval_h - duration_h
    first = propagators(rates, np.array([age_h]))[0] @ ended
    every = propagators(rates, np.array([interval_h]))[0]
    left = np.linalg.solve(np.eye(n) - every, first)
    if duration_h > 0.0 and running:
        ages = np.asarray(interval_h * np.arange(1, len(running) + 1), dtype=np.float64)
        left = left + states(rates, np.zeros(n), dose, ages).sum(axis=0)
    return left, running
