"""The demo's staff, chairs, monitors and hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from evenkeel.web.accounts.models import User
from evenkeel.web.accounts.roles import Role
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records.models import Chair, Device, Shift

# username: given name, family name, title, role
STAFF: dict[str, tuple[str, str, str, Role]] = {
    "i.penworth": ("Ines", "Penworth", "", Role.COORDINATOR),
    "a.draftley": ("Anna", "Draftley", "", Role.NURSE),
    "r.proofe": ("Rashid", "Proofe", "", Role.NURSE),
    "l.trialby": ("Lior", "Trialby", "", Role.NURSE),
    "n.mocksworth": ("Ngozi", "Mocksworth", "", Role.NURSE),
    "s.mockridge": ("Sunita", "Mockridge", "Dr", Role.PRESCRIBER),
    "j.sampleton": ("Jonah", "Sampleton", "Dr", Role.PRESCRIBER),
    "p.placeholt": ("Petra", "Placeholt", "", Role.PHARMACIST),
    "t.cohortson": ("Tomas", "Cohortson", "", Role.RESEARCHER),
    "m.standin": ("Mirembe", "Standin", "", Role.ADMINISTRATOR),
}
PATIENT_ACCOUNT = "nora.exampleby"
SHOWN_ACCOUNTS = (
    "i.penworth",
    "a.draftley",
    "r.proofe",
    "s.mockridge",
    "j.sampleton",
    "p.placeholt",
    "t.cohortson",
    "m.standin",
    PATIENT_ACCOUNT,
)
TOKEN_ACCOUNT = "i.penworth"
BEGUN, WHOLE = "seed.begun", "seed.whole"
CHAIRS = 8
# Monitors that are carried about; the sample messages of tests/data/hl7 are theirs.
CARRIED = ("00059AFFFE000158", "00059AFFFE000159", "00059AFFFE000160")
OPENS, CLOSES = time(8, 0), time(17, 0)  # in the clinic's zone
DAYS_BACK, DAYS_AHEAD = 14, 56
NURSE_CAPACITY = 3
STEP = timedelta(minutes=1)


def monitor_name(chair: int) -> str:
    """What the monitor on this chair calls itself on the wire (PV1-3, OBX-18)."""
    return f"MONITOR-{chair}"


def plant(*, say: Callable[[str], None]) -> None:
    """Accounts, chairs and monitors."""
    now = timezone.now()
    _note(BEGUN, "A synthetic clinic is being made up; everybody in it is invented.")
    for username, (first, last, title, role) in STAFF.items():
        _account(username, first, last, title, role, now)
    _account(PATIENT_ACCOUNT, "Nora", "Exampleby", "", Role.PATIENT, now)
    for number in range(1, CHAIRS + 1):
        chair = Chair.objects.create(number=number, name=f"Chair {number}")
        Device.objects.create(
            identifier=monitor_name(number), name=f"Monitor {number}", chair=chair
        )
    for number, identifier in enumerate(CARRIED, start=1):
        Device.objects.create(identifier=identifier, name=f"Portable monitor {number}")


def note_whole() -> None:
    _note(WHOLE, "The synthetic clinic is made up.")


@transaction.atomic
def _note(action: str, sentence: str) -> None:
    ledger.append(action, sentence=sentence, by=None, at=timezone.now())


@transaction.atomic
def _account(username: str, first: str, last: str, title: str, role: Role, now: datetime) -> User:
    user = User(
        username=username, first_name=first, last_name=last, title=title, role=role,
        email=f"{username}@saltmarsh.invalid",
    )  # fmt: skip
    user.set_unusable_password()  # the demo gives one on each run
    user.save()
    ledger.append(
        "account.opened",
        sentence=f"Evenkeel opened an account for {user.short_name}, {user.role}.",
        by=None,
        at=now,
        subject=user,
    )
    return user


def opening_hours(day: date) -> tuple[datetime, datetime] | None:
    """When the clinic is open on a day of its own zone, in UTC; None at weekends."""
    if day.weekday() >= 5:
        return None
    zone = settings.EVENKEEL_CLINIC_ZONE
    begin = datetime.combine(day, OPENS, zone).astimezone(UTC)
    return begin, datetime.combine(day, CLOSES, zone).astimezone(UTC)


def today() -> None:
    """Shifts from two weeks back to eight weeks ahead, and one around this very hour."""
    now = timezone.now()
    first = now.astimezone(settings.EVENKEEL_CLINIC_ZONE).date()
    roster = list(User.objects.filter(role__in=[Role.NURSE, Role.PRESCRIBER], username__in=STAFF))
    known = set(Shift.objects.filter(user__in=roster).values_list("user_id", "period__startswith"))
    days = range(-DAYS_BACK, DAYS_AHEAD + 1)
    opened = [opening_hours(first + timedelta(days=offset)) for offset in days]
    Shift.objects.bulk_create(
        Shift(user=user, period=DateTimeTZRange(*hours), capacity=NURSE_CAPACITY)
        for hours in opened
        if hours is not None
        for user in roster
        if (user.pk, hours[0]) not in known
    )
    _cover(roster, now - timedelta(hours=3), now + timedelta(hours=6))


def _cover(roster: list[User], begin: datetime, end: datetime) -> None:
    """The demo may run at night; then somebody is on duty at night."""
    fresh = []
    for user in roster:
        at = begin
        taken = Shift.objects.filter(user=user, period__overlap=(begin, end)).order_by("period")
        for period in [*taken.values_list("period", flat=True), DateTimeTZRange(end, end + STEP)]:
            if period.lower > at:
                gap = DateTimeTZRange(at, min(period.lower, end))
                fresh.append(Shift(user=user, period=gap, capacity=NURSE_CAPACITY))
            at = max(at, period.upper)
    Shift.objects.bulk_create(fresh)
