"""Clients that ask at an order, the log of cards, and what users did with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import CdsCard, CdsClient, CdsFeedback, CdsToken
from evenkeel.web.records.once import claim, remember, repeat_gives


class IssuerTaken(ValueError):
    """Another client has this issuer. The message is fit for the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an administrator typed of a client; see ``CdsClient``."""

    name: str
    issuer: str
    jwks_url: str
    key_set: dict[str, Any]
    tenant: str
    fhir_server: str
    origins: list[str]


@transaction.atomic
@repeat_gives(CdsClient)
def register(*, told: Told, by: Any, at: datetime, once: UUID | None = None) -> CdsClient:
    """A new client.

    Raises:
        Denied: the role may not.
        IssuerTaken: the issuer is registered.
    """
    permissions.check_may(by, "cds.manage")
    claimed = claim(once, "cds.register", by)
    _free(told.issuer, None)
    client = CdsClient.objects.create(registered_at=at, **_fields(told))
    remember(claimed, client)
    _write("cds_client.registered", f"{by.short_name} let {told.name} ask at orders.", client, by,
           at)  # fmt: skip
    return client


@transaction.atomic
def change(*, client: CdsClient, told: Told, by: Any, at: datetime) -> None:
    """Other keys, another tenant, server or pages of a client.

    Raises:
        Denied: the role may not.
        IssuerTaken: the issuer is another client's.
    """
    permissions.check_may(by, "cds.manage")
    _free(told.issuer, client)
    changed = [name for name, value in _fields(told).items() if getattr(client, name) != value]
    if not changed:
        return
    for name, value in _fields(told).items():
        setattr(client, name, value)
    client.save()
    words = ", ".join(_WORDS[name] for name in changed)
    _write("cds_client.changed", f"{by.short_name} changed {words} of {client.name}.", client, by,
           at)  # fmt: skip


@transaction.atomic
def set_enabled(*, client: CdsClient, enabled: bool, by: Any, at: datetime) -> None:
    """Let a client ask, or stop it. Its cards and feedback stay."""
    permissions.check_may(by, "cds.manage")
    if client.enabled == enabled:
        return
    client.enabled = enabled
    client.save(update_fields=["enabled"])
    words = "let" if enabled else "stopped"
    tail = "ask at orders again" if enabled else "from asking at orders"
    action = "cds_client.enabled" if enabled else "cds_client.disabled"
    _write(action, f"{by.short_name} {words} {client.name} {tail}.", client, by, at)


def use_token(*, client: CdsClient, jti: str, expires_at: datetime, now: datetime) -> bool:
    """Note that a token was used. False: it had been used before."""
    digest = hashlib.sha256(jti.encode()).hexdigest()
    try:
        with transaction.atomic():
            CdsToken.objects.create(client=client, jti_sha256=digest, expires_at=expires_at)
    except IntegrityError:
        return False
    CdsToken.objects.filter(expires_at__lt=now).delete()
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One card as the log keeps it. suggestions: the uuids that it offered."""

    uuid: UUID
    matter: str
    criteria: Sequence[str]
    indicator: str
    suggestions: Sequence[UUID]


def log_cards(
    cards: Iterable[Shown],
    *,
    service: str,
    client: CdsClient | None,
    edition: str,
    sha256: str,
    at: datetime,
) -> None:
    """Keep which cards were answered with. Nothing of the person is among it."""
    CdsCard.objects.bulk_create(
        CdsCard(
            uuid=card.uuid,
            client=client,
            service=service,
            matter=card.matter,
            criteria=list(card.criteria),
            indicator=card.indicator,
            suggestions=[str(each) for each in card.suggestions],
            content_edition=edition,
            content_sha256=sha256,
            at=at,
        )
        for card in cards
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a user did with one card. commented: whether words came that are not kept."""

    card: UUID
    outcome: str
    at: datetime
    reason_system: str = ""
    reason_code: str = ""
    commented: bool = False
    suggestions: Sequence[UUID] = ()

    @property
    def digest(self) -> str:
        parts = [str(self.card), self.outcome, self.at.isoformat(), self.reason_system,
                 self.reason_code, str(self.commented), *map(str, self.suggestions)]  # fmt: skip
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class UnknownCard(ValueError):
    """A card that was not given to this client. ``number``: which entry names it."""

    def __init__(self, number: int, words: str) -> None:
        super().__init__(words)
        self.number = number


@transaction.atomic
def keep_feedback(
    outcomes: Sequence[Outcome], *, service: str, client: CdsClient | None, at: datetime
) -> int:
    """Keep what users did; how many entries were new. All or none.

    Raises:
        UnknownCard: a card is not one that this service gave to this client, or a
            suggestion is not that card's.
    """
    cards = {
        card.uuid: card
        for card in CdsCard.objects.filter(
            uuid__in=[each.card for each in outcomes], service=service, client=client
        )
    }
    rows: list[CdsFeedback] = []
    for number, each in enumerate(outcomes):
        card = cards.get(each.card)
        if card is None:
            raise UnknownCard(number, "is no card that this service gave to this client.")
        strange = [s for s in each.suggestions if str(s) not in card.suggestions]
        if strange:
            raise UnknownCard(number, "names a suggestion that the card did not make.")
        rows.append(
            CdsFeedback(
                card=card,
                client=client,
                outcome=each.outcome,
                reason_system=each.reason_system,
                reason_code=each.reason_code,
                commented=each.commented,
                suggestions=[str(s) for s in each.suggestions],
                digest=each.digest,
                at=each.at,
            )
        )
    before = CdsFeedback.objects.filter(card__in=cards.values()).count()
    CdsFeedback.objects.bulk_create(rows, ignore_conflicts=True)
    new = CdsFeedback.objects.filter(card__in=cards.values()).count() - before
    if new:
        who = client.name if client is not None else "A system of the demonstration"
        ledger.append(
            "cds_feedback.received",
            sentence=f"{who} told what became of {new} card{'' if new == 1 else 's'} at orders.",
            by=None,
            at=at,
            subject=client,
            data={"service": service, "cards": sorted({str(each.card) for each in outcomes})},
        )
    return new


_WORDS = {
    "name": "the name",
    "issuer": "the issuer",
    "jwks_url": "the address of the keys",
    "key_set": "the keys",
    "tenant": "the tenant",
    "fhir_server": "the FHIR server",
    "origins": "the web pages",
}


def _fields(told: Told) -> dict[str, Any]:
    return {name: getattr(told, name) for name in _WORDS}


def _free(issuer: str, own: CdsClient | None) -> None:
    other = CdsClient.objects.filter(issuer=issuer).exclude(pk=own.pk if own else None).first()
    if other is not None:
        raise IssuerTaken(
            f"The issuer {issuer} is registered already, as {other.name}. Two clients with one "
            "issuer could not be told apart. Change that one instead."
        )


def _write(action: str, sentence: str, client: CdsClient, by: Any, at: datetime) -> None:
    ledger.append(action, sentence=sentence, by=by, at=at, subject=client)
