"""What one treatment passes on to the next, and how each difference changes it.

In: what is measured in a treatment and what is left after it: as it is, with each of its
differences moved, and of one mg in each compartment when it begins. Out: predictions and how
they, and what is left, change with every difference of the person, by the chain rule.
"""

from __future__ import annotations

from typing import Any

from evenkeel.core.pharmacology.kernels.making import entry


@entry(
    {
        "found": "f8 p v m", "left": "f8 n p v", "far": "f8 d", "own": "i8 d", "seen": "i8 m",
        "amounts": "i8", "both": "b1", "passed": "f8 p n w, filled", "later": "f8 n w, filled",
        "made": "f8 p l, filled", "changes": "f8 p l w, filled", "state": "f8 p n, filled",
    },
    fused=True,
)  # fmt: skip
def on(
    found: Any, left: Any, far: Any, own: Any, seen: Any, amounts: int, both: bool,
    passed: Any, later: Any, made: Any, changes: Any, state: Any,
) -> None:  # fmt: skip
    """One treatment at p places; v: as it is, d moves, d moves back (both), amounts.

    Args:
        found: predictions of its m measurements. left: mg in each compartment after it.
        far: how far each difference was moved; own: its place among all w of the person.
        seen: place of each measurement among all l.
        amounts: n, of one mg in each compartment; 0: it is the first.
        passed: how what it begins with changes with each difference; what is left, then.
        later: to write into. made, changes, state: filled, those of this treatment.
    """
    places, variants, measured = found.shape
    size, width, moved = left.shape[0], passed.shape[2], far.size
    first = variants - amounts
    for p in range(places):
        for m in range(measured):
            made[p, seen[m]] = found[p, 0, m]
            into = changes[p, seen[m]]
            for w in range(width):
                into[w] = 0.0
            for k in range(amounts):
                by, before = found[p, first + k, m], passed[p, k]
                for w in range(width):
                    into[w] += by * before[w]
        for n in range(size):
            state[p, n] = left[n, p, 0]
            into = later[n]
            for w in range(width):
                into[w] = 0.0
            for k in range(amounts):
                by, before = left[n, p, first + k], passed[p, k]
                for w in range(width):
                    into[w] += by * before[w]
        for n in range(size):
            for w in range(width):
                passed[p, n, w] = later[n, w]
        for d in range(moved):
            w = own[d]
            over = 1.0 / (2.0 * far[d] if both else far[d])
            back = 1 + moved + d if both else 0
            for n in range(size):
                passed[p, n, w] += (left[n, p, 1 + d] - left[n, p, back]) * over
            for m in range(measured):
                change = found[p, 1 + d, m] - found[p, back, m]
                changes[p, seen[m], w] += change * over
