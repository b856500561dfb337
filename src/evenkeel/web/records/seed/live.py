"""People in the chairs at this very minute, put there by the clinic's own services.

Run at each start of the demo, at any hour: whoever sat there since an earlier run
goes home, bookings that went by are told as kept, and a new handful is under way.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max, Q
from django.utils import timezone

from evenkeel.core.monitoring import events as e
from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.accounts.models import User
from evenkeel.web.accounts.roles import Role
from evenkeel.web.records.models import Chair, Container, Course, Treatment
from evenkeel.web.records.seed import house
from evenkeel.web.records.seed.rows import Rows
from evenkeel.web.records.seed.stories import IV, NASAL
from evenkeel.web.records.seed.treatments import Writer
from evenkeel.web.records.services import (
    charting,
    checking,
    courses,
    giving,
    leaving,
    readings,
    register,
    timeline,
    treatments,
    under_way,
)
from evenkeel.web.records.services.signatures import Signature

Status = Treatment.Status
EVERY_MIN = 10
FRESH = timedelta(minutes=30)  # a dose begun less than this ago keeps the floor alive


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who is where. Minutes count back from now.

    dosed: when the dose began; None while the gate is open.
    """

    chair: int
    product: str
    arrived: int
    dosed: int | None
    pressure: tuple[int, int] = (124, 78)


SCENES = (
    Scene(chair=2, product="racemic_iv", arrived=29, dosed=7),
    Scene(chair=1, product="esketamine_nasal", arrived=31, dosed=6),
    Scene(chair=3, product="esketamine_nasal", arrived=66, dosed=41),
    Scene(chair=5, product="racemic_iv", arrived=128, dosed=103),
    Scene(chair=7, product="racemic_iv", arrived=9, dosed=None, pressure=(148, 94)),
)


PROTOCOLS = {"racemic_iv": IV, "esketamine_nasal": NASAL}


def weight_of(patient: Any) -> Decimal:
    """An invented weight, kg, the same on each day."""
    return Decimal(540 + patient.pk * 137 % 480) / 10


def stage(*, say: Callable[[str], None]) -> None:
    """Bring the floor to life, unless it is."""
    now = timezone.now()
    fresh = Treatment.objects.filter(
        status=Status.DOSING, events__kind="dose_started", events__at__gt=now - FRESH
    )
    if fresh.exists():
        return
    say("Putting people in the chairs")
    _send_home(now)
    _catch_up(now)
    team = _Team()
    for scene in SCENES:
        _play(scene, team, now)


class _Team:
    def __init__(self) -> None:
        people = User.objects.filter(username__in=house.STAFF)
        self.nurses = list(people.filter(role=Role.NURSE).order_by("pk"))
        self.prescribers = list(people.filter(role=Role.PRESCRIBER).order_by("pk"))
        self.pharmacist = people.get(role=Role.PHARMACIST)


# -- what went before -----------------------------------------------------------


def _send_home(now: datetime) -> None:
    """Whoever is in a chair since an earlier run leaves; what is left of a vial is wasted."""
    for treatment in Treatment.objects.filter(status__in=Treatment.OPEN).select_related(
        "patient", "course", "chair", "nurse", "prescriber"
    ):
        nurse = treatment.nurse
        if treatment.status in (Status.CHECKED_IN, Status.GO):
            treatments.cancel(
                treatment=treatment, reason="The person could not wait any longer.", by=nurse,
                at=now, client=uuid.uuid4(),
            )  # fmt: skip
            courses.after_treatment(course=treatment.course, at=now)
            continue
        _leave(treatment, now)
    witness = User.objects.get(username="r.proofe")
    by = User.objects.get(username="a.draftley")
    for container, _, account in register.open_waste():
        register.waste(
            container=container, mg=account.open_mg, by=by, at=now,
            witness=Signature(user=witness, at=now),
        )  # fmt: skip


@transaction.atomic
def _leave(treatment: Treatment, now: datetime) -> None:
    treatment = timeline.hold(treatment)
    nurse = treatment.nurse
    if treatment.status == Status.DOSING:
        _end(treatment, nurse, now)
    treatment.status = Status.LEFT
    # The chair is free from now on, not only from the end of the booking.
    treatment.period = DateTimeTZRange(treatment.period.lower, min(now, treatment.period.upper))
    treatment.save(update_fields=["status", "period"])
    left = e.Left(
        id=str(uuid.uuid4()), at=now, recorded_at=now, by=nurse.short_name,
        escort=treatment.escort,
    )  # fmt: skip
    timeline.write(
        treatment, left, by=nurse,
        sentence=f"{treatment.patient.short_name} left before the demo began again.",
    )  # fmt: skip
    courses.after_treatment(course=treatment.course, at=now)


def _end(treatment: Treatment, nurse: Any, now: datetime) -> None:
    """A spray ends with its last device, an infusion when somebody says so."""
    if treatment.course.product != "esketamine_nasal":
        under_way.end_dose(
            treatment=treatment, given_mg=None, reason="", by=nurse, at=now, now=now,
            client=uuid.uuid4(),
        )  # fmt: skip
        return
    given = treatment.events.filter(kind="device_given").count()
    left = int(treatment.course.dose_mg / 28) - given
    for number in range(left, 0, -1):
        at = now - timedelta(minutes=6) * (number - 1)
        giving.give_device(treatment=treatment, by=nurse, at=at, now=now, client=uuid.uuid4())


