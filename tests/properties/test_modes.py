"""Modes of stars in a row, against numpy's eigenvalues and against what they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.systems.structure import structure_of

# Flows of stars in a row: one of up to four neighbours; then one fed by its centre, or its edge.
SHAPES = {
    "one": (1, []),
    "two": (2, [(0, 1), (1, 0)]),
    "three": (3, [(0, 1), (1, 0), (0, 2), (2, 0)]),
    "five": (5, [(0, k) for k in range(1, 5)] + [(k, 0) for k in range(1, 5)]),
    "depot": (3, [(0, 1), (1, 2), (2, 1)]),
    "metabolite": (5, [(0, 1), (1, 0), (0, 2), (2, 0), (0, 3), (3, 4), (4, 3)]),
    "from the edge": (5, [(0, 1), (1, 0), (1, 2), (2, 3), (3, 2), (2, 4), (4, 2)]),
}
SEEDS = st.integers(0, 2**32)


def decomposed(name, rates, outputs):
    size, flows = SHAPES[name]
    people, kinds = rates.shape[0], outputs.shape[2]
    shape = structure_of(size, flows)
    assert shape.stars
    adds_to, modes = (each.ravel() for each in np.mgrid[:kinds, :size])
    wide = -(-people // 8) * 8 + 8  # they are put behind eight others
    lam, left = np.full((size, wide), np.nan), np.full((size, size, wide), np.nan)
    weights, fine = np.zeros((modes.size, wide)), np.zeros(people, dtype=np.bool_)
    kernel("modes.decompose")(
        rates, outputs, shape.nodes, shape.starts, np.arange(size), adds_to, modes, 8,
        lam, weights, left, fine,
        np.full((size, size, 8), np.nan), np.full((size, kinds, 8), np.nan),
        np.full((5, size, 8), np.nan), np.full((10, 8), np.nan),
    )  # fmt: skip
    assert np.isnan(lam[:, :8]).all()
    mine = slice(8, 8 + people)
    of_outputs = weights[:, mine].T.reshape(people, kinds, size)
    return lam[:, mine].T, of_outputs, left[:, :, mine].transpose(2, 1, 0), fine


def matrices(name, people, seed):
    """Rates, 1/h, shape (people, n, n), over six powers of ten; the last compartment empties."""
    size, flows = SHAPES[name]
    random = np.random.default_rng(seed)
    made = np.zeros((people, size, size))
    for one in made:
        for source, target in flows:
            flow = 10.0 ** random.uniform(-3.0, 3.0)
            one[target, source] += flow
            one[source, source] -= flow
        for place in range(size):
            if place == size - 1 or random.random() < 0.5:
                one[place, place] -= 10.0 ** random.uniform(-3.0, 3.0)
    return made


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=20)
@given(people=st.integers(1, 19), seed=SEEDS)
def test_modes_are_eigenvalues_and_make_up_the_propagator(name, people, seed):
    size = SHAPES[name][0]
    rates = matrices(name, people, seed)
    outputs = np.tile(np.eye(size), (people, 1, 1))
    lam, weights, left, fine = decomposed(name, rates, outputs)
    for one in np.flatnonzero(fine):
        roots = np.sort(-np.linalg.eigvals(rates[one]).real)
        scale = np.abs(rates[one]).max()
        assert np.abs(np.sort(lam[one]) - roots).max() <= 1e-11 * scale
        # However large the parts are of which it is made, what is lost of it stays in proportion.
        parts = np.abs(weights[one]) @ np.abs(left[one])
        hours = 1.0 / roots[size // 2]
        made = weights[one] @ (np.exp(-lam[one] * hours)[:, None] * left[one])
        assert (np.abs(made - expm(rates[one] * hours)) <= 1e-10 * (parts + 1.0)).all()


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=15)
@given(people=st.integers(2, 12), seed=SEEDS, odd=st.sets(st.integers(0, 11)))
def test_nobody_is_changed_by_who_stands_beside(name, people, seed, odd):
    rates = matrices(name, people, seed)
    outputs = np.ones((people, SHAPES[name][0], 2))
    # Some have rates that coincide, and one has none at all.
    for one in odd:
        if one < people:
            rates[one] = -np.eye(SHAPES[name][0])
    rates[seed % people] = 0.0
    lam, weights, left, fine = decomposed(name, rates, outputs)
    for one in range(people):
        part = slice(one, one + 1)
        alone = decomposed(name, rates[part], outputs[part])
        assert fine[one] == alone[3][0]
        np.testing.assert_array_equal(lam[one], alone[0][0])
        if fine[one]:
            np.testing.assert_array_equal(weights[one], alone[1][0])
            np.testing.assert_array_equal(left[one], alone[2][0])
        else:
            assert not weights[one].any()
