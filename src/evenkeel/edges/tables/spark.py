"""A table in Spark, for registries that already live there; an optional extra.

Spark runs in this machine only: its ports are bound to loopback, and there is no page.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from evenkeel.core.guidelines.tables.registry import ID, RawColumn, Shape
from evenkeel.edges.tables.engine import CSV, TABLE, UnusableTable, readable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SHAPES = {
    "BooleanType": Shape.YES_NO, "ByteType": Shape.WHOLE, "ShortType": Shape.WHOLE,
    "IntegerType": Shape.WHOLE, "LongType": Shape.WHOLE, "FloatType": Shape.FLOAT,
    "DoubleType": Shape.FLOAT, "StringType": Shape.TEXT, "DateType": Shape.DAY,
}  # fmt: skip
NEEDS_JAVA = (
    "Spark needs Java 17 or newer, and there is none in JAVA_HOME, on the PATH or in "
    "/usr/lib/jvm. Install the distribution's headless runtime, such as "
    "openjdk-17-jre-headless, or use --engine duckdb, which needs no Java"
)
NEEDS_SPARK = (
    "Spark is an extra that is not installed here. Install evenkeel[spark], or use "
    "--engine duckdb, which gives the same answers"
)


def java_home() -> str | None:
    """Where Java is: JAVA_HOME, the PATH, the distribution's usual place."""
    told = os.environ.get("JAVA_HOME")
    if told:
        if not Path(told, "bin", "java").exists():
            raise UnusableTable(f"JAVA_HOME is {told}, and there is no bin/java in it: correct it")
        return told
    on_path = shutil.which("java")
    if on_path:
        return str(Path(on_path).resolve().parents[1])
    usual = sorted(Path("/usr/lib/jvm").glob("*/bin/java"))
    return str(usual[0].resolve().parents[1]) if usual else None


def session(*, cores: int = 2, memory: str = "1g", java: str = "") -> SparkSession:
    """Start Spark, or take the one that runs in this process. java: more options for Java.

    Raises:
        UnusableTable: there is no pyspark or no Java.
    """
    try:
        from pyspark.errors.exceptions.base import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError as fault:
        raise UnusableTable(NEEDS_SPARK) from fault
    home = java_home()
    if home is None:
        raise UnusableTable(NEEDS_JAVA)
    os.environ["JAVA_HOME"] = home
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    scratch = tempfile.gettempdir()
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": java,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.local.dir": scratch,
        "spark.sql.warehouse.dir": str(Path(scratch, "evenkeel-spark")),
        "spark.sql.shuffle.partitions": str(cores),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.caseSensitive": "true",
        # A text that is no number becomes NULL, which the checks count, and no crash.
        "spark.sql.ansi.enabled": "false",
        # Digits are never given up: what does not fit was refused when it was compiled.
        "spark.sql.decimalOperations.allowPrecisionLoss": "false",
        # Packs are wide: a method for all columns at once is longer than Java allows.
        "spark.sql.codegen.wholeStage": "false",
    }
    builder = SparkSession.builder.appName("evenkeel").master(f"local[{cores}]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except PySparkRuntimeError as fault:
        raise UnusableTable(f"Spark did not start with the Java of {home}: {fault}") from fault


class Spark:
    """An engine (``evenkeel.edges.tables.engine``)."""

    def __init__(self, file: Path, *, threads: int | None = None) -> None:
        """Raises UnusableTable: no Spark, no Java, or a file that cannot be read."""
        readable(file)
        self.from_text = file.suffix == CSV
        self._file = str(file)
        self._session = session(cores=threads or os.cpu_count() or 1)
        reader = self._session.read
        try:
            if self.from_text:
                self._frame = reader.csv(self._file, header=True, inferSchema=False, escape='"',
                                         mode="FAILFAST")  # fmt: skip
            else:
                self._frame = reader.parquet(self._file)
        except Exception as fault:  # whatever Java says, in one line
            raise UnusableTable(f"{file}: cannot be read: {_first_line(fault)}") from fault
        self._frame.createOrReplaceTempView(TABLE)

    def columns(self) -> list[RawColumn]:
        found = []
        for each in self._frame.schema.fields:
            kind = type(each.dataType).__name__
            if kind == "DecimalType":
                found.append(RawColumn(each.name, Shape.DECIMAL, each.dataType.scale))
            else:
                found.append(RawColumn(each.name, _SHAPES.get(kind, Shape.OTHER)))
        return found

    def rows(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        try:
            return [tuple(row) for row in self._session.sql(written(query)).collect()]
        except Exception as fault:  # whatever Java says, in one line
            raise UnusableTable(f"{self._file}: {_first_line(fault)}") from fault

    def bad_rows(self, bad: exp.Expr, at_most: int) -> list[str]:
        found = self._frame.filter(written(bad)).select(ID).limit(at_most).collect()
        return [f"{ID} {row[0]}" for row in found]

    def write(self, query: exp.Expr, place: Path) -> None:
        folder = place.with_name(f"{place.name}.parts")
        try:
            result = self._session.sql(written(query)).coalesce(1)
            if place.suffix == CSV:
                result.write.csv(str(folder), header=True, emptyValue="")
            else:
                result.write.parquet(str(folder))
            (part,) = folder.glob(f"part-*{place.suffix}")
            part.rename(place)
        except Exception as fault:  # whatever Java says, in one line
            raise UnusableTable(f"{place}: cannot be written: {_first_line(fault)}") from fault
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        self._session.stop()


def written(query: exp.Expr) -> str:
    """The query in Spark's words, with no bracket that says nothing.

    Spark's parser goes back over nested brackets: a pack that is read in three seconds
    without them takes it twenty-five with them.
    """
    tree = query.copy()
    for bracket in list(tree.find_all(exp.Paren)):
        if _says_nothing(bracket):
            bracket.replace(bracket.this)
    return tree.sql(dialect="spark", identify=True)


_COMPARED = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_BELOW_AND = (exp.And, exp.Not, exp.Is, *_COMPARED)  # binds at least as closely as AND
_BELOW_OR = (exp.Or, *_BELOW_AND)


def _says_nothing(bracket: exp.Expr) -> bool:
    inner, outer = bracket.this, bracket.parent
    if isinstance(outer, exp.And):
        return isinstance(inner, _BELOW_AND)
    if isinstance(outer, exp.Or):
        return isinstance(inner, _BELOW_OR)
    return isinstance(outer, exp.If | exp.Case)


def _first_line(fault: Exception) -> str:
    lines = str(fault).strip().splitlines()
    return lines[0] if lines else type(fault).__name__
