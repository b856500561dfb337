"""The exponential of a decay as a sum of a few fractions, as near for fast ones as for slow.

exp(-x) is ``rest`` plus, for each pole p with its share c, twice the real part of
c / (x + p); for every x from 0 to infinity, and so for every rate and however long
(W. J. Cody, G. Meinardus, R. S. Varga, J Approx Theory 1969;2:50-65; L. N. Trefethen, J. A.
C. Weideman, T. Schmelzer, BIT 2006;46:653-670). The numbers were made with 45 digits: poles
after Caratheodory and Fejer, shares fitted to them. A test holds both to exp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.core.pharmacology.systems.linear import Floats


@dataclass(frozen=True, slots=True)
class Fractions:
    """terms: of each pole the pole, one over it, and twice its share: real and imaginary parts.

    Shape (poles, 6). fades: what is left of a long time is a small share of what was there, of
    which the fractions say nothing sure; after exp(-fades) the time is parted.
    """

    rest: float
    fades: float
    terms: Floats


def _fractions(rest: float, fades: float, *poles_and_shares: Sequence[complex]) -> Fractions:
    return Fractions(
        rest,
        fades,
        np.array(
            [
                (p.real, p.imag, (1 / p).real, (1 / p).imag, 2 * c.real, 2 * c.imag)
                for p, c in poles_and_shares
            ]
        ),
    )


# Nearer than 3e-16 in exact arithmetic (3e-14 in ours), and 1.2e-8.
EXACT = _fractions(
    2.4301457271763182e-16,
    5.0,
    (-10.843917078696988 + 19.27744616718165j, 5.090145005952359e-07 + 2.422001787364629e-05j),
    (-5.264971343442647 + 16.22022147316793j, -0.00021151742476626875 - 0.0043892969746033485j),
    (5.948152268951177 + 3.587457362018322j, -113.39775178359626 - 101.94721704138648j),
    (3.509103608414918 + 8.436198985884374j, -15.059585270537129 + 5.7514052775290585j),
    (6.416177699099435 + 1.1941223933701386j, 64.50087802438587 + 224.5944076278624j),
    (1.419375897185666 + 10.925363484496723j, 1.4793007113483019 - 1.7686588321655927j),
    (4.993174737717997 + 5.996881713603942j, 62.518392463583766 + 11.190391093372087j),
    (-1.4139284624888862 + 13.497725698892745j, -0.04102313677571649 + 0.15743466172584342j),
)
ROUGH = _fractions(
    1.0669354104615524e-08,
    8.0,
    (3.2209452451180054 + 1.1936196054221135j, 1.8317809211242995 + 9.52559870448336932j),
    (2.292249147887956 + 3.600771496085464j, -2.43624823684722601 - 3.71676197345983046j),
    (0.2694909874430208 + 6.0820325927158185j, 0.63258564895011176 + 0.443927047809652076j),
    (-3.408539501362009 + 8.773034564429228j, -0.0281288313858386812 - 0.011576969443628019j),
)
