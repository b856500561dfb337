"""A small dictionary with facts of every kind, and random predicates over it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from evenkeel.core.guidelines.tables.samples import Samples
from evenkeel.core.guidelines.terms.dictionary import Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.terms.units import read_unit
from evenkeel.core.guidelines.terms.values import Range

DAY = date(2026, 10, 20)


def _fact(name, kind, **more):
    return FactDefinition(
        name=name, kind=kind, label=name, question=f"{name}?", asked_of="nurse",
        **{"unit": read_unit("1"), **more},
    )  # fmt: skip


YES_NO = ("p", "q", "r")
NUMBERS = ("x", "y", "z", "w")
CHOICES, COLOURS = ("c", "e"), ("red", "green", "blue")
DAYS = ("d", "s")
FACTS = [
    *(_fact(name, Kind.YES_NO, fresh_days=30) for name in YES_NO),
    *(_fact(name, Kind.NUMBER, minimum=-99.0, maximum=999.0, fresh_days=9) for name in NUMBERS),
    *(_fact(name, Kind.CHOICE, values=COLOURS) for name in CHOICES),
    *(_fact(name, Kind.DAY) for name in DAYS),
]
WORDS = Dictionary({fact.name: fact for fact in FACTS}, frozenset())
LITERALS = ("0", "1", "2", "-3", "0.1", "0.3", "10", "2.5", "7")


def random_samples():
    """Values that meet the literals exactly, miss them narrowly, or are their sums."""
    numbers = [Decimal(text) for text in (*LITERALS, "0.2", "0.100000001", "-0.5", "3", "20")]
    values = {
        Kind.YES_NO: (True, False),
        Kind.NUMBER: tuple(Range.exactly(number) for number in numbers),
        Kind.CHOICE: COLOURS,
        Kind.DAY: tuple(DAY + timedelta(days=n) for n in (-1, 0, 1, 12)),
    }
    return {f.name: Samples(f, values[f.kind], values[f.kind][0]) for f in FACTS}


def random_predicate(random: Random) -> str:
    """The text of a condition; every kind of node occurs."""
    return _condition(random, random.choice([1, 2, 2, 2, 2, 2, 2, 3]))


def _condition(r: Random, depth: int) -> str:
    if depth == 0 or r.random() < 0.15:
        known = [f"{r.choice(NUMBERS)} IS NULL", f"{r.choice(DAYS)} IS NOT NULL"]
        return r.choice([*YES_NO, *YES_NO, "TRUE", "FALSE", *known, f"{r.choice(YES_NO)} IS NULL"])
    sub = lambda: _condition(r, depth - 1)  # noqa: E731
    number = lambda: _number(r, depth - 1)  # noqa: E731
    op = r.choice(["=", "<>", "<", "<=", ">", ">="])
    match r.randrange(14):
        case 0 | 1:
            return f"({sub()} AND {sub()} AND {sub()})"
        case 2 | 3:
            return f"({sub()} OR {sub()})"
        case 4:
            return f"NOT ({sub()})"
        case 5 | 6 | 7:
            return f"{number()} {op} {number()}"
        case 8:
            return f"{number()} IN ({r.choice(LITERALS)}, {r.choice(LITERALS)})"
        case 9:
            return f"{number()} BETWEEN {r.choice(LITERALS)} AND {r.choice(LITERALS)}"
        case 10:
            words = ", ".join(f"'{word}'" for word in r.sample(COLOURS, r.randint(1, 2)))
            return r.choice([f"{r.choice(CHOICES)} IN ({words})", "c = e", "c <> 'red'",
                             f"{_choice(r, depth - 1)} = {r.choice(CHOICES)}"])  # fmt: skip
        case 11:
            return r.choice([f"d {op} s", f"s {op} '{DAY.isoformat()}'",
                             f"DAYS_SINCE({r.choice(DAYS)}) {op} {r.choice(['0', '12'])}",
                             f"ABS(DAYS_SINCE(d) - 12) * 2 {op} DAYS_SINCE(s)"])  # fmt: skip
        case 12:
            return f"({sub()}) {r.choice(['=', '<>'])} ({sub()})"
        case _:
            return f"(CASE WHEN {sub()} THEN {sub()} WHEN {sub()} THEN {sub()} ELSE {sub()} END)"


def _choice(r: Random, depth: int) -> str:
    return f"(CASE WHEN {_condition(r, depth)} THEN {r.choice(CHOICES)} ELSE 'green' END)"


def _number(r: Random, depth: int) -> str:
    if depth <= 0 or r.random() < 0.3:
        return r.choice([*NUMBERS, *NUMBERS, *LITERALS])
    sub = lambda: _number(r, depth - 1)  # noqa: E731
    match r.randrange(7):
        case 0 | 1 | 2:
            return f"({sub()} {r.choice('+-*')} {sub()})"
        case 3:
            return f"({r.choice(NUMBERS)} / {r.choice([*NUMBERS, *LITERALS])})"
        case 4:
            return f"ABS({sub()})"
        case 5:
            return f"{r.choice(['LEAST', 'GREATEST'])}({sub()}, {sub()})"
        case _:
            return f"(CASE WHEN {_condition(r, depth - 1)} THEN {sub()} ELSE {sub()} END)"
