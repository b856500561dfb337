"""A small clinic with one of everything, and a way to ask each of its addresses as anybody."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.support import cds
from tests.support.day import answer_safeguards, make_day, new_id, to_dose
from tests.support.floor import Floor
from tests.support.people import ROLES, make_user
from tests.support.referrals import CONDITION, PATIENT, WEIGHT, as_json, bundle, changed
from tests.unit.hl7.samples import raw

from evenkeel.web.config.logs import PlainFormatter

ANYBODY = "anonymous"
# Names that stand nowhere else, so that finding one is finding a person.
PEOPLE = (("Quillfeather", "Zebulona"), ("Vexworthy", "Ottokara"), ("Marrowby", "Ulfrida"))
NAMES = tuple(name for person in PEOPLE for name in person)
TOO_LARGE = "9" * 25  # no key of any table


@dataclass(frozen=True, kw_only=True)
class Address:
    """One pattern of the URL configuration."""

    name: str
    pattern: str
    view: Any


def addresses() -> list[Address]:
    """Every address of the house, those of libraries too; without a name it bears its pattern."""

    def walk(resolver: URLResolver, space: str, before: str) -> Iterator[Address]:
        for one in resolver.url_patterns:
            here = before + str(one.pattern)
            if isinstance(one, URLPattern):
                yield Address(name=space + (one.name or here), pattern=here, view=one.callback)
            else:
                deeper = f"{space}{one.namespace}:" if one.namespace else space
                yield from walk(one, deeper, here)

    return list(walk(get_resolver(), "", ""))


class Everything:
    """The clinic. ``ids`` are what stands in addresses; ``sessions`` are signed-in browsers."""

    def __init__(self, now: datetime) -> None:
        from evenkeel.core.guidelines.packs.library import library
        from evenkeel.web.records.models import (
            DeviceMessage,
            EditionReview,
            MailMessage,
            ScreeningDecision,
            Shift,
        )
        from evenkeel.web.records.selectors.packets import packet_of
        from evenkeel.web.records.services import (
            consent,
            house,
            packets,
            questionnaires,
            referrals,
            tasks,
            trials,
            under_way,
        )
        from evenkeel.web.ui.words import local

        self.users = {role: make_user(role) for role in ROLES}
        for user in self.users.values():  # somebody without a password has no page to change it
            user.set_password(f"a sentence that {user.username} keeps")
            user.save()
        self.sessions = {role: _session(user) for role, user in self.users.items()}
        prescriber, coordinator = self.users["prescriber"], self.users["coordinator"]

        booked, running, over = (
            self._day(person, now + shift)
            for person, shift in zip(
                PEOPLE,
                (timedelta(hours=1), -timedelta(minutes=40), -timedelta(hours=3)),
                strict=True,
            )
        )
        self.patient, self.other = running.patient, over.patient
        to_dose(running)
        to_dose(over)
        end = over.now + timedelta(minutes=50)
        under_way.end_dose(
            treatment=over.treatment, given_mg=Decimal(38), reason="", by=over.nurse, at=end,
            now=end, client=new_id(),
        )  # fmt: skip
        self.patient.user = self.users["patient"]
        self.patient.save()
        for person, worst in ((self.patient, 2), (self.other, 1)):
            self._answers(person, worst, now)
        trials.add_trial(
            patient=self.patient, trial={"drug": "sertraline"}, by=prescriber, at=now,
            said_by="clinician",
        )  # fmt: skip

        sent = as_json(bundle(WEIGHT, CONDITION, patient=changed(PATIENT, name=[
            {"family": PEOPLE[0][0], "given": [PEOPLE[0][1]]}])))  # fmt: skip
        referral = referrals.receive(
            raw=sent, by=coordinator, via=referrals.Via.UPLOAD, at=now
        ).referral
        decision = ScreeningDecision.objects.create(
            patient=self.patient, pack="apa-2017", product="racemic_iv", indication="trd",
            choice="proceed", verdict="yes", is_override=False, packs={}, facts={},
            content_edition="test", content_sha256="0" * 64, at=now, by=prescriber,
        )  # fmt: skip
        review = EditionReview.objects.create(
            from_edition="test", from_sha256="0" * 64, to_edition="test", to_sha256="1" * 64,
            started_at=now, finished_at=now,
        )  # fmt: skip
        rules = library().payers["payer-first-esketamine"]
        seen = packet_of(self.patient, pack=rules, as_of=local(now).date(), parts=[])
        packet = packets.issue(
            patient=self.patient, pack=rules.id, parts=[], seen=packets.fingerprint_of(seen),
            by=prescriber, at=now,
        )  # fmt: skip
        floor = Floor()
        message = DeviceMessage.objects.create(
            received_at=now, peer="127.0.0.1", sender="matrix", control_id="1", sha256="0" * 64,
            raw=raw("01-signs"), ack="AA", device=floor.monitor(chair=None),
            treatment=running.treatment,
        )  # fmt: skip
        task = tasks.open_task(
            kind="other", title="Call", due_at=now + timedelta(hours=2), at=now,
            patient=self.patient, owner=prescriber,
        )  # fmt: skip
        asked = questionnaires.send(patient=self.patient, instrument="phq9", by=coordinator, at=now)
        mail = MailMessage.objects.filter(request=asked).get()
        MailMessage.objects.filter(pk=mail.pk).update(status="failed", attempts=9)
        for person in (self.patient, self.other):
            questionnaires.send_own_page(patient=person, by=coordinator, at=now)
        from evenkeel.web.accounts.models import ApiToken
        from evenkeel.web.records.models import SingleUseLink

        self.links = {
            "questionnaire": asked.link,
            "consent": consent.ask(
                patient=self.patient, purposes=["contact", "research"], by=coordinator, at=now
            ),
            "graph": SingleUseLink.objects.get(patient=self.patient, kind="graph"),
        }
        self.others_links = {
            "questionnaire": questionnaires.send(
                patient=self.other, instrument="phq9", by=coordinator, at=now
            ).link,
            "consent": consent.ask(
                patient=self.other, purposes=["contact"], by=coordinator, at=now
            ),
            "graph": SingleUseLink.objects.get(patient=self.other, kind="graph"),
        }
        house.issue_token(name="Hospital", user=coordinator, by=None, at=now)
        self.tokens = {
            role: ApiToken.issue(name=role, user=user)[1] for role, user in self.users.items()
        }
        self.ids: dict[str, Any] = {
            "number": self.patient.number,
            "course": running.course.pk,
            "booked": booked.treatment.pk,
            "running": running.treatment.pk,
            "over": over.treatment.pk,
            "container": over.boxes[0].pk,
            "referral": referral.pk,
            "decision": decision.pk,
            "review": review.pk,
            "packet": packet.pk,
            "record": self.patient.consents.first().pk,
            "message": message.pk,
            "task": task.pk,
            "mail": mail.pk,
            "request": asked.pk,
            "account": booked.nurse.pk,
            "shift": Shift.objects.order_by("-period").first().pk,
            "chair": booked.chair.pk,
            "token": ApiToken.objects.get(name="Hospital").pk,
            "link": self.links["questionnaire"].pk,
            "form": self.links["consent"].pk,
            "graph": self.links["graph"].pk,
            "cds_client": cds.client().pk,
        }

    def _day(self, person: tuple[str, str], at: datetime) -> SimpleNamespace:
        family, given = person
        made = make_day(now=at, family=family, given=given, email=f"{given}@example.invalid")
        answer_safeguards(made)
        return made

    def _answers(self, person: Any, worst: int, now: datetime) -> None:
        from evenkeel.web.records.services import questionnaires

        answers = {f"q{n}": worst if n < 9 else 0 for n in range(1, 10)}
        questionnaires.record_answers(
            patient=person, instrument="phq9", answers=answers, by=self.users["nurse"],
            taken_at=now - timedelta(days=9), at=now - timedelta(days=9),
        )  # fmt: skip

    def browser(self, role: str) -> Client:
        """A browser of its own for each ask, so that no answer leaves a mark on the next."""
        client = Client(raise_request_exception=False)
        if role != ANYBODY:
            client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: self.sessions[role]})
        return client


def _session(user: Any) -> str:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, and which tables the asking wrote."""

    status: int
    text: str
    headers: HttpResponseBase
    wrote: frozenset[str]
    fault: str = ""

    @property
    def is_page(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("text/html")

    @property
    def to(self) -> str:
        return self.headers.get("Location", "").partition("?")[0]

    @property
    def to_sign_in(self) -> bool:
        return self.status == 302 and self.to == "/accounts/login/"


def ask(client: Client, method: str, path: str, **more: Any) -> Answer:
    """Ask, look at what was written, and take all of it back."""
    with transaction.atomic():
        before = _writes()
        with transaction.atomic():
            response = getattr(client, method)(path, **more)
            whole = b"".join(response) if response.streaming else response.content
            transaction.set_rollback(True)
        wrote = frozenset(name for name, _ in _writes() - before)
        transaction.set_rollback(True)
    told = getattr(response, "exc_info", None)
    return Answer(
        status=response.status_code,
        text=whole.decode("utf-8", "replace"),
        headers=response,
        wrote=wrote,
        fault=repr(told[1])[:200] if told else "",
    )


def _writes() -> set[tuple[str, tuple[int, ...]]]:
    """Rows put in, changed or taken away in this transaction, by PostgreSQL's own count.

    It counts also what was taken back. Sessions and sign-in attempts are no records.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables "
            "WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 "
            "AND relname <> 'django_session' AND relname NOT LIKE 'axes_%%'"
        )
        return {(name, tuple(counts)) for name, *counts in cursor.fetchall()}


@contextmanager
def log_lines() -> Iterator[list[str]]:
    """Every line that is logged meanwhile, as production prints it."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    keep = Keep(level=logging.INFO)
    keep.setFormatter(PlainFormatter())
    logging.getLogger().addHandler(keep)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(keep)
