"""Tables of doses and of events: what is written reads back, and both mean the same."""

from __future__ import annotations

import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.pharmacology.doses.presets import presets
from evenkeel.core.pharmacology.doses.regimens import (
    Dose,
    UnreadableRegimen,
    in_order,
    read_regimen,
)
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import reference, subject
from evenkeel.core.pharmacology.profiles.record_tables import (
    read_either,
    read_records,
    write_doses,
    write_records,
)
from evenkeel.core.pharmacology.profiles.records import (
    Record,
    happenings_of_records,
    plain_doses,
    records_of,
    routed,
)
from evenkeel.core.pharmacology.profiles.results import summarise_plan
from evenkeel.core.pharmacology.profiles.simulate import happenings, pieces_of
from evenkeel.core.pharmacology.systems.timeline import collected

OTTO = model_named("otto_2021_s_ketamine_iv")
PEREZ = model_named("perez_ruixo_2021_esketamine")

numbers = st.floats(0.0, 1e4, allow_nan=False)
doses = st.lists(
    st.builds(
        Dose,
        time_h=st.floats(-100.0, 1e4),
        route=st.sampled_from(["iv", "intranasal"]),
        amount_mg=numbers,
        duration_h=numbers,
        of_dose=st.sampled_from([{}, {"NSPRAY": 2.0}, {"DEVICE": 3.0}]),
    ),
    min_size=1,
    max_size=6,
).map(in_order)
records = st.lists(
    st.builds(
        Record,
        line=st.just(0),
        time_h=st.floats(0.0, 1e3),
        evid=st.sampled_from([1, 4]),
        route=st.just("iv"),
        amount_mg=st.floats(0.1, 100.0),
        duration_h=st.one_of(st.just(0.0), st.floats(0.01, 10.0)),
        every_h=st.floats(1.0, 48.0),
        additional=st.integers(0, 5),
        steady=st.integers(0, 2),
    ),
    min_size=1,
    max_size=6,
).map(lambda found: tuple(sorted(found, key=lambda each: each.time_h)))


@given(doses)
def test_a_table_of_doses_reads_back_to_the_last_digit(given_doses):
    assert read_regimen(write_doses(given_doses)) == given_doses


@given(doses)
def test_the_same_doses_read_back_from_events(given_doses):
    read = read_records(write_records(records_of(given_doses)))
    assert plain_doses(read) == given_doses


@given(records)
def test_events_read_back_to_the_last_digit(given_records):
    read = read_records(write_records(given_records))
    assert [(r.evid, r.time_h, r.amount_mg, r.duration_h, r.every_h, r.additional, r.steady)
            for r in read] == [
        (r.evid, r.time_h, r.amount_mg, r.duration_h, r.every_h, r.additional, r.steady)
        for r in given_records
    ]  # fmt: skip


@given(st.text(max_size=200))
@settings(max_examples=200)
def test_any_text_is_read_or_refused(text):
    for table in (text, f"TIME,AMT,EVID,ROUTE\n{text}", f"time_h,route,amount_mg\n{text}"):
        with suppress(UnreadableRegimen):
            made, read = read_either(table, OTTO)
            assert read
            assert made is None or made


@pytest.mark.parametrize("preset", presets().values(), ids=lambda each: each.id)
def test_every_preset_is_the_same_in_both_tables(preset):
    given_doses = preset.doses(80.0)
    assert read_either(write_doses(given_doses), PEREZ)[0] == given_doses
    assert read_either(write_records(records_of(given_doses)), PEREZ)[0] == given_doses


def concentrations(who, plan, times):
    pieces = pieces_of(who, plan, times)
    return collected(pieces, times.size, len(who.analytes))


def test_a_steady_state_is_a_long_past_of_doses():
    """Also by the nose, where one dose reaches two places, one of them over a while."""
    who = subject(PEREZ, reference(PEREZ, {}))
    steady = Record(line=2, time_h=0.0, route="intranasal", amount_mg=56.0, every_h=12.0, steady=1)
    past = [Dose(time_h=-12.0 * k, route="intranasal", amount_mg=56.0) for k in range(200)]
    times = np.linspace(0.01, 30.0, 50)
    found = concentrations(who, happenings_of_records(who, [steady]), times)
    expected = concentrations(who, happenings(who, past), times)
    assert np.abs(found - expected).max() <= 1e-9 * expected.max()


def test_a_reset_forgets_and_its_area_is_counted():
    who = subject(OTTO, reference(OTTO, {}))
    table = "TIME,EVID,AMT,RATE,II,ADDL,CMT\n0,1,40,60,0,0,1\n5,3,0,0,0,0,.\n8,4,20,0,2,1,1\n"
    read = routed(read_records(table), OTTO)
    plan = happenings_of_records(who, read)
    times = np.linspace(0.0, 20.0, 200_001)
    found = concentrations(who, plan, times)[:, 0]
    assert found[60_000] == 0.0
    # The trapezoid of a fine grid, which jumps at a bolus by half a step.
    area = float(np.trapezoid(found, times))
    made = summarise_plan(who, plan, until_h=20.0)[0]
    assert made.area == pytest.approx(area, rel=1e-4)
    alone = summarise_plan(
        who, happenings(who, [Dose(time_h=8.0, route="iv", amount_mg=20.0)]), until_h=9.9
    )[0]
    assert made.peak == pytest.approx(max(found.max(), alone.peak), rel=1e-3)
    assert math.isfinite(made.peak_at_h)


def test_an_endless_infusion_ends_at_its_record():
    who = subject(OTTO, reference(OTTO, {}))
    read = read_records("TIME,EVID,AMT,RATE,SS,ROUTE\n2,1,0,10,1,iv\n")
    times = np.array([1.0, 2.5, 500.0])
    found = concentrations(who, happenings_of_records(who, read), times)[:, 0]
    # At balance a concentration is rate over clearance (95.2 L/h); half an hour later it is less.
    assert found[0] == 0.0
    assert 0.5 * 1000 * 10 / 95.2 < found[1] < 1000 * 10 / 95.2
    assert found[2] < 1e-6
