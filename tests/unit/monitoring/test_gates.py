"""The gate before the dose and the gate to leave: each condition, each answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from evenkeel.core.kernel.verdicts import Verdict, judge, no, unknown, yes
from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.asked import GateFacts
from evenkeel.core.monitoring.conditions import Standing, in_words
from evenkeel.core.monitoring.gate import GATE_CONDITIONS, Gate, day_gate
from evenkeel.core.monitoring.leaving import Leave, leave_gate
from evenkeel.core.monitoring.rules import all_rules

from .timeline import (
    IV,
    NASAL,
    at,
    checked_in,
    device,
    event,
    infusion,
    pressure,
    seen,
    spray,
)

ZONE = ZoneInfo("America/New_York")  # START is 13:15 there
GOOD = GateFacts(
    safeguards=yes("none"),
    consent_treatment=yes("given"),
    consent_off_label=yes("given"),
    prescriber_on_site="Dr S. Mockridge",
    prescriber_since=at(-300),
    age_years=45,
    sex="male",
)
SAID: dict[str, dict[str, str]] = {
    "fasting": {"food_at": at(-600).isoformat(), "drink_at": at(-600).isoformat()},
    "escort": {"name": "Jo"},
    "suicidality": {"answer": "none"},
    "oximeter": {"answer": "checked"},
    "enrolment": {"answer": "confirmed"},
    "nasal_spray": {"answer": "none"},
}


def gate(
    *, said: dict[str, dict[str, str]] | None = None, facts: GateFacts = GOOD, rules: Any = IV,
    readings: Any = None, now: float = 0, more: list[e.Event] | None = None,
) -> Gate:  # fmt: skip
    events: list[e.Event] = [checked_in()]
    events += [
        event(e.Answered, -20, condition=key, values=values)
        for key, values in (SAID if said is None else said).items()
    ]
    taken = [pressure(-10, 128, 82)] if readings is None else readings
    state = seen([*events, *(more or [])], now, taken, rules)
    return day_gate(state=state, facts=facts, rules=rules, zone=ZONE)


def standing(found: Gate | Leave, key: str) -> Standing:
    return next(c.standing for c in found.conditions if c.key == key)


def with_(condition: str, **values: str) -> dict[str, dict[str, str]]:
    return {**SAID, condition: values}


def without(condition: str) -> dict[str, dict[str, str]]:
    return {key: values for key, values in SAID.items() if key != condition}


def test_every_condition_of_every_rules_file_has_a_maker() -> None:
    for rules in all_rules().values():
        assert set(rules.file.gate.conditions) <= GATE_CONDITIONS


@pytest.mark.parametrize("rules", [IV, NASAL])
def test_everything_met_is_a_go_until_the_pressure_is_old(rules: Any) -> None:
    found = gate(rules=rules)
    assert found.is_go, found.why_not
    assert found.go_until == at(20)
    assert gate(rules=rules, now=19.9).is_go
    assert not gate(rules=rules, now=20.1).is_go


_VERDICTS: list[tuple[Verdict, Standing]] = [
    (yes("x"), Standing.MET),
    (no("x"), Standing.NOT_MET),
    (unknown("x"), Standing.UNKNOWN),
    (judge("x", role="prescriber"), Standing.JUDGE),
]


@pytest.mark.parametrize("key", ["safeguards", "consent_treatment", "consent_off_label"])
@pytest.mark.parametrize(("verdict", "expected"), _VERDICTS)
def test_what_other_rooms_say_is_taken_as_it_is(
    key: str, verdict: Verdict, expected: Standing
) -> None:
    found = gate(facts=replace(GOOD, **{key: verdict}))
    assert standing(found, key) is expected
    assert found.is_go is verdict.is_yes


@pytest.mark.parametrize(
    ("systolic", "diastolic", "expected"),
    [
        (140, 90, Standing.MET),
        (141, 90, Standing.JUDGE),
        (140, 91, Standing.JUDGE),
    ],
)
def test_the_labels_guide_is_a_judgement_above_140_90(
    systolic: int, diastolic: int, expected: Standing
) -> None:
    found = gate(readings=[pressure(-10, systolic, diastolic)])
    assert standing(found, "pressure") is expected


def test_a_pressure_that_was_not_measured_is_unknown_and_an_old_one_does_not_count() -> None:
    assert standing(gate(readings=[]), "pressure") is Standing.UNKNOWN
    assert standing(gate(readings=[pressure(-30, 120, 80)]), "pressure") is Standing.MET
    assert standing(gate(readings=[pressure(-30.1, 120, 80)]), "pressure") is Standing.NOT_MET


@pytest.mark.parametrize(
    ("rules", "food", "drink", "expected"),
    [
        (IV, 360, 120, Standing.MET),
        (IV, 359, 120, Standing.NOT_MET),
        (IV, 360, 119, Standing.NOT_MET),
        (NASAL, 120, 30, Standing.MET),
        (NASAL, 119, 30, Standing.NOT_MET),
        (NASAL, 120, 29, Standing.NOT_MET),
    ],
)
def test_food_and_drink_on_both_sides_of_their_hours(
    rules: Any, food: int, drink: int, expected: Standing
) -> None:
    said = with_("fasting", food_at=at(-food).isoformat(), drink_at=at(-drink).isoformat())
    assert standing(gate(said=said, rules=rules), "fasting") is expected


@pytest.mark.parametrize(
    ("said", "key", "expected"),
    [
        (without("fasting"), "fasting", Standing.UNKNOWN),
        (with_("fasting", food_at="", drink_at=""), "fasting", Standing.UNKNOWN),
        (with_("fasting", food_at="06:30", drink_at="nonsense"), "fasting", Standing.UNKNOWN),
        (without("escort"), "escort", Standing.UNKNOWN),
        (with_("escort", name=" "), "escort", Standing.NOT_MET),
        (with_("escort", name="Jo"), "escort", Standing.MET),
        (without("suicidality"), "suicidality", Standing.UNKNOWN),
        (with_("suicidality", answer="present"), "suicidality", Standing.JUDGE),
        (with_("suicidality", answer="???"), "suicidality", Standing.UNKNOWN),
        (without("oximeter"), "oximeter", Standing.UNKNOWN),
        (with_("oximeter", answer="missing"), "oximeter", Standing.NOT_MET),
        (with_("oximeter", answer="checked"), "oximeter", Standing.MET),
    ],
)
def test_each_question_has_each_answer(said: Any, key: str, expected: Standing) -> None:
    assert standing(gate(said=said), key) is expected


@pytest.mark.parametrize(
    ("said", "key", "expected"),
    [
        (without("enrolment"), "enrolment", Standing.UNKNOWN),
        (with_("enrolment", answer="not_enrolled"), "enrolment", Standing.NOT_MET),
        (with_("enrolment", answer="confirmed"), "enrolment", Standing.MET),
        (without("nasal_spray"), "nasal_spray", Standing.UNKNOWN),
        (with_("nasal_spray", used_at=at(-60).isoformat()), "nasal_spray", Standing.MET),
        (with_("nasal_spray", used_at=at(-59).isoformat()), "nasal_spray", Standing.NOT_MET),
        (with_("nasal_spray", used_at="before"), "nasal_spray", Standing.UNKNOWN),
    ],
)
def test_the_spray_asks_its_own_questions(said: Any, key: str, expected: Standing) -> None:
    assert standing(gate(said=said, rules=NASAL), key) is expected
    assert key not in {c.key for c in gate().conditions}


@pytest.mark.parametrize(
    ("sex", "age", "said", "expected"),
    [
        ("male", 30, None, Standing.NOT_APPLICABLE),
        ("female", 56, None, Standing.NOT_APPLICABLE),
        ("female", 55, None, Standing.UNKNOWN),
        ("female", None, None, Standing.UNKNOWN),
        ("unknown", 30, None, Standing.UNKNOWN),
        ("female", 30, "negative", Standing.MET),
        ("female", 30, "positive", Standing.JUDGE),
        ("female", 30, "declined", Standing.JUDGE),
        ("female", 30, "not_possible", Standing.NOT_APPLICABLE),
        ("male", 30, "positive", Standing.JUDGE),
    ],
)
def test_a_pregnancy_test_is_asked_for_unless_it_is_known_not_to_apply(
    sex: str, age: int | None, said: str | None, expected: Standing
) -> None:
    answers = SAID if said is None else with_("pregnancy", answer=said)
    found = gate(said=answers, facts=replace(GOOD, sex=sex, age_years=age))
    assert standing(found, "pregnancy") is expected


@pytest.mark.parametrize(("sex", "age"), [("male", 30), ("female", 56)])
def test_neither_sex_nor_age_answers_for_somebody_who_said_that_it_is_possible(
    sex: str, age: int
) -> None:
    told = replace(GOOD, sex=sex, age_years=age, pregnancy_possible=True)
    assert standing(gate(said=SAID, facts=told), "pregnancy") is Standing.UNKNOWN
    said = with_("pregnancy", answer="not_possible")
    assert standing(gate(said=said, facts=told), "pregnancy") is Standing.NOT_APPLICABLE


def test_without_a_prescriber_on_site_nothing_goes() -> None:
    found = gate(facts=replace(GOOD, prescriber_on_site=None))
    assert standing(found, "prescriber_on_site") is Standing.NOT_MET
    assert not found.is_go


def override(condition: str, judged: str, minute: float, gate: str = "day") -> e.Overridden:
    return event(
        e.Overridden, minute, condition=condition, judged=judged, gate=gate,
        reason="Calm, 128/82 at home", by="Dr S. Mockridge",
    )  # fmt: skip


def test_an_override_covers_one_condition_and_one_value() -> None:
    high = [pressure(-10, 150, 92, id="first")]
    asked = next(c for c in gate(readings=high).conditions if c.key == "pressure")
    signed = override("pressure", asked.judged, -5)
    found = gate(readings=high, more=[signed])
    assert standing(found, "pressure") is Standing.OVERRIDDEN
    assert found.is_go
    assert found.go_until == at(25)
    again = gate(readings=[*high, pressure(-4, 152, 92, id="second")], more=[signed])
    assert standing(again, "pressure") is Standing.JUDGE
    assert not gate(readings=high, more=[signed], said=without("escort")).is_go
    assert not gate(readings=high, more=[signed], now=25).is_go


def test_nobody_overrides_consent_or_an_unknown_safeguard() -> None:
    for key in ("consent_treatment", "safeguards"):
        facts = replace(GOOD, **{key: unknown("not asked")})
        asked = next(c for c in gate(facts=facts).conditions if c.key == key)
        found = gate(facts=facts, more=[override(key, asked.judged, -5)])
        assert standing(found, key) is Standing.UNKNOWN


def test_the_head_of_the_gate_counts_in_words() -> None:
    found = gate(said=without("escort"), readings=[pressure(-10, 150, 92)])
    assert in_words(found.conditions) == "1 needs a prescriber, 1 is not known, 7 are met."


# --- leaving ---------------------------------------------------------------------------


def leave(
    now: float, *, ended: float | None = 40, taps: tuple[int, int] | None = (5, 0),
    after: tuple[int, int] | None = (130, 82), judged: float | None = None, stable: bool = True,
    here: bool = True, told: bool = True, more: list[e.Event] | None = None, rules: Any = IV,
) -> Leave:  # fmt: skip
    nasal = rules is NASAL
    events: list[e.Event] = [checked_in()]
    if nasal:
        events += [spray(2), device(0, 1), device(5, 2)]
        end: float = 5
    else:
        events.append(infusion())
        end = ended if ended is not None else 0
        if ended is not None:
            events.append(event(e.DoseFinished, ended, given_mg=Decimal(38)))
    if taps is not None:
        events.append(event(e.LevelTapped, end + 40, scale=e.Scale.SEDATION, level=taps[0]))
        events.append(event(e.LevelTapped, end + 40, scale=e.Scale.DISSOCIATION, level=taps[1]))
    if here:
        events.append(
            event(e.Answered, end + 30, condition="escort_present", values={"answer": "present"})
        )
    if told:
        events.append(
            event(e.Answered, end + 30, condition="instructions", values={"answer": "given"})
        )
    if judged is not None:
        events.append(event(e.ReadyJudged, judged, stable=stable))
    readings = [pressure(-5, 128, 80)]
    if after is not None:
        readings.append(pressure(now - 10, *after))
    state = seen([*events, *(more or [])], now, readings, rules)
    return leave_gate(state=state, rules=rules, zone=ZONE)


@pytest.mark.parametrize(("now", "open_"), [(99.99, False), (100, True)])
def test_sixty_minutes_after_the_end_of_an_infusion(now: float, open_: bool) -> None:
    found = leave(now, judged=100)
    assert (standing(found, "observed") is Standing.MET) is open_
    assert found.may_leave is open_
    assert found.earliest == at(100)


@pytest.mark.parametrize(("now", "open_"), [(119, False), (119.99, False), (120, True)])
def test_one_hundred_and_twenty_minutes_from_the_first_device(now: float, open_: bool) -> None:
    found = leave(now, judged=120, rules=NASAL)
    assert found.earliest == at(120)
    assert found.may_leave is open_


def test_a_judgement_before_the_minimum_does_not_count() -> None:
    early = leave(119.5, judged=119, rules=NASAL)
    assert standing(early, "judged") is Standing.UNKNOWN
    assert standing(leave(121, judged=119.9, rules=NASAL), "judged") is Standing.UNKNOWN
    assert leave(121, judged=120, rules=NASAL).may_leave
    assert standing(leave(121, judged=120, stable=False), "judged") is Standing.NOT_MET


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ((153, 80), Standing.MET),  # 19.5 %
        ((154, 80), Standing.NOT_MET),  # 20.3 %
        ((128, 96), Standing.MET),  # 20 %
        ((128, 97), Standing.NOT_MET),
        ((102, 80), Standing.NOT_MET),  # 20.3 % below
        (None, Standing.UNKNOWN),
    ],
)
def test_pressure_within_a_fifth_of_before(after: Any, expected: Standing) -> None:
    assert standing(leave(105, judged=104, after=after), "pressure") is expected


@pytest.mark.parametrize(
    ("taps", "expected"),
    [
        ((5, 0), Standing.MET),
        ((4, 0), Standing.NOT_MET),
        ((5, 1), Standing.NOT_MET),
        (None, Standing.UNKNOWN),
    ],
)
def test_awake_and_clear(taps: Any, expected: Standing) -> None:
    assert standing(leave(105, judged=104, taps=taps), "clear") is expected


def test_each_missing_thing_closes_the_door_by_itself() -> None:
    assert leave(105, judged=104).may_leave
    assert not leave(105, judged=104, here=False).may_leave
    assert not leave(105, judged=104, told=False).may_leave
    assert not leave(105).may_leave
    alarm = event(
        e.AlarmRaised, 104, key="spo2:below:medium", sign="spo2", priority=e.Priority.MEDIUM,
        value="90", limit="95", set_by="protocol",
    )  # fmt: skip
    assert standing(leave(105, judged=104, more=[alarm]), "alarms") is Standing.NOT_MET


def test_the_button_says_when_and_why() -> None:
    running = leave(27, ended=None, taps=None, after=None)
    assert running.why_not == (
        "Not before 14:55: the infusion runs until about 13:55, then 60 min of observation."
    )
    assert "Judged stable: nobody has judged it" in leave(105).why_not
    spray_ = leave(41, rules=NASAL)
    assert spray_.why_not.startswith("Not before 15:15: 120 min of observation")


def test_a_paused_infusion_has_no_earliest_time() -> None:
    found = leave(20, ended=None, taps=None, after=None, more=[event(e.Paused, 15, reason="x")])
    assert found.earliest is None
    assert "paused" in found.why_not


def test_an_override_to_leave_needs_the_dose_to_be_over_and_stays_visible() -> None:
    asked = next(c for c in leave(95, judged=None).conditions if c.key == "observed")
    assert asked.may_override
    signed = override("observed", asked.judged, 94, gate="leave")
    found = leave(95, more=[signed])
    assert standing(found, "observed") is Standing.OVERRIDDEN
    running = next(
        c for c in leave(20, ended=None, taps=None, after=None).conditions if c.key == "observed"
    )
    assert not running.may_override
    day_signed = override("observed", asked.judged, 94, gate="day")
    assert standing(leave(95, more=[day_signed]), "observed") is Standing.NOT_MET
