"""Which columns of a registry are which facts, and what must hold of every row.

In: the names and shapes of a table's columns, the dictionary, a day. Out: the facts as
expressions, ready for the packs; and checks, each a condition that is true of a row
that must not be used. A name that is no fact is refused with the nearest right one.

``id`` names the patient. ``NAME`` holds a fact, or ``NAME__low`` and ``NAME__high`` the
ends of a range; NULL is "not known", or "no end" while the other end is given.
``NAME__at`` is the day of the value: older than the dictionary keeps it, it is unknown.

A floating-point column is read to nine decimals, so that 0.1 + 0.2 is 0.3. Every other
value is taken digit by digit, and one with more than nine decimals is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from sqlglot import exp

from evenkeel.core.guidelines.tables.conditions import FactColumn, Table, day_constant
from evenkeel.core.guidelines.tables.logic import any_of, choose, column, null, unknown
from evenkeel.core.guidelines.tables.numbers import Digits, constant
from evenkeel.core.guidelines.tables.packs import Columns
from evenkeel.core.guidelines.terms.dictionary import Dictionary, FactDefinition, Kind
from evenkeel.core.kernel.quantities import plain

ID = "id"
AFTER = 9
_MOST = Decimal(999_999_999)


class Shape(StrEnum):
    """What a column holds, as far as it matters here."""

    YES_NO = "true or false"
    WHOLE = "whole numbers"
    DECIMAL = "decimal numbers"
    FLOAT = "floating-point numbers"
    TEXT = "text"
    DAY = "days"
    OTHER = "something else"


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One column as an engine describes it. after: decimals of Shape.DECIMAL."""

    name: str
    shape: Shape
    after: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """bad: true of rows that must not be used. words: what is wrong, and what is right."""

    column: str
    words: str
    bad: exp.Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A table that can be screened, once its checks have found nothing.

    columns: id and facts by name, over the raw table.
    """

    table: Table
    columns: Columns
    checks: tuple[Check, ...]
    ignored: tuple[str, ...]


class UnreadableRegistry(ValueError):
    """A table that cannot be screened. faults: one line each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class _Part:
    """A column's name taken apart: the fact and what it says of it."""

    fact: str
    role: str  # "value", "low", "high", "at"


def _part(name: str) -> _Part:
    for role in ("low", "high", "at"):
        if name.endswith(f"__{role}"):
            return _Part(name.removesuffix(f"__{role}"), role)
    return _Part(name, "value")


def read_columns(
    raw: Iterable[RawColumn],
    dictionary: Dictionary,
    as_of: date,
    *,
    ignored: Iterable[str] = (),
    from_text: bool = False,
) -> Registry:
    """Find the facts among the columns. from_text: all is text, as in CSV.

    Raises:
        UnreadableRegistry: every column that is no fact or of the wrong shape.
    """
    by_name = {each.name: each for each in raw}
    left_out = set(ignored)
    faults = [
        f"--ignore {name}: there is no such column" for name in sorted(left_out - set(by_name))
    ]
    if ID not in by_name:
        close = next((name for name in by_name if name.lower() in ("id", "patient", "patient_id")),
                     "")  # fmt: skip
        hint = f" (is it {close}? rename it)" if close else ""
        faults.append(f"there is no column {ID}: each row needs the patient's own number{hint}")
    found: dict[str, dict[str, RawColumn]] = {}
    for each in by_name.values():
        if each.name == ID or each.name in left_out:
            continue
        part = _part(each.name)
        if part.fact not in dictionary:
            nearest = dictionary.nearest(part.fact)
            right = each.name.replace(part.fact, nearest) if nearest else ""
            hint = f"; the nearest right name is {right}" if nearest else ""
            faults.append(f"column {each.name}: there is no fact of this name{hint}. "
                          f"Rename it, or leave it out with --ignore {each.name}")  # fmt: skip
            continue
        found.setdefault(part.fact, {})[part.role] = each
    reader = _Reader(dictionary, as_of, from_text, faults)
    for name, parts in found.items():
        reader.fact(dictionary[name], parts)
    if faults:
        raise UnreadableRegistry(faults)
    nobody = Check(ID, "is empty; each row needs the patient's own number",
                   any_of([unknown(column(ID)), _is_empty(column(ID), by_name[ID])]))  # fmt: skip
    return Registry(
        table=Table(as_of, reader.facts),
        columns={ID: column(ID), **reader.columns},
        checks=(nobody, *reader.checks),
        ignored=tuple(sorted(left_out)),
    )


