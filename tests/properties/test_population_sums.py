"""What populations come to: each person's own, by another method, and by laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import Refusal, reference, subject, values_of
from evenkeel.core.pharmacology.populations import sums
from evenkeel.core.pharmacology.populations.crowds import BAND_ENDS, Crowd, bands
from evenkeel.core.pharmacology.populations.people import draw_etas, standard_normals
from evenkeel.core.pharmacology.populations.periods import periods_of
from evenkeel.core.pharmacology.populations.sums import summaries_of, sums_of
from evenkeel.core.pharmacology.profiles.occupancy import occupancy
from evenkeel.core.pharmacology.profiles.records import Record, happenings_of_records
from evenkeel.core.pharmacology.profiles.results import summarise_plan
from evenkeel.core.pharmacology.profiles.simulate import pieces_of
from evenkeel.core.pharmacology.systems.timeline import collected

OTTO, PEREZ, SIMONS = (
    "otto_2021_s_ketamine_iv",
    "perez_ruixo_2021_esketamine",
    "simons_2022_s_ketamine_otf",
)
ROUTES = {OTTO: "iv", PEREZ: "intranasal", SIMONS: "sublingual"}
PEOPLE = 3


def crowd_of(name: str, records, people: int = PEOPLE) -> Crowd:
    model = model_named(name)
    return Crowd(
        model=model, people=people, covariates=reference(model, {}), seed=4,
        periods=periods_of(model, records),
    )  # fmt: skip


def somebody(name: str, k: int):
    model = model_named(name)
    etas = draw_etas(model, people=k + 1, seed=4)
    return subject(model, reference(model, {}), {key: float(e[k]) for key, e in etas.items()})


def dose(name: str, at: float, amount: float = 56.0, **more) -> Record:
    return Record(line=2, time_h=at, route=ROUTES[name], amount_mg=amount, **more)


@pytest.mark.parametrize("name", [OTTO, PEREZ, SIMONS])
@settings(max_examples=3)
@given(
    first=st.floats(-2.0, 3.0),
    until=st.floats(4.0, 23.0),
    every=st.floats(0.1, 5.0),
    reset=st.booleans(),
    level=st.floats(1.0, 150.0),
    lasts=st.sampled_from([0.0, 0.7, 3.0]),
)
def test_each_of_many_comes_to_what_one_comes_to(name, first, until, every, reset, level, lasts):
    """``results`` closes in on peaks and crossings by looking, to a millionth of an hour."""
    lasts = lasts if name == OTTO else 0.0
    records = [dose(name, 0.5, duration_h=lasts, every_h=every, additional=2)]
    if reset:
        records.append(dose(name, 2.0, 28.0, evid=4, every_h=every, additional=1, steady=1))
    made = sums_of(crowd_of(name, records), from_h=first, until_h=until, levels=(level,))
    for k in range(PEOPLE):
        who = somebody(name, k)
        plan = happenings_of_records(who, records)
        expected = summarise_plan(who, plan, from_h=first, until_h=until, levels=(level,))
        for place, one in enumerate(expected):
            # At a jump upwards one looks at it, and at a reset just before it, from afar.
            assert made.peak[k, place] == pytest.approx(one.peak, rel=1e-9, abs=1e-12) or (
                reset and made.peak[k, place] > one.peak
            )
            assert made.area[k, place] == pytest.approx(one.area, rel=1e-9, abs=1e-9)
            assert made.above_h[0, k, place] == pytest.approx(one.above_h[level], abs=2e-5)
            # At a steady state one peak is like the other.
            if not reset:
                assert made.peak_at_h[k, place] == pytest.approx(one.peak_at_h, abs=1e-5)


def test_the_area_of_each_is_dose_over_clearance_however_many_are_computed_at_once(monkeypatch):
    monkeypatch.setattr(sums, "AT_ONCE", 40)
    crowd = crowd_of(OTTO, [dose(OTTO, 0.0, 10.0)], people=100)
    wanted = (0.0, 5.0, 50.0, 95.0, 100.0)
    made = summaries_of(crowd, wanted, from_h=0.0, until_h=3000.0)[0]
    etas = draw_etas(crowd.model, people=100, seed=4)
    clearance = values_of(crowd.model, dict(crowd.covariates), etas)["CL"]
    expected = np.percentile(1000.0 * 10.0 / clearance, wanted)
    np.testing.assert_allclose(made.area, expected, rtol=1e-9)


def test_percentiles_of_peaks_are_not_the_peaks_of_percentiles():
    """Everybody peaks at another time, so the curve of a percentile stays below."""
    crowd = crowd_of(SIMONS, [dose(SIMONS, 0.0, 50.0)], people=30)
    times = np.arange(0.0, 12.0, 0.1)
    curve = np.concatenate([made for _, made in bands(crowd, times, (50.0,))]).max(axis=0)[:, 0]
    own = [each.peak[0] for each in summaries_of(crowd, (50.0,), from_h=0.0, until_h=12.0)]
    assert (np.array(own) > 1.0005 * curve).all()


def test_receptors_are_those_of_each_persons_own_blood():
    records = [dose(PEREZ, 0.0)]
    times = np.array([0.0, 0.5, 1.0, 4.0])
    model = model_named(PEREZ)
    mass = {name: each.molar_mass for name, each in model.outputs.items()}
    ends = []
    for k in range(PEOPLE):
        who = somebody(PEREZ, k)
        pieces = pieces_of(who, happenings_of_records(who, records), times)
        own = collected(pieces, times.size, 2)
        band = occupancy(dict(zip(model.outputs, own.T, strict=True)), mass)
        ends.append([getattr(band, end) for end in BAND_ENDS])
    expected = np.percentile(np.array(ends), (0.0, 50.0, 100.0), axis=0)
    crowd = crowd_of(PEREZ, records)
    made = np.concatenate(
        [piece for _, piece in bands(crowd, times, (0.0, 50.0, 100.0), receptors=True)]
    )
    np.testing.assert_allclose(made[:, 2:], expected.transpose(2, 1, 0), rtol=1e-9)
    plain = np.concatenate([piece for _, piece in bands(crowd, times, (0.0, 50.0, 100.0))])
    np.testing.assert_allclose(made[:, :2], plain, rtol=1e-12)


def test_what_is_not_known_of_the_typical_person_moves_everybody_alike():
    """The area is dose over clearance: with the clearance of all it moves by the same factor."""
    crowd = crowd_of(OTTO, [dose(OTTO, 0.0, 10.0)], people=20)
    moved = replace(crowd, shift={"CL": 0.3})
    before, after = (
        summaries_of(each, (5.0, 50.0, 95.0), from_h=0.0, until_h=3000.0)[0]
        for each in (crowd, moved)
    )
    np.testing.assert_allclose(after.area, before.area * np.exp(-0.3), rtol=1e-9)


def test_too_many_doses_of_all_people_are_refused_with_their_figures():
    records = [dose(OTTO, 0.0, every_h=1.0, additional=200)]
    with pytest.raises(Refusal, match="1,000,000 people with 201 doses"):
        sums_of(crowd_of(OTTO, records, people=1_000_000), from_h=0.0, until_h=1.0)
    with pytest.raises(Refusal, match="nothing to sum up"):
        sums_of(crowd_of(OTTO, records), from_h=1.0, until_h=1.0)


def test_normals_from_the_middle_of_a_stream_are_the_same():
    assert np.array_equal(
        standard_normals(7, "x", 900, 2)[250:700], standard_normals(7, "x", 450, 2, first=250)
    )
