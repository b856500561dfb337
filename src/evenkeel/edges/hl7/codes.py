"""What a monitor's codes mean: content/monitors/monitor_codes.csv, read strictly.

In: the code triplets of OBX-3 and OBX-6. Out: a measurement or a UCUM unit, or
words that say why not. Nothing is guessed: a number and a name that disagree
about the quantity are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from evenkeel.core.kernel.content import content, read_csv
from evenkeel.core.monitoring.signs import PRESSURES, WORDS, signs

_COLUMNS = (
    "kind", "mdc_code", "reference_id", "partition", "code_16bit", "quantity", "concept_id",
    "site", "expected_unit_mdc", "expected_unit_ucum", "other_units_seen", "status", "where",
    "note",
)  # fmt: skip

CUFF = "cuff"
SITE_NOT_GIVEN = "site not given"
# The family without a site: its number proves nothing, so a name that says NONINV counts.
_NO_SITE_FAMILY = {"150017", "150018", "150019"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One row. ``sign`` is empty for what is recognised and not charted."""

    number: str
    name: str
    quantity: str
    sign: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a code turned out to be: a measurement, or None with words.

    odd: a measurement was found, but the code contradicts itself; say so.
    contradictory: nothing can be charted under this code and a person should look.
    """

    measurement: Measurement | None
    words: str = ""
    contradictory: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The file, by the keys that messages use."""

    by_number: Mapping[str, Measurement]
    by_name: Mapping[str, Measurement]
    unit_by_number: Mapping[str, str]
    unit_by_name: Mapping[str, str]
    no_value: frozenset[Decimal]


@cache
def table() -> Table:
    """The whole table, read once.

    Raises:
        ContentFault: the file is not as expected.
    """
    rows = read_csv(content("monitors", "monitor_codes.csv"), _COLUMNS)
    measurements: list[Measurement] = []
    unit_by_number: dict[str, str] = {}
    unit_by_name: dict[str, str] = {}
    no_value: set[Decimal] = set()
    for row in rows:
        if row["kind"] == "measurement":
            site = row["site"]
            measurements.append(
                Measurement(
                    number=row["mdc_code"],
                    name=row["reference_id"],
                    quantity=row["quantity"],
                    sign=row["concept_id"] if row["concept_id"] in WORDS else "",
                    site=SITE_NOT_GIVEN if site.startswith("not given") else site,
                )
            )
        elif row["kind"] == "unit":
            unit_by_number[row["mdc_code"]] = row["expected_unit_ucum"]
            unit_by_name[row["reference_id"]] = row["expected_unit_ucum"]
        elif row["kind"] == "sentinel" and "weight" not in row["quantity"]:
            no_value |= {Decimal(text) for text in re.findall(r"-?\d+(?:\.\d+)?", row["quantity"])}
    return Table(
        by_number={m.number: m for m in measurements},
        by_name={m.name: m for m in measurements},
        unit_by_number=unit_by_number,
        unit_by_name=unit_by_name,
        no_value=frozenset(no_value),
    )


@cache
def _by_loinc() -> Mapping[str, Measurement]:
    return {
        sign.loinc: Measurement(
            number=sign.loinc,
            name=sign.loinc,
            quantity=sign.words,
            sign=sign.id,
            # LOINC's plain pressures do not say how they were taken.
            site=SITE_NOT_GIVEN if sign.id in PRESSURES else "any",
        )
        for sign in signs().values()
        if sign.loinc
    }


def measurement(coded: Sequence[str]) -> Match:
    """What OBX-3 names. ``coded``: code, text, system, then the alternate three."""
    tried: list[Match] = []
    for start in (0, 3):
        number, name, system = (*coded[start : start + 3], "", "", "")[:3]
        if not number and not name:
            continue
        if system == "LN":
            found = _by_loinc().get(number)
            tried.append(Match(measurement=found, words="" if found else f"{number} LOINC"))
        else:
            tried.append(_mdc(number, name))
    best = next((m for m in tried if m.measurement), None)
    return best or next(iter(tried), Match(measurement=None, words="no code"))


def _mdc(number: str, name: str) -> Match:
    found, named = table().by_number.get(number), table().by_name.get(name)
    if found is None:
        if named is not None:
            return Match(
                measurement=None,
                words=f"{number[:20]} is not the number of {name}, which is {named.number}",
                contradictory=True,
            )
        return Match(measurement=None, words=f"{number[:20]} {name[:60]}".strip())
    if named is None or named == found:
        return Match(measurement=found)
    if named.sign == found.sign and (
        found.sign not in PRESSURES or (number in _NO_SITE_FAMILY and "NONINV" in name)
    ):
        return Match(measurement=named, words=f"number {number} with the name {name}")
    return Match(
        measurement=None, words=f"{number} and {name} name different things", contradictory=True
    )


def unit(coded: Sequence[str]) -> tuple[str, str]:
    """The UCUM unit that OBX-6 names and words about it; no unit when it cannot be told."""
    words = "no unit"
    for start in (0, 3):
        number, name, system = (*coded[start : start + 3], "", "", "")[:3]
        if not number and not name:
            continue
        by_number, by_name = table().unit_by_number.get(number), table().unit_by_name.get(name)
        if by_name:
            odd = "" if by_number == by_name else f"unit number {number[:12]} with the name {name}"
            return by_name, odd
        if by_number:
            return by_number, ""
        if system == "UCUM" or not number.isdigit():
            known = any(
                number == sign.unit or number in sign.conversions for sign in signs().values()
            )
            if known:
                return number, ""
        words = f"unit {number[:20]} {name[:40]}".strip() + " is not known"
    return "", words
