"""The floor: every chair, who sits there, what is next and what is wrong.

Walls are read by visitors: first name and initial, no diagnosis, no score.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evenkeel.core.kernel.quantities import plain
from evenkeel.core.monitoring.alarms import Alarm, Sample, crosses, worst
from evenkeel.core.monitoring.checks import Check, CheckState, next_check
from evenkeel.core.monitoring.events import Scale
from evenkeel.core.monitoring.fold import CONTINUOUS, Phase, State
from evenkeel.core.monitoring.leaving import Leave, earliest_leaving
from evenkeel.core.monitoring.rules import Rules
from evenkeel.core.pharmacology.products import product
from evenkeel.web.accounts.roles import Role
from evenkeel.web.records.models import Chair, Shift, Treatment
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


def chair_of(seat: Seat) -> dict[str, Any]:
    """The keys of the component ``chair``."""
    state, treatment = seat.state, seat.treatment
    found: dict[str, Any] = {
        "no": treatment.chair.number,
        "name": treatment.patient.short_name,
        "product": product_words(seat),
        "nurse": treatment.nurse.short_name,
        "state": "calm",
        **_phase(seat),
        **_next(seat),
        **_signs(seat),
    }
    alarm = seat.alarm
    if alarm is not None and not alarm.is_answered:
        found["chip"] = found["state"] = alarm.priority.value
    elif seat.is_lost:
        found["chip"] = found["state"] = "lost"
        found |= {
            "next_what": "Check in person", "next_due": None, "next_prefix": "due",
            "next_when": "now",
        }  # fmt: skip
    elif seat.leave.may_leave:
        found["chip"] = found["state"] = "ready"
    elif alarm is not None:
        found["chip"] = alarm.priority.value
        found["state"] = "due"
    elif (check := next_check(state.checks)) is not None and check.state is CheckState.LATE:
        found["chip"], found["state"] = "medium", "late"
        found |= {"next_what": f"{check_words(check)} late", "next_due": check.due_at}
        found.pop("next_late", None)
    elif check is not None and check.state is CheckState.DUE and check.due_at is not None:
        found["state"] = "due"
    return found


def _minutes(since: datetime | None, now: datetime) -> str:
    return "" if since is None else f"{int((now - since).total_seconds() // 60)} min"


def _phase(seat: Seat) -> dict[str, Any]:
    state, rules = seat.state, seat.rules
    now, dose = state.now, state.dose
    observe = rules.file.leave.observe_minutes
    if dose is None:
        return {
            "phase": "Day gate" if state.phase is Phase.GATE else "Go",
            "phase_time": _minutes(state.checked_in_at, now),
            "phase_of": "since check-in",
            "track": [(12, 0.5 if state.phase is Phase.GATE else 1), (26, 0), (48, 0), (14, 0)],
        }
    planned = (dose.planned_end - dose.started_at).total_seconds() / 60 if dose.planned_end else 15
    gone = (now - dose.started_at).total_seconds() / 60
    if not dose.is_over:
        if dose.route == "nasal":
            number = len(dose.given_devices)
            of, word = f"device {number} of {dose.devices}", "Dosing"
            part = number / max(dose.devices, 1)
        else:
            of = f"of {round(planned)}"
            word = "Infusion" if dose.running else "Paused"
            part = float(dose.given_mg / dose.planned_mg) if dose.planned_mg else 0
        return {
            "phase": word, "phase_time": f"{int(gone)} min", "phase_of": of,
            "track": [(12, 1), (26, part), (48, 0), (14, 0)],
        }  # fmt: skip
    since = dose.started_at if rules.file.leave.observe_from == "start" else dose.ended_at
    observed = (now - (since or now)).total_seconds() / 60
    ready = seat.leave.may_leave
    return {
        "phase": "Ready to leave" if ready else "Observation",
        "phase_time": f"{int(observed)} min",
        "phase_of": "observed" if ready else f"of {observe} or more",
        "track": [(12, 1), (26, 1), (48, min(observed / observe, 1)), (14, 1 if ready else 0)],
        "notches": [0.55] if rules.file.product == "esketamine_nasal" else [],
    }


def _next(seat: Seat) -> dict[str, Any]:
    state = seat.state
    if state.dose is None:
        gate = timeline.gate_of(seat.treatment, state)
        open_ones = [c for c in gate.conditions if not c.standing.lets_through]
        if not open_ones:
            return {"next_what": "Dose and second check", "next_due": gate.go_until,
                    "next_label": "Go ends"}  # fmt: skip
        first = open_ones[0]
        return {
            "next_what": first.title, "next_due": None, "next_prefix": "conditions",
            "next_when": f"{len(open_ones)} left",
        }  # fmt: skip
    if seat.leave.may_leave:
        leave = seat.leave
        return {"next_what": "Discharge", "next_due": None, "next_prefix": "conditions met",
                "next_when": f"{leave.met} of {len(leave.conditions)}"}  # fmt: skip
    device = next_device(seat)
    if device is not None:
        number, at = device
        words = "not before" if at > state.now else "may be given"
        return {"next_what": f"Device {number}, {words}", "next_due": at, "next_late": "open for"}
    check = next_check(state.checks)
    if check is not None and check.due_at is not None:
        return {"next_what": check_words(check), "next_due": check.due_at}
    return {"next_what": "Gate to leave", "next_due": None, "next_prefix": "conditions met",
            "next_when": f"{seat.leave.met} of {len(seat.leave.conditions)}"}  # fmt: skip


def check_words(check: Check) -> str:
    """What a check asks for now: the signs not looked at yet."""
    return signs_words(check.left or check.signs)


def next_device(seat: Seat) -> tuple[int, datetime] | None:
    """The next nasal device and the time before which it is not given."""
    dose = seat.state.dose
    what = product(seat.treatment.course.product)
    if dose is None or dose.is_over or what.devices is None or not dose.given_devices:
        return None
    last = dose.given_devices[-1]
    return last.number + 1, last.at + timedelta(minutes=what.devices.apart_minutes)


def _shown(sample: Sample | None) -> str:
    return str(sample) if sample is not None else "–"


def _signs(seat: Seat) -> dict[str, Any]:
    state = seat.state
    limits = timeline.limits_in_force(seat.treatment)
    latest = state.latest
    pressure = latest.get("pressure")
    small = [
        ("Pulse", _shown(latest.get("heart_rate"))),
        ("SpO₂", _shown(latest.get("spo2"))),
        ("Breaths", _shown(latest.get("respiratory_rate"))),
    ]
    for scale, word in ((Scale.SEDATION, "Sedation"), (Scale.DISSOCIATION, "Dissoc.")):
        tap = state.level(scale)
        small.append((word, str(tap.level) if tap is not None else "–"))
    found: dict[str, Any] = {"small": small, **_age(seat)}
    if pressure is not None:
        found["bp"] = str(pressure).split("/")
        found["bp_beyond"] = any(crosses(limit, pressure) for limit in limits)
        recent = [
            p for p in state.pressures
            if p.at > state.now - timedelta(minutes=30) and p.systolic is not None
        ]  # fmt: skip
        begin = state.now - timedelta(minutes=30)
        found["spark"] = [
            ((p.at - begin).total_seconds() / 60, float(p.systolic or 0)) for p in recent
        ]
    return found


def _age(seat: Seat) -> dict[str, Any]:
    """How old the newest sign is, and whose it is."""
    state = seat.state
    newest = max(
        (s for sign, s in state.latest.items() if sign in CONTINUOUS or sign == "pressure"),
        key=lambda s: s.at,
        default=None,
    )
    if newest is None:
        return {"age": "no reading yet", "age_old": state.is_watched}
    local = newest.at.astimezone(timeline.zone())
    if seat.is_lost:
        return {"age": f"last reading {local:%H:%M:%S}", "age_old": True}
    seconds = int((state.now - newest.at).total_seconds())
    if newest.origin == "monitor":
        return {"age": f"monitor {seconds} s ago" if seconds < 60 else f"monitor {local:%H:%M}"}
    return {"age": f"by hand {local:%H:%M}"}


def banner_of(seat: Seat, *, on_wall: bool = True) -> dict[str, Any] | None:
    """The keys of the component ``alarm`` for this seat's worst alarm; None when there is none."""
    alarm = seat.alarm
    if alarm is None:
        return None
    now, rules = seat.state.now, seat.rules
    treatment = seat.treatment
    side = "above" if alarm.side == "above" else "below"
    what = f"{SIGN_WORDS[alarm.sign]} {alarm.repeats[-1] if alarm.repeats else alarm.value}"
    repeated = (
        f" Repeated: {', then '.join((alarm.value, *alarm.repeats)[-2:])}." if alarm.repeats else ""
    )
    limit = f"{side} {alarm.limit} ({alarm.set_by})"
    state = (
        "ended" if alarm.ended_at and alarm.is_answered else "held" if alarm.is_answered else "new"
    )
    escalates = alarm.escalates_at(rules)
    gone = max(now - alarm.raised_at, timedelta(0))
    unanswered = f"{int(gone.total_seconds() // 60)}:{int(gone.total_seconds() % 60):02d}"
    who = treatment.prescriber.short_name
    found: dict[str, Any] = {
        "level": alarm.priority.value,
        "state": state,
        "key": alarm.key,
        "treatment": treatment,
        "since": alarm.raised_at,
        "silent_until": alarm.silenced_until if alarm.is_silent(now) else None,
        "answered": alarm.is_answered,
        "acknowledged_by": alarm.acknowledged_by,
        "back": alarm.ended_at is not None,
    }
    back = " The value is back inside; it waits for a name." if alarm.ended_at else ""
    if on_wall:
        found["title"] = f"{treatment.chair.name}, {treatment.patient.short_name}"
        found["detail"] = f"{what}, {limit}.{repeated}{back}"
    else:
        found["title"] = f"{what}, {limit}"
        found["detail"] = f"{repeated.strip()}{back}".strip()
    if not alarm.is_answered:
        found["next"] = f"Nobody has answered for {unanswered}"
        if now < escalates:
            found["next_strong"], found["due"] = f"Goes to {who}", escalates
        else:
            found["next_strong"] = f"Gone to {who}"
    return found


