"""How well typical values are known: scales, draws, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from evenkeel.core.kernel.content import ContentFault
from evenkeel.core.pharmacology.library.models import model_named, models
from evenkeel.core.pharmacology.library.subjects import Refusal, reference, values_of
from evenkeel.core.pharmacology.library.uncertainty import UncertaintyFile, read_uncertainty
from evenkeel.core.pharmacology.populations.replicates import assumed_uncertainty, interval, shifts

OTTO = model_named("otto_2021_s_ketamine_iv")
PEREZ = model_named("perez_ruixo_2021_esketamine")
SAID = {"source": "a paper", "at": "Table 2", "mark": "seen", "status": "draft"}


def read(**more):
    file = msgspec.convert({**SAID, **more}, UncertaintyFile)
    return read_uncertainty(
        file, model="m", parameters={"CL": 10.0, "F": 0.4}, names=["CL", "F", "V"], logit=["F"]
    )


def test_replicates_have_the_standard_error_that_was_said():
    """Of a lognormal the relative standard deviation is the one said, and the median stays."""
    doubt = assumed_uncertainty(OTTO, {"CL": 30.0, "V1": 10.0})
    drawn = shifts(doubt, model=OTTO.id, replicates=20_000, seed=1)
    typical = values_of(OTTO, reference(OTTO, {}))
    for name, share in (("CL", 0.30), ("V1", 0.10)):
        values = typical[name] * np.exp([each[name] for each in drawn])
        assert np.std(values) / np.mean(values) == pytest.approx(share, rel=0.03)
        assert np.median(values) == pytest.approx(typical[name], rel=4 * 1.25 * share / 141)


def test_of_a_share_the_error_stays_what_was_said_and_no_share_leaves_0_to_1():
    doubt = assumed_uncertainty(PEREZ, {"FRn": 5.0})
    drawn = shifts(doubt, model=PEREZ.id, replicates=4000, seed=1)
    shares = np.array(
        [values_of(PEREZ, {**reference(PEREZ, {}), "NSPRAY": 1.0, "DEVICE": 0.0}, each)["FRn"]
         for each in drawn]
    )  # fmt: skip
    assert shares.std() == pytest.approx(0.05 * 0.54, rel=0.05)
    wide = assumed_uncertainty(PEREZ, {"FRn": 200.0})
    for each in shifts(wide, model=PEREZ.id, replicates=50, seed=1):
        known = {**reference(PEREZ, {}), "NSPRAY": 1.0, "DEVICE": 0.0}
        assert 0.0 < values_of(PEREZ, known, each)["FRn"] < 1.0


def test_a_replicate_is_the_same_however_many_there_are():
    doubt = assumed_uncertainty(OTTO, {"CL": 30.0, "V1": 10.0})
    few, many = (shifts(doubt, model=OTTO.id, replicates=n, seed=2) for n in (5, 500))
    assert few == many[:5]
    assert few != shifts(doubt, model=OTTO.id, replicates=5, seed=3)


def test_a_covariance_is_drawn_as_it_stands():
    doubt = read(parameters=["CL", "V"], covariance=[[0.04, 0.015], [0.015, 0.01]])
    drawn = shifts(doubt, model="m", replicates=50_000, seed=1)
    found = np.cov([[each[name] for each in drawn] for name in ("CL", "V")])
    np.testing.assert_allclose(found, doubt.covariance, rtol=0.05)
    assert doubt.source is not None
    assert str(doubt.status) == "draft"


def test_the_interval_is_the_middle_of_the_replicates():
    low, high = interval([np.array([float(k), 2.0]) for k in range(101)], 90.0)
    assert low.tolist() == [5.0, 2.0]
    assert high.tolist() == [95.0, 2.0]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"parameters": ["X"], "relative_se_percent": [5.0]}, "X, which is no parameter"),
        ({"parameters": ["CL"]}, "one of them"),
        ({"parameters": ["CL"], "relative_se_percent": [5.0], "covariance": [[1.0]]}, "one of"),
        ({"parameters": ["CL"], "relative_se_percent": [0.0]}, "above 0"),
        ({"parameters": ["CL", "V"], "relative_se_percent": [5.0]}, "for each parameter"),
        ({"parameters": ["CL", "V"], "covariance": [[1.0]]}, "must be 2 by 2"),
        ({"parameters": ["CL", "V"], "covariance": [[1.0, 0.5], [0.4, 1.0]]}, "symmetric"),
        ({"parameters": ["CL", "V"], "covariance": [[1.0, 2.0], [2.0, 1.0]]}, "negative"),
    ],
)
def test_content_that_means_nothing_does_not_load(told, words):
    with pytest.raises(ContentFault, match=words):
        read(**told)


def test_a_per_cent_of_a_share_that_follows_from_others_says_nothing():
    derived = replace(
        PEREZ, parameters={k: v for k, v in PEREZ.parameters.items() if k != "FRn"},
        derived={**PEREZ.derived, "FRn": PEREZ.derived["kel"]},
    )  # fmt: skip
    with pytest.raises(Refusal, match="logit scale"):
        assumed_uncertainty(derived, {"FRn": 5.0})


def test_no_model_here_carries_standard_errors_that_nobody_gave():
    """None is among the facts; a content that has one needs a source, a place and a status."""
    for model in models().values():
        assert model.uncertainty is None or model.uncertainty.source is not None
