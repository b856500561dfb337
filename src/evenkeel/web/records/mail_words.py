"""What messages say. They are read on lock screens and by others in the house.

So no message names the person, the scale, the drug, or what kind of clinic
writes. The clinic's name is its own to choose.
"""

from __future__ import annotations

import smtplib
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

_TAIL = (
    "\n\n{href}\n\nThe link works until your answers are sent, at the latest until "
    "{until}. Do not pass it on."
    "\n\nNobody watches this address around the clock. If you are in danger, call the emergency "
    "number of your country now.\n\n{clinic}\n"
)
_STAFF_TAIL = "\n\n{href}\n\n{clinic}\n"

KINDS: dict[str, tuple[str, str]] = {
    "consent": (
        "Something to read before your visit",
        "We ask you to read and answer a few pages. You can stop and go on later." + _TAIL,
    ),
    "questionnaire": (
        "A few questions for you",
        "Please answer a few short questions. It takes about 2 minutes." + _TAIL,
    ),
    "reminder": (
        "A few questions are still open",
        "Your answers so far are kept; you can go on where you stopped." + _TAIL,
    ),
    "graph": (
        "Your own page",
        "Here is the page you asked for.\n\n{href}\n\nThe link works until {until}. Do not pass "
        "it on.\n\n{clinic}\n",
    ),
    "task": (
        "A task waits for you",
        "A task was given to you and has a time. Sign in to read it." + _STAFF_TAIL,
    ),
    "task_late": (
        "A task is late",
        "A task is past its time and nobody has closed it. Sign in to read it." + _STAFF_TAIL,
    ),
}


def check_kind(kind: str) -> str:
    """The kind itself; KeyError for one that has no words."""
    KINDS[kind]
    return kind


def compose(kind: str, *, href: str, clinic: str, until: datetime | None) -> tuple[str, str]:
    """Subject and body of one message."""
    subject, body = KINDS[kind]
    zone: ZoneInfo = settings.EVENKEEL_CLINIC_ZONE
    local = until.astimezone(zone) if until is not None else None
    when = f"{local.day} {local:%b %Y, %H:%M %Z}" if local is not None else ""
    return subject, body.format(href=href, clinic=clinic, until=when)


# By kind of fault: the text of an SMTP refusal repeats the address, so it is never kept.
_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPRecipientsRefused, "the mail server refused the address"),
    (smtplib.SMTPAuthenticationError, "the mail server refused our sign-in"),
    (smtplib.SMTPException, "the mail server refused the message"),
    (ConnectionRefusedError, "the mail server did not answer"),
    (TimeoutError, "the mail server did not answer in time"),
    (OSError, "the mail server could not be reached"),
)


def why_not_delivered(fault: Exception) -> str:
    """A fault in words for staff, with its kind and code for whoever runs the server."""
    words = next(words for kind, words in _FAULTS if isinstance(fault, kind))
    code = getattr(fault, "smtp_code", "")
    return f"{words} ({' '.join(filter(None, [type(fault).__name__, str(code)]))})"
