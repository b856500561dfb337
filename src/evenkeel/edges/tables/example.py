"""A synthetic registry, to try a screening with; nobody in it exists.

Each fact is unknown for a few, at or beside a limit of the packs for a few, and well
for most. The shares are chosen so that every answer occurs; they are not those of any
population. The same seed gives the same table, however many threads write it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sqlglot import exp

from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.guidelines.tables.conditions import day_constant
from evenkeel.core.guidelines.tables.logic import choose, column, null
from evenkeel.core.guidelines.tables.numbers import Digits, constant
from evenkeel.core.guidelines.tables.packs import Columns, select
from evenkeel.core.guidelines.tables.registry import ID
from evenkeel.core.guidelines.tables.samples import Samples, samples
from evenkeel.core.guidelines.terms.dictionary import Dictionary, Kind
from evenkeel.core.guidelines.terms.values import Range, Value
from evenkeel.edges.tables.duckdb import connect, written
from evenkeel.edges.tables.engine import CSV

UNKNOWN, ODD, OF = 15, 25, 1000


def example(
    packs: Iterable[Pack], dictionary: Dictionary, as_of: date, *, patients: int, seed: int
) -> exp.Select:
    """A DuckDB query that makes the table. Values read as measured carry their day."""
    number = column(ID)
    columns: Columns = {ID: number}
    for name, each in samples(packs, dictionary, as_of).items():
        draw = _draw(f"{seed} {name}", OF)
        odd = [(_equals(_draw(f"{seed} {name} odd", len(each.values)), n), _constant(value, each))
               for n, value in enumerate(each.values)]  # fmt: skip
        columns[name] = choose(
            [
                (_below(draw, UNKNOWN), null()),
                (_below(draw, UNKNOWN + ODD), choose(odd, _constant(each.well, each))),
            ],
            _constant(each.well, each),
        )
        if each.definition.kind is Kind.NUMBER and each.definition.fresh_days:
            ago = _draw(f"{seed} {name} at", each.definition.fresh_days + 1)
            ago = exp.Cast(this=ago, to=exp.DataType.build("INT"))
            columns[f"{name}__at"] = exp.Sub(this=day_constant(as_of), expression=ago)
    ids = exp.Anonymous(this="range", expressions=[
        exp.Literal.number(1), exp.Literal.number(patients + 1)])  # fmt: skip
    alias = exp.TableAlias(this=exp.to_identifier("people"), columns=[exp.to_identifier(ID)])
    return select(columns, "people", star=False).from_(exp.Table(this=ids, alias=alias), copy=False)


def write_example(query: exp.Select, place: Path) -> None:
    """Write the table as the ending of the file's name says."""
    with connect() as db:
        result = db.sql(written(query))
        if place.suffix == CSV:
            result.write_csv(str(place), header=True)
        else:
            result.write_parquet(str(place), compression="zstd")


def _draw(salt: str, out_of: int) -> exp.Expr:
    mixed = exp.Anonymous(this="hash", expressions=[column(ID), exp.Literal.string(salt)])
    return exp.Mod(this=mixed, expression=exp.Literal.number(out_of))


def _below(draw: exp.Expr, share: int) -> exp.Expr:
    return exp.LT(this=draw, expression=exp.Literal.number(share))


def _equals(draw: exp.Expr, place: int) -> exp.Expr:
    return exp.EQ(this=draw, expression=exp.Literal.number(place))


def _constant(value: Value, each: Samples) -> exp.Expr:
    if isinstance(value, Range):
        assert value.exact is not None
        ends = [
            end.exact for end in each.values if isinstance(end, Range) and end.exact is not None
        ]
        after = max(max(0, -int(end.as_tuple().exponent)) for end in ends)
        before = max(max(1, end.adjusted() + 1) for end in ends)
        return constant(value.exact, Digits(before, after))
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, date):
        return day_constant(value)
    return exp.Literal.string(value)
