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

    Shape (poles, 6).
    """

    rest: float
    terms: Floats


def _fractions(rest: float, *poles_and_shares: Sequence[complex]) -> Fractions:
    return Fractions(
        rest,
        np.array(
            [
                (p.real, p.imag, (1 / p).real, (1 / p).imag, 2 * c.real, 2 * c.imag)
                for p, c in poles_and_shares
            ]
        ),
    )


# Nearer than 2e-14, and 1.2e-8.
EXACT = _fractions(
    2.0525704206141266e-14,
    (-8.89777318646889 + 16.630982619902085j, 7.15428924613579849e-05 - 0.000143610389650403627j),
    (-3.703275049423448 + 13.656371871483268j, -0.00943902568899364704 + 0.0171847920072016871j),
    (-0.20875863825013014 + 10.99126056190126j, 0.376360038879228226 - 0.335183471832570495j),
    (3.9933697105785684 + 6.004831642235037j, 23.4982320878051105 + 5.80835913657918331j),
    (5.089345060580625 + 3.5888240290270064j, -46.9332744980300158 - 45.6436497751333915j),
    (5.623142572745977 + 1.194069046343967j, 27.8751619490045351 + 102.147339980622223j),
    (2.2697838292311125 + 8.461737973040222j, -4.80711209494604701 + 1.3209793847818718j),
)
ROUGH = _fractions(
    1.0669354104615524e-08,
    (3.2209452451180054 + 1.1936196054221135j, 1.8317809211242995 + 9.52559870448336932j),
    (2.292249147887956 + 3.600771496085464j, -2.43624823684722601 - 3.71676197345983046j),
    (0.2694909874430208 + 6.0820325927158185j, 0.63258564895011176 + 0.443927047809652076j),
    (-3.408539501362009 + 8.773034564429228j, -0.0281288313858386812 - 0.011576969443628019j),
)