def _catch_up(now: datetime) -> None:
    """Bookings of days or hours that went by while the demo stood still were kept."""
    missed = list(
        Treatment.objects.filter(status=Status.BOOKED, period__endswith__lt=now)
        .select_related("patient", "course__prescriber", "chair", "nurse", "prescriber")
        .order_by("period")
    )
    if not missed:
        return
    team, rows = _Team(), Rows()
    writer = Writer(
        rows=rows, random=Random(missed[0].pk), nurses=team.nurses, pharmacist=team.pharmacist,
        labels=Container.objects.aggregate(last=Max("pk"))["last"] or 0,
    )  # fmt: skip
    for treatment in missed:
        at = treatment.period.lower
        courses.freeze_baseline(course=treatment.course, at=at, by=treatment.nurse)
        writer.attend(treatment, weight_kg=weight_of(treatment.patient), whole=True)
    Treatment.objects.bulk_update(missed, ["status"])
    rows.write()
    for course in Course.objects.filter(pk__in={one.course_id for one in missed}):
        courses.after_treatment(course=course, at=now)


# -- who is here now ------------------------------------------------------------


@transaction.atomic
def _play(scene: Scene, team: _Team, now: datetime) -> None:
    """One scene; left out where no chair is free for it."""
    arrived = now - timedelta(minutes=scene.arrived)
    treatment = _moved_to(scene, team, arrived, now)
    if treatment is None:
        return
    nurse = treatment.nurse
    second = next(one for one in team.nurses if one.pk != nurse.pk)
    treatments.check_in(treatment=treatment, by=nurse, at=arrived)
    _measure(treatment, nurse, arrived + timedelta(minutes=4), scene.pressure)
    _answer_gate(treatment, nurse, arrived, whole=scene.dosed is not None)
    if scene.dosed is not None:
        _dose(treatment, nurse, second, now - timedelta(minutes=scene.dosed), now)


def _booked_for(scene: Scene, now: datetime) -> DateTimeTZRange:
    """What was booked: dose, observation and turnover of the protocol, from the dose on.

    People come before the hour that they are booked for, and a dose begins at it or some
    minutes late; who is at the gate still is booked for a quarter of an hour from now.
    """
    rules = protocol(PROTOCOLS[scene.product])
    begins = (
        now + timedelta(minutes=15) if scene.dosed is None else now - timedelta(minutes=scene.dosed)
    )
    begins = begins.replace(minute=begins.minute - begins.minute % 5, second=0, microsecond=0)
    stay = timedelta(minutes=rules.chair_minutes + rules.turnover_minutes.value)
    return DateTimeTZRange(begins, begins + stay)


def _moved_to(scene: Scene, team: _Team, arrived: datetime, now: datetime) -> Treatment | None:
    """Somebody's next booking, moved to a free chair at this hour."""
    period = _booked_for(scene, now)
    holding = Treatment.objects.exclude(status__in=[Status.CANCELLED, Status.MISSED])
    taken = set(
        holding.filter(Q(period__overlap=period) | Q(status__in=Treatment.OPEN)).values_list(
            "chair", flat=True
        )
    )
    # The scene's own chair, else one that no other scene wants: an earlier run may still
    # hold the hour in which this person would have come.
    others = {one.chair for one in SCENES}
    chairs = sorted(
        Chair.objects.filter(in_use=True).exclude(pk__in=taken),
        key=lambda one: (one.number != scene.chair, one.number in others, one.number),
    )
    if not chairs:
        return None
    chair = chairs[0]
    nurse = team.nurses[chair.number % len(team.nurses)]
    lanes = set(
        holding.filter(nurse=nurse, period__overlap=period).values_list("nurse_lane", flat=True)
    )
    lane = next(n for n in range(1, 20) if n not in lanes)
    # Two of one name on the floor would be hard to tell apart.
    here = Treatment.objects.filter(status__in=Treatment.OPEN).values("patient__given")
    treatment = (
        Treatment.objects.filter(
            status=Status.BOOKED, course__status=CourseStatus.MAINTENANCE,
            course__protocol=PROTOCOLS[scene.product], period__startswith__gt=arrived,
        )
        .exclude(patient__treatments__status__in=[*Treatment.OPEN])
        .exclude(patient__user__isnull=False)
        .exclude(patient__given__in=here)
        .select_related("patient", "course", "chair", "nurse", "prescriber")
        .order_by("period")
        .first()
    )  # fmt: skip
    if treatment is None:
        return None
    treatment.period, treatment.chair = period, chair
    treatment.nurse, treatment.nurse_lane = nurse, lane
    treatment.save(update_fields=["period", "chair", "nurse", "nurse_lane"])
    return treatment


