"""Places on a posterior: values, slopes, curvatures, and the steps that follow from them.

In: a posterior's answers at some places. Out: the way to the bottom of each parabola within a
radius, and what is known once it was tried. Of the expected curvature (Gauss-Newton and
Fisher's scoring) no more is kept than one row a measurement, so that a step costs little where
measurements are few, however many differences there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.systems.linear import Floats

Ints = npt.NDArray[np.int64]

_changes = kernel("expected.changes")
_expected_within, _expected_judge = kernel("expected.within"), kernel("expected.judge")
_within, _judge = kernel("steps.within"), kernel("steps.judge")
_WIDEST = 6.0  # standard deviations: no step is longer


@dataclass(frozen=True, slots=True)
class _Places:
    """Arrays of shape (places, width), (places,), (places, width), and of curvatures."""

    z: Floats
    value: Floats
    slope: Floats
    curve: Floats

    def take(self, which: Sequence[int] | Ints) -> Self:
        """Some of them, in that order."""
        at = np.asarray(which, dtype=np.int64)
        return type(self)(self.z[at], self.value[at], self.slope[at], self.curve[at])

    def joined(self, other: Self) -> Self:
        """These and then the others."""
        return type(self)(
            np.concatenate([self.z, other.z]),
            np.concatenate([self.value, other.value]),
            np.concatenate([self.slope, other.slope]),
            np.concatenate([self.curve, other.curve]),
        )


class Expected(_Places):
    """curve: shape (places, measurements, width), arms; the curvature is one and arms.T @ arms."""

    __slots__ = ()

    def bend(self, place: int) -> Floats:
        """The whole curvature at one place, shape (width, width)."""
        arms = self.curve[place]
        return np.asarray(np.einsum("mi,mj->ij", arms, arms) + np.eye(arms.shape[1]))

    def steps(self, radius: Floats) -> tuple[Floats, Floats]:
        """Steps to the bottom of each parabola, no longer than each radius; how deep those lie."""
        places, rows, width = self.curve.shape
        step, depth, least = np.empty((places, width)), np.empty(places), min(rows, width)
        _expected_within(
            self.slope, self.curve, radius, np.empty((width, rows)), np.empty((least, least)),
            np.empty((least, least)), np.empty((3, max(rows, width))), step, depth,
        )  # fmt: skip
        return step, depth

    def judge(self, radius: Floats, which: Ints, step: Floats, there: Expected) -> None:
        """Steps that led higher are made, and radii follow from how they kept their word."""
        _expected_judge(
            self.z, self.value, self.slope, self.curve, radius, which, step, there.value,
            there.slope, there.curve, _WIDEST,
        )  # fmt: skip


class Bent(_Places):
    """curve: shape (places, width, width), the whole curvature.

    It is kept from step to step, and corrected by how the slope changes.
    """

    __slots__ = ()

    def bend(self, place: int) -> Floats:
        """The whole curvature at one place, shape (width, width)."""
        return np.asarray(self.curve[place])

    def steps(self, radius: Floats) -> tuple[Floats, Floats]:
        """As of the expected curvature. A depth is inf where there is no bottom."""
        return steps(self.slope, self.curve, radius)

    def judge(self, radius: Floats, which: Ints, step: Floats, there: Expected) -> None:
        """As of the expected curvature. A step that led nowhere tells of the curvature too."""
        _judge(
            self.z, self.value, self.slope, self.curve, radius, which, step, there.value,
            there.slope, _WIDEST, *np.empty((2, self.z.shape[1])),
        )  # fmt: skip


def steps(slope: Floats, bend: Floats, radius: Floats) -> tuple[Floats, Floats]:
    """Steps to the bottom of each parabola, no longer than each radius; how deep those lie."""
    places, width = slope.shape
    step, depth = np.zeros((places, width)), np.empty(places)
    _within(slope, bend, radius, np.empty((width, width)), np.empty(width), step, depth)
    return step, depth


def expected_of(
    z: Floats, value: Floats, made: Floats, first: Floats, second: Floats, step: float, *,
    exact: bool,
) -> Expected:  # fmt: skip
    """Slopes and expected curvatures by differences of predictions.

    Args:
        z, value: of the places, shapes (places, width), (places,); the prior's part is in it.
        made: predictions, shape (places, moves, measurements): unmoved, each z moved by
            ``step`` and (exact) each moved back.
        first, second: derivatives of the surprise by the prediction, (places, measurements).
    """
    places, width = z.shape
    slope, arms = np.empty((places, width)), np.empty((places, first.shape[1], width))
    _changes(made, first, second, z, step, exact, slope, arms)
    return Expected(z, value, slope, arms)
