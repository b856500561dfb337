"""Who sits in a chair now, where their treatment stands, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from evenkeel.core.kernel.quantities import plain
from evenkeel.core.monitoring.alarms import Alarm, worst
from evenkeel.core.monitoring.checks import Check
from evenkeel.core.monitoring.fold import CONTINUOUS, State
from evenkeel.core.monitoring.leaving import Leave
from evenkeel.core.monitoring.rules import Rules
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.web.records.models import Treatment
from evenkeel.web.records.selectors import timeline

SIGN_WORDS = {
    "pressure": "Blood pressure",
    "heart_rate": "Pulse",
    "spo2": "SpO2",
    "respiratory_rate": "Breaths",
    "sedation": "Sedation",
    "dissociation": "Dissociation",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One person in the clinic, folded once."""

    treatment: Treatment
    state: State
    leave: Leave
    rules: Rules

    @property
    def is_lost(self) -> bool:
        """Watched, and a monitor that spoke is silent, or never spoke."""
        return self.state.is_watched and bool(self.state.stale)

    @property
    def hears_monitor(self) -> bool:
        """Not lost, and what is known comes from a monitor and not from a nurse's hand."""
        latest = self.state.latest
        return not self.is_lost and any(
            latest[sign].origin == "monitor" for sign in CONTINUOUS if sign in latest
        )

    @property
    def alarm(self) -> Alarm | None:
        return worst(self.state.alarms)


def seat_of(treatment: Treatment, now: datetime) -> Seat:
    state = timeline.state_of(treatment, now)
    return Seat(
        treatment=treatment,
        state=state,
        leave=timeline.leave_of(treatment, state),
        rules=timeline.rules_of(treatment),
    )


def seats(now: datetime) -> list[Seat]:
    """Everybody in a chair now, in the order of the chairs."""
    return [seat_of(treatment, now) for treatment in timeline.open_treatments()]


def signs_words(signs: tuple[str, ...]) -> str:
    """ "Pressure, sedation, dissociation" as the countdown names a check."""
    words = [SIGN_WORDS[s].replace("Blood pressure", "Pressure") for s in signs]
    return ", ".join([words[0], *(w.lower() for w in words[1:])]) if words else ""


def check_words(check: Check) -> str:
    """What a check asks for now: the signs not looked at yet."""
    return signs_words(check.left or check.signs)


def product_words(seat: Seat) -> str:
    """ "Ketamine IV 38 mg over 40 min", "Esketamine nasal 84 mg, 3 devices"."""
    what = product(seat.treatment.course.product)
    dose = seat.state.dose
    if dose is None:
        return f"{what.name}, treatment {seat.treatment.ordinal}"
    if dose.route == "nasal":
        return f"{what.name} {plain(dose.planned_mg)} mg, {dose.devices} devices"
    minutes = (
        f" over {round((dose.planned_end - dose.started_at).total_seconds() / 60)} min"
        if dose.planned_end
        else ""
    )
    return f"{what.name} {plain(dose.planned_mg)} mg{minutes}"


def next_device(seat: Seat) -> tuple[int, datetime] | None:
    """The next nasal device and the time before which it is not given."""
    dose = seat.state.dose
    what = product(seat.treatment.course.product)
    if dose is None or dose.is_over or what.devices is None or not dose.given_devices:
        return None
    last = dose.given_devices[-1]
    return last.number + 1, last.at + timedelta(minutes=what.devices.apart_minutes)
