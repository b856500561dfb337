"""The day in rows: the gate, the dose, the register, the chair and the door."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from tests.support.day import (
    NOW,
    make_day,
    new_id,
    signature,
    to_check,
    to_dose,
    to_gate,
)

from evenkeel.core.kernel.verdicts import unknown, yes
from evenkeel.core.monitoring.conditions import Standing
from evenkeel.core.monitoring.fold import Phase
from evenkeel.core.pharmacology.doses.dosing import CannotDose
from evenkeel.web.ledger import append as ledger
from evenkeel.web.ledger.models import Entry
from evenkeel.web.records import permissions
from evenkeel.web.records.models import (
    CourseBaseline,
    RegisterEntry,
    Task,
    TreatmentEvent,
)
from evenkeel.web.records.selectors import dose_checks, timeline
from evenkeel.web.records.services import (
    alarms,
    charting,
    checking,
    giving,
    leaving,
    ordering,
    readings,
    register,
    signatures,
    treatments,
    under_way,
)
from evenkeel.web.records.services.timeline import NotNow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def safeguards(monkeypatch):
    """Screening has its own tests; here its answer is a value."""
    answer = {"verdict": yes("none stands in the way")}
    monkeypatch.setattr(timeline, "_safeguards", lambda *_: answer["verdict"])
    return answer


def state(day, minutes: float = 0):
    return timeline.state_of(day.treatment, day.now + timedelta(minutes=minutes))


def gate(day, minutes: float = 0):
    return timeline.gate_of(day.treatment, state(day, minutes))


def measure(day, minutes, systolic, diastolic):
    at = day.now + timedelta(minutes=minutes)
    day.treatment.refresh_from_db()
    return readings.record_by_hand(
        treatment=day.treatment,
        values={"systolic_bp": Decimal(systolic), "diastolic_bp": Decimal(diastolic)},
        at=at, now=at, by=day.nurse, client=new_id(),
    )  # fmt: skip


# --- the gate -------------------------------------------------------------------------


def test_check_in_is_written_once_with_its_sentence() -> None:
    day = make_day()
    client = new_id()
    first = treatments.check_in(treatment=day.treatment, by=day.nurse, at=NOW, client=client)
    again = treatments.check_in(treatment=day.treatment, by=day.nurse, at=NOW, client=client)
    assert first == again
    sentences = Entry.objects.filter(action="treatment.checked_in", patient_id=day.patient.pk)
    assert [s.sentence for s in sentences] == [
        f"Nora E. was checked in on chair {day.chair.number}."
    ]


def test_a_chair_with_a_person_takes_no_second_one() -> None:
    day = make_day()
    treatments.check_in(treatment=day.treatment, by=day.nurse, at=NOW)
    other = make_day()
    other.treatment.chair = day.chair
    other.treatment.period = (NOW + timedelta(hours=4), NOW + timedelta(hours=6))
    other.treatment.save()
    with pytest.raises(NotNow, match=r"Nora E\. has not left yet"):
        treatments.check_in(treatment=other.treatment, by=day.nurse, at=NOW)


def test_everything_met_says_go_for_half_an_hour() -> None:
    day = make_day()
    to_gate(day)
    assert gate(day).is_go
    assert gate(day).go_until == NOW + timedelta(minutes=30)
    assert gate(day, 29.9).is_go
    late = gate(day, 30.1)
    assert not late.is_go
    assert "measure again" in late.why_not


def test_a_changed_fact_takes_the_go_away(safeguards) -> None:
    day = make_day()
    to_gate(day)
    treatments.pass_gate(treatment=day.treatment, by=day.nurse, at=NOW, client=new_id())
    checking.first_check(
        treatment=day.treatment, container_ids=[day.boxes[0].pk], by=day.nurse, at=NOW
    )
    checking.second_check(
        treatment=day.treatment, signature=signature(day.second), at=NOW,
        answers={"dose": Decimal(38), "volume": Decimal("3.8"), "rate": Decimal(57)},
    )  # fmt: skip
    safeguards["verdict"] = unknown("it is not known whether there is an aneurysm")
    with pytest.raises(NotNow, match="Something changed since the go"):
        giving.start_dose(treatment=day.treatment, by=day.nurse, at=NOW, client=new_id())
    assert not RegisterEntry.objects.filter(kind="drawn", treatment=day.treatment).exists()


def test_an_unknown_safeguard_locks_dosing_and_nobody_overrides_it(safeguards) -> None:
    safeguards["verdict"] = unknown("it is not known whether there is an aneurysm")
    day = make_day()
    to_gate(day)
    assert not gate(day).is_go
    with pytest.raises(NotNow, match="cannot be overridden by anybody"):
        treatments.override(
            treatment=day.treatment, gate="day", condition="safeguards",
            reason="I would like to go ahead all the same", signature=signature(day.prescriber),
            at=NOW, client=new_id(),
        )  # fmt: skip


def override(day, who, reason="Anxious on arrival, 128/82 at home this morning.", minutes=0):
    at = NOW + timedelta(minutes=minutes)
    return treatments.override(
        treatment=day.treatment, gate="day", condition="pressure", reason=reason,
        signature=signature(who, at), at=at, client=new_id(),
    )  # fmt: skip


def test_an_override_needs_a_prescriber_and_a_reason_and_stays_a_diamond() -> None:
    day = make_day()
    to_gate(day, pressure=(150, 92))
    assert not gate(day).is_go
    with pytest.raises(permissions.Denied, match="prescriber"):
        override(day, day.nurse)
    with pytest.raises(NotNow, match="at least 15 letters"):
        override(day, day.prescriber, reason="it is fine 12345")
    override(day, day.prescriber, minutes=1)
    now = gate(day, 2)
    assert now.is_go
    line = next(c for c in now.conditions if c.key == "pressure")
    assert line.standing is Standing.OVERRIDDEN
    assert now.go_until == NOW + timedelta(minutes=31)
    entry = Entry.objects.get(action="treatment.overridden", patient_id=day.patient.pk)
    assert entry.actor_role == "prescriber"
    assert entry.reason.startswith("Anxious")


def test_an_override_holds_for_the_value_that_was_judged_only() -> None:
    day = make_day()
    to_gate(day, pressure=(150, 92))
    override(day, day.prescriber)
    measure(day, 3, 158, 96)
    assert not gate(day, 4).is_go
    measure(day, 5, 132, 84)
    assert gate(day, 6).is_go


def test_withdrawn_consent_cannot_be_overridden() -> None:
    from evenkeel.web.records.models import ConsentRecord

    day = make_day()
    to_gate(day)
    last = ConsentRecord.objects.filter(patient=day.patient, purpose="treatment").get()
    ConsentRecord.objects.create(
        patient=day.patient, purpose="treatment", version=last.version, language="en",
        text_sha256=last.text_sha256, answer="withdrawn", via="portal", at=NOW,
    )  # fmt: skip
    line = next(c for c in gate(day, 1).conditions if c.key == "consent_treatment")
    assert line.standing is Standing.NOT_MET
    assert not line.may_override


def test_a_signature_is_a_password_and_wrong_ones_say_so(rf) -> None:
    day = make_day()
    day.prescriber.set_password("a long enough word 77")
    day.prescriber.save()
    request = rf.post("/")
    made = signatures.sign(
        request=request, user_id=day.prescriber.pk, password="a long enough word 77", at=NOW
    )
    assert made.user == day.prescriber
    with pytest.raises(signatures.NotSigned, match="not the password"):
        signatures.sign(request=request, user_id=day.prescriber.pk, password="guess", at=NOW)
    with pytest.raises(signatures.NotSigned, match="has not signed"):
        signatures.sign(request=request, user_id=day.prescriber.pk, password="", at=NOW)
    with pytest.raises(signatures.NotSigned, match="Say who"):
        signatures.sign(request=request, user_id="nobody", password="x", at=NOW)


# --- the dose --------------------------------------------------------------------------


def test_the_second_person_is_another_person() -> None:
    day = make_day()
    to_gate(day)
    checking.first_check(
        treatment=day.treatment, container_ids=[day.boxes[0].pk], by=day.nurse, at=NOW
    )
    with pytest.raises(NotNow, match="another person"):
        checking.second_check(
            treatment=day.treatment, answers={"dose": Decimal(38)},
            signature=signature(day.nurse), at=NOW,
        )  # fmt: skip


def test_two_disagreements_start_both_again_and_tell_the_prescriber() -> None:
    day = make_day()
    to_gate(day)
    checking.first_check(
        treatment=day.treatment, container_ids=[day.boxes[0].pk], by=day.nurse, at=NOW
    )
    wrong = {"dose": Decimal(38), "volume": Decimal("3.8"), "rate": Decimal("5.7")}
    checking.second_check(
        treatment=day.treatment, answers=wrong, signature=signature(day.second), at=NOW
    )
    standing = dose_checks.standing_of(day.treatment)
    assert standing.agreed == {"dose", "volume"}
    assert not standing.is_agreed
    checking.second_check(
        treatment=day.treatment, answers=wrong, signature=signature(day.second), at=NOW
    )
    assert dose_checks.standing_of(day.treatment).first is None
    task = Task.objects.get(kind="dose_disagreement", patient=day.patient)
    assert task.owner == day.prescriber
    assert "57" not in task.detail
    with pytest.raises(NotNow, match="Nobody has worked the dose out"):
        checking.second_check(
            treatment=day.treatment, answers=wrong, signature=signature(day.second), at=NOW
        )


def test_an_order_above_the_soft_limit_needs_a_reason_and_above_the_hard_one_is_refused() -> None:
    day = make_day()

    def order(mg_per_kg, reason=""):
        return ordering.order_dose(
            treatment=day.treatment, mg_per_kg=Decimal(mg_per_kg), mg=None,
            weight_basis="actual", minutes=40, limits={}, reason=reason, by=day.prescriber, at=NOW,
        )  # fmt: skip

    assert order("0.75").pk
    with pytest.raises(NotNow, match="must write why"):
        order("0.76")
    assert order("0.76", "No answer to 0.5 in four treatments").pk
    with pytest.raises(CannotDose, match="the most this clinic gives"):
        order("1.01", "because")
    with pytest.raises(permissions.Denied):
        ordering.order_dose(
            treatment=day.treatment, mg_per_kg=Decimal("0.5"), mg=None, weight_basis="actual",
            minutes=40, limits={}, reason="", by=day.nurse, at=NOW,
        )  # fmt: skip


def test_the_dose_writes_register_event_and_ledger_together() -> None:
    day = make_day()
    to_dose(day)
    assert state(day, 6).phase is Phase.DOSING
    (line,) = RegisterEntry.objects.filter(treatment=day.treatment)
    assert (line.kind, line.mg) == ("drawn", Decimal(50))
    assert Entry.objects.filter(action="dose.started", patient_id=day.patient.pk).count() == 1
    day.course.refresh_from_db()
    assert day.course.started_at is not None


@pytest.mark.parametrize("fails", ["dose.started", "course.baseline_frozen"])
def test_a_fault_anywhere_in_the_dose_writes_nothing(monkeypatch, fails) -> None:
    day = make_day()
    to_check(day)
    events = TreatmentEvent.objects.filter(treatment=day.treatment).count()
    entries = Entry.objects.count()
    real = ledger.append

    def broken(action, **said):
        if action == fails:
            raise DatabaseError("the disk is full")
        return real(action, **said)

    monkeypatch.setattr(ledger, "append", broken)
    with pytest.raises(DatabaseError):
        giving.start_dose(
            treatment=day.treatment, by=day.nurse, at=NOW + timedelta(minutes=5), client=new_id()
        )
    assert not RegisterEntry.objects.filter(treatment=day.treatment).exists()
    assert TreatmentEvent.objects.filter(treatment=day.treatment).count() == events
    assert Entry.objects.count() == entries
    assert not CourseBaseline.objects.filter(course=day.course).exists()
    day.treatment.refresh_from_db()
    assert day.treatment.status == "go"


def test_a_changed_weight_undoes_the_check() -> None:
    day = make_day()
    to_check(day)
    treatments.answer(
        treatment=day.treatment, condition="weight", values={"kg": "67"}, by=day.nurse,
        at=NOW + timedelta(minutes=3), now=NOW + timedelta(minutes=3), client=new_id(),
    )  # fmt: skip
    with pytest.raises(NotNow, match="weight changed"):
        giving.start_dose(
            treatment=day.treatment, by=day.nurse, at=NOW + timedelta(minutes=5), client=new_id()
        )


def test_a_resent_start_starts_once() -> None:
    day = make_day()
    to_check(day)
    client, at = new_id(), NOW + timedelta(minutes=5)
    first = giving.start_dose(treatment=day.treatment, by=day.nurse, at=at, client=client)
    again = giving.start_dose(treatment=day.treatment, by=day.nurse, at=at, client=client)
    assert first == again
    assert RegisterEntry.objects.filter(treatment=day.treatment, kind="drawn").count() == 1


def test_devices_are_drawn_and_given_one_by_one_with_their_minutes_between() -> None:
    day = make_day("esketamine_nasal")
    to_dose(day)
    lines = RegisterEntry.objects.filter(treatment=day.treatment)
    assert [(x.kind, x.mg) for x in lines] == [("drawn", 28), ("given", 28)]

    def second(minutes):
        at = NOW + timedelta(minutes=minutes)
        return giving.give_device(
            treatment=day.treatment, by=day.nurse, at=at, now=at, client=new_id()
        )

    with pytest.raises(NotNow, match="5 min"):
        second(9.9)
    second(10)
    assert state(day, 11).phase is Phase.OBSERVING
    day.treatment.refresh_from_db()
    assert day.treatment.status == "observing"
    with pytest.raises(NotNow, match="No device"):
        second(16)


# --- the pump and the taps --------------------------------------------------------------


def test_pause_resume_and_end_charge_the_register_with_what_was_given() -> None:
    day = make_day()
    to_dose(day)

    def pump(act, minutes, **said):
        at = NOW + timedelta(minutes=minutes)
        return under_way.pump(
            treatment=day.treatment, act=act, by=day.nurse, at=at, now=at, client=new_id(), **said
        )

    pump("paused", 15, reason="nausea")
    with pytest.raises(NotNow, match="paused already"):
        pump("paused", 16)
    pump("resumed", 18)
    with pytest.raises(NotNow, match="decimal point"):
        pump("rate_changed", 19, rate_ml_per_h=Decimal("5.6"))
    at = NOW + timedelta(minutes=28)
    under_way.end_dose(
        treatment=day.treatment, given_mg=None, reason="nausea again", by=day.nurse, at=at, now=at,
        client=new_id(),
    )  # fmt: skip
    given = RegisterEntry.objects.get(treatment=day.treatment, kind="given")
    assert given.mg == Decimal(19)  # 20 running minutes of 0.95 mg
    ((box, _, account),) = [x for x in register.open_waste() if x[1] == day.treatment]
    assert (box, account.open_mg) == (day.boxes[0], Decimal(31))


def test_undo_strikes_out_and_keeps() -> None:
    day = make_day()
    to_dose(day)
    at = NOW + timedelta(minutes=10)
    row = charting.tap_level(
        treatment=day.treatment, scale="dissociation", level=6, by=day.nurse, at=at, now=at,
        client=new_id(),
    )  # fmt: skip
    charting.undo(
        treatment=day.treatment, supersedes=row.client, reason="undo", by=day.nurse,
        at=at, now=at, client=new_id(),
    )  # fmt: skip
    now = state(day, 11)
    assert str(row.client) in now.struck
    assert TreatmentEvent.objects.filter(pk=row.pk).exists()


def test_a_dose_cannot_be_undone_by_a_tap() -> None:
    day = make_day()
    to_dose(day)
    start = TreatmentEvent.objects.get(treatment=day.treatment, kind="dose_started")
    at = NOW + timedelta(minutes=10)
    with pytest.raises(NotNow, match="not taken back by a tap"):
        charting.undo(
            treatment=day.treatment, supersedes=start.client, reason="", by=day.nurse, at=at,
            now=at, client=new_id(),
        )  # fmt: skip


def test_a_tap_sent_twice_is_one_tap_and_a_stolen_id_is_refused() -> None:
    day = make_day()
    to_dose(day)
    client, at = new_id(), NOW + timedelta(minutes=10)

    def tap(scale, by):
        return charting.tap_level(
            treatment=day.treatment, scale=scale, level=4, by=by, at=at, now=at, client=client
        )

    assert tap("sedation", day.nurse) == tap("sedation", day.nurse)
    with pytest.raises(NotNow, match="another act"):
        tap("sedation", day.second)


def test_a_tap_kept_offline_is_judged_by_the_minute_it_was_made_in() -> None:
    day = make_day()
    to_dose(day)
    made, sent = NOW + timedelta(minutes=10), NOW + timedelta(minutes=25)
    row = charting.tap_level(
        treatment=day.treatment, scale="sedation", level=5, by=day.nurse, at=made, now=sent,
        client=new_id(),
    )  # fmt: skip
    assert row.at == made
    with pytest.raises(NotNow, match="still to come"):
        charting.tap_level(
            treatment=day.treatment, scale="sedation", level=5, by=day.nurse,
            at=sent + timedelta(minutes=2), now=sent, client=new_id(),
        )  # fmt: skip
    with pytest.raises(NotNow, match="not in the chair"):
        charting.tap_level(
            treatment=day.treatment, scale="sedation", level=5, by=day.nurse,
            at=NOW - timedelta(minutes=2), now=sent, client=new_id(),
        )  # fmt: skip


# --- alarms ----------------------------------------------------------------------------


def test_an_ordered_limit_raises_and_a_name_answers() -> None:
    day = make_day()
    ordering.order_dose(
        treatment=day.treatment, mg_per_kg=Decimal("0.5"), mg=None, weight_basis="actual",
        minutes=40, limits={"pressure:above:medium": {"systolic": 160, "diastolic": 100}},
        reason="", by=day.prescriber, at=NOW,
    )  # fmt: skip
    to_dose(day)
    measure(day, 20, 160, 100)
    assert state(day, 20).open_alarms == ()
    measure(day, 24, 164, 102)
    measure(day, 26, 166, 101)
    (alarm,) = state(day, 27).open_alarms
    assert alarm.repeats == ("166/101",)
    assert "Mockridge" in alarm.set_by
    at = NOW + timedelta(minutes=28)
    with pytest.raises(permissions.Denied):
        alarms.acknowledge_alarm(
            treatment=day.treatment, key=alarm.key, by=day.pharmacist, at=at, now=at,
            client=new_id(),
        )  # fmt: skip
    alarms.acknowledge_alarm(
        treatment=day.treatment, key=alarm.key, by=day.nurse, at=at, now=at, client=new_id()
    )
    (alarm,) = state(day, 29).open_alarms
    assert alarm.acknowledged_by == day.nurse.short_name
    with pytest.raises(NotNow, match="already"):
        alarms.acknowledge_alarm(
            treatment=day.treatment, key=alarm.key, by=day.second, at=at, now=at, client=new_id()
        )
    measure(day, 36, 140, 86)
    assert state(day, 37).open_alarms == ()


def test_a_low_sedation_tap_raises_an_alarm_at_once() -> None:
    day = make_day()
    to_dose(day)
    at = NOW + timedelta(minutes=10)
    charting.tap_level(
        treatment=day.treatment, scale="sedation", level=1, by=day.nurse, at=at, now=at,
        client=new_id(),
    )  # fmt: skip
    (alarm,) = state(day, 11).open_alarms
    assert alarm.priority.value == "high"


def test_an_alarm_nobody_answers_goes_to_the_prescriber_once() -> None:
    day = make_day()
    to_dose(day)
    measure(day, 20, 190, 100)
    just_before = NOW + timedelta(minutes=20, seconds=119)
    assert alarms.escalate_alarms(at=just_before) == 0
    late = NOW + timedelta(minutes=22)
    assert alarms.escalate_alarms(at=late) == 1
    assert alarms.escalate_alarms(at=late + timedelta(minutes=1)) == 0
    task = Task.objects.get(cause__startswith="alarm:")
    assert task.owner == day.prescriber


# --- the register ----------------------------------------------------------------------


def ended(day, given="38"):
    to_dose(day)
    at = NOW + timedelta(minutes=46)
    under_way.end_dose(
        treatment=day.treatment, given_mg=Decimal(given), reason="", by=day.nurse, at=at, now=at,
        client=new_id(),
    )  # fmt: skip


def test_waste_closes_exactly_before_a_witness() -> None:
    day = make_day()
    ended(day)
    at = NOW + timedelta(minutes=50)

    def waste(mg, witness):
        return register.waste(
            container=day.boxes[0], mg=Decimal(mg), by=day.nurse,
            witness=signature(witness, at), at=at,
        )  # fmt: skip

    with pytest.raises(register.DoesNotAddUp, match="another person"):
        waste("12", day.nurse)
    with pytest.raises(register.DoesNotAddUp, match="does not add up"):
        waste("11", day.second)
    entry = waste("12", day.second)
    assert entry.witness == day.second
    account = register.balance(day.boxes[0])
    assert account.drawn == account.given + account.wasted
    with pytest.raises(register.DoesNotAddUp, match="Nothing of"):
        waste("12", day.second)


def test_more_given_than_drawn_is_refused_and_nothing_is_written() -> None:
    day = make_day()
    to_dose(day)
    at = NOW + timedelta(minutes=46)
    with pytest.raises(NotNow, match="more than the 38 mg"):
        under_way.end_dose(
            treatment=day.treatment, given_mg=Decimal(39), reason="", by=day.nurse, at=at, now=at,
            client=new_id(),
        )  # fmt: skip
    assert state(day, 47).dose.ended_at is None


@pytest.mark.parametrize(
    ("kind", "mg", "words"),
    [
        ("given", "51", "more given than was drawn"),
        ("wasted", "49", "does not hold"),
        ("wasted", "51", "does not hold"),
        ("received", "50", "comes in once"),
    ],
)
def test_the_database_refuses_what_does_not_add_up(kind, mg, words) -> None:
    day = make_day()
    to_dose(day)
    box = day.boxes[0]
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        RegisterEntry.objects.create(
            container=box, product=box.product, kind=kind, mg=Decimal(mg), by=day.nurse,
            witness=day.second, at=NOW, treatment=day.treatment,
        )  # fmt: skip


@pytest.mark.parametrize("witness", [None, "same"])
def test_the_database_refuses_waste_without_a_second_person(witness) -> None:
    day = make_day()
    to_dose(day)
    box = day.boxes[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        RegisterEntry.objects.create(
            container=box, product=box.product, kind="wasted", mg=Decimal(50), by=day.nurse,
            witness=day.nurse if witness else None, at=NOW, treatment=day.treatment,
        )  # fmt: skip


def test_an_expired_container_is_neither_received_nor_drawn() -> None:
    day = make_day()
    with pytest.raises(register.DoesNotAddUp, match="expired"):
        register.receive(
            product_id="racemic_iv", kind="vial", labels=["old"], lot="X",
            expires_on=(NOW - timedelta(days=1)).date(), mg=Decimal(50), mg_per_ml=Decimal(10),
            by=day.pharmacist, at=NOW,
        )  # fmt: skip
    (last_day,) = register.receive(
        product_id="racemic_iv", kind="vial", labels=["today"], lot="X",
        expires_on=NOW.date(), mg=Decimal(50), mg_per_ml=Decimal(10), by=day.pharmacist, at=NOW,
    )  # fmt: skip
    assert last_day in register.usable("racemic_iv", NOW)
    assert last_day not in register.usable("racemic_iv", NOW + timedelta(days=1))


def test_a_blind_count_that_differs_opens_a_task() -> None:
    day = make_day()
    expected = register.in_stock("racemic_iv").count()
    good = register.count(
        product_id="racemic_iv", counted=expected, by=day.nurse,
        witness=signature(day.second), at=NOW,
    )  # fmt: skip
    assert good.count == good.expected
    assert not Task.objects.filter(kind="register").exists()
    register.count(
        product_id="racemic_iv", counted=expected - 1, by=day.nurse, witness=None, at=NOW
    )
    assert Task.objects.filter(kind="register").count() == 1


# --- the door --------------------------------------------------------------------------


def ready_to_leave(day, *, judged=107):
    """Everything but the last tap: ended at 46, observed to 106."""
    ended(day)
    for scale, level in (("sedation", 5), ("dissociation", 0)):
        at = NOW + timedelta(minutes=100)
        charting.tap_level(
            treatment=day.treatment, scale=scale, level=level, by=day.nurse, at=at, now=at,
            client=new_id(),
        )  # fmt: skip
    measure(day, 100, 130, 82)
    at = NOW + timedelta(minutes=104)
    for condition, values in (
        ("escort_present", {"answer": "present", "name": "Jo Example"}),
        ("instructions", {"answer": "given"}),
    ):
        treatments.answer(
            treatment=day.treatment, condition=condition, values=values, by=day.nurse, at=at,
            now=at, client=new_id(),
        )  # fmt: skip
    if judged is not None:
        leaving.judge_ready(
            treatment=day.treatment, stable=True, note="", by=day.nurse,
            at=NOW + timedelta(minutes=judged), client=new_id(),
        )  # fmt: skip


def test_stability_is_not_judged_before_the_minimum() -> None:
    day = make_day()
    ready_to_leave(day, judged=None)
    with pytest.raises(NotNow, match="Not before 14:46"):
        leaving.judge_ready(
            treatment=day.treatment, stable=True, note="", by=day.nurse,
            at=NOW + timedelta(minutes=105), client=new_id(),
        )  # fmt: skip


def test_leaving_waits_for_every_condition_and_records_the_time() -> None:
    day = make_day()
    ready_to_leave(day, judged=None)
    at = NOW + timedelta(minutes=108)
    with pytest.raises(NotNow, match="nobody has judged"):
        leaving.release(treatment=day.treatment, by=day.nurse, at=at, client=new_id())
    leaving.judge_ready(
        treatment=day.treatment, stable=True, note="", by=day.nurse, at=at, client=new_id()
    )
    row = leaving.release(treatment=day.treatment, by=day.nurse, at=at, client=new_id())
    assert row.at == at
    day.treatment.refresh_from_db()
    day.course.refresh_from_db()
    assert day.treatment.status == "left"
    assert day.course.status == "decision_due"


def test_an_open_alarm_holds_the_door() -> None:
    day = make_day()
    ready_to_leave(day)
    measure(day, 108, 190, 100)
    leave = timeline.leave_of(day.treatment, state(day, 109))
    assert not leave.may_leave
    assert {c.key for c in leave.conditions if not c.standing.lets_through} == {
        "alarms", "pressure",
    }  # fmt: skip
