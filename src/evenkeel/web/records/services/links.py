"""Single-use links: one person, one form, once.

Only the hash of a token is stored. The token itself exists in the message that
carries it and in the browser that opened it; it is made when the message is
sent, so that a queue or a log never holds it. Opening a link uses nothing up
(mail scanners open links); only finishing its form does.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from evenkeel.web.accounts.models import digest
from evenkeel.web.records.models import Patient, SingleUseLink

GOOD_FOR = {
    SingleUseLink.Kind.CONSENT: timedelta(days=14),
    SingleUseLink.Kind.QUESTIONNAIRE: timedelta(days=7),
    SingleUseLink.Kind.GRAPH: timedelta(days=2),
}


class DeadLink(Exception):
    """A link that cannot be used (any more). The message is fit for the person who opened it."""


def issue(
    *,
    patient: Patient,
    kind: str,
    scope: dict[str, Any],
    by: Any,
    at: datetime,
    good_for: timedelta | None = None,
) -> SingleUseLink:
    """A link whose token nobody has yet; ``arm`` gives it one."""
    return SingleUseLink.objects.create(
        patient=patient,
        kind=kind,
        scope=scope,
        token_sha256=digest(secrets.token_urlsafe(32)),
        created_by=by,
        expires_at=at + (good_for or GOOD_FOR[SingleUseLink.Kind(kind)]),
    )


def arm(link: SingleUseLink) -> str:
    """A fresh 256-bit token for this link; an older one stops working. Never stored."""
    token = secrets.token_urlsafe(32)
    link.token_sha256 = digest(token)
    link.save(update_fields=["token_sha256"])
    return token


def find(token: str) -> SingleUseLink | None:
    """The link of this token, whatever its state; None for one that was never ours."""
    return (
        SingleUseLink.objects.select_related("patient").filter(token_sha256=digest(token)).first()
    )


def why_dead(link: SingleUseLink, at: datetime) -> str:
    """Why this link cannot be used; empty when it can."""
    if link.revoked_at is not None:
        return "This link was called back by the clinic. Nothing was lost. Please call us."
    if link.used_at is not None:
        return "This form is finished and was sent. There is nothing more to do."
    if link.expires_at <= at:
        return (
            "This link has run out, because a link that works for ever could be found by "
            "somebody else. Nothing you answered was lost. Please ask the clinic for a new one."
        )
    return ""


def check_alive(link: SingleUseLink, kind: str, at: datetime) -> None:
    """Raise ``DeadLink`` unless the link is for this kind of form and can still be used."""
    if link.kind != kind:
        raise DeadLink("This link is for another form. Please open the newest message.")
    why = why_dead(link, at)
    if why:
        raise DeadLink(why)


def hold(link_id: int, kind: str, at: datetime) -> SingleUseLink:
    """The link, locked until the transaction ends, so that two answers come one by one.

    Raises:
        DeadLink: used, expired, called back, or made for another form.
    """
    link = SingleUseLink.objects.select_for_update(of=("self",)).get(pk=link_id)
    check_alive(link, kind, at)
    return link


def use_up(link: SingleUseLink, at: datetime) -> None:
    """The form is finished; the link opens nothing any more."""
    link.used_at = at
    link.save(update_fields=["used_at", "progress"])


@transaction.atomic
def call_back(*, link: SingleUseLink, at: datetime) -> None:
    """Stop a link that was sent to the wrong place."""
    link.revoked_at = at
    link.save(update_fields=["revoked_at"])
