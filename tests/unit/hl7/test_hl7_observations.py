"""What the sample monitors observed, against what their manifest says they show."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.unit.hl7.samples import MONITORS, ZONE, report

from evenkeel.edges.hl7 import codes
from evenkeel.edges.hl7.observations import Report, Why, observations
from evenkeel.edges.hl7.parse import parse

SIGNS = "heart_rate={} spo2={} heart_rate:pulse oximeter={} respiratory_rate={}"
CUFF = "systolic_bp={} diastolic_bp={} mean_bp={}"

# README.csv and the manifest say what each message shows; times are worked out by hand.
EXPECTED = {
    "01": (SIGNS.format(78, 98, 77, 15), "2026-11-24T15:15:00"),
    "02": (CUFF.format(132, 84, 100), "2026-11-24T15:13:12"),
    "03": (CUFF.format(134, 86, 102), "2026-11-24T15:15:00"),
    "04": ("body_temperature=36.8", "2026-11-24T15:15:00"),
    "05": (SIGNS.format(78, 98, 77, 15), "2026-11-24T15:15:00"),
    "06": (SIGNS.format(78, 98, 77, 15), "2026-11-24T15:15:00"),
    "07": (SIGNS.format(78, 98, 77, 15), "2026-11-24T15:15:00"),
    "08": (SIGNS.format(78, 98, 77, 15), "2026-11-24T15:15:00"),
    "09": (CUFF.format(132, 84, 100), "2026-11-24T15:15:00"),
    "10": ("spo2=None", "2026-11-24T15:15:00"),
    "pcd-1": (SIGNS.format(78, 98, 77, 15), "2026-11-23T15:15:00"),
    "pcd-3": (CUFF.format(151, 93, 112), "2026-11-23T15:19:30"),
    "pcd-4": ("body_temperature=36.7", "2026-11-23T15:21:00"),
    "pcd-5": (SIGNS.format(71, 99, 71, 13), "2026-11-23T15:15:00"),
    "pcd-6": (SIGNS.format(66, 96, 66, 12), "2026-11-23T15:15:00"),
    "pcd-7": (SIGNS.format(79, 98, 79, 16), "2026-11-23T15:17:00"),
    "ipf-pcd01-cuff": (CUFF.format(120, 80, 100), "2009-08-13T04:57:15"),
    "ipf-wan-cuff": (CUFF.format(120, 80, 100), "2009-08-13T09:57:15"),
    "ipf-wan-oximeter": ("spo2=80.5", "2009-07-15T07:07:07"),
    "ipf-wan-thermometer": ("body_temperature=37.0", "2009-07-15T07:07:07"),
}


def said(found: Report) -> str:
    return " ".join(f"{each.sign}={each.value}" for each in found.observed)


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items())
def test_a_sample_says_what_its_manifest_says(name: str, expected: tuple[str, str]) -> None:
    found = report(name)
    assert said(found) == expected[0]
    assert {each.at for each in found.observed} == {
        datetime.fromisoformat(expected[1]).replace(tzinfo=UTC)
    }
    assert not [n for n in found.not_charted if n.why is Why.FAULT]


@pytest.mark.parametrize("path", MONITORS, ids=lambda path: path.stem)
def test_no_observation_of_a_sample_is_dropped_without_a_word(path) -> None:
    message = parse(path.read_bytes())
    found = observations(message, clinic_zone=ZONE)
    valued = [s for s in message.all("OBX") if s.raw(5)]
    named = {str(each.place)[:-2] for each in (*found.observed, *found.not_charted)}
    assert {str(segment.place()) for segment in valued} <= named


def test_a_cuff_keeps_its_own_earlier_time_beside_the_minute() -> None:
    found = report("pcd-2")
    assert said(found) == f"{SIGNS.format(80, 97, 80, 14)} {CUFF.format(136, 86, 103)}"
    assert [f"{each.at:%H%M%S}" for each in found.observed] == ["151600"] * 4 + ["151542"] * 3


def test_no_value_is_not_zero() -> None:
    (reading,) = report("10").observed
    assert reading.value is None
    assert reading.absent
    assert reading.unit == "%"


def test_kilopascal_keeps_what_was_sent() -> None:
    assert [each.as_sent for each in report("09").observed] == ["17.6 kPa", "11.2 kPa", "13.3 kPa"]
    assert {each.unit for each in report("09").observed} == {"mm[Hg]"}


def test_the_parts_of_one_pressure_share_a_group_and_no_other_sign_has_one() -> None:
    found = report("pcd-2").observed
    assert len({each.group for each in found[4:]}) == 1
    assert {each.group for each in found[:4]} == {""}


def test_arterial_pressures_and_a_line_pulse_never_speak_for_the_cuff() -> None:
    found = report("ipf-pcd01-gateway")
    assert said(found) == (
        "heart_rate=60 mean_bp:invasive=92 systolic_bp:invasive=120 "
        "diastolic_bp:invasive=80 heart_rate:invasive=60"
    )
    # No zone anywhere: 14:45 of the clinic (UTC-5 in December), and said so.
    assert {f"{each.at:%Y-%m-%d %H:%M}" for each in found.observed} == {"2008-12-11 19:45"}
    assert all("no zone" in each.note for each in found.observed)
    assert {n.why for n in found.not_charted} == {Why.UNKNOWN}


def test_corrected_deleted_and_misnumbered_observations() -> None:
    found = report("ipf-pcd01-maximum")
    assert said(found) == "systolic_bp=140 mean_bp=100"
    assert "corrects" in found.observed[0].note
    faults = [n.words for n in found.not_charted if n.why is Why.FAULT]
    assert "status D takes back" in faults[0]
    assert faults[2].startswith("1500212 is not the number of MDC_PRESS_BLD_NONINV_SYS")


def test_a_wave_is_ignored_and_listed() -> None:
    (wave,) = report("ipf-wan-oximeter").not_charted
    assert wave.why is Why.IGNORED
    assert "wave" in wave.words


HEADER = (
    "MSH|^~\\&|A|B|||20261124101500-0500||ORU^R01^ORU_R01|1|P|2.6\rOBR|1||||||20261124101500-0500"
)
SYS, DIA, MEAN = (
    f"{150020 + n}^MDC_PRESS_BLD_NONINV_{part}^MDC"
    for n, part in enumerate(("SYS", "DIA", "MEAN"), 1)
)
MMHG, PERCENT, RATE = (
    "266016^MDC_DIM_MMHG^MDC", "262688^MDC_DIM_PERCENT^MDC", "264864^MDC_DIM_BEAT_PER_MIN^MDC",
)  # fmt: skip
SPO2 = "150456^MDC_PULS_OXIM_SAT_O2^MDC"
TEMP, CEL = "150344^MDC_TEMP^MDC", "268192^MDC_DIM_DEGC^MDC"


def of(*observations_: tuple[str, ...]) -> Report:
    """Observations given as (code, value, unit, type=NM, status=R, time="")."""
    lines = [HEADER]
    for number, given in enumerate(observations_, start=1):
        code, value, unit, *rest = given
        kind, status, time = (*rest, *("NM", "R", "")[len(rest) :])
        lines.append(f"OBX|{number}|{kind}|{code}||{value}|{unit}|||||{status}|||{time}")
    return observations(parse(("\r".join(lines) + "\r").encode()), clinic_zone=ZONE)


@pytest.mark.parametrize("value", ["-100", "-999", "-99.9", "8388607", "-1", "-10000", "", '""'])
def test_values_that_mean_no_value(value: str) -> None:
    (reading,) = of((SPO2, value, PERCENT)).observed
    assert reading.value is None
    assert reading.absent


@pytest.mark.parametrize(
    ("written", "value"),
    [("98", "98"), ("80.5", "80.5"), ("+98", "98"), ("98.", "98"), ("100", "100"), ("30", "30")],
)
def test_numbers_as_the_standard_writes_them(written: str, value: str) -> None:
    (reading,) = of((SPO2, written, PERCENT)).observed
    assert reading.value == Decimal(value)


@pytest.mark.parametrize(
    ("code", "value", "unit", "words"),
    [
        (SPO2, "9,8", PERCENT, "not a number"),
        (SPO2, "1e2", PERCENT, "not a number"),
        (SPO2, ">98", PERCENT, "not a number"),
        (SPO2, "98~97", PERCENT, "several values"),
        (SPO2, "98^97", PERCENT, None),
        (SPO2, "101", PERCENT, "which no person has"),
        (SPO2, "29.9", PERCENT, "which no person has"),
        (SPO2, "98", "", "no unit"),
        (SPO2, "98", MMHG, "not a unit of oxygen saturation"),
        (SPO2, "98", "foo^bar^X", "not known"),
        (TEMP, "98.6", CEL, "which no person has"),
        (SYS, "301", MMHG, "which no person has"),
    ],
)
def test_what_cannot_be_trusted_is_kept_out_of_the_chart_and_named(
    code, value, unit, words
) -> None:
    found = of((code, value, unit))
    if words is None:  # further components of a number are no part of it
        assert found.observed[0].value == 98
        return
    assert found.observed == ()
    assert found.not_charted[0].why is Why.FAULT
    assert words in found.not_charted[0].words
    assert found.is_useless


def test_a_respiratory_rate_of_zero_is_a_reading() -> None:
    found = of(("151578^MDC_TTHOR_RESP_RATE^MDC", "0", "264928^MDC_DIM_RESP_PER_MIN^MDC"))
    assert found.observed[0].value == 0


@pytest.mark.parametrize(("systolic", "diastolic", "kept"), [(80, 79, 2), (80, 80, 0), (79, 80, 0)])
def test_a_systolic_that_is_not_above_the_diastolic(systolic, diastolic, kept) -> None:
    found = of((SYS, str(systolic), MMHG), (DIA, str(diastolic), MMHG))
    assert len(found.observed) == kept
    assert len(found.not_charted) == 2 - kept


@pytest.mark.parametrize(("mean", "kept"), [(79, 2), (80, 3), (120, 3), (121, 2)])
def test_a_mean_outside_its_pressure_is_left_out_alone(mean: int, kept: int) -> None:
    assert len(of((SYS, "120", MMHG), (DIA, "80", MMHG), (MEAN, str(mean), MMHG)).observed) == kept


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("150017^MDC_PRESS_BLD_SYS^MDC", "systolic_bp:site not given"),
        ("150017^MDC_PRESS_BLD_NONINV_SYS^MDC", "systolic_bp"),
        ("150301^MDC_PRESS_CUFF_SYS^MDC", "systolic_bp"),
        ("150033^MDC_PRESS_BLD_ART_SYS^MDC", "systolic_bp:invasive"),
        ("8480-6^Systolic^LN", "systolic_bp:site not given"),
        ("x^local^L^150021^MDC_PRESS_BLD_NONINV_SYS^MDC", "systolic_bp"),
    ],
)
def test_a_pressure_is_a_cuff_pressure_only_when_the_code_says_so(code: str, sign: str) -> None:
    assert of((code, "120", MMHG)).observed[0].sign == sign


@pytest.mark.parametrize(
    "code",
    [
        "150033^MDC_PRESS_BLD_NONINV_SYS^MDC",  # an arterial number with a cuff's name
        "150456^MDC_ECG_HEART_RATE^MDC",
        "150457^MDC_PULS_OXIM_PULS_RATE^MDC",
    ],
)
def test_a_code_that_contradicts_itself_is_refused(code: str) -> None:
    found = of((code, "120", MMHG))
    assert found.observed == ()
    assert found.not_charted[0].why is Why.FAULT


def test_149522_named_as_a_pulse_is_a_pulse_and_no_arterial_line() -> None:
    (reading,) = of(("149522^MDC_PULS_RATE^MDC", "70", RATE)).observed
    assert reading.sign == "heart_rate"
    assert "149522" in reading.note


@pytest.mark.parametrize(
    ("unit", "value", "read"),
    [
        ("266560^MDC_DIM_FAHR^MDC", "98.6", "37.0"),
        ("268160^MDC_DIM_FAHR^MDC", "98.6", "37.0"),  # the name counts where the number errs
        ("[degF]^F^UCUM", "98.6", "37.0"),
        ("Cel^C^UCUM", "36.6", "36.6"),
        ("K^K^UCUM", "310.15", "37.0"),
    ],
)
def test_temperatures_in_every_declared_unit(unit: str, value: str, read: str) -> None:
    assert of((TEMP, value, unit)).observed[0].value == Decimal(read)


def test_a_unit_whose_number_and_name_disagree_must_give_a_possible_value() -> None:
    assert of((TEMP, "36.6", "268192^MDC_DIM_FAHR^MDC")).observed == ()


def test_the_pulse_speaks_for_the_heart_when_the_leads_are_off() -> None:
    found = of(
        ("147842^MDC_ECG_HEART_RATE^MDC", "", RATE, "NM", "X"),
        ("149530^MDC_PULS_OXIM_PULS_RATE^MDC", "77", RATE),
    )
    assert said(found) == "heart_rate=77"


def test_its_own_time_else_the_orders_else_none() -> None:
    (own,) = of((SPO2, "98", PERCENT, "NM", "R", "20261124101312-0500")).observed
    assert f"{own.at:%H:%M:%S}" == "15:13:12"
    (orders,) = of((SPO2, "98", PERCENT)).observed
    assert f"{orders.at:%H:%M:%S}" == "15:15:00"
    bare = HEADER.split("\r")[0] + f"\rOBX|1|NM|{SPO2}||98|{PERCENT}|||||R\r"
    found = observations(parse(bare.encode()), clinic_zone=ZONE)
    assert "no time" in found.not_charted[0].words


@pytest.mark.parametrize("status", ["D", "W", "U"])
def test_a_value_taken_back_is_named_and_not_charted(status: str) -> None:
    found = of((SPO2, "98", PERCENT, "NM", status))
    assert found.observed == ()
    assert found.not_charted[0].why is Why.FAULT


def test_every_unit_a_measurement_expects_is_known_for_its_sign() -> None:
    from evenkeel.core.monitoring.signs import signs

    for row in codes.table().by_number.values():
        if row.sign:
            assert signs()[row.sign].unit in codes.table().unit_by_number.values()
