"""Regions and changes of facts, as a nurse reads them.

"Systolic pressure: 140 mmHg or less (now 148)"; "age: 18 years or more, on 12 Mar 2027
(now 17)"; "aneurysm of an artery: yes, would have to be no, and that cannot change".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.changes.flips import Change, Way
from evenkeel.core.guidelines.facts.working import say_day
from evenkeel.core.guidelines.predicates.regions import Region
from evenkeel.core.guidelines.terms.dictionary import FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Range, Value
from evenkeel.core.guidelines.verdicts.verdicts import UNIT_WORDS, choice_words, value_words
from evenkeel.core.kernel.quantities import plain

_MOST_CHOICES = 3


def change_words(
    change: Change, definition: FactDefinition, as_of: date, born: PartialDate | None = None
) -> str:
    """One change with what is so now, and, where it waits for time, until when.

    born: for the day on which an age will be reached.
    """
    label, to = label_inside(definition), region_words(change.run, definition)
    wanted = f"{label}: {to}"
    if change.now is None:
        return wanted
    if change.way is Way.CANNOT:
        said = value_words(change.now, definition)
        if definition.changes == "given":
            return f"{label}: {said}; it would have to be {to}, and that is another question"
        return f"{label}: {said}, would have to be {to}, and that cannot change"
    now = f"now {now_words(change.now, definition)}"
    if change.way is Way.TIME:
        day = _reached(change, as_of, born)
        return f"{wanted}, {f'on {say_day(day)}' if day else 'in time'} ({now})"
    more = _more(change, definition)
    return f"{wanted} ({now}{f', so {more} more' if more else ''})"


def label_inside(definition: FactDefinition) -> str:
    """A label inside a sentence; what begins with a capital word stays as it is."""
    label = definition.label.rstrip(".")
    first = label.split(" ")[0]
    # "Age", "A rise", but not "SSRI", "BMI" or "Child-Pugh".
    return label[:1].lower() + label[1:] if first[1:].islower() or first == "A" else label


def now_words(value: Value, definition: FactDefinition) -> str:
    """What is so today, shortly: a number without its unit."""
    return str(value) if isinstance(value, Range) else value_words(value, definition)


def region_words(run: Sequence[Region], definition: FactDefinition) -> str:
    """What a run of regions holds: "140 mmHg or less", "yes", "outpatient or home"."""
    first, last = run[0], run[-1]
    match definition.kind:
        case Kind.YES_NO:
            return "yes" if first.sample else "no"
        case Kind.CHOICE:
            return _choices(run, definition)
        case Kind.DAY:
            return _days(first, last)
    unit = UNIT_WORDS.get(definition.unit_words, definition.unit_words)
    low = None if _is(definition.minimum, first.low) else first.low
    high = None if _is(definition.maximum, last.high) else last.high
    if low is None and high is None:
        return "known, whatever it is"
    if low is not None and low == high:
        return _with(plain(low), unit)
    least = "" if low is None else plain(low) if first.low_in else f"more than {plain(low)}"
    most = "" if high is None else plain(high) if last.high_in else f"less than {plain(high)}"
    if not most:
        return _with(least, unit) + (" or more" if first.low_in else "")
    if not least:
        return _with(most, unit) + (" or less" if last.high_in else "")
    joint = " to " if first.low_in and last.high_in else " and "
    return _with(f"{least}{joint}{most}", unit)


def _with(number: str, unit: str) -> str:
    return f"{number} {unit}".rstrip()


def _is(limit: float | None, end: Decimal | None) -> bool:
    """Whether an end is only that of what is possible."""
    return limit is not None and end is not None and Decimal(str(limit)) == end


def _days(first: Region, last: Region) -> str:
    low = None if first.low is None or first.low <= 1 else date.fromordinal(int(first.low))
    high = None if last.high is None else date.fromordinal(int(last.high))
    if high == date.max:
        high = None
    if low is not None and low == high:
        return say_day(low)
    if low is None and high is None:
        return "known, whatever it is"
    if low is None:
        return f"on or before {say_day(high)}"
    if high is None:
        return f"on or after {say_day(low)}"
    return f"{say_day(low)} to {say_day(high)}"


def _choices(run: Sequence[Region], definition: FactDefinition) -> str:
    inside = [value for value in definition.values if any(value in r.values for r in run)]
    outside = [value for value in definition.values if value not in inside]
    if not outside:
        return "known, whatever it is"
    if len(inside) > _MOST_CHOICES and len(outside) <= _MOST_CHOICES:
        return "other than " + " or ".join(choice_words(value) for value in outside)
    told = [choice_words(value) for value in inside[:_MOST_CHOICES]]
    if len(inside) > _MOST_CHOICES:
        told.append(f"one of {len(inside) - _MOST_CHOICES} others")
    return " or ".join(told)


def _more(change: Change, definition: FactDefinition) -> str:
    """How many more of what only grows."""
    low = change.run[0].low
    if definition.changes != "grows" or not isinstance(change.now, Range) or low is None:
        return ""
    exact = change.now.exact
    return plain(low - exact) if exact is not None and low > exact else ""


def _reached(change: Change, as_of: date, born: PartialDate | None) -> date | None:
    """The day on which time alone will have done it; None where that cannot be said."""
    low = change.run[0].low
    if not isinstance(change.now, Range) or low is None:
        return None
    if change.fact == "age_years":
        return None if born is None or not born.is_exact else _birthday(born, int(low))
    if change.fact.endswith("_days") and change.now.exact is not None:
        return as_of + timedelta(days=int(low - change.now.exact))
    return None


def _birthday(born: PartialDate, age: int) -> date:
    """The day on which a person reaches an age; born on 29 February, on 1 March."""
    day = born.earliest
    try:
        return day.replace(year=day.year + age)
    except ValueError:
        return date(day.year + age, 3, 1)
