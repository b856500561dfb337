"""The worst alarm of a seat, or of the floor, as the banner shows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from evenkeel.web.records.selectors.seats import SIGN_WORDS, Seat


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
