"""Whose a message is, what is charted of it, and what is answered."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from tests.support.floor import MONITOR, Floor
from tests.unit.hl7.samples import ZONE, raw

from evenkeel.edges.hl7.intake import read
from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import DeviceMessage, Reading, TreatmentEvent
from evenkeel.web.records.services.device_messages import Taken, take_in

pytestmark = pytest.mark.django_db

# The samples 01 to 10 were taken at 15:15 UTC of this day.
THEN = datetime(2026, 11, 24, 15, 15, 2, tzinfo=UTC)
EARLIER = THEN - timedelta(minutes=40)


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.monitor()
    return floor


def send(*contents: bytes, at: datetime = THEN) -> list[Taken]:
    return take_in(
        [
            read(content, received_at=at, peer="127.0.0.1", clinic_zone=ZONE).arrived
            for content in contents
        ]
    )


def one(content: bytes, at: datetime = THEN) -> Taken:
    (taken,) = send(content, at=at)
    return taken


def test_signs_reach_the_chart_of_the_person_on_the_chair(floor: Floor) -> None:
    treatment = floor.treat(at=EARLIER)
    assert one(raw("01-signs")) == Taken(answer="AA", readings=4)
    rows = Reading.objects.filter(treatment=treatment).order_by("id")
    assert [(row.sign, row.value) for row in rows] == [
        ("heart_rate", 78),
        ("spo2", 98),
        ("heart_rate:pulse oximeter", 77),
        ("respiratory_rate", 15),
    ]
    message = DeviceMessage.objects.get()
    assert bytes(message.raw) == raw("01-signs")
    assert (message.ack, message.treatment, message.control_id) == ("AA", treatment, "M0001")
    assert {row.message_id for row in rows} == {message.pk}
    assert {row.device.identifier for row in rows} == {MONITOR}


def test_a_repeat_is_acknowledged_again_and_stored_once(floor: Floor) -> None:
    floor.treat(at=EARLIER)
    content = raw("01-signs")
    assert [taken.answer for taken in send(content, content)] == ["AA", "AA"]
    assert one(content).repeat
    assert DeviceMessage.objects.count() == 1
    assert Reading.objects.count() == 4


@pytest.mark.parametrize("length", [399, 400, 401, 5_000])
def test_a_long_name_of_a_sender_loses_nothing(floor: Floor, length: int) -> None:
    treatment = floor.treat(at=EARLIER)
    content = raw("01-signs").replace(b"BEDSIDE^", b"B" * length + b"^", 1)
    assert one(content) == Taken(answer="AA", readings=4)
    assert one(content).repeat
    assert Reading.objects.filter(treatment=treatment).count() == 4


def test_one_control_id_with_other_content_is_another_message(floor: Floor) -> None:
    floor.monitor("ACDE48234567ABCD", chair=3)
    names = ["ipf-pcd01-cuff", "ipf-wan-cuff", "ipf-wan-oximeter", "ipf-wan-thermometer"]
    assert {taken.answer for taken in send(*map(raw, names))} == {"AA"}
    assert DeviceMessage.objects.filter(control_id="MSGID1234").count() == 4


def test_a_message_that_names_another_person_charts_nothing(floor: Floor) -> None:
    floor.treat(at=EARLIER, number=777)
    taken = one(raw("01-signs"))
    assert (taken.answer, taken.reason) == (
        "AE",
        "the message names another person than the one on Chair 2",
    )
    assert Reading.objects.count() == 0
    message = DeviceMessage.objects.get()
    assert bytes(message.raw) == raw("01-signs")
    assert message.treatment is None


def test_a_message_that_names_nobody_goes_by_chair_and_time_and_says_so(floor: Floor) -> None:
    treatment = floor.treat(at=EARLIER, number=777)
    content = raw("01-signs").replace(b"EK-000158^^^Evenkeel^PI", b"")
    assert one(content).answer == "AA"
    assert Reading.objects.filter(treatment=treatment).count() == 4
    assert "names nobody" in DeviceMessage.objects.get().notes[-1]["text"]


def test_an_identifier_of_another_system_names_the_same_person(floor: Floor) -> None:
    treatment = floor.treat(at=EARLIER, number=777)
    treatment.patient.identifiers.create(system="urn:oid:1.2.3", value="EK-000158")
    assert one(raw("01-signs")).answer == "AA"


def test_an_empty_chair_keeps_readings_unmatched_and_in_sight(floor: Floor) -> None:
    assert one(raw("01-signs")) == Taken(answer="AA", readings=4)
    assert Reading.objects.filter(treatment__isnull=True).count() == 4
    assert DeviceMessage.objects.get().notes == [
        {"place": "", "kind": "unmatched",
         "text": "nobody was being treated on chair 2 at that time"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("left_s", "matched"), [(-3, False), (-2, True), (0, True)], ids=["before", "at", "after"]
)
def test_a_reading_belongs_to_whoever_sat_there_when_it_was_measured(
    floor: Floor, left_s: int, matched: bool
) -> None:
    treatment = floor.treat(at=EARLIER)
    floor.leave(treatment, THEN + timedelta(seconds=left_s))
    late = THEN + timedelta(minutes=20)
    assert one(raw("01-signs"), at=late).answer == "AA"
    assert Reading.objects.filter(treatment=treatment).exists() == matched


@pytest.mark.parametrize(("early_s", "matched"), [(-3, True), (-2, True), (-1, False)])
def test_not_before_the_check_in(floor: Floor, early_s: int, matched: bool) -> None:
    treatment = floor.treat(at=THEN + timedelta(seconds=early_s))
    one(raw("01-signs"))
    assert Reading.objects.filter(treatment=treatment).exists() == matched


def test_an_unknown_device_is_refused_by_name() -> None:
    Floor().treat(at=EARLIER)
    taken = one(raw("01-signs"))
    assert (taken.answer, taken.code) == ("AE", "204")
    assert taken.reason == "device 00059AFFFE000158 is not registered"
    assert DeviceMessage.objects.get().ack == "AE"


def test_a_refused_message_is_judged_afresh_when_it_comes_again() -> None:
    floor = Floor()
    floor.treat(at=EARLIER)
    assert one(raw("01-signs")).answer == "AE"
    floor.monitor()
    assert one(raw("01-signs")) == Taken(answer="AA", readings=4)
    assert one(raw("01-signs")).repeat


def test_a_device_that_says_another_chair_is_refused(floor: Floor) -> None:
    floor.treat(at=EARLIER)
    taken = one(raw("06-non-ascii"))
    assert (taken.answer, taken.reason) == (
        "AE",
        "the message says chair 3, but Monitor 158 stands at Chair 2",
    )


def test_a_portable_monitor_goes_by_the_place_in_the_message() -> None:
    floor = Floor()
    floor.monitor(chair=None)
    treatment = floor.treat(at=EARLIER)
    assert one(raw("01-signs")).answer == "AA"
    assert Reading.objects.filter(treatment=treatment).count() == 4


def test_a_monitor_taken_out_of_use_is_refused() -> None:
    floor = Floor()
    floor.monitor(in_use=False)
    assert "not in use" in one(raw("01-signs")).reason


@pytest.mark.parametrize(("ahead_s", "answer"), [(300, "AA"), (301, "AE")])
def test_a_clock_ahead_of_ours(floor: Floor, ahead_s: int, answer: str) -> None:
    floor.treat(at=THEN - timedelta(hours=1))
    measured = datetime(2026, 11, 24, 15, 15, tzinfo=UTC)
    assert one(raw("01-signs"), at=measured - timedelta(seconds=ahead_s)).answer == answer


@pytest.mark.parametrize(("late_s", "noted"), [(300, False), (301, True)])
def test_what_comes_late_says_so(floor: Floor, late_s: int, noted: bool) -> None:
    floor.treat(at=EARLIER)
    measured = datetime(2026, 11, 24, 15, 15, tzinfo=UTC)
    one(raw("01-signs"), at=measured + timedelta(seconds=late_s))
    assert ("late" in Reading.objects.first().note) == noted


def test_a_probe_that_is_off_is_a_reading_without_value(floor: Floor) -> None:
    treatment = floor.treat(at=EARLIER)
    assert one(raw("10-probe-off")).answer == "AA"
    row = Reading.objects.get(treatment=treatment)
    assert (row.sign, row.value, row.absent) == ("spo2", None, "no value from the monitor")


def test_a_probe_that_is_off_is_out_of_touch_at_once_and_back_with_the_next_value(floor) -> None:
    from evenkeel.web.records.selectors.timeline import state_of

    treatment = floor.treat(at=EARLIER)
    value = raw("01-signs").replace(b"101500.000", b"101459.000")
    again = raw("01-signs").replace(b"M0001", b"M0002").replace(b"101500.000", b"101501.000")
    send(value, raw("10-probe-off"))
    assert state_of(treatment, THEN).stale == {"spo2"}
    send(again)
    assert state_of(treatment, THEN).stale == frozenset()


def test_the_two_numbers_of_a_pressure_stay_together(floor: Floor) -> None:
    floor.treat(at=EARLIER)
    send(raw("02-cuff"), raw("09-pressure"))
    groups = Reading.objects.values_list("group", flat=True)
    assert len(groups) == 6
    assert len(set(groups)) == 2


def test_a_low_saturation_raises_one_alarm_with_its_ledger_entry(floor: Floor) -> None:
    treatment = floor.treat(at=EARLIER)
    low = raw("01-signs").replace(b"|98|", b"|91|")
    again = low.replace(b"M0001", b"M0002").replace(b"101500.000", b"101501.000")
    assert {taken.answer for taken in send(low, again)} == {"AA"}
    (event,) = TreatmentEvent.objects.filter(kind__startswith="alarm_")
    assert event.treatment == treatment
    assert (event.data["sign"], event.data["value"]) == ("spo2", "91")
    entry = Entry.objects.get(action="alarm.raised")
    assert entry.sentence == "A medium alarm was raised for Nora E.: oxygen saturation."
    assert "91" not in entry.sentence


def test_an_alarm_of_the_monitor_itself_is_kept_as_its_own(floor: Floor) -> None:
    treatment = floor.treat(at=EARLIER)
    assert one(raw("11-alarm")).answer == "AA"
    (event,) = TreatmentEvent.objects.filter(treatment=treatment, kind="alarm_raised")
    assert (event.data["value"], event.data["limit"]) == ("186", "180")
    assert event.data["set_by"] == "monitor"
    assert event.data["sign"].startswith("non-invasive systolic pressure")
    assert Reading.objects.count() == 0


def test_an_alarm_belongs_to_whoever_sat_there_when_it_was_raised(floor: Floor) -> None:
    floor.leave(floor.treat(at=EARLIER, minutes=39), THEN - timedelta(minutes=1))
    floor.treat(at=THEN + timedelta(minutes=1), number=777)
    assert one(raw("11-alarm"), at=THEN + timedelta(minutes=2)).answer == "AA"
    assert not TreatmentEvent.objects.filter(kind="alarm_raised").exists()
    assert DeviceMessage.objects.get().notes[-1]["kind"] == "unmatched"


@pytest.mark.parametrize(
    ("name", "answer", "code"),
    [
        ("ADT-A01-01", "AR", "200"),
        ("ipf-unknown-type", "AR", "200"),
        ("ipf-ADT-A40-iso", "AE", "102"),
        ("LAB-ORU-1", "AR", "202"),
        ("ORU-R01-RMGEAD", "AE", "103"),
        ("lfh-ADT-A01", "AE", "102"),
        ("ipf-ADT-A01-incomplete", "AR", "200"),
    ],
)
def test_other_messages_are_refused_with_a_reason_and_kept(name, answer, code) -> None:
    taken = one(raw(name))
    assert (taken.answer, taken.code) == (answer, code)
    message = DeviceMessage.objects.get()
    assert bytes(message.raw) == raw(name)
    assert message.ack == answer
    assert message.reason


@pytest.mark.parametrize(
    ("change", "code"),
    [((b"|P|2.6", b"|P|3.0"), "203"), ((b"|P|2.6", b"|T|2.6"), "202"),
     ((b"ORU^R01^ORU_R01", b"ORU^R03"), "201"), ((b"\rPV1", b"\rPID|||2\rPV1"), "100"),
     ((b"2026112", b"20261 2"), "103")],
)  # fmt: skip
def test_what_is_not_for_this_door(floor: Floor, change: tuple[bytes, bytes], code: str) -> None:
    floor.treat(at=EARLIER)
    taken = one(raw("01-signs").replace(*change))
    assert taken.answer in {"AE", "AR"}
    assert taken.code == code


def test_garbage_is_kept_too() -> None:
    assert one(b"").answer == "AE"
    assert one(b"\x00\xff\x00").answer == "AE"
    assert (
        DeviceMessage.objects.get(raw=b"\x00\xff\x00").sha256
        == hashlib.sha256(b"\x00\xff\x00").hexdigest()
    )


def test_readings_are_exact_to_three_places(floor: Floor) -> None:
    floor.treat(at=EARLIER)
    one(raw("01-signs").replace(b"|98|", b"|98.125|"))
    assert Reading.objects.get(sign="spo2").value == Decimal("98.125")


def test_an_order_of_the_day_sets_the_limit_that_raises(floor: Floor) -> None:
    from evenkeel.web.records.models import DoseOrder

    treatment = floor.treat(at=EARLIER)
    DoseOrder.objects.create(
        treatment=treatment, at=EARLIER, by=floor.prescriber, product="racemic_iv",
        mg_per_kg=Decimal("0.5"), limits={"spo2:below:medium": {"value": 99}},
    )  # fmt: skip
    one(raw("01-signs"))
    (event,) = TreatmentEvent.objects.filter(kind="alarm_raised")
    assert (event.data["value"], event.data["limit"]) == ("98", "99")
    assert event.data["set_by"].startswith("order of Dr S. Mockridge")


def test_a_product_without_rules_is_still_charted(floor: Floor) -> None:
    treatment = floor.treat(at=EARLIER, product="something_new")
    assert one(raw("01-signs").replace(b"|98|", b"|70|")).answer == "AA"
    assert Reading.objects.filter(treatment=treatment).count() == 4


def test_an_alarm_ends_when_the_value_is_back_inside(floor: Floor) -> None:
    floor.treat(at=EARLIER)
    low = raw("01-signs").replace(b"|98|", b"|91|")
    back = raw("01-signs").replace(b"M0001", b"M0002").replace(b"101500.000", b"101501.000")
    send(low)
    send(back)
    assert list(
        TreatmentEvent.objects.filter(kind__startswith="alarm_").order_by("id").values_list(
            "kind", flat=True
        )
    ) == ["alarm_raised", "alarm_ended"]  # fmt: skip


def test_a_reading_that_comes_in_while_a_page_is_made_does_not_make_the_monitor_lost(floor) -> None:
    """Each page asks for one instant, and takes a while to read; monitors speak meanwhile."""
    from evenkeel.web.records.selectors.seats import seat_of

    treatment = floor.treat(at=EARLIER)
    floor.dose(treatment, EARLIER + timedelta(minutes=20))
    send(raw("01-signs"), at=THEN)
    asked = THEN + timedelta(seconds=1)
    later = raw("01-signs").replace(b"M0001", b"M0002").replace(b"101500.000", b"101504.000")
    send(later, at=THEN + timedelta(seconds=3))
    seat = seat_of(treatment, asked)
    assert seat.state.stale == frozenset()
    assert seat.state.latest["spo2"].at == datetime(2026, 11, 24, 15, 15, tzinfo=UTC)
    assert (seat.is_lost, seat.hears_monitor) == (False, True)


@pytest.mark.parametrize("ahead_s", [2, 240])
def test_a_monitor_whose_clock_is_fast_is_in_touch_at_its_first_message(floor, ahead_s) -> None:
    """Its times are taken up to five minutes ahead; what was heard was not measured later."""
    from evenkeel.web.records.selectors.timeline import state_of

    now = datetime.now(UTC)
    treatment = floor.treat(at=now - timedelta(minutes=40))
    floor.dose(treatment, now - timedelta(minutes=20))
    fast = (now + timedelta(seconds=ahead_s)).strftime("%Y%m%d%H%M%S").encode() + b"+0000"
    send(raw("01-signs").replace(b"20261124101500.000-0500", fast), at=now)
    asked = datetime.now(UTC)
    state = state_of(treatment, asked)
    assert state.stale == frozenset()
    assert now <= state.latest["spo2"].at <= asked


def test_after_a_restart_monitors_count_as_not_heard_until_one_speaks(floor, monkeypatch) -> None:
    """And never as in touch by what a nurse wrote down, nor by what came before."""
    from evenkeel.web.records.selectors import floor as selectors

    now = datetime.now(UTC)
    treatment = floor.treat(at=now - timedelta(minutes=40))
    floor.dose(treatment, now - timedelta(minutes=20))

    def signs(control: str, at: datetime) -> None:
        when = at.strftime("%Y%m%d%H%M%S").encode() + b"+0000"
        content = raw("01-signs").replace(b"20261124101500.000-0500", when)
        send(content.replace(b"M0001", control.encode()), at=at)

    signs("A1", now - timedelta(minutes=3))
    monkeypatch.setattr(selectors, "BEGAN", now - timedelta(minutes=4))
    board = selectors.board(now)
    assert (board["monitors"], board["watched"], board["unheard_since"]) == (0, 1, None)
    monkeypatch.setattr(selectors, "BEGAN", now - timedelta(minutes=1))
    board = selectors.board(now)
    assert (board["monitors"], board["unheard_since"]) == (0, now - timedelta(minutes=1))
    assert board["chairs"][0]["chair"]["state"] == "lost"  # the person is looked at all the same
    signs("A2", now)
    board = selectors.board(datetime.now(UTC))
    assert (board["monitors"], board["unheard_since"]) == (1, None)
