"""What an engine has to be able to do, whichever it is.

The raw table is called ``registry`` in every query. Queries are sqlglot expressions;
each engine writes them in its own dialect.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from sqlglot import exp

from evenkeel.core.guidelines.tables.registry import RawColumn

TABLE = "registry"
PARQUET, CSV = ".parquet", ".csv"


class UnusableTable(ValueError):
    """A file or a machine that cannot be used: says what to do."""


class Engine(Protocol):
    """One open table. from_text: every column is text, as in CSV."""

    from_text: bool

    def columns(self) -> list[RawColumn]:
        """The raw table's columns."""

    def rows(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        """All rows of a small result."""

    def bad_rows(self, bad: exp.Expr, at_most: int) -> list[str]:
        """Where a condition on the raw table is true: "row 17", or the id without an order."""

    def write(self, query: exp.Expr, place: Path) -> None:
        """Write a result as the ending of the file's name says."""

    def close(self) -> None:
        """Let go of the table."""


def readable(file: Path) -> None:
    """Raises UnusableTable unless the file is there and its kind is known."""
    if file.suffix not in (PARQUET, CSV):
        raise UnusableTable(f"{file}: give a file that ends in {PARQUET} or {CSV}")
    if not file.is_file():
        raise UnusableTable(f"{file}: there is no such file")
