"""The clinic's chairs and hours: what can be booked at all."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from evenkeel.core.protocols.schedule import ScheduleFault, local_instant
from evenkeel.web.accounts.roles import Role
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Chair, Shift, Treatment
from evenkeel.web.records.selectors.booking import clinic_zone
from evenkeel.web.records.services.placing import hold_the_book
from evenkeel.web.ui.words import write_date, write_time

ON_SITE = frozenset({Role.NURSE, Role.PRESCRIBER})
MOST_WEEKS = 26
MOST_PERSONS = 8  # at once for one nurse; a site's own rule is lower


class NotOnTheRoster(Exception):
    """The roster was not changed; the message is fit for the screen."""


@transaction.atomic
def add_chair(*, number: int, name: str, by: Any, at: datetime) -> Chair:
    """A chair that can be booked from now on.

    Raises:
        NotOnTheRoster: there is a chair with this number.
    """
    permissions.check_may(by, "chairs.manage")
    if Chair.objects.filter(number=number).exists():
        raise NotOnTheRoster(
            f"There is a chair {number} already. Nothing was changed. Choose another number."
        )
    chair = Chair.objects.create(number=number, name=name or f"Chair {number}")
    ledger.append(
        "chair.added", sentence=f"{by.short_name} added {chair.name}.", by=by, at=at, subject=chair
    )
    return chair


@transaction.atomic
def set_chair_in_use(*, chair: Chair, in_use: bool, by: Any, at: datetime) -> None:
    """Take a chair out of use or back; one with bookings to come stays.

    Raises:
        NotOnTheRoster: treatments are booked on it.
    """
    permissions.check_may(by, "chairs.manage")
    hold_the_book()
    coming = Treatment.objects.filter(
        chair=chair, status__in=[Treatment.Status.BOOKED, *Treatment.OPEN]
    )
    if not in_use and (count := coming.count()):
        raise NotOnTheRoster(
            f"{chair.name} has {count} treatment{'' if count == 1 else 's'} to come. Nothing was "
            "changed. Move them on the booking page first."
        )
    chair.in_use = in_use
    chair.save(update_fields=["in_use"])
    word = "back into use" if in_use else "out of use"
    ledger.append(
        "chair.back_in_use" if in_use else "chair.out_of_use",
        sentence=f"{by.short_name} took {chair.name} {word}.",
        by=by,
        at=at,
        subject=chair,
    )


def _spans(
    first: date, weeks: int, weekdays: Collection[int], start: time, end: time
) -> list[tuple[datetime, datetime]]:
    zone = clinic_zone()
    return [
        (local_instant(day, start, zone), local_instant(day, end, zone))
        for day in (first + timedelta(days=n) for n in range(7 * weeks))
        if day.weekday() in weekdays
    ]


@transaction.atomic
def add_shifts(
    *,
    user: Any,
    first: date,
    weeks: int,
    weekdays: Collection[int],
    start: time,
    end: time,
    capacity: int,
    by: Any,
    at: datetime,
) -> int:
    """Shifts of one person on the same hours of some weekdays; all of them or none.

    weekdays: 0 is Monday. start, end: on the clinic's clock, also across its changes.
    capacity: persons at once, for a nurse. Gives back how many shifts were written.

    Raises:
        NotOnTheRoster: no day falls in, the hours are turned round, or one overlaps another.
    """
    permissions.check_may(by, "roster.manage")
    if user.role not in ON_SITE:
        raise NotOnTheRoster("Only nurses and prescribers have shifts. Nothing was changed.")
    if not start < end:
        raise NotOnTheRoster(
            f"A shift from {start:%H:%M} to {end:%H:%M} does not end after it begins. Nothing was "
            "changed. A night is two shifts, one each side of midnight."
        )
    if not 1 <= weeks <= MOST_WEEKS or not 1 <= capacity <= MOST_PERSONS:
        raise NotOnTheRoster(
            f"Up to {MOST_WEEKS} weeks and {MOST_PERSONS} persons at once. Nothing was changed."
        )
    try:
        spans = _spans(first, weeks, set(weekdays), start, end)
    except ScheduleFault as fault:
        raise NotOnTheRoster(f"{fault} Nothing was changed. Choose another hour.") from fault
    if not spans:
        raise NotOnTheRoster("No day falls into this choice. Nothing was changed.")
    for begin, finish in spans:
        try:
            with transaction.atomic():
                Shift.objects.create(user=user, period=(begin, finish), capacity=capacity)
        except IntegrityError:
            raise NotOnTheRoster(
                f"{user.short_name} has a shift on {write_date(begin)} that overlaps. None of the "
                "shifts was written. Remove that one first, or choose other hours."
            ) from None
    ledger.append(
        "roster.shifts_added",
        sentence=f"{by.short_name} put {user.short_name} on the roster for {len(spans)} "
        f"shift{'' if len(spans) == 1 else 's'} from {write_date(spans[0][0])}, "
        f"{start:%H:%M} to {end:%H:%M}.",
        by=by,
        at=at,
        subject=user,
        data={"shifts": len(spans), "capacity": capacity},
    )
    return len(spans)


@transaction.atomic
def remove_shift(*, shift: Shift, by: Any, at: datetime) -> None:
    """Take a shift that has not begun off the roster, unless somebody is booked in it.

    Raises:
        NotOnTheRoster: it has begun, or treatments count on this person being there.
    """
    permissions.check_may(by, "roster.manage")
    hold_the_book()
    shift = Shift.objects.select_for_update(of=("self",)).select_related("user").get(pk=shift.pk)
    if shift.period.lower <= at:
        raise NotOnTheRoster("This shift has begun; what was, stays. Nothing was changed.")
    who = "nurse" if shift.user.role == Role.NURSE else "prescriber"
    counting = Treatment.objects.filter(
        **{who: shift.user},
        status=Treatment.Status.BOOKED,
        period__overlap=shift.period,
    )
    if count := counting.count():
        raise NotOnTheRoster(
            f"{count} treatment{' counts' if count == 1 else 's count'} on {shift.user.short_name} "
            f"being there on {write_date(shift.period.lower)}. Nothing was changed. Move them on "
            "the booking page first."
        )
    sentence = (
        f"{by.short_name} took {shift.user.short_name} off the roster of "
        f"{write_date(shift.period.lower)}, {write_time(shift.period.lower)} to "
        f"{write_time(shift.period.upper)}."
    )
    user = shift.user
    shift.delete()
    ledger.append("roster.shift_removed", sentence=sentence, by=by, at=at, subject=user)
