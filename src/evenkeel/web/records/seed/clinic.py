"""The whole clinic: everybody is referred, some consent, some have years behind them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evenkeel.core.protocols.library import protocol
from evenkeel.web.accounts.models import User
from evenkeel.web.accounts.roles import Role
from evenkeel.web.records import consent_texts
from evenkeel.web.records.models import Chair, Course, Patient, Purpose
from evenkeel.web.records.seed import bundles, desk, guided, house, live, names
from evenkeel.web.records.seed.calendar import Calendar
from evenkeel.web.records.seed.rows import Rows
from evenkeel.web.records.seed.stories import (
    IV,
    NASAL,
    STAGES,
    WITHOUT_COURSE,
    Story,
    Teller,
    began,
    shape_for,
)
from evenkeel.web.records.seed.treatments import Writer
from evenkeel.web.records.services import consent, referrals

SEED = 20_261_125
STOCK = {"racemic_iv": 60, "esketamine_nasal": 90}
# The chairs that the demo's people of today sit on stay free in the book.
AHEAD_CHAIRS = (3, 4, 5, 6, 7, 8)


def plant(*, say: Callable[[str], None]) -> None:
    random = Random(SEED)
    today = timezone.now().astimezone(settings.EVENKEEL_CLINIC_ZONE).date()
    stages = [stage for stage, count in STAGES.items() for _ in range(count)]
    invented = names.people(len(stages), random)
    # Nora Exampleby has an account of her own; she is in the middle of a series.
    place = stages.index("running")
    invented[place] = ("Nora", "Exampleby", "female")
    say(f"Referring {len(stages)} invented people")
    stories = _refer(invented, stages, today, random)
    Patient.objects.filter(pk=stories[place].patient.pk).update(
        user=User.objects.get(username=house.PATIENT_ACCOUNT)
    )
    say("Telling their courses")
    rows = Rows()
    teller = _teller(rows, today, random)
    with transaction.atomic():
        for story in stories:
            teller.tell(story)
        Course.objects.bulk_update(
            teller.courses, ["status", "started_at", "ended_at", "end_reason", "interval_days"]
        )
    now = timezone.now()
    for product_id, count in STOCK.items():
        for _ in range(count):
            teller.writer.container(product_id, came=now - timedelta(days=9))
    rows.told(
        "register.received",
        f"{teller.writer.pharmacist.short_name} received this month's delivery.",
        by=teller.writer.pharmacist, at=now - timedelta(days=9),
    )  # fmt: skip
    rows.write()
    say("Asking for consent")
    _consent(stories, today, random)
    desk.ask_for_consent([story.patient for story in stories if story.stage == "consent"])
    _guided(stories, teller.prescribers[0])


def _guided(stories: list[Story], prescriber: User) -> None:
    """Who shows what guidelines make of a history, of a request, and of an older decision."""
    now = timezone.now()

    def first(stage: str, protocol_id: str = "") -> Patient:
        return next(
            story.patient for story in stories
            if story.stage == stage and protocol_id in ("", story.protocol_id)
        )  # fmt: skip

    guided.history(first("screening"), by=prescriber, at=now - timedelta(hours=5))
    guided.decided_before(first("referred"), by=prescriber, at=now - timedelta(days=2))
    coordinator = User.objects.get(username="i.penworth")
    guided.packet(first("running", NASAL), by=coordinator, at=now - timedelta(hours=2))


def _refer(
    invented: list[tuple[str, str, str]], stages: list[str], today: date, random: Random
) -> list[Story]:
    coordinator = User.objects.get(username="i.penworth")
    stories = []
    with transaction.atomic():
        for number, ((given, family, sex), stage) in enumerate(zip(invented, stages, strict=True)):
            protocol_id = random.choice((IV, NASAL))
            first = began(stage, protocol_id, today, random)
            seen = min(first, today) - timedelta(days=random.randint(20, 34))
            if stage in ("referred", "screening"):
                seen = today - timedelta(days=random.randint(2, 20))
            born = today - timedelta(days=round(365.25 * random.triangular(21, 63, 41)))
            raw = bundles.bundle(
                number=number, given=given, family=family, sex=sex, born=born,
                email=f"{given}.{family}@mail.invalid".lower().replace("á", "a"),
                seen=seen, random=random,
            )  # fmt: skip
            came = datetime.combine(seen + timedelta(days=1), time(14, 20), UTC)
            receipt = referrals.receive(raw=raw, by=coordinator, via="post", at=came)
            stories.append(
                Story(
                    patient=receipt.patient,
                    stage=stage,
                    protocol_id=protocol_id,
                    began=first,
                    weight_kg=live.weight_of(receipt.patient),
                    shape=shape_for(stage, random),
                )
            )
    return stories


def _teller(rows: Rows, today: date, random: Random) -> Teller:
    zone = settings.EVENKEEL_CLINIC_ZONE
    by_role = {
        role: list(User.objects.filter(role=role, username__in=house.STAFF).order_by("pk"))
        for role in (Role.NURSE, Role.PRESCRIBER, Role.PHARMACIST)
    }
    writer = Writer(
        rows=rows, random=random, nurses=by_role[Role.NURSE],
        pharmacist=by_role[Role.PHARMACIST][0],
    )  # fmt: skip
    return Teller(
        rows=rows,
        writer=writer,
        past=Calendar(zone=zone, chairs=tuple(range(1, house.CHAIRS + 1))),
        ahead=Calendar(zone=zone, chairs=AHEAD_CHAIRS),
        random=random,
        today=today,
        chairs={chair.number: chair for chair in Chair.objects.all()},
        prescribers=by_role[Role.PRESCRIBER],
        nurses=by_role[Role.NURSE],
    )


def _consent(stories: list[Story], today: date, random: Random) -> None:
    """Everybody with a course has signed; those at consent were asked and have not answered."""
    for start in range(0, len(stories), 20):
        with transaction.atomic():
            for story in stories[start : start + 20]:
                if story.stage not in WITHOUT_COURSE:
                    _sign(story, today, random)


def _sign(story: Story, today: date, random: Random) -> None:
    needed = consent_texts.needed(protocol(story.protocol_id).product, "trd", today)
    purposes = [*needed, Purpose.CONTACT]
    if random.random() < 0.6:
        purposes.append(Purpose.RESEARCH)
    for purpose in dict.fromkeys(str(p) for p in purposes):
        text = consent_texts.current(purpose, today)
        day = max(text.in_force_from, today - timedelta(days=random.randint(6, 18)))
        at = datetime.combine(min(day, today - timedelta(days=1)), time(17, 5), UTC)
        refused = purpose == Purpose.RESEARCH and random.random() < 0.25
        consent.keep_answer(
            patient=story.patient,
            text=text,
            answer="refused" if refused else "given",
            signature=f"{story.patient.given} {story.patient.family}",
            understanding=_understood(text, at),
            via="link:own",
            at=at,
        )


def _understood(text: Any, at: datetime) -> list[dict[str, Any]]:
    if not text.questions:
        return []
    answers = {question.id: question.right for question in text.questions}
    return [{"at": at.isoformat(), "answers": answers, "wrong": []}]
