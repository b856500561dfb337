"""Roots and inverses of curvatures and covariances, without the threads of a large library."""

from __future__ import annotations

import math

import numpy as np

from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.systems.linear import Floats

_root, _inverse, _add = kernel("dense.root"), kernel("dense.inverse"), kernel("dense.add")


def root_of(covariance: Floats) -> Floats:
    """The lower triangle whose square is the covariance.

    Raises:
        np.linalg.LinAlgError: there is none.
    """
    made, volume = _rooted(covariance, 0.0)
    if math.isnan(volume):
        raise np.linalg.LinAlgError("not positive definite")
    return made.T.copy()


def inverse_of(bend: Floats, least: float) -> tuple[Floats, float]:
    """The inverse of a curvature that is taken as ``least`` where it is less; its log volume.

    The volume is the sum of the logs of the roots.
    """
    if math.isnan(_rooted(bend, -least)[1]):
        roots, axes = np.linalg.eigh(bend)
        roots = np.maximum(roots, least)
        return (axes / roots) @ axes.T, float(np.log(roots).sum())
    root, volume = _rooted(bend, 0.0)
    half, made = np.empty_like(root), np.empty_like(root)
    _inverse(root, half, made)
    return made, volume


def add_weighted(rows: Floats, weights: Floats, made: Floats) -> None:
    """A symmetric matrix grows by the square of some rows, each with a weight.

    Shapes (rows, width), (rows,), (width, width).
    """
    _add(rows * weights[:, None], rows, made)


def _rooted(matrix: Floats, more: float) -> tuple[Floats, float]:
    root, volume = np.empty(matrix.shape), np.empty(1)
    _root(np.ascontiguousarray(matrix), more, 0.0, root, volume)
    return root, float(volume[0])
