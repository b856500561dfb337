"""One chair of the floor, as its panel or line shows it: phase, what is next, signs, alarm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from evenkeel.core.monitoring.alarms import Sample, crosses
from evenkeel.core.monitoring.checks import CheckState, next_check
from evenkeel.core.monitoring.events import Scale
from evenkeel.core.monitoring.fold import CONTINUOUS, Phase
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.web.records.models import Chair, Treatment
from evenkeel.web.records.selectors import timeline
from evenkeel.web.records.selectors.seats import Seat, check_words, next_device, product_words


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
