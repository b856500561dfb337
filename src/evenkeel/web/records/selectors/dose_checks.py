"""Where the two-person check of a dose stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from evenkeel.core.pharmacology.doses.dosing import disagreeing
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.web.records.models import DoseCheck, DoseOrder, Treatment
from evenkeel.web.records.selectors.timeline import standing_order

# After so many second answers that disagree, both people start again.
TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the two-person check stands.

    failed: how many second answers disagreed with this first one.
    agreed: fields whose answers agree, for unsealing.
    """

    order: DoseOrder | None
    first: DoseCheck | None
    second: DoseCheck | None
    failed: int
    agreed: frozenset[str]

    @property
    def is_agreed(self) -> bool:
        return self.second is not None and bool(self.second.agrees)


def standing_of(treatment: Treatment) -> Standing:
    """The latest first calculation under the standing order, and its second answers."""
    order = standing_order(treatment)
    first = (
        order.checks.filter(turn=DoseCheck.Turn.FIRST).select_related("by").order_by("-id").first()
        if order
        else None
    )
    seconds = list(first.seconds.select_related("by").order_by("id")) if first else []
    last = seconds[-1] if seconds else None
    failed = sum(1 for each in seconds if each.agrees is False)
    if failed >= TRIES:
        # Both start again: what was answered before is not shown and does not count.
        return Standing(order=order, first=None, second=None, failed=0, agreed=frozenset())
    agreed: frozenset[str] = frozenset()
    if first is not None and last is not None:
        agreed = frozenset(_fields(first)) - set(differing(order, first, last.answers))
    return Standing(order=order, first=first, second=last, failed=failed, agreed=agreed)


def _fields(check: DoseCheck) -> list[str]:
    return [name for name in ("dose", "volume", "rate", "devices") if name in check.answers]


def _numbers(answers: Mapping[str, Any], names: list[str]) -> dict[str, Decimal]:
    return {name: Decimal(str(answers[name])) for name in names if name in answers}


def differing(
    order: DoseOrder | None, first: DoseCheck, answers: Mapping[str, Any]
) -> tuple[str, ...]:
    """The names of the fields in which a second answer differs from the first."""
    names = _fields(first)
    rounding = product(order.product).rounding if order else None
    return disagreeing(_numbers(first.answers, names), _numbers(answers, names), rounding)
