"""Why a slot cannot be booked, and what can be booked instead, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evenkeel.core.protocols.slots import Blocked, Need, Slot, uncovered
from evenkeel.web.accounts.models import User
from evenkeel.web.records.models import Chair, Patient
from evenkeel.web.records.selectors import booking as find
from evenkeel.web.ui.words import write_date, write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A slot that was free when it was looked for."""

    start: datetime
    chair: Chair
    nurse: User
    prescriber: User | None

    @classmethod
    def of(cls, slot: Slot) -> Offer:
        return cls(
            start=slot.start,
            chair=Chair.objects.get(pk=slot.chair),
            nurse=User.objects.get(pk=slot.nurse),
            prescriber=(
                User.objects.get(pk=slot.prescriber) if slot.prescriber is not None else None
            ),
        )


class CannotBook(Exception):
    """A booking that was refused; nothing was changed.

    row: which of a series, 0 the first. offers: what is free instead.
    needs_reason: a written reason would let it through.
    """

    def __init__(
        self,
        *,
        title: str,
        why: str,
        todo: str,
        start: datetime,
        chair: Chair | None = None,
        offers: tuple[Offer, ...] = (),
        needs_reason: bool = False,
    ) -> None:
        super().__init__(f"{title}. {why} Nothing was changed. {todo}")
        self.title = title
        self.why = why
        self.todo = todo
        self.start = start
        self.chair = chair
        self.offers = offers
        self.needs_reason = needs_reason
        self.row: int | None = None


def say_when(start: datetime, chair: Chair | None = None) -> str:
    """ "Fri 27 Nov 2026, 13:00" with the chair where there is one."""
    where = f" on {_lower(chair.name)}" if chair is not None else ""
    return f"{write_date(start, weekday=True)}, {write_time(start)}{where}"


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def why_not(
    patient: Patient, need: Need, start: datetime, chair: Chair | None, blocked: Blocked
) -> str:
    """One or two sentences on what stands in the way."""
    care, held = need.care(start), need.held(start)
    if blocked is Blocked.PERSON:
        return f"{patient.short_name} is booked already at that time, and cannot be in two chairs."
    if blocked is Blocked.CHAIR:
        if chair is None:
            return "Every chair is taken for some of that time."
        others = (
            find.holding()
            .filter(chair=chair, period__overlap=(held.start, held.end))
            .order_by("period")
        )
        spans = ", ".join(
            f"{write_time(t.period.lower)} to {write_time(t.period.upper)}" for t in others
        )
        return (
            f"{chair.name} is taken {spans}, and this treatment would hold it until "
            f"{write_time(held.end)}."
        )
    if blocked is Blocked.PRESCRIBER:
        floor = find.floor(care.start, care.end)
        gaps = " and ".join(
            f"{write_time(gap.start)} to {write_time(gap.end)}"
            for gap in uncovered(care, floor.prescribers)
        )
        return (
            f"Nobody who prescribes is on site from {gaps}, and one must be there from the first "
            "minute to the last."
        )
    if blocked is Blocked.NURSE_ABSENT:
        return (
            f"No nurse is on duty from {write_time(care.start)} to {write_time(care.end)} without "
            "a break, and one nurse stays responsible throughout."
        )
    return (
        "Every nurse on duty then looks after as many people as the site allows. One nurse is "
        "responsible for each person."
    )
