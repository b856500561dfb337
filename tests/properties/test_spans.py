"""What lets percentiles pass people over: how far a value may be from a guess in a span."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from evenkeel.core.pharmacology.kernels.columns import part, sift, two_at
from evenkeel.core.pharmacology.kernels.paths import onward

PEOPLE, INSIDE = 24, np.linspace(0.0, 1.0, 41)


@njit(error_model="numpy")
def _onward(amounts, before, fades, rates, modes, scale, hours, more, value, sag, doubt):
    onward(
        amounts.ctypes.data, before.ctypes.data, fades.ctypes.data, rates.ctypes.data,
        modes.ctypes.data, modes.size, 8 * value.size, scale, hours, -np.log(scale),
        more.ctypes.data, value.ctypes.data, sag[0].ctypes.data, sag[1].ctypes.data,
        doubt.ctypes.data, value.size,
    )  # fmt: skip


@njit(error_model="numpy")
def _part(begins, ends, sag, doubt, scale, bands, marks, below):
    part(
        begins.ctypes.data, ends.ctypes.data, sag[0].ctypes.data, sag[1].ctypes.data,
        doubt.ctypes.data, doubt.size, scale, bands.ctypes.data, bands.shape[0],
        marks.ctypes.data, marks.shape[1], below.ctypes.data,
    )  # fmt: skip


@njit(error_model="numpy")
def _sift(values, low, high, found, place):
    return sift(values.ctypes.data, values.size, low, high, found.ctypes.data, place.ctypes.data)


@njit(error_model="numpy")
def _two_at(values, count, rank):
    two_at(values.ctypes.data, count, rank)


def spans(seed, count, widest):
    """People with modes of any sign through a span: what the kernel tells, and every value.

    widest: powers of e by which a mode fades in the span, once what all have in common is made up.
    """
    random = np.random.default_rng(seed)
    hours, shift = 10.0 ** random.uniform(-1.0, 1.0), random.uniform(0.0, 0.7) * widest
    rates = (random.uniform(0.0, 1.0, (count, PEOPLE)) ** 3) * widest / hours
    amounts = random.normal(size=(count, PEOPLE)) * 10.0 ** random.uniform(-2, 2, (count, PEOPLE))
    more = random.normal(size=PEOPLE) * random.integers(0, 2)
    before = random.uniform(0.1, 1.0, rates.shape)
    begins = amounts * before
    value, sag, doubt = np.empty(PEOPLE), np.empty((2, PEOPLE)), np.empty(PEOPLE)
    scale = float(np.exp(shift))
    kept = amounts.copy()
    _onward(
        kept, before, np.exp(-rates * hours), rates, np.arange(count), scale, hours, more, value,
        sag, doubt,
    )  # fmt: skip
    np.testing.assert_array_equal(kept, begins)
    faded = np.exp(-INSIDE[:, None, None] * rates * hours)
    exact = ((begins * faded).sum(axis=1) + more) * np.exp(shift * INSIDE)[:, None]
    largest = (np.abs(begins).sum(axis=0) + np.abs(more)) * scale
    return begins.sum(axis=0) + more, value, sag, doubt, scale, exact, largest


def cubic(begin, end, sag, sag_end):
    """The straight line less 4 s (1 - s) times what goes from one sag to the other."""
    s = INSIDE[:, None]
    return begin + (end - begin) * s - 4.0 * s * (1.0 - s) * (sag + (sag_end - sag) * s)


@pytest.mark.parametrize("count", [0, 1, 3, 5, 6, 9])
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), widest=st.sampled_from([1e-3, 0.3, 2.0, 9.0, 40.0]))
def test_a_value_is_never_farther_from_the_guess_than_told(count, seed, widest):
    begin, end, sag, doubt, scale, exact, largest = spans(seed, count, widest)
    np.testing.assert_allclose(end * scale, exact[-1], rtol=1e-9, atol=0.0 + 1e-12 * largest.max())
    off = np.abs(exact - cubic(begin, end * scale, *sag))
    room = 4.0 * (INSIDE * (1.0 - INSIDE))[:, None] * doubt
    assert (off <= room + 1e-12 * largest).all()


def test_the_guess_is_no_looser_than_it_must_be():
    """Of a single mode that fades a little, the bound is reached at the ends of the span."""
    _, _, sag, doubt, _, exact, _ = spans(1, 1, 0.3)
    begin, end = exact[0], exact[-1]
    off = np.abs(exact - cubic(begin, end, *sag))[1:-1]
    room = (4.0 * (INSIDE * (1.0 - INSIDE))[:, None] * doubt)[1:-1]
    assert (off / room).max() >= 0.85


@settings(max_examples=80)
@given(seed=st.integers(0, 2**32), widest=st.sampled_from([0.3, 2.0, 9.0]), bands=st.integers(1, 3))
def test_whoever_crosses_a_band_is_marked_and_whoever_is_below_is_counted(seed, widest, bands):
    begin, end, sag, doubt, scale, exact, _ = spans(seed, 3, widest)
    random = np.random.default_rng(seed)
    edges = np.zeros((bands, 10))
    exactly = []
    for row in edges:
        one, other = np.quantile(begin, random.random()), np.quantile(exact[-1], random.random())
        wide = np.abs(exact).max() * 10.0 ** random.uniform(-3.0, -1.0)
        bow, bow_end = random.normal(size=2) * wide
        for at, side in ((0, -1.0), (4, 1.0)):
            low, high = one + side * wide, other + side * wide
            row[at : at + 4] = low, 2 * low + high - 4 * bow, low + 2 * high - 4 * bow_end, high
        exactly.append([cubic(one + s * wide, other + s * wide, bow, bow_end) for s in (-1.0, 1.0)])
    marks = np.zeros((bands, -(-PEOPLE // 8)), dtype=np.uint8)
    below = np.zeros((bands, 8), dtype=np.int64)
    _part(begin, end, sag, doubt, scale, edges, marks, below)
    for row, counted, (low, high) in zip(marks, below, exactly, strict=True):
        crosses = np.unpackbits(row, bitorder="little")[:PEOPLE].astype(bool)
        under, over = (exact < low).all(axis=0), (exact > high).all(axis=0)
        assert (crosses | under | over).all()
        # Nobody is both, so whoever is counted is not marked, and lies below.
        assert counted.sum() <= under.sum()
        assert counted.sum() == PEOPLE - crosses.sum() - (over & ~crosses).sum()


@given(
    values=st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5, np.inf]), min_size=1, max_size=60),
    low=st.floats(0.0, 3.0), width=st.floats(0.0, 3.0),
)  # fmt: skip
def test_sifting_keeps_what_lies_between_in_order(values, low, width):
    column = np.full(-(-len(values) // 8) * 8, np.inf)
    column[: len(values)] = values
    found, place = np.full(column.size + 8, np.nan), np.zeros(1, dtype=np.int64)
    kept = _sift(column, low, low + width, found, place)
    expected = column[(column >= low) & (column < low + width)]
    np.testing.assert_array_equal(found[:kept], expected)
    assert place[0] == (column < low).sum()


@given(values=st.lists(st.sampled_from([0.0, 1.0, 1.5, 7.0]), min_size=1, max_size=40))
def test_two_neighbours_among_a_few_are_those_of_all_in_order(values):
    for rank in range(len(values)):
        given_values = np.concatenate([values, np.full(8, np.nan)])
        _two_at(given_values, len(values), rank)
        expected = sorted(values)
        following = expected[min(rank + 1, len(values) - 1)]
        assert (given_values[0], given_values[1]) == (expected[rank], following)
