"""Clients that ask at an order, and how often each matter was shown, taken and passed over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet

from evenkeel.web.records.models import CdsCard, CdsClient, CdsFeedback


def by_issuer(issuer: str) -> CdsClient | None:
    """The client of that issuer, switched off or not."""
    if len(issuer) > 400 or "\x00" in issuer:
        return None
    return CdsClient.objects.filter(issuer=issuer).first()


def allows_origin(origin: str) -> bool:
    """Whether any live client's pages stand at that origin."""
    return CdsClient.objects.filter(enabled=True, origins__contains=[origin]).exists()


def clients() -> QuerySet[CdsClient]:
    """All, the live ones first, with when each asked last."""
    return CdsClient.objects.annotate(last=Max("cards__at")).order_by("-enabled", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """One matter in one span of time. reasons: code and how often, the most frequent first.

    A card may be reported more than once; it counts once for each outcome.
    """

    matter: str
    criteria: tuple[str, ...]
    shown: int
    critical: int
    accepted: int
    overridden: int
    reasons: tuple[tuple[str, int], ...]

    @property
    def unanswered(self) -> int:
        return max(self.shown - self.accepted - self.overridden, 0)

    @property
    def overridden_percent(self) -> int | None:
        """Of the cards that somebody answered; None when nobody answered any."""
        answered = self.accepted + self.overridden
        return round(100 * self.overridden / answered) if answered else None


def burden(since: datetime) -> list[Burden]:
    """Matters of cards shown since then, the most often shown first."""
    cards = CdsCard.objects.filter(at__gte=since)
    shown = Counter(dict(cards.values_list("matter").annotate(n=Count("id"))))
    critical = dict(
        cards.filter(indicator="critical").values_list("matter").annotate(n=Count("id"))
    )
    told = CdsFeedback.objects.filter(card__at__gte=since)
    outcomes = {
        (matter, outcome): n
        for matter, outcome, n in told.values_list("card__matter", "outcome").annotate(
            n=Count("card", distinct=True)
        )
    }
    reasons: dict[str, Counter[str]] = {}
    for matter, code, n in (
        told.exclude(reason_code="").values_list("card__matter", "reason_code")
        .annotate(n=Count("id"))
    ):  # fmt: skip
        reasons.setdefault(matter, Counter())[code] += n
    named: dict[str, Counter[str]] = {}
    for matter, criteria in cards.values_list("matter", "criteria").order_by("-at")[:5000]:
        named.setdefault(matter, Counter()).update(criteria)
    return [
        Burden(
            matter=matter,
            criteria=tuple(name for name, _ in named.get(matter, Counter()).most_common(8)),
            shown=n,
            critical=critical.get(matter, 0),
            accepted=outcomes.get((matter, "accepted"), 0),
            overridden=outcomes.get((matter, "overridden"), 0),
            reasons=tuple(reasons.get(matter, Counter()).most_common(5)),
        )
        for matter, n in shown.most_common()
    ]
