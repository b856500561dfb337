"""What the job worker does: send mail, send what is due, escalate what is late.

Procrastinate finds this module by PROCRASTINATE_AUTODISCOVER_MODULE_NAME. Logs
and stored errors name records and kinds of fault, never an address.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

from evenkeel.web.records import mail_words
from evenkeel.web.records.models import MailMessage
from evenkeel.web.records.services import alarms, edition_reviews, mail, questionnaires, tasks

# 15 s and then three times as long each time: nine tries are over after some three hours.
MAIL_TRIES = 9
FIRST_WAIT_S = 15


class NotDelivered(Exception):
    """A message could not be sent this time; the job tries again."""


MAIL_RETRY = RetryStrategy(
    max_attempts=MAIL_TRIES, exponential_wait=3, wait=FIRST_WAIT_S, retry_exceptions=[NotDelivered]
)


def fresh_connection(job: Callable[..., Any]) -> Callable[..., Any]:
    """A worker lives for weeks; a connection does not."""

    def renew() -> None:
        if not connection.in_atomic_block:  # called within somebody's transaction: it is theirs
            close_old_connections()

    @wraps(job)
    def run(*args: Any, **kwargs: Any) -> Any:
        renew()
        try:
            return job(*args, **kwargs)
        finally:
            renew()

    return run


@app.task(name=mail.SEND_MAIL, queue="mail", retry=MAIL_RETRY)
@fresh_connection
def send_mail(mail_id: int) -> None:
    """Send one queued message; mark it sent, or count the try and say why not.

    Raises:
        NotDelivered: the server did not take it and tries are left.
    """
    try:
        with transaction.atomic():
            message = _held(mail_id)
            if message is None:
                return
            mail.deliver(message)
            message.status = MailMessage.Status.SENT
            message.sent_at = timezone.now()
            message.attempts += 1
            message.last_error = ""
            message.save(update_fields=["status", "sent_at", "attempts", "last_error"])
    except mail.NoAddress as fault:
        _count(mail_id, str(fault), last=True)
    except (OSError, smtplib.SMTPException) as fault:
        why = mail_words.why_not_delivered(fault)
        if not _count(mail_id, why, last=False):
            raise NotDelivered(f"mail {mail_id}: {why}") from None


def _held(mail_id: int) -> MailMessage | None:
    """The message if it still waits and no other worker sends it now."""
    return (
        MailMessage.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("to_patient", "to_user", "link", "task")
        .filter(pk=mail_id, status=MailMessage.Status.QUEUED)
        .first()
    )


@transaction.atomic
def _count(mail_id: int, why: str, *, last: bool) -> bool:
    """Note a failed try; True when it was the last one and staff must look."""
    message = MailMessage.objects.select_for_update().get(pk=mail_id)
    message.attempts += 1
    message.last_error = why[:300]
    given_up = last or message.attempts >= MAIL_TRIES
    if given_up:
        message.status = MailMessage.Status.FAILED
    message.save(update_fields=["attempts", "last_error", "status"])
    return given_up


@app.periodic(cron="* * * * *")
@app.task(
    name="evenkeel.each_minute", queue="clock", queueing_lock="each_minute", pass_context=False
)
@fresh_connection
def each_minute(timestamp: int) -> None:
    """Send questionnaires that are due, remind, expire, escalate, and rescue stranded mail."""
    now = timezone.now()
    questionnaires.send_due(at=now)
    questionnaires.remind_due(at=now)
    questionnaires.expire(at=now)
    tasks.escalate_late(at=now)
    alarms.escalate_alarms(at=now)
    rescue_stranded_mail()


@app.periodic(cron="* * * * *")
@app.task(
    name="evenkeel.compare_content",
    queue="content",
    queueing_lock="compare_content",
    pass_context=False,
)
@fresh_connection
def compare_content(timestamp: int) -> None:
    """When the guideline content is new: compare the next patients, and ask to be called again.

    A few at a time, each turn a job of its own, so that alarms and mail go between them.
    """
    if edition_reviews.look(at=timezone.now()):
        with suppress(AlreadyEnqueued):
            compare_content.defer(timestamp=timestamp)


def rescue_stranded_mail() -> int:
    """Give a message that waits without a job a new one: a worker may have died with it."""
    waiting = MailMessage.objects.filter(
        status=MailMessage.Status.QUEUED,
        queued_at__lt=timezone.now() - timedelta(minutes=10),
    ).values_list("pk", flat=True)
    with_job = set(
        ProcrastinateJob.objects.filter(task_name=mail.SEND_MAIL, status="todo").values_list(
            "args__mail_id", flat=True
        )
    )
    stranded = [pk for pk in waiting if pk not in with_job]
    for pk in stranded:
        send_mail.defer(mail_id=pk)
    return len(stranded)
