"""A treatment's events as the portions that a model reads: given so far, planned from here."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.doses import fold_dose
from evenkeel.core.monitoring.portions import planned_infusion, planned_spray, portions_of
from evenkeel.core.pharmacology.shown.serving import Portion

START = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)
_ids = count()


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def event(kind, minutes: float, **said):
    return kind(id=str(next(_ids)), at=at(minutes), recorded_at=at(minutes), **said)


def infusion(*more, mg="38", rate="57", strength="1"):
    return [
        event(e.DoseStarted, 0, route="iv", planned_mg=D(mg), rate_ml_per_h=D(rate),
              mg_per_ml=D(strength)),
        *more,
    ]  # fmt: skip


def spray(*minutes: float, devices=3):
    return [
        event(e.DoseStarted, 0, route="nasal", planned_mg=D(28 * devices), devices=devices),
        *(
            event(e.DeviceGiven, minute, number=k, mg=D(28))
            for k, minute in enumerate(minutes, start=1)
        ),
    ]


def portions(events, now: float):
    dose = fold_dose([each for each in events if each.at <= at(now)], at(now))
    assert dose is not None
    return portions_of(dose, at(now), device_mg=D(28), apart_minutes=5)


def test_a_plan_is_one_infusion_or_devices_at_their_interval():
    assert planned_infusion(D(38), 40).portions == (Portion(after_s=0, mg=38.0, lasts_s=2400),)
    assert planned_spray(D(28), 3, 5).portions == (
        Portion(after_s=0, mg=28.0, device=1),
        Portion(after_s=300, mg=28.0, device=2),
        Portion(after_s=600, mg=28.0, device=3),
    )


@pytest.mark.parametrize("now", [0, 0.001, 7, 39.9, 40, 55])
def test_an_infusion_that_runs_is_the_same_line_at_any_minute(now):
    assert portions(infusion(), now).portions == (Portion(after_s=0, mg=38.0, lasts_s=2400),)


def test_a_pause_a_new_rate_and_what_is_still_to_come():
    """57 mL/h of 1 mg/mL: 9.5 mg in 10 min; at 28.5 mL/h the other 28.5 mg take 60 min."""
    events = infusion(
        event(e.Paused, 10),
        event(e.Resumed, 15),
        event(e.RateChanged, 15, rate_ml_per_h=D("28.5")),
    )
    assert portions(events, 30).portions == (
        Portion(after_s=0, mg=9.5, lasts_s=600),
        Portion(after_s=900, mg=28.5, lasts_s=3600),
    )


def test_while_paused_nothing_is_taken_to_come():
    found = portions(infusion(event(e.Paused, 10)), 12)
    assert found.portions == (Portion(after_s=0, mg=9.5, lasts_s=600),)
    assert found.words.startswith("Paused")


def test_a_stopped_infusion_is_what_went_in():
    events = infusion(event(e.DoseStopped, 20, given_mg=D(19), reason="pressure"))
    assert portions(events, 90).portions == (Portion(after_s=0, mg=19.0, lasts_s=1200),)


@pytest.mark.parametrize(
    ("given", "drawn"), [("17.2", True), ("17.0", False), ("21.1", True), ("21.2", False)]
)
def test_the_closed_account_says_how_much_unless_it_tells_another_story(given, drawn):
    """20 min at 0.95 mg/min are 19 mg; a tenth of the larger is the most that they may differ."""
    found = portions(infusion(event(e.DoseStopped, 20, given_mg=D(given), reason="x")), 90)
    if drawn:
        assert found.portions == (Portion(after_s=0, mg=float(given), lasts_s=1200),)
    else:
        assert found.portions == ()
        assert given.rstrip("0").rstrip(".") in found.why_not
        assert "19" in found.why_not


def test_nothing_given_is_no_line():
    stopped = event(e.DoseStopped, 0, given_mg=D(0), reason="line out")
    assert portions(infusion(stopped), 5).why_not == "Nothing was given."


def test_devices_stand_where_they_were_used_and_the_rest_at_its_earliest():
    found = portions(spray(0, 7), 8).portions
    assert [(each.after_s, each.device) for each in found] == [(0, 1), (420, 2), (720, 3)]


def test_a_device_that_waits_is_not_drawn_as_given():
    found = portions(spray(0), 9.5).portions
    assert [each.after_s for each in found] == [0, 600, 900]
    assert portions(spray(0), 9.9).portions == found  # and the line does not change each second


def test_a_spray_that_was_stopped_has_nothing_to_come():
    events = [*spray(0), event(e.DoseStopped, 4, given_mg=D(28), reason="no more")]
    assert portions(events, 60).portions == (Portion(after_s=0, mg=28.0, device=1),)


@given(
    steps=st.lists(st.tuples(st.integers(1, 9), st.integers(10, 200)), max_size=6),
    now=st.integers(0, 120),
)
def test_portions_never_come_to_more_than_the_plan_and_agree_with_the_account(steps, now):
    """A law: what was given and what is to come make the plan; what is past is the account."""
    events, minute = infusion(), 0
    for wait, rate in steps:
        minute += wait
        events.append(event(e.RateChanged, minute, rate_ml_per_h=D(rate)))
    found = portions(events, now).portions
    assert sum(each.mg for each in found) == pytest.approx(38, abs=0.005)
    dose = fold_dose([each for each in events if each.at <= at(now)], at(now))
    past = sum(each.mg * min(max((now * 60 - each.after_s) / each.lasts_s, 0), 1) for each in found)
    # Portions are whole seconds; at 200 mg/h a second is 0.06 mg.
    assert past == pytest.approx(float(dose.given_mg), abs=0.06 * (len(steps) + 1))


def test_nothing_that_decides_loads_what_a_model_expects():
    """Alarms, checks, gates and leaving do not know that there are curves."""
    code = (
        "import sys\n"
        "from evenkeel.core.monitoring import alarms, checks, fold, gate, leaving, rules\n"
        "print([m for m in sys.modules if m.endswith(('.portions', '.expected', '.serving'))])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
