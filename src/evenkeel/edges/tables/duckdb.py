"""A table in DuckDB, inside this process, with no network."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from evenkeel.core.guidelines.tables.registry import RawColumn, Shape
from evenkeel.edges.tables.engine import CSV, TABLE, UnusableTable, readable

_WHOLE = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    "HUGEINT", "UHUGEINT",
}  # fmt: skip
_SHAPES = {
    "BOOLEAN": Shape.YES_NO, "FLOAT": Shape.FLOAT, "DOUBLE": Shape.FLOAT,
    "VARCHAR": Shape.TEXT, "DATE": Shape.DAY,
}  # fmt: skip
_DECIMAL = re.compile(r"DECIMAL\(\d+,\s*(\d+)\)")


def connect(threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory that never fetches anything."""
    return duckdb.connect(
        config={
            "threads": threads or os.cpu_count() or 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def shape_of(type_words: str) -> tuple[Shape, int]:
    """DuckDB's name of a type as a shape, with the decimals of a decimal number."""
    decimal = _DECIMAL.fullmatch(type_words)
    if decimal:
        return Shape.DECIMAL, int(decimal[1])
    if type_words in _WHOLE:
        return Shape.WHOLE, 0
    if type_words.startswith("ENUM"):
        return Shape.TEXT, 0
    return _SHAPES.get(type_words, Shape.OTHER), 0


class DuckDB:
    """An engine (``evenkeel.edges.tables.engine``)."""

    def __init__(self, file: Path, *, threads: int | None = None) -> None:
        """Raises UnusableTable: no such file, or one that cannot be read."""
        readable(file)
        self.from_text = file.suffix == CSV
        self._file = str(file)
        self._db = connect(threads)
        try:
            if self.from_text:
                # In order, so that a row has a number; and once, since it is read often.
                text = self._db.read_csv(
                    self._file, all_varchar=True, header=True, sep=",", quotechar='"',
                    escapechar='"',
                )  # fmt: skip
                text.create(TABLE)
            else:
                self._db.read_parquet(self._file).create_view(TABLE)
        except duckdb.Error as fault:
            raise UnusableTable(f"{file}: cannot be read: {_first_line(fault)}") from fault

    def columns(self) -> list[RawColumn]:
        told = self._db.table(TABLE) if self.from_text else self._db.view(TABLE)
        return [
            RawColumn(name, *shape_of(str(kind)))
            for name, kind in zip(told.columns, told.types, strict=True)
        ]

    def rows(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(written(query)).fetchall()
        except duckdb.Error as fault:
            raise UnusableTable(f"{self._file}: {_first_line(fault)}") from fault

    def bad_rows(self, bad: exp.Expr, at_most: int) -> list[str]:
        if self.from_text:
            numbered = self._db.sql(f"SELECT rowid AS place, * FROM {TABLE}")
        else:
            numbered = self._db.read_parquet(self._file, file_row_number=True)
            numbered = numbered.select("file_row_number AS place, *")
        found = numbered.filter(written(bad)).select("place").order("place").limit(at_most)
        return [f"row {place + 1}" for (place,) in found.fetchall()]

    def write(self, query: exp.Expr, place: Path) -> None:
        result = self._db.sql(written(query))
        try:
            if place.suffix == CSV:
                result.write_csv(str(place), header=True)
            else:
                result.write_parquet(str(place), compression="zstd")
        except (duckdb.Error, OSError) as fault:
            raise UnusableTable(f"{place}: cannot be written: {_first_line(fault)}") from fault

    def close(self) -> None:
        self._db.close()


def written(query: exp.Expr) -> str:
    return query.sql(dialect="duckdb", identify=True)


def _first_line(fault: Exception) -> str:
    return str(fault).strip().splitlines()[0]
