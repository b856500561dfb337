"""The floor: every chair, what falls due, and what is wrong.

Walls are read by visitors: first name and initial, no diagnosis, no score.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from evenkeel.core.monitoring.checks import next_check
from evenkeel.core.monitoring.leaving import earliest_leaving
from evenkeel.web.accounts.roles import Role
from evenkeel.web.records.models import Chair, DeviceMessage, Shift, Treatment
from evenkeel.web.records.selectors import timeline
from evenkeel.web.records.selectors.alarm_banner import worst_banner
from evenkeel.web.records.selectors.chairs import chair_of, empty_chair
from evenkeel.web.records.selectors.seats import Seat, check_words, seats

BEGAN = timezone.now()  # as good as the start of the web process, which loads this at once


def board(now: datetime) -> dict[str, Any]:
    """Everything on the wall."""
    sitting = seats(now)
    by_chair = {seat.treatment.chair_id: seat for seat in sitting}
    chairs = []
    for chair in Chair.objects.filter(in_use=True):
        seat = by_chair.get(chair.pk)
        shown = chair_of(seat) if seat else empty_chair(chair, now)
        chairs.append({"chair": shown, "treatment": seat.treatment if seat else None})
    banner, more = worst_banner(sitting)
    watched = [seat for seat in sitting if seat.state.is_watched]
    in_touch = sum(seat.hears_monitor for seat in watched)
    nurses = Shift.objects.filter(period__contains=now, user__role=Role.NURSE).count()
    return {
        "now": now,
        "chairs": chairs,
        "banner": banner,
        "more": more,
        "prescribers": list(timeline.prescriber_shifts(now)),
        "nurses": nurses,
        "patients": len(sitting),
        "monitors": in_touch,
        "unheard_since": _unheard_since(in_touch, len(watched)),
        "watched": len(watched),
        "coming_up": coming_up(sitting, now),
    }


def _unheard_since(in_touch: int, watched: int) -> datetime | None:
    """When this process began, while no monitor has spoken to it since; else None.

    Just after a restart "0 in touch" would say more than is known: nobody has been heard yet.
    """
    if not watched or in_touch:
        return None
    heard = DeviceMessage.objects.filter(received_at__gte=BEGAN).exists()
    return None if heard else BEGAN


def coming_up(sitting: list[Seat], now: datetime) -> list[tuple[datetime, str]]:
    """What falls due in the next hours on the whole floor, by time."""
    found: list[tuple[datetime, str]] = []
    for seat in sitting:
        chair = seat.treatment.chair.name
        check = next_check(seat.state.checks)
        if check is not None and check.due_at is not None:
            found.append((check.due_at, f"{chair} {check_words(check).lower()}"))
        leaving = earliest_leaving(seat.state, seat.rules)
        if leaving is not None and leaving > now:
            found.append((leaving, f"{chair}, earliest leaving"))
    for t in (
        Treatment.objects.filter(
            status=Treatment.Status.BOOKED,
            period__startswith__gt=now,
            period__startswith__lt=now + timedelta(hours=8),
        )
        .select_related("patient")
        .order_by("period")[:6]
    ):
        found.append((t.period.lower, f"{t.patient.short_name} arrives"))
    return sorted(found)[:7]


def urgency(chair: dict[str, Any]) -> tuple[int, datetime | Any]:
    """Worst first, then by due time: the order on a phone."""
    order = {"high": 0, "medium": 1, "late": 2, "lost": 3, "due": 4, "ready": 6, "empty": 8}
    return order.get(chair["state"], 5), chair["no"]
