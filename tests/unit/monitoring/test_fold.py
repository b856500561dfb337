"""Where a treatment stands, from its events alone."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.checks import CheckState, next_check
from evenkeel.core.monitoring.fold import Phase

from .timeline import (
    NASAL,
    at,
    checked_in,
    device,
    event,
    infusion,
    pressure,
    seen,
    sign,
    spray,
)


def test_the_phases_follow_the_patient_from_door_to_door() -> None:
    story = [
        (checked_in(-30), -29, Phase.GATE),
        (event(e.GateChecked, -5, expires_at=at(25)), -4, Phase.GO),
        (infusion(0), 1, Phase.DOSING),
        (event(e.Paused, 10, reason="nausea"), 11, Phase.PAUSED),
        (event(e.Resumed, 13), 14, Phase.DOSING),
        (event(e.DoseFinished, 43, given_mg=Decimal(38)), 44, Phase.OBSERVING),
        (event(e.Left, 110, escort="Jo"), 111, Phase.LEFT),
    ]
    assert seen([], -40).phase is Phase.EXPECTED
    for upto, (_, now, phase) in enumerate(story, start=1):
        assert seen([each for each, _, _ in story[:upto]], now).phase is phase


def test_a_go_falls_back_to_the_gate_at_its_last_instant() -> None:
    events = [checked_in(), event(e.GateChecked, -5, expires_at=at(25))]
    assert seen(events, 24.99).phase is Phase.GO
    assert seen(events, 25).phase is Phase.GATE


@pytest.mark.parametrize(
    ("now", "given"), [(0, "0"), (10, "9.5"), (20, "19"), (40, "38"), (41, "38"), (500, "38")]
)
def test_an_infusion_gives_its_rate_times_its_minutes_and_never_more_than_planned(
    now: float, given: str
) -> None:
    dose = seen([checked_in(), infusion()], now).dose
    assert dose is not None
    assert dose.given_mg == Decimal(given)


def test_a_pause_gives_nothing_and_moves_the_end() -> None:
    events = [
        checked_in(),
        infusion(),
        event(e.Paused, 12, reason="nausea"),
        event(e.Resumed, 15),
    ]
    dose = seen(events, 27).dose
    assert dose is not None
    assert dose.given_mg == Decimal("22.8")  # 24 running minutes of 0.95 mg
    assert dose.expected_end == at(43)
    assert dose.planned_end == at(40)
    assert [(s.start, s.end) for s in dose.stretches] == [(at(0), at(12)), (at(15), at(27))]
    paused = seen(events[:3], 14).dose
    assert paused is not None
    assert paused.expected_end is None
    assert not paused.running


def test_a_new_rate_counts_from_its_own_minute() -> None:
    events = [checked_in(), infusion(), event(e.RateChanged, 20, rate_ml_per_h=Decimal("28.5"))]
    dose = seen(events, 30).dose
    assert dose is not None
    assert dose.given_mg == Decimal("23.75")  # 19, then 10 min of 0.475
    assert dose.expected_end == at(60)


def test_the_amount_that_closes_a_dose_outweighs_the_calculated_one() -> None:
    events = [checked_in(), infusion(), event(e.DoseStopped, 20, given_mg=Decimal(18), reason="x")]
    dose = seen(events, 30).dose
    assert dose is not None
    assert dose.given_mg == Decimal(18)
    assert dose.is_over
    assert dose.stopped_because == "x"


def test_a_spray_is_over_with_its_last_device() -> None:
    events = [checked_in(), spray(2), device(0, 1)]
    assert seen(events, 3, rules=NASAL).phase is Phase.DOSING
    state = seen([*events, device(5, 2)], 6, rules=NASAL)
    assert state.phase is Phase.OBSERVING
    assert state.dose is not None
    assert state.dose.given_mg == Decimal(56)
    assert state.dose.ended_at == at(5)


def test_a_corrected_level_stays_and_does_not_count() -> None:
    four = event(e.LevelTapped, 20, scale=e.Scale.SEDATION, level=4)
    five = event(e.LevelTapped, 10, scale=e.Scale.SEDATION, level=5)
    undo = event(e.Corrected, 20.1, supersedes=four.id, reason="undo")
    state = seen([checked_in(), infusion(), five, four, undo], 21)
    assert state.level(e.Scale.SEDATION) == five
    assert four in state.levels[e.Scale.SEDATION]
    assert state.struck == {four.id}


def test_a_dose_is_not_undone_by_a_correction() -> None:
    start = infusion()
    undo = event(e.Corrected, 1, supersedes=start.id)
    state = seen([checked_in(), start, undo], 5)
    assert state.phase is Phase.DOSING
    assert state.struck == frozenset()


_KINDS = st.sampled_from(
    [
        lambda m: event(e.LevelTapped, m, scale=e.Scale.SEDATION, level=4, id=f"s{m}"),
        lambda m: event(e.LevelTapped, m, scale=e.Scale.DISSOCIATION, level=7, id=f"d{m}"),
        lambda m: event(e.Paused, m, reason="x", id=f"p{m}"),
        lambda m: event(e.Resumed, m, id=f"r{m}"),
        lambda m: event(e.RateChanged, m, rate_ml_per_h=Decimal(30), id=f"c{m}"),
        lambda m: event(e.SymptomNoted, m, name="nausea", id=f"n{m}"),
    ]
)
_TIMELINES = st.lists(st.tuples(_KINDS, st.integers(1, 60)), max_size=12).map(
    lambda pairs: list({ev.id: ev for ev in (make(m) for make, m in pairs)}.values())
)


@given(timeline=_TIMELINES, seed=st.integers(0, 2**16), now=st.integers(0, 80))
def test_the_order_of_arrival_changes_nothing(timeline: list[e.Event], seed: int, now: int) -> None:
    events = [checked_in(), infusion(), *timeline]
    shuffled = random.Random(seed).sample(events, len(events))
    assert seen(events, now) == seen(shuffled, now)


@given(timeline=_TIMELINES, now=st.integers(1, 80), later=st.integers(0, 30))
def test_given_never_falls_and_never_passes_the_plan(
    timeline: list[e.Event], now: int, later: int
) -> None:
    events = [checked_in(), infusion(), *timeline]
    first, second = seen(events, now).dose, seen(events, now + later).dose
    assert first is not None
    assert second is not None
    assert 0 <= first.given_mg <= second.given_mg <= Decimal(38)


@given(timeline=_TIMELINES)
def test_an_event_survives_the_way_to_the_table_and_back(timeline: list[e.Event]) -> None:
    for ev in timeline:
        back = e.read_event(
            ev.kind, e.body(ev), id=ev.id, at=ev.at, recorded_at=ev.recorded_at, by=ev.by
        )
        assert back == ev


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("danced", {}, "not a kind"),
        ("left", {"escort": "Jo", "mood": "good"}, "does not have mood"),
        ("left", {"by": "somebody"}, "does not have by"),
        ("level_tapped", {"scale": "sedation", "level": 6}, "from 0 to 5"),
        ("level_tapped", {"scale": "dissociation", "level": 11}, "from 0 to 10"),
        ("level_tapped", {"scale": "sedation"}, "missing required field"),
        ("device_given", {"number": "one", "mg": "28"}, "Expected `int`"),
    ],
)
def test_stored_data_that_is_not_an_event_is_refused(kind: str, said: dict, words: str) -> None:
    with pytest.raises(e.NotAnEvent, match=words):
        e.read_event(kind, said, id="x", at=at(0), recorded_at=at(0), by="")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(e.NotAnEvent, match="zone"):
        e.Left(id="x", at=at(0).replace(tzinfo=None), recorded_at=at(0))


# --- checks ---------------------------------------------------------------------------


def _at(state, minutes):
    return next(c for c in state.checks if c.due_at == at(minutes))


def test_checks_come_every_ten_minutes_and_then_every_fifteen_after_the_end() -> None:
    events = [checked_in(), infusion(), event(e.DoseFinished, 40, given_mg=Decimal(38))]
    due = [c.due_at for c in seen(events, 75).checks if "pressure" in c.signs]
    assert due == [at(m) for m in (0, 10, 20, 30, 40, 55, 70, 85, 100)]
    assert set(_at(seen(events, 45), 40).signs) == {"pressure", "sedation", "dissociation"}


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (6.99, CheckState.AHEAD),
        (7, CheckState.DUE),
        (11, CheckState.DUE),
        (11.02, CheckState.LATE),
        (16.99, CheckState.LATE),
        (17, CheckState.MISSED),
    ],
)
def test_a_check_is_ahead_due_late_and_then_missed(now: float, state: CheckState) -> None:
    assert _at(seen([checked_in(), infusion()], now), 10).state is state


@pytest.mark.parametrize(("taken", "done"), [(6.99, False), (7, True), (16.99, True), (17, False)])
def test_a_value_counts_for_the_check_whose_window_it_falls_in(taken: float, done: bool) -> None:
    state = seen([checked_in(), infusion()], 18, [pressure(taken, 120, 80)])
    assert (_at(state, 10).state is CheckState.DONE) is done


def test_a_check_is_done_when_its_last_sign_was_seen() -> None:
    events = [checked_in(), infusion(), event(e.DoseFinished, 40, given_mg=Decimal(38))]
    state = seen(events, 42, [pressure(40, 130, 80)])
    assert _at(state, 40).left == ("sedation", "dissociation")
    taps = [
        event(e.LevelTapped, 41, scale=e.Scale.SEDATION, level=5),
        event(e.LevelTapped, 42, scale=e.Scale.DISSOCIATION, level=1),
    ]
    check = _at(seen([*events, *taps], 43, [pressure(40, 130, 80)]), 40)
    assert check.state is CheckState.DONE
    assert check.done_at == at(42)


def test_the_check_before_the_dose_is_asked_for_and_found() -> None:
    waiting = seen([checked_in()], -10)
    check = next_check(waiting.checks)
    assert check is not None
    assert check.due_at is None
    assert "pressure" in check.left
    assert "pressure" not in seen([checked_in()], -5, [pressure(-8, 120, 80)]).checks[0].left


def test_the_spray_is_checked_about_forty_minutes_after_the_first_device() -> None:
    state = seen([checked_in(), spray(1), device(0, 1)], 30, rules=NASAL)
    assert "pressure" in _at(state, 40).signs


# --- silence of a monitor --------------------------------------------------------------


@pytest.mark.parametrize(("age_s", "stale"), [(60, False), (61, True)])
def test_a_continuous_sign_goes_stale_after_a_minute(age_s: int, stale: bool) -> None:
    state = seen([checked_in(), infusion()], 10, [sign("spo2", 10 - age_s / 60, "97")])
    assert ("spo2" in state.stale) is stale


def test_a_monitor_that_never_spoke_is_out_of_touch_once_the_dose_runs() -> None:
    assert seen([checked_in(), infusion()], 0.5).stale == frozenset()
    assert "heart_rate" in seen([checked_in(), infusion()], 2).stale
    assert seen([checked_in()], -5).stale == frozenset()
