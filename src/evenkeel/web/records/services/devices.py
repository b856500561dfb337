"""Registering monitors: only a registered one reaches a chart."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Chair, Device
from evenkeel.web.records.once import claim, remember, repeat_gives


class AlreadyRegistered(ValueError):
    """Another monitor bears this name on the wire. The message is fit for the screen."""


@transaction.atomic
@repeat_gives(Device)
def register(
    *,
    identifier: str,
    name: str,
    chair: Chair | None,
    by: Any,
    at: datetime,
    once: UUID | None = None,
) -> Device:
    """A new monitor, at a chair or carried about.

    identifier: what it calls itself in OBX-18, PRT-10 or MSH-3.

    Raises:
        Denied: the role may not.
        AlreadyRegistered: the identifier is taken.
    """
    permissions.check_may(by, "devices.manage")
    claimed = claim(once, "devices.register", by)
    other = Device.objects.filter(identifier=identifier).first()
    if other is not None:
        raise AlreadyRegistered(
            f"{identifier} is registered already, as {other.name}. Two monitors with one name "
            "could write into each other's chart. Give each monitor a name of its own."
        )
    device = Device.objects.create(identifier=identifier, name=name, chair=chair)
    remember(claimed, device)
    place = f"at {chair.name}" if chair is not None else "to be carried about"
    ledger.append(
        "device.registered",
        sentence=f"{by.short_name} registered the monitor {name}, {place}.",
        by=by,
        at=at,
        subject=device,
        data={"identifier": identifier, "chair": chair.number if chair is not None else None},
    )
    return device
