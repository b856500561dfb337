"""One row of an example regimen: what is given, when, for how long, how often.

In: text as it stands in an address (``iv,0.5mg/kg,0min,40min,5,3d``) or six fields of a
form. Out: a Row and its doses, or words about what cannot be read. Lengths of time are
whole minutes, written 40min, 2h or 3d.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from evenkeel.core.pharmacology.doses.regimens import Dose, repeated

ROUTES = {
    "iv": "into a vein",
    "spray": "nasal devices, one after the other",
    "intranasal": "nasal spray, all at once",
    "sublingual": "film under the tongue",
    "oral": "swallowed",
}
UNITS = ("mg", "mg/kg")
FIELDS = ("route", "amount", "unit", "at", "over", "more", "every")
MOST_MG, MOST_MG_PER_KG = Decimal(1000), Decimal(20)
MOST_DAYS = 180
MOST_MINUTES = MOST_DAYS * 24 * 60
MOST_MORE = 99
_MINUTES = {"min": 1, "h": 60, "d": 24 * 60}


class UnreadableRow(ValueError):
    """A row that cannot be given; the message says what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """amount: mg, or mg/kg; of one device for route spray. Times in minutes."""

    route: str
    amount: Decimal
    unit: str
    at: int
    over: int
    more: int
    every: int

    @property
    def written(self) -> str:
        """As it stands in an address."""
        return (
            f"{self.route},{plain(self.amount)}{self.unit},{length(self.at)},"
            f"{length(self.over)},{self.more},{length(self.every)}"
        )

    def doses(self, weight_kg: float) -> tuple[Dose, ...]:
        """Its doses, mg of base; each nasal device has its number."""
        mg = float(self.amount) * (weight_kg if self.unit == "mg/kg" else 1.0)
        is_spray = self.route == "spray"
        first = Dose(
            time_h=self.at / 60,
            route="intranasal" if is_spray else self.route,
            amount_mg=mg,
            duration_h=self.over / 60,
        )
        every = repeated(first, additional=self.more, every_h=self.every / 60)
        if not is_spray:
            return every
        return tuple(
            Dose(
                time_h=each.time_h, route=each.route, amount_mg=each.amount_mg,
                of_dose={"DEVICE": float(number)},
            )
            for number, each in enumerate(every, start=1)
        )  # fmt: skip


def plain(number: Decimal) -> str:
    """0.5, never 0.50 and never 5E-1."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def length(minutes: int) -> str:
    """In the largest unit that keeps it whole: 40min, 2h, 3d."""
    for unit in ("d", "h"):
        if minutes and minutes % _MINUTES[unit] == 0:
            return f"{minutes // _MINUTES[unit]}{unit}"
    return f"{minutes}min"


def read_written(text: str) -> Row:
    """A row as it stands in an address.

    Raises:
        UnreadableRow: not six parts, or one that cannot be read.
    """
    parts = [part.strip() for part in text[:120].split(",")]
    if len(parts) != 6:
        raise UnreadableRow(
            "A row has six parts, such as iv,0.5mg/kg,0min,40min,0,0min: route, amount, when, "
            "over how long, how many more, how far apart."
        )
    found = re.fullmatch(r"(?P<amount>[\d.]+) ?(?P<unit>mg(/kg)?)", parts[1])
    if found is None:
        raise UnreadableRow(f"The amount {parts[1][:20]!r} cannot be read: write 35mg or 0.5mg/kg.")
    return read_fields([parts[0], found["amount"], found["unit"], *parts[2:]])


def read_fields(fields: Sequence[str]) -> Row:
    """A row from its fields, in the order of FIELDS.

    Raises:
        UnreadableRow: the first field that cannot be read.
    """
    route, amount, unit, at, over, more, every = (field.strip()[:40] for field in fields)
    if route not in ROUTES:
        raise UnreadableRow(f"There is no route {route!r}: choose one of {', '.join(ROUTES)}.")
    if unit not in UNITS:
        raise UnreadableRow(f"The unit {unit!r} is neither mg nor mg/kg.")
    row = Row(
        route=route,
        amount=_amount(amount, unit),
        unit=unit,
        at=length_of(at, "When"),
        over=length_of(over, "Over"),
        more=_more(more),
        every=length_of(every, "Apart"),
    )
    if row.over and route != "iv":
        raise UnreadableRow(
            f"Only a dose into a vein takes a length of time; {ROUTES[route]} is absorbed as the "
            "model says. Leave Over empty."
        )
    if row.more and not row.every:
        raise UnreadableRow("More doses need the time between them: write Apart, such as 5min.")
    if route == "spray" and row.more > 5:
        raise UnreadableRow("One treatment has at most 6 devices here; give the next in a new row.")
    return row


def _amount(text: str, unit: str) -> Decimal:
    most = MOST_MG if unit == "mg" else MOST_MG_PER_KG
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value <= most or value != round(value, 3):
        raise UnreadableRow(
            f"The amount {text!r} cannot be used: above 0, at most {most} {unit}, with at most "
            "three decimals and a full stop."
        )
    return value.normalize()


def _more(text: str) -> int:
    if text and not re.fullmatch(r"[0-9]{1,2}", text):
        raise UnreadableRow(f"More doses must be a whole number from 0 to {MOST_MORE}.")
    return int(text or "0")


def length_of(text: str, what: str) -> int:
    """Whole minutes.

    Raises:
        UnreadableRow: no length, or one beyond MOST_MINUTES.
    """
    found = re.fullmatch(r"([0-9]{1,6}) ?(min|h|d)?", text or "0")
    minutes = int(found[1]) * _MINUTES[found[2] or "min"] if found else -1
    if not 0 <= minutes <= MOST_MINUTES:
        raise UnreadableRow(
            f"{what} {text!r} cannot be used: whole minutes, hours or days up to {MOST_DAYS} days, "
            "such as 40min, 2h or 3d."
        )
    return minutes