def _measure(treatment: Treatment, nurse: Any, at: datetime, pressure: tuple[int, int]) -> None:
    values = {
        "systolic_bp": Decimal(pressure[0]), "diastolic_bp": Decimal(pressure[1]),
        "heart_rate": Decimal(72), "spo2": Decimal(98), "respiratory_rate": Decimal(14),
    }  # fmt: skip
    readings.record_by_hand(
        treatment=treatment, values=values, at=at, now=at, by=nurse, client=uuid.uuid4()
    )


def _answer_gate(treatment: Treatment, nurse: Any, arrived: datetime, *, whole: bool) -> None:
    answers: dict[str, dict[str, str]] = {
        "weight": {"kg": str(weight_of(treatment.patient))},
        "fasting": {
            "food_at": (arrived - timedelta(hours=9)).isoformat(),
            "drink_at": (arrived - timedelta(hours=3)).isoformat(),
            "said_by": "patient",
        },
        "suicidality": {"answer": "none"},
    }
    if whole:
        answers |= {
            "escort": {"name": treatment.escort},
            "oximeter": {"answer": "checked"},
            "pregnancy": {"answer": "not_possible"},
        }
        if treatment.course.product == "esketamine_nasal":
            answers |= {"enrolment": {"answer": "confirmed"}, "nasal_spray": {"answer": "none"}}
    for minute, (condition, values) in enumerate(answers.items()):
        at = arrived + timedelta(minutes=5, seconds=40 * minute)
        treatments.answer(
            treatment=treatment, condition=condition, values=values, by=nurse, at=at, now=at,
            client=uuid.uuid4(),
        )  # fmt: skip


def _dose(treatment: Treatment, nurse: Any, second: Any, dosed: datetime, now: datetime) -> None:
    checked = dosed - timedelta(minutes=8)
    treatments.pass_gate(treatment=treatment, by=nurse, at=checked, client=uuid.uuid4())
    product_id = treatment.course.product
    nasal = product_id == "esketamine_nasal"
    wanted = int(treatment.course.dose_mg / 28) if nasal else 1
    # Each chair takes from its own place in the safe: later devices are drawn one by one.
    place = treatment.chair.number * 3
    boxes = [box.pk for box in register.usable(product_id, dosed)[place : place + wanted]]
    first = checking.first_check(treatment=treatment, container_ids=boxes, by=nurse, at=checked)
    numbers = {
        name: Decimal(first.answers[name])
        for name in ("dose", "volume", "rate", "devices")
        if name in first.answers
    }
    at = dosed - timedelta(minutes=4)
    checking.second_check(
        treatment=treatment, answers=numbers, signature=Signature(user=second, at=at), at=at
    )
    giving.start_dose(treatment=treatment, by=nurse, at=dosed, client=uuid.uuid4())
    for number in range(1, wanted):
        at = dosed + timedelta(minutes=5, seconds=5) * number
        if nasal and at < now:
            giving.give_device(treatment=treatment, by=nurse, at=at, now=at, client=uuid.uuid4())
    ended = dosed + timedelta(minutes=treatment.course.minutes or 40)
    if not nasal and ended < now:
        under_way.end_dose(
            treatment=treatment, given_mg=None, reason="", by=nurse, at=ended, now=ended,
            client=uuid.uuid4(),
        )  # fmt: skip
    _watch(treatment, nurse, dosed, now)
    if not nasal and ended + timedelta(minutes=60) < now:
        _nearly_ready(treatment, nurse, now)


def _watch(treatment: Treatment, nurse: Any, dosed: datetime, now: datetime) -> None:
    """Levels and pressures as the nurse charted them, the last a moment ago."""
    minutes = [*range(0, int((now - dosed).total_seconds() // 60), EVERY_MIN)]
    times = [dosed + timedelta(minutes=each) for each in minutes] + [now - timedelta(seconds=20)]
    for at in times:
        since = (at - dosed).total_seconds() / 60
        level = 0 if since < 5 or since > 80 else 4 if since < 45 else 1
        lift = 2 if since < 5 or since > 80 else 12 if since < 45 else 5
        if since and since % (2 * EVERY_MIN) == 0:
            _measure(treatment, nurse, at, (122 + lift, 77 + lift // 2))
        for scale, value in (("dissociation", level), ("sedation", 4 if level > 3 else 5)):
            charting.tap_level(
                treatment=treatment, scale=scale, level=value, by=nurse, at=at, now=at,
                client=uuid.uuid4(),
            )  # fmt: skip


def _nearly_ready(treatment: Treatment, nurse: Any, now: datetime) -> None:
    """All is said but the last word: the nurse lets the person go from the screen."""
    _measure(treatment, nurse, now - timedelta(minutes=3), (125, 79))
    at = now - timedelta(minutes=2)
    for condition, values in (
        ("escort_present", {"answer": "present", "name": treatment.escort}),
        ("instructions", {"answer": "given"}),
    ):
        treatments.answer(
            treatment=treatment, condition=condition, values=values, by=nurse, at=at, now=at,
            client=uuid.uuid4(),
        )  # fmt: skip
    leaving.judge_ready(
        treatment=treatment, stable=True, note="", by=nurse, at=now - timedelta(minutes=1),
        client=uuid.uuid4(),
    )  # fmt: skip
