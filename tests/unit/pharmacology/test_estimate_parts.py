"""What an estimate is made of: fractions, products with few numbers, steps within a radius."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg, optimize
from tests.support.fits import OTTO, people

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.dense import inverse_of, root_of
from evenkeel.core.pharmacology.individuals.few import few
from evenkeel.core.pharmacology.individuals.preparing import course_of
from evenkeel.core.pharmacology.individuals.rational import EXACT, ROUGH
from evenkeel.core.pharmacology.individuals.shapes import Expected
from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.library.models import Flow
from evenkeel.core.pharmacology.library.subjects import Refusal

_within = kernel("steps.within")


@pytest.mark.parametrize(("fractions", "near"), [(EXACT, 5e-14), (ROUGH, 2e-8)])
def test_the_fractions_are_the_exponential_of_every_decay(fractions, near):
    x = np.concatenate([[0.0], np.geomspace(1e-9, 1e9, 20_000)])
    real, imaginary, over, over_i, share, share_i = fractions.terms.T
    poles = real + 1j * imaginary
    made = fractions.rest + ((share + 1j * share_i) / (x[:, None] + poles)).real.sum(axis=1)
    assert np.abs(made - np.exp(-x)).max() < near
    np.testing.assert_allclose(over + 1j * over_i, 1.0 / poles, rtol=1e-15)


@pytest.mark.parametrize(("fractions", "near"), [(EXACT, 5e-12), (ROUGH, 2e-5)])
def test_a_row_of_equal_compartments_is_no_harder(fractions, near):
    """Where all rates are equal there are no modes; SciPy's exponential is the second opinion."""
    real, imaginary, _, _, share, share_i = fractions.terms.T
    for n, hours in ((2, 1.0), (3, 3.0), (5, 0.3), (5, 5.0), (5, 40.0)):
        flows = np.diag(np.full(n, 1.0)) - np.diag(np.full(n - 1, 1.0), -1)
        made = fractions.rest * np.eye(n)
        for pole, c in zip(real + 1j * imaginary, share + 1j * share_i, strict=True):
            made = made + (c * np.linalg.inv(hours * flows + pole * np.eye(n))).real
        np.testing.assert_allclose(made, linalg.expm(-hours * flows), atol=near)


