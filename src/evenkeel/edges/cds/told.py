"""The body of a feedback report, read strictly. Words that a user typed are not kept."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from evenkeel.core.chart import Fault, Refused
from evenkeel.edges.fhir import text
from evenkeel.edges.fhir.primitives import moment, shown, wrong
from evenkeel.web.records.services.cds import Outcome

SIZE = 256 * 1024
MOST = 200
_CODE = re.compile(r"[A-Za-z0-9._\-]{1,64}\Z")
_SYSTEM = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S{1,390}\Z")


def read(raw: bytes, *, now: datetime) -> list[Outcome]:
    """What users did with cards.

    Raises:
        Refused: with every fault and its place.
    """
    told = text.read(raw) if raw.strip() else None
    listed = told.get("feedback") if isinstance(told, dict) else None
    faults: list[Fault] = []
    if not isinstance(listed, list) or not listed:
        words = "is required: a list of at least one outcome."
        raise Refused((Fault(code="required", path="feedback", words=words),), unreadable=True)
    if len(listed) > MOST:
        words = f"has {len(listed)} outcomes; at most {MOST} are read at once."
        raise Refused((Fault(code="too-long", path="feedback", words=words),), unreadable=True)
    outcomes = [
        _one(item, f"feedback[{number}]", faults, now) for number, item in enumerate(listed)
    ]
    if faults:
        raise Refused(tuple(faults[:50]), unreadable=True)
    return [each for each in outcomes if each is not None]


def _one(item: Any, place: str, faults: list[Fault], now: datetime) -> Outcome | None:
    before = len(faults)

    def fault(path: str, words: str, code: str = "value") -> None:
        faults.append(Fault(code=code, path=f"{place}{path}", words=words))

    if not isinstance(item, dict):
        fault("", f"must be an object, not {shown(item)}.", "structure")
        return None
    card = _uuid(item.get("card"))
    if card is None:
        fault(".card", "must be the uuid of a card.")
    outcome = item.get("outcome")
    if outcome not in ("accepted", "overridden"):
        fault(".outcome", 'must be "accepted" or "overridden".')
    at = _time(item.get("outcomeTimestamp"), now)
    if at is None:
        fault(".outcomeTimestamp", "must be a past time such as 2026-11-24T15:05:31Z.")
    suggestions = _suggestions(item.get("acceptedSuggestions"))
    if suggestions is None or (outcome == "accepted" and not suggestions):
        fault(".acceptedSuggestions", "must list the uuid (id) of each accepted suggestion.")
    reason = item.get("overrideReason")
    given = reason if isinstance(reason, dict) else {}
    if reason is not None and not isinstance(reason, dict):
        fault(".overrideReason", f"must be an object, not {shown(reason)}.")
    coded = given.get("reason", {})
    code, system = (
        (coded.get("code", ""), coded.get("system", "")) if isinstance(coded, dict) else (None, "")
    )
    if code != "" and (not isinstance(code, str) or not _CODE.match(code)):
        fault(".overrideReason.reason.code", "must be a code of up to 64 letters and digits.")
    if system != "" and (not isinstance(system, str) or not _SYSTEM.match(system)):
        fault(".overrideReason.reason.system", "must be the address of the code's system.")
    if len(faults) > before:
        return None
    assert card is not None
    assert at is not None
    assert suggestions is not None
    return Outcome(
        card=card,
        outcome=str(outcome),
        at=at,
        reason_system=str(system),
        reason_code=str(code),
        commented=bool(given.get("userComment")),
        suggestions=suggestions,
    )


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        return None


def _suggestions(value: Any) -> tuple[UUID, ...] | None:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST:
        return None
    found = [_uuid(each.get("id")) if isinstance(each, dict) else None for each in value]
    return tuple(each for each in found if each is not None) if None not in found else None


def _time(value: Any, now: datetime) -> datetime | None:
    if wrong("instant", value):
        return None
    at = moment(value)
    return at if isinstance(at, datetime) and at <= now + timedelta(minutes=5) else None
