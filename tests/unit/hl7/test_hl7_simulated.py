"""The simulated monitor speaks the same language as the sample messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.hl7.samples import ZONE

from evenkeel.edges.hl7.intake import read
from evenkeel.edges.hl7.simulated import Scenario, SimulatedPerson, message

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


def played(scenario: Scenario, minutes: int, *, cuff: bool = True):
    person = SimulatedPerson(7, scenario)
    at = NOW + timedelta(minutes=minutes)
    effect = person.effect(float(minutes), None if minutes <= 40 else minutes - 40.0)
    measured = person.signs(at, effect) + (person.cuff(at, effect) if cuff else [])
    content = message(
        device="MONITOR-2", chair=2, person="EK-000158", measured=measured, control_id="S1", at=at
    )
    return read(content, received_at=at, peer="test", clinic_zone=ZONE).arrived


@pytest.mark.parametrize("scenario", list(Scenario))
@pytest.mark.parametrize("minutes", [0, 20, 40, 60, 240])
def test_every_message_is_taken_whole(scenario: Scenario, minutes: int) -> None:
    arrived = played(scenario, minutes)
    assert arrived.refused is None
    assert arrived.notes == ()
    assert (arrived.chair, arrived.persons, arrived.devices) == (2, ("EK-000158",), ("MONITOR-2",))
    assert len(arrived.readings) >= 6
    assert {reading.at for reading in arrived.readings} == {NOW + timedelta(minutes=minutes)}


def test_the_pressure_rises_with_the_drug_and_settles_after_it() -> None:
    def systolic(minutes: int) -> int:
        readings = played(Scenario.PRESSURE_RISE, minutes).readings
        return int(next(r.value for r in readings if r.sign == "systolic_bp"))

    assert systolic(0) < systolic(15) < systolic(40)
    assert systolic(240) < systolic(0) + 20


def test_a_probe_that_is_off_sends_no_value_and_the_leads_still_do() -> None:
    at = datetime.fromtimestamp(1_800_000_000 // 180 * 180 + 10, UTC)
    measured = SimulatedPerson(7, Scenario.PROBE_OFF).signs(at, 0.0)
    assert [each.value is None for each in measured] == [False, True, True, False]