@given(
    rows=st.integers(1, 6), width=st.integers(1, 6), columns=st.integers(1, 9),
    kept=st.floats(0.0, 1.0), seed=st.integers(0, 1000),
)  # fmt: skip
def test_products_with_few_numbers_are_products(rows, width, columns, kept, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((rows, width)) * (rng.random((rows, width)) < kept)
    some = rng.standard_normal((columns, width))
    np.testing.assert_allclose(few(matrix).times(some), some @ matrix.T, atol=1e-12)


def within(slope, bend, radius):
    width = slope.size
    step, depth = np.zeros((1, width)), np.empty(1)
    _within(
        slope[None], bend[None], np.array([radius]), np.empty((width, width)), np.empty(width),
        step, depth,
    )  # fmt: skip
    return step[0], depth[0]


@given(
    width=st.integers(1, 9), lowest=st.floats(-5.0, 5.0), radius=st.floats(0.01, 10.0),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_a_step_ends_at_the_lowest_point_within_its_radius(width, lowest, radius, seed):
    """As low as any point that is nearer by a tenth: a step may end short of its radius."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((width, width)))[0]
    roots = np.sort(lowest + 4.0 * rng.random(width))
    bend = (axes * roots) @ axes.T
    bend = 0.5 * (bend + bend.T)
    slope = rng.standard_normal(width)
    step, depth = within(slope, bend, radius)
    length = np.linalg.norm(step)
    assert length <= 1.0001 * radius
    if roots[0] > 1e-3:
        bottom = -np.linalg.solve(bend, slope)
        assert depth == pytest.approx(-0.5 * slope @ bottom, rel=1e-8)
        if np.linalg.norm(bottom) <= radius:
            np.testing.assert_allclose(step, bottom, rtol=1e-8)
            return
    elif roots[0] < -1e-3:
        assert depth == np.inf
    # No point within the radius lies lower, but for what a shorter radius explains.
    fell = slope @ step + 0.5 * step @ bend @ step
    others = rng.standard_normal((400, width))
    others *= 0.9 * radius * rng.random((400, 1)) / np.linalg.norm(others, axis=1)[:, None]
    best = (others @ slope + 0.5 * ((others @ bend) * others).sum(axis=1)).min()
    assert fell <= best + 1e-9 * max(1.0, abs(best))


@given(
    width=st.integers(1, 9), rows=st.integers(1, 9), radius=st.floats(0.01, 10.0),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_a_curvature_kept_as_rows_leads_where_the_whole_one_leads(width, rows, radius, seed):
    """Steps, their depth, and the radius and place that follow from how they kept their word."""
    rng = np.random.default_rng(seed)
    arms = 2.0 * rng.standard_normal((rows, width))
    z, slope, there_slope = rng.standard_normal((3, 1, width))
    value = np.array([3.0])
    whole = np.eye(width) + arms.T @ arms
    ours = Expected(z.copy(), value.copy(), slope.copy(), arms[None].copy())
    np.testing.assert_allclose(ours.bend(0), whole, rtol=1e-12, atol=1e-12)
    step, depth = ours.steps(np.array([radius]))
    bottom = -np.linalg.solve(whole, slope[0])
    assert depth[0] == pytest.approx(-0.5 * slope[0] @ bottom, rel=1e-9)
    if np.linalg.norm(bottom) <= radius:
        np.testing.assert_allclose(step[0], bottom, rtol=1e-9, atol=1e-12)
    else:
        assert 0.95 * radius <= np.linalg.norm(step[0]) <= 1.0001 * radius

        def longer(more):
            return -np.linalg.solve(whole + more * np.eye(width), slope[0])

        most = np.linalg.norm(slope) / radius
        best = longer(optimize.brentq(lambda x: np.linalg.norm(longer(x)) - radius, 0.0, most))
        least, fell = (slope[0] @ way + 0.5 * way @ whole @ way for way in (best, step[0]))
        assert fell == pytest.approx(least, rel=0.01)
    promised = -(slope[0] @ step[0] + 0.5 * step[0] @ whole @ step[0])
    for share in (1.0, 0.5, 0.1, -1.0):
        here, kept = ours.take([0]), np.array([radius])
        other = Expected(z + step, value - share * promised, there_slope, arms[None] + 1.0)
        here.judge(kept, np.array([0]), step, other)
        length = np.linalg.norm(step[0])
        wider = min(2.0 * radius, 6.0) if share == 1.0 and length > 0.9 * radius else radius
        assert kept[0] == pytest.approx(0.3 * length if share < 0.25 else wider)
        made = other if share > 0.0 else ours
        for one, wanted in zip(
            (here.z, here.value, here.slope, here.curve),
            (made.z, made.value, made.slope, made.curve), strict=True,
        ):  # fmt: skip
            np.testing.assert_allclose(one, wanted, rtol=1e-12)


def test_a_curvature_without_bottom_has_the_inverse_of_what_it_is_taken_as():
    bend = np.array([[2.0, 1.0], [1.0, 0.4]])  # one root is negative
    made, volume = inverse_of(bend, 0.1)
    roots, axes = np.linalg.eigh(bend)
    expected = (axes * np.maximum(roots, 0.1)) @ axes.T
    np.testing.assert_allclose(made @ expected, np.eye(2), atol=1e-12)
    assert volume == pytest.approx(np.log(np.linalg.det(expected)))
    made, volume = inverse_of(bend + np.eye(2), 0.1)
    np.testing.assert_allclose(made @ (bend + np.eye(2)), np.eye(2), atol=1e-12)
    assert volume == pytest.approx(np.log(np.linalg.det(bend + np.eye(2))))


@given(width=st.integers(1, 12), seed=st.integers(0, 1000))
def test_roots_and_inverses_are_those_of_the_matrix(width, seed):
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((width, width))
    matrix = half @ half.T + 0.1 * np.eye(width)
    root = root_of(matrix)
    assert not np.triu(root, 1).any()
    np.testing.assert_allclose(root @ root.T, matrix, atol=1e-12 * np.abs(matrix).max())
    made, volume = inverse_of(matrix, 1e-6)
    np.testing.assert_allclose(made, made.T, rtol=1e-12)
    np.testing.assert_allclose(made @ matrix, np.eye(width), atol=1e-9)
    assert volume == pytest.approx(np.linalg.slogdet(matrix)[1], abs=1e-9)
    with pytest.raises(np.linalg.LinAlgError):
        root_of(matrix - 2.0 * np.linalg.eigvalsh(matrix)[-1] * np.eye(width))


def test_compartments_in_a_ring_are_refused_and_not_computed_wrongly():
    model, covariates = people(OTTO)
    across = Flow(source=1, target=2, rate=model.flows[0].rate, share=None)
    with pytest.raises(Refusal, match="exchange otherwise than each with one centre"):
        course_of(
            replace(model, flows=(*model.flows, across)), covariates=covariates,
            doses=(Dose(time_h=0.0, route="iv", amount_mg=10.0),),
            analytes=("s_ketamine",), times_h=np.array([1.0]),
        )  # fmt: skip
