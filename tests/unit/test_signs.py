"""Units and impossible values of the signs, against the definitions of the units."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.core.monitoring.signs import (
    PRESSURES,
    WORDS,
    NotThisUnit,
    disagreement,
    signs,
)

STEP = Decimal("0.001")


@pytest.mark.parametrize("name", WORDS)
def test_the_limits_themselves_are_possible_and_what_is_beyond_is_not(name: str) -> None:
    sign = signs()[name]
    assert sign.impossible(sign.hard_min) == sign.impossible(sign.hard_max) == ""
    for value in (sign.hard_min - STEP, sign.hard_max + STEP):
        assert "which no person has" in sign.impossible(value)


@pytest.mark.parametrize(
    ("name", "value", "unit", "read"),
    [
        # 1 mmHg = 133.322387415 Pa (conventional), so 17.6 kPa = 132.0109 mmHg.
        ("systolic_bp", "17.6", "kPa", "132"),
        ("diastolic_bp", "11.2", "kPa", "84"),
        ("mean_bp", "13.3", "kPa", "100"),
        ("body_temperature", "32", "[degF]", "0.0"),
        ("body_temperature", "212", "[degF]", "100.0"),
        ("body_temperature", "98.6", "[degF]", "37.0"),
        ("body_temperature", "310.15", "K", "37.0"),
        ("heart_rate", "1.25", "Hz", "75"),
        ("spo2", "0.97", "1", "97.0"),
        ("heart_rate", "72", "{beat}/min", "72"),
    ],
)
def test_conversions_by_definition(name: str, value: str, unit: str, read: str) -> None:
    assert signs()[name].in_unit(Decimal(value), unit) == Decimal(read)


@pytest.mark.parametrize(
    ("name", "unit"),
    [("spo2", "mm[Hg]"), ("heart_rate", "%"), ("systolic_bp", "mmHg"), ("end_tidal_co2", "%")],
)
def test_a_unit_that_is_not_declared_is_refused(name: str, unit: str) -> None:
    with pytest.raises(NotThisUnit):
        signs()[name].in_unit(Decimal(50), unit)


@given(st.decimals(0, 400, places=2))
def test_a_value_in_its_own_unit_is_not_touched(value: Decimal) -> None:
    for sign in signs().values():
        assert sign.in_unit(value, sign.unit) is value


@given(st.integers(40, 300))
def test_kilopascal_and_back_is_the_same_pressure(mmhg: int) -> None:
    kpa = Decimal(mmhg) * Decimal("0.133322387415")
    for name in PRESSURES:
        assert signs()[name].in_unit(kpa, "kPa") == mmhg


@given(st.integers(250, 450))
def test_celsius_by_fahrenheit_and_by_kelvin_agree(tenths: int) -> None:
    celsius, sign = Decimal(tenths) / 10, signs()["body_temperature"]
    assert sign.in_unit(celsius * 9 / 5 + 32, "[degF]") == celsius
    assert sign.in_unit(celsius + Decimal("273.15"), "K") == celsius


@pytest.mark.parametrize(
    ("systolic", "diastolic", "mean", "words"),
    [
        (120, 80, 93, ""), (120, 80, 80, ""), (120, 80, 120, ""), (81, 80, None, ""),
        (None, 80, None, ""), (120, None, 130, "above systolic"), (80, 80, None, "not above"),
        (120, 80, 79, "below diastolic"), (120, 80, 121, "above systolic"),
    ],
)  # fmt: skip
def test_parts_of_one_pressure(systolic, diastolic, mean, words) -> None:
    def some(value: int | None) -> Decimal | None:
        return None if value is None else Decimal(value)

    said = disagreement(systolic=some(systolic), diastolic=some(diastolic), mean=some(mean))
    assert (words in said) if words else said == ""