def worst_banner(found: list[Seat]) -> tuple[dict[str, Any] | None, int]:
    """The worst alarm of the floor, and how many more are open."""
    alarmed = [seat for seat in found if seat.alarm is not None and not seat.alarm.is_over]
    if not alarmed:
        return None, 0

    def weight(seat: Seat) -> Any:
        alarm = seat.alarm
        assert alarm is not None
        return (alarm.is_answered, alarm.priority.rank, alarm.raised_at)

    alarmed.sort(key=weight)
    return banner_of(alarmed[0]), len(alarmed) - 1


def empty_chair(chair: Chair, now: datetime) -> dict[str, Any]:
    """A chair without a person: who comes next."""
    day = now.astimezone(timeline.zone()).date()
    coming = [
        t
        for t in Treatment.objects.filter(
            chair=chair, status=Treatment.Status.BOOKED,
            period__startswith__gte=now - timedelta(hours=2),
            period__startswith__lt=now + timedelta(hours=12),
        )
        .select_related("patient", "course", "nurse")
        .order_by("period")[:4]
        if t.period.lower.astimezone(timeline.zone()).date() == day
    ]  # fmt: skip
    found: dict[str, Any] = {
        "no": chair.number,
        "empty_title": "Free",
        "product": "",
        "state": "empty",
        "coming": [
            (
                t.period.lower.astimezone(timeline.zone()).strftime("%H:%M"),
                t.patient.short_name,
                f"{product(t.course.product).name}, treatment {t.ordinal}",
            )
            for t in coming
        ],
        "foot": f"Next: {coming[0].nurse.short_name}" if coming else "Nobody booked",
    }
    if coming:
        found |= {
            "next_label": "Next", "next_what": coming[0].patient.short_name,
            "next_due": coming[0].period.lower,
        }  # fmt: skip
    return found


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
    shift = timeline.prescriber_shift(now)
    nurses = Shift.objects.filter(period__contains=now, user__role=Role.NURSE).count()
    return {
        "now": now,
        "chairs": chairs,
        "banner": banner,
        "more": more,
        "prescriber": shift,
        "nurses": nurses,
        "patients": len(sitting),
        "monitors": sum(not seat.is_lost for seat in watched),
        "watched": len(watched),
        "coming_up": coming_up(sitting, now),
    }


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