def _is_empty(value: exp.Expr, raw: RawColumn) -> exp.Expr:
    if raw.shape is not Shape.TEXT:
        return exp.Boolean(this=False)
    return exp.EQ(this=value, expression=exp.Literal.string(""))


_FITS = {
    Kind.YES_NO: (Shape.YES_NO,),
    Kind.CHOICE: (Shape.TEXT,),
    Kind.DAY: (Shape.DAY,),
    Kind.NUMBER: (Shape.WHOLE, Shape.DECIMAL, Shape.FLOAT),
}
_WANTED = {
    Kind.YES_NO: "true or false",
    Kind.CHOICE: "text",
    Kind.DAY: "days",
    Kind.NUMBER: "numbers",
}


@dataclass(slots=True)
class _Reader:
    dictionary: Dictionary
    as_of: date
    from_text: bool
    faults: list[str]
    facts: dict[str, FactColumn] = field(default_factory=dict)
    columns: Columns = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    def fact(self, definition: FactDefinition, parts: Mapping[str, RawColumn]) -> None:
        name = definition.name
        ends = [role for role in ("low", "high") if role in parts]
        if ends and definition.kind is not Kind.NUMBER:
            self.faults.append(f"column {name}__{ends[0]}: only a number has ends")
            return
        if ends and "value" in parts:
            self.faults.append(f"columns {name} and {name}__{ends[0]}: give one or the other")
            return
        if len(ends) == 1:
            other = "high" if ends == ["low"] else "low"
            self.faults.append(f"column {name}__{ends[0]}: {name}__{other} is missing; "
                               "give both, empty where there is no end")  # fmt: skip
            return
        if not ends and "value" not in parts:
            self.faults.append(f"column {name}__at: there is no column {name}")
            return
        stale = self._stale(definition, parts.get("at"))
        roles = ends or ["value"]
        fitting = [self._fits(definition, parts[role]) for role in roles]
        if not all(fitting):
            return
        digits = _digits(definition, [parts[role] for role in roles], self.from_text)
        for role in roles:
            place = parts[role]
            value = self._value(definition, place, digits)
            self.columns[place.name] = choose([(stale, null())], value)
        if ends:
            low, high = (self._value(definition, parts[role], digits) for role in ends)
            self.checks.append(Check(f"{name}__low", f"is above {name}__high",
                                     exp.GT(this=low, expression=high)))  # fmt: skip
        self.facts[name] = FactColumn(
            definition.kind, parts[roles[0]].name, parts["high"].name if ends else "", digits
        )

    def _fits(self, definition: FactDefinition, place: RawColumn) -> bool:
        wanted = (Shape.TEXT,) if self.from_text else _FITS[definition.kind]
        if place.shape in wanted:
            return True
        self.faults.append(f"column {place.name}: holds {place.shape}, "
                           f"where {_WANTED[definition.kind]} are needed")  # fmt: skip
        return False

    def _stale(self, definition: FactDefinition, place: RawColumn | None) -> exp.Expr:
        if place is None:
            return exp.Boolean(this=False)
        if place.shape is not (Shape.TEXT if self.from_text else Shape.DAY):
            self.faults.append(f"column {place.name}: holds {place.shape}, where days are needed")
            return exp.Boolean(this=False)
        day = self._day(place)
        later = exp.GT(this=day, expression=day_constant(self.as_of))
        self.checks.append(Check(place.name, f"lies after {self.as_of}, the day that is judged; "
                                 "another day is set with --as-of", later))  # fmt: skip
        if not definition.fresh_days:
            return exp.Boolean(this=False)
        oldest = self.as_of - timedelta(days=definition.fresh_days)
        return exp.LT(this=day, expression=day_constant(oldest))

    def _text(self, place: RawColumn) -> exp.Expr:
        return exp.Nullif(this=column(place.name), expression=exp.Literal.string(""))

    def _day(self, place: RawColumn) -> exp.Expr:
        if not self.from_text:
            return column(place.name)
        text = self._text(place)
        day = exp.TryCast(this=text, to=exp.DataType.build("DATE"))
        shape = exp.RegexpLike(this=text, expression=exp.Literal.string(
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))  # fmt: skip
        wrong = exp.Or(this=exp.Not(this=shape),
                       expression=exp.Paren(this=exp.And(
                           this=exp.Paren(this=unknown(day)),
                           expression=exp.Not(this=exp.Paren(this=unknown(text))))))  # fmt: skip
        self._check(place, "is no day like 2026-11-24", wrong)
        return day

    def _check(self, place: RawColumn, words: str, bad: exp.Expr) -> None:
        check = Check(place.name, words, bad)
        if check not in self.checks:
            self.checks.append(check)

    def _value(self, definition: FactDefinition, place: RawColumn, digits: Digits) -> exp.Expr:
        raw = self._text(place) if self.from_text else column(place.name)
        match definition.kind:
            case Kind.YES_NO if self.from_text:
                lower = exp.Lower(this=raw)
                words = [exp.Literal.string(word) for word in ("true", "false")]
                self._check(place, "is neither true nor false", _not_in(lower, words))
                return exp.EQ(this=lower, expression=words[0])
            case Kind.YES_NO:
                return raw
            case Kind.DAY:
                return self._day(place)
            case Kind.CHOICE:
                values = [exp.Literal.string(value) for value in definition.values]
                words_ = f"is not one of {', '.join(definition.values)}"
                self._check(place, words_, _not_in(raw, values))
                return raw
        return self._number(definition, place, raw, digits)

    def _number(
        self, definition: FactDefinition, place: RawColumn, raw: exp.Expr, digits: Digits
    ) -> exp.Expr:
        number = raw
        if self.from_text:
            shape = exp.Literal.string(f"^-?[0-9]{{1,9}}([.][0-9]{{1,{AFTER}}})?$")
            self._check(place, f"is no plain number of at most nine digits and {AFTER} decimals",
                        exp.Not(this=exp.RegexpLike(this=raw, expression=shape)))  # fmt: skip
            number = exp.TryCast(this=raw, to=Digits(10, AFTER).type)
        low, high = limits(definition)
        outside = exp.Or(
            this=exp.LT(this=number, expression=constant(low, _size(low))),
            expression=exp.GT(this=number, expression=constant(high, _size(high))),
        )
        self._check(place, f"cannot be: possible is {_possible(definition)}", outside)
        if place.shape is Shape.DECIMAL and place.after > AFTER:
            rounded = exp.Round(this=number, decimals=exp.Literal.number(AFTER))
            self._check(place, f"has more than {AFTER} decimals",
                        exp.NEQ(this=number, expression=rounded))  # fmt: skip
        cast = exp.TryCast if self.from_text else exp.Cast
        return cast(this=raw, to=digits.type)


def _not_in(value: exp.Expr, values: list[exp.Literal]) -> exp.Expr:
    return exp.Not(this=exp.In(this=value, expressions=list(values)))


def limits(definition: FactDefinition) -> tuple[Decimal, Decimal]:
    """What a number can be at all: the dictionary's ends, else nine digits."""
    low, high = definition.minimum, definition.maximum
    return (
        -_MOST if low is None else Decimal(str(low)),
        _MOST if high is None else Decimal(str(high)),
    )


def _possible(definition: FactDefinition) -> str:
    low, high = (plain(end) for end in limits(definition))
    unit = f" {definition.unit_words}".rstrip()
    return f"{low} to {high}{unit}"


def _size(value: Decimal) -> Digits:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return Digits(max(value.adjusted() + 1, 1), max(-exponent, 0))


def _digits(definition: FactDefinition, places: list[RawColumn], from_text: bool) -> Digits:
    before = max(_size(end).before for end in limits(definition))
    if from_text or any(place.shape is Shape.FLOAT for place in places):
        return Digits(before, AFTER)
    return Digits(before, min(max(place.after for place in places), AFTER))
