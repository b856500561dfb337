"""Units of facts as products of powers, so that a predicate cannot add mg to kg.

"mg/kg/h" is mg^1 kg^-1 h^-1. Nothing is converted here: two units are the same
or they are not. Conversion of what a record says is in units.csv.
"""

from __future__ import annotations

import re

Unit = frozenset[tuple[str, int]]

ONE: Unit = frozenset()
_TOKEN = re.compile(r"[A-Za-z%\[\]_0-9{}.]+\Z")


class UnreadableUnit(ValueError):
    """A unit that is not tokens joined by slashes."""


def read_unit(text: str) -> Unit:
    """Read "mg/kg" and the like; "" and "1" are no unit.

    Raises:
        UnreadableUnit: a token with other signs.
    """
    if text in ("", "1"):
        return ONE
    powers: dict[str, int] = {}
    for place, token in enumerate(text.split("/")):
        if token == "" and place == 0:
            continue
        if not _TOKEN.match(token):
            raise UnreadableUnit(f"cannot read the unit {text!r}: {token!r}")
        if token != "1":
            powers[token] = powers.get(token, 0) + (1 if place == 0 else -1)
    return frozenset((token, power) for token, power in powers.items() if power)


def times(a: Unit, b: Unit, sign: int = 1) -> Unit:
    """The unit of a product, or with sign -1 of a quotient."""
    powers = dict(a)
    for token, power in b:
        powers[token] = powers.get(token, 0) + sign * power
    return frozenset((token, power) for token, power in powers.items() if power)


def words(unit: Unit) -> str:
    """A unit for a reader; "no unit" for none."""
    above = [token for token, power in sorted(unit) if power > 0]
    below = [token for token, power in sorted(unit) if power < 0]
    if not above and not below:
        return "no unit"
    return "*".join(above) + "".join(f"/{token}" for token in below)
