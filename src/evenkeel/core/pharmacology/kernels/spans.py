"""Percentiles over many people on an even grid, without anybody's row.

In: modes of everybody, what happens to whom, grid points. Out: percentiles at each point.

Everybody is computed at the two ends of a span of points only. Between them a sum of
modes hangs below the straight line between its ends, and how far is known within certain
bounds; so most people are certainly above or below a percentile's path through the span, are
counted, and are not looked at again. Who may cross it is computed at each point, and the
percentile is found among those few. It must lie within the band that they were chosen for;
where it does not, the band was guessed too narrow: a wider one is tried, and in the end
everybody is computed at that point. All is compared after multiplication with exp(u t),
u being the rate at which the median fades: what fades at that rate is then a straight
line itself.

Numbers differ from those of rows in their last digits. The value of a rank moves by no more
than the largest such difference, whoever changes places.

Arrays: u person, m mode, o output, r mode of an output, p percentile, x person without modes.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.bands import going_on, stretching
from evenkeel.core.pharmacology.kernels.crossers import through
from evenkeel.core.pharmacology.kernels.instructions import WIDE
from evenkeel.core.pharmacology.kernels.making import entry, inner
from evenkeel.core.pharmacology.kernels.places import brought_to, taken_on
from evenkeel.core.pharmacology.kernels.ranks import LESS, MORE, percentile
from evenkeel.core.pharmacology.kernels.sizes import BAND, LEVELS, REMEMBERED
from evenkeel.core.pharmacology.kernels.stretches import grid_time, stretch_end

_AFRESH = 512  # points after which everybody is computed from exponentials again
_FIRST = 2  # level of the first span after a happening, or below
# What looking at everybody once costs, for each person and output, and for each percentile
# more; what somebody who may cross costs, and his value at a point: in one unit.
_ONE, _MORE, _PICKED, _POINT = 1.5, 0.6, 14.0, 0.4


@inner(fused=True)
def _nothing_there(others: Any, first: int, last: int) -> bool:
    for x in range(others.shape[0]):
        for o in range(others.shape[1]):
            for k in range(first, last):
                if others[x, o, k] != 0.0:
                    return False
    return True


@entry(
    {
        "people": "i8", "start": "f8", "step": "f8", "j0": "i8", "j1": "i8",
        "lam": "f8 m u", "left": "f8 a m u", "weights": "f8 r u", "modes": "i8 r",
        "starts": "i8 s", "fades": f"f8 {LEVELS + 1} m u",
        "when": "f8 w e", "site": "i8 w e", "amount": "f8 e u", "is_rate": "b1 w e",
        "event": "i8 u, filled", "clock": "f8 u, filled", "now": "f8 m u, filled",
        "rate": "f8 m u, filled", "others": "f8 x o k", "shares": "f8 p",
        "made": "f8 k o p, filled",
        "kept": f"f8 o p {REMEMBERED}, filled", "scales": "f8 o, filled",
        "amounts": "f8 r u, filled", "more": "f8 o u, filled", "sag": "f8 2 o u, filled",
        "doubt": "f8 o u, filled", "value": "f8 2 o c, filled", "column": "f8 c, filled",
        "lines": "f8 4 u, filled", "few": "f8 g d, filled", "ratios": "f8 g d, filled",
        "within": "f8 h, filled", "found": "f8 d, filled", "chosen": "i8 d, filled",
        "bands": f"f8 p {BAND}, filled", "counts": f"i8 p {WIDE}, filled",
        "marks": "i8 p v, filled", "below": "i8 1, filled",
    },
    fused=True,
)  # fmt: skip
def window(
    people: int, start: float, step: float, j0: int, j1: int,
    lam: Any, left: Any, weights: Any, modes: Any, starts: Any, fades: Any,
    when: Any, site: Any, amount: Any, is_rate: Any,
    event: Any, clock: Any, now: Any, rate: Any, others: Any, shares: Any, made: Any,
    kept: Any, scales: Any, amounts: Any, more: Any, sag: Any, doubt: Any, value: Any, column: Any,
    lines: Any, few: Any, ratios: Any, within: Any, found: Any, chosen: Any, bands: Any,
    counts: Any, marks: Any, below: Any,
) -> None:  # fmt: skip
    """Percentiles at grid points ``j0`` to ``j1``: start + j * step, hours.

    Args:
        people: of the u persons, which is a multiple of WIDE; the rest have nothing.
        lam: 1/h, above 0. left: what is given at site a adds to a mode. weights: what modes
            r, of output o from starts[o] to starts[o + 1] and named by ``modes``, add to it.
        fades: what is left of modes after 1, 2, 4 … steps; in the last rows after none: 1.
        when, site, is_rate: shape (1 or people, e); amount: shape (e, u).
        event, clock, now, rate: where everybody stands; as in ``modal.rows``, people last.
        others: values, ng/mL, of whoever has no modes, at these points.
        shares: 0 to 1. made: filled, shape (j1 - j0, o, p), ng/mL.
        The rest is memory to work in: c is u and x, rounded up to whole vectors, d is 2 WIDE
            more than that, g one more than an output has modes, h at least d; v holds a bit for
            each of u.
    """
    kinds, wide, more_people = starts.size - 1, lam.shape[1], others.shape[0]
    whole = people + more_people
    value[:, :, people:] = math.inf
    column[:] = math.inf
    longest = LEVELS - 1 if 8 * more_people <= people else 0
    everybody = people * kinds * (_ONE + _MORE * shares.size)
    j, here = j0, 0
    while j < j1:
        following, empty = brought_to(
            people, grid_time(start, step, j), lam, left, weights, modes, starts,
            when, site, amount, is_rate, event, clock, now, rate, amounts, more, value[here], lines,
        )  # fmt: skip
        stop = j1
        if following < math.inf:
            stop = stretch_end(following, start, step, j, j1)
        # What is there from the last digit after this point on is there at the next.
        stop = min(max(stop, j + 1), j + _AFRESH)
        if empty and _nothing_there(others, j - j0, stop - j0):
            made[j - j0 : stop - j0] = 0.0
            j = stop
            continue
        for o in range(kinds):
            for x in range(more_people):
                value[here, o, wide + x] = others[x, o, j - j0]
            for p in range(shares.size):
                kept[o, p, LESS] = kept[o, p, MORE] = 0.0
                made[j - j0, o, p] = percentile(
                    value[here, o], whole, shares[p], kept[o, p], 0.0, found, below
                )
        level, past = min(_FIRST, longest), LEVELS
        while j + 1 < stop:
            # Short spans first, so that the long ones come out even at the end.
            at = 0
            while at < level and ((stop - 1 - j) >> at) & 1 == 0:
                at += 1
            k, there, load = 1 << at, 1 - here, 0
            for o in range(kinds):
                scales[o] = stretching(
                    people, o, k * step, lam, amounts, fades[past], modes, starts
                )
            taken_on(
                people, amounts, fades[past], fades[at], lam, k * step, modes, starts, scales,
                more, value[there], sag, doubt,
            )  # fmt: skip
            for o in range(kinds):
                for x in range(more_people):
                    value[there, o, wide + x] = others[x, o, j + k - j0]
                first = 0 if people > 0 else wide  # of the people who may tell where it goes
                for p in range(shares.size):
                    guess = going_on(
                        people if people > 0 else more_people, value[here, o, first:],
                        value[there, o, first:], made[j - j0, o, p],
                    )  # fmt: skip
                    made[j + k - j0, o, p] = percentile(
                        value[there, o], whole, shares[p], kept[o, p], guess, found, below
                    )
                if k == 1:
                    continue
                load += through(
                    people, o, j - j0, k, step, lam, amounts, fades[0], modes, starts, more, others,
                    shares, made, kept[o], scales[o], value[here, o], value[there, o],
                    sag[0, o], sag[1, o], doubt[o], column, lines[0], few, ratios, within, found,
                    chosen, bands, counts, marks, below,
                )  # fmt: skip
            j += k
            here, past = there, at
            # Of a span half as long 0.6 may cross, of one twice as long 1.7 times as many.
            shorter = load * (-0.18 * _PICKED + 0.41 * _POINT * k)
            longer = load * (-0.3 * _PICKED + 1.4 * _POINT * k)
            if k > 1 and shorter > everybody:
                level = max(at - 1, 1)
            elif at == level and level < longest and longer < everybody:
                level += 1
        j += 1
