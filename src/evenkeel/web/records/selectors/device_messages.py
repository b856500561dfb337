"""Messages of monitors for the screen: what was refused, what matched nobody, what is odd."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from evenkeel.web.records.models import Device, DeviceMessage


class Show(StrEnum):
    """Which messages to list."""

    ATTENTION = "attention"
    REFUSED = "refused"
    UNMATCHED = "unmatched"
    FAULTS = "faults"
    ALL = "all"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Show.ATTENTION: "Need a look",
    Show.REFUSED: "Refused",
    Show.UNMATCHED: "Matched nobody",
    Show.FAULTS: "A sign left out",
    Show.ALL: "All",
}
_REFUSED = ~Q(ack__in=["AA", "CA"])
_UNMATCHED = Q(notes__contains=[{"kind": "unmatched"}])
_FAULT = Q(notes__contains=[{"kind": "fault"}])
_WHICH = {
    Show.ATTENTION: _REFUSED | _UNMATCHED | _FAULT,
    Show.REFUSED: _REFUSED,
    Show.UNMATCHED: _UNMATCHED,
    Show.FAULTS: _FAULT,
    Show.ALL: Q(),
}
RECENT = timedelta(hours=24)


def messages(
    *, show: Show, since: datetime, device_id: int | None = None
) -> QuerySet[DeviceMessage]:
    """Messages since then, newest first, without their raw bytes."""
    found = DeviceMessage.objects.filter(_WHICH[show], received_at__gte=since)
    if device_id is not None:
        found = found.filter(device_id=device_id)
    return found.select_related("device", "treatment__patient").defer("raw").order_by("-id")


def counts(since: datetime) -> dict[str, int]:
    """How many messages there are of each kind since then, in one reading of the table."""
    return DeviceMessage.objects.filter(received_at__gte=since).aggregate(
        all=Count("id"),
        refused=Count("id", filter=_REFUSED),
        unmatched=Count("id", filter=_UNMATCHED),
        faults=Count("id", filter=_FAULT),
    )


def monitors(since: datetime) -> list[dict[str, Any]]:
    """Every registered monitor and when it was last heard."""
    heard = dict(
        DeviceMessage.objects.filter(received_at__gte=since, device__isnull=False)
        .values_list("device_id")
        .annotate(last=Max("received_at"))
    )
    devices = Device.objects.select_related("chair").order_by("chair__number", "name")
    return [{"device": device, "last": heard.get(device.pk)} for device in devices]


def unregistered(since: datetime) -> list[dict[str, Any]]:
    """Names that sent messages and are not registered, with how often."""
    return list(
        DeviceMessage.objects.filter(
            received_at__gte=since, ack="AE", reason__endswith="is not registered"
        )
        .values("reason")
        .annotate(times=Count("id"), last=Max("received_at"))
        .order_by("-last")[:20]
    )
