"""When an alarm is raised, held, answered and over."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.alarms import crosses, evaluate, fold_alarms, unanswered_for, worst
from evenkeel.core.monitoring.fold import in_order
from evenkeel.core.monitoring.rules import Limit, with_order

from .timeline import IV, at, event, pressure, sign

ORDER = Limit(
    sign="pressure", side="above", priority=e.Priority.MEDIUM, set_by="order of Dr Mockridge",
    source=IV.source("proposal"), systolic=Decimal(160), diastolic=Decimal(100),
)  # fmt: skip
LIMITS = with_order(IV.limits, (ORDER,))


def run(*samples, acks=(), limits=LIMITS):
    """All events made by these samples in the order they come in."""
    made = list(acks)
    for sample in samples:
        made += evaluate(
            limits=limits, alarms=fold_alarms(in_order(made)), sample=sample,
            recorded_at=sample.at, whose="1",
        )  # fmt: skip
    return in_order(made)


@pytest.mark.parametrize(
    ("systolic", "diastolic", "raised"),
    [
        (160, 100, None),
        (161, 100, e.Priority.MEDIUM),
        (160, 101, e.Priority.MEDIUM),
        (180, 110, e.Priority.MEDIUM),
        (181, 90, e.Priority.HIGH),
        (150, 111, e.Priority.HIGH),
        (90, 60, None),
        (89, 60, e.Priority.MEDIUM),
    ],
)
def test_a_pressure_equal_to_its_limit_is_inside(systolic, diastolic, raised) -> None:
    made = run(pressure(10, systolic, diastolic))
    assert [m.priority for m in made] == ([] if raised is None else [raised])


@pytest.mark.parametrize(
    ("name", "inside", "beyond"),
    [
        ("heart_rate", "120", "121"),
        ("heart_rate", "50", "49"),
        ("respiratory_rate", "30", "31"),
        ("respiratory_rate", "10", "9"),
        ("spo2", "95", "94.9"),
        ("sedation", "4", "3"),
    ],
)
def test_each_sign_is_watched_on_both_sides_of_its_line(name, inside, beyond) -> None:
    assert run(sign(name, 5, inside)) == ()
    assert len(run(sign(name, 5, beyond))) == 1


def test_the_alarm_says_value_limit_and_who_set_it() -> None:
    (raised,) = run(pressure(26, 166, 101))
    assert (raised.value, raised.limit, raised.set_by) == (
        "166/101", "160/100", "order of Dr Mockridge",
    )  # fmt: skip


def test_while_the_limit_stays_crossed_nothing_is_raised_again() -> None:
    made = run(*(sign("spo2", m, "90") for m in range(10)))
    assert [m.kind for m in made] == ["alarm_raised"]


def test_a_second_pressure_is_kept_as_a_repeat() -> None:
    made = run(pressure(24, 164, 102), pressure(26, 166, 101))
    assert [m.kind for m in made] == ["alarm_raised", "alarm_repeated"]
    (alarm,) = fold_alarms(made)
    assert alarm.repeats == ("166/101",)


def test_a_value_back_inside_ends_but_does_not_answer() -> None:
    made = run(sign("spo2", 1, "90"), sign("spo2", 2, "97"))
    (alarm,) = fold_alarms(made)
    assert alarm.ended_at == at(2)
    assert not alarm.is_over


@pytest.mark.parametrize("ack_at", [1.5, 3])
def test_it_is_over_when_ended_and_acknowledged_in_either_order(ack_at: float) -> None:
    (raised, *_) = run(sign("spo2", 1, "90"))
    ack = event(e.AlarmAcknowledged, ack_at, key=raised.key, by="A. Draftley")
    ended = evaluate(
        limits=LIMITS, alarms=fold_alarms([raised]), sample=sign("spo2", 2, "97"),
        recorded_at=at(2),
    )  # fmt: skip
    (alarm,) = fold_alarms(in_order([raised, ack, *ended]))
    assert alarm.is_over
    assert alarm.acknowledged_by == "A. Draftley"


def test_an_unanswered_alarm_that_is_crossed_again_goes_on_as_the_same_one() -> None:
    made = run(sign("spo2", 1, "90"), sign("spo2", 2, "97"), sign("spo2", 3, "91"))
    (alarm,) = fold_alarms(made)
    assert alarm.ended_at is None


def test_after_it_is_over_the_next_crossing_is_a_new_alarm() -> None:
    (first,) = run(sign("spo2", 1, "90"))
    ack = event(e.AlarmAcknowledged, 1.5, key=first.key)
    made = run(sign("spo2", 2, "97"), sign("spo2", 3, "90"), acks=[first, ack])
    alarms = fold_alarms(made)
    assert len(alarms) == 2
    assert [a.is_over for a in alarms] == [True, False]


def test_a_late_message_neither_ends_nor_raises() -> None:
    made = run(sign("spo2", 5, "90"), sign("spo2", 4, "97"))
    assert fold_alarms(made)[0].ended_at is None
    (first,) = run(sign("spo2", 5, "90"))
    ack = event(e.AlarmAcknowledged, 5.5, key=first.key)
    again = run(sign("spo2", 6, "97"), sign("spo2", 5.5, "90"), acks=[first, ack])
    assert [m.kind for m in again].count("alarm_raised") == 1


def test_only_the_worst_limit_raises_and_the_lower_one_takes_over_when_it_ends() -> None:
    made = run(pressure(10, 190, 100), pressure(12, 170, 95))
    assert [(m.kind, m.key) for m in made] == [
        ("alarm_raised", "pressure:above:high"),
        ("alarm_raised", "pressure:above:medium"),
        ("alarm_ended", "pressure:above:high"),
    ]


def test_a_worse_value_raises_the_higher_alarm_beside_the_lower() -> None:
    made = run(pressure(10, 165, 95), pressure(12, 185, 95))
    assert [a.priority for a in fold_alarms(made)] == [e.Priority.MEDIUM, e.Priority.HIGH]
    shown = worst(fold_alarms(made))
    assert shown is not None
    assert shown.priority is e.Priority.HIGH


def test_asking_twice_about_one_value_makes_the_same_event() -> None:
    assert run(sign("spo2", 1, "90")) == run(sign("spo2", 1, "90"))


def test_silence_answers_nothing() -> None:
    (raised,) = run(sign("spo2", 1, "90"))
    silenced = event(e.AlarmSilenced, 2, key=raised.key, until=at(4))
    (alarm,) = fold_alarms([raised, silenced])
    assert alarm.is_silent(at(3.99))
    assert not alarm.is_silent(at(4))
    assert unanswered_for(alarm, at(3)).total_seconds() == 120


@pytest.mark.parametrize(("seconds", "escalated"), [(299, False), (300, True)])
def test_a_medium_alarm_goes_on_after_five_minutes(seconds: int, escalated: bool) -> None:
    (alarm,) = fold_alarms(run(sign("spo2", 0, "90")))
    assert alarm.is_escalated(IV, at(seconds / 60)) is escalated


def test_an_order_replaces_one_limit_and_leaves_the_high_one() -> None:
    keys = [limit.key for limit in LIMITS]
    assert keys.count("pressure:above:medium") == 1
    assert keys.count("pressure:above:high") == 1


def test_an_order_taken_back_ends_its_alarm_with_the_next_value() -> None:
    (raised,) = run(pressure(10, 166, 101))
    made = evaluate(
        limits=IV.limits, alarms=fold_alarms([raised]), sample=pressure(12, 166, 101),
        recorded_at=at(12),
    )  # fmt: skip
    assert [m.kind for m in made] == ["alarm_ended"]


@given(
    values=st.lists(st.integers(80, 100), min_size=1, max_size=30), acks=st.sets(st.integers(0, 30))
)
def test_at_most_one_alarm_lives_under_a_limit_and_it_tells_the_truth(values, acks) -> None:
    made: list[e.Event] = []
    for minute, value in enumerate(values):
        sample = sign("spo2", minute, str(value))
        made += evaluate(
            limits=IV.limits,
            alarms=fold_alarms(in_order(made)),
            sample=sample,
            recorded_at=sample.at,
        )
        if minute in acks:
            made.append(event(e.AlarmAcknowledged, minute + 0.5, key="spo2:below:medium"))
        living = [a for a in fold_alarms(in_order(made)) if not a.is_over]
        assert len(living) <= 1
        limit = next(x for x in IV.limits if x.key == "spo2:below:medium")
        if crosses(limit, sample):
            assert living
            assert living[0].ended_at is None
        else:
            assert not living or living[0].ended_at is not None
