"""The outbox: a message is queued with the act that caused it and sent by the job worker.

A queued row holds who, what kind and which link, never the words and never a
token. When the mail server is down nothing is lost: the row stays, the job
tries again, and after its last try staff see it and can send it anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from procrastinate.contrib.django import app

from evenkeel.web.accounts.models import User
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import mail_words, permissions
from evenkeel.web.records.models import (
    AssessmentRequest,
    MailMessage,
    Patient,
    SingleUseLink,
    Task,
)
from evenkeel.web.records.services import links

SEND_MAIL = "evenkeel.send_mail"


class NoAddress(Exception):
    """There is nowhere to send it. The message is fit for the screen."""


def queue(
    *,
    kind: str,
    to_patient: Patient | None = None,
    to_user: User | None = None,
    link: SingleUseLink | None = None,
    request: AssessmentRequest | None = None,
    task: Task | None = None,
) -> MailMessage:
    """Queue one message inside the caller's transaction, with the job that sends it."""
    message = MailMessage.objects.create(
        kind=mail_words.check_kind(kind),
        to_patient=to_patient,
        to_user=to_user,
        link=link,
        request=request,
        task=task,
    )
    _hand_to_worker(message)
    return message


def _hand_to_worker(message: MailMessage) -> None:
    # The job is a row of the same database, so it exists exactly when the message does.
    app.configure_task(name=SEND_MAIL, queue="mail").defer(mail_id=message.pk)


def address_of(message: MailMessage) -> str:
    """Where it goes; empty when the person has no address."""
    if message.to_patient is not None:
        return message.to_patient.email
    return message.to_user.email if message.to_user is not None else ""


def deliver(message: MailMessage) -> None:
    """Compose and send one message over SMTP, with a fresh token for its link.

    Raises:
        NoAddress: nowhere to send it.
        OSError, smtplib.SMTPException: the server could not be reached or refused.
    """
    to = address_of(message)
    if not to:
        raise NoAddress("this person has no e-mail address")
    href = ""
    if message.link is not None:
        token = links.arm(message.link)
        href = settings.EVENKEEL_BASE_URL + reverse("portal:link", args=[token])
    elif message.task is not None:
        href = settings.EVENKEEL_BASE_URL + reverse("clinic:task", args=[message.task.pk])
    subject, body = mail_words.compose(
        message.kind,
        href=href,
        clinic=settings.EVENKEEL_CLINIC_NAME,
        until=message.link.expires_at if message.link is not None else None,
    )
    EmailMessage(subject=subject, body=body, to=[to]).send(fail_silently=False)


@transaction.atomic
def send_again(*, message: MailMessage, by: Any, at: datetime) -> MailMessage:
    """Queue a message that was not delivered once more, after the address was looked at."""
    permissions.check_may(by, "questionnaires.send")
    message = (
        MailMessage.objects.select_for_update(of=("self",))
        .select_related("to_patient", "to_user")
        .get(pk=message.pk)
    )
    if message.status != MailMessage.Status.FAILED:
        return message
    message.status, message.attempts, message.last_error = MailMessage.Status.QUEUED, 0, ""
    message.save(update_fields=["status", "attempts", "last_error"])
    who = message.to_patient.short_name if message.to_patient is not None else "a colleague"
    ledger.append(
        "mail.sent_again",
        sentence=f"{by.short_name} sent a message to {who} again.",
        by=by,
        at=at,
        patient=message.to_patient,
        subject=message,
    )
    _hand_to_worker(message)
    return message
