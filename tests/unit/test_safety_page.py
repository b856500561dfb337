"""SAFETY.md and the tests agree: each hazard names tests, and each of them exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "SAFETY.md"
FEWEST = 25  # hazards that the page was asked to hold


def rows() -> list[tuple[str, list[str]]]:
    """(number, words of its cells) of each hazard."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if re.match(r"\| H\d+ \|", line):
            number, *cells = (cell.strip() for cell in line.strip().strip("|").split("|"))
            found.append((number, cells))
    return found


def named(cell: str) -> list[str]:
    return re.findall(r"`([\w/.]+::\w+)`", cell)


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Names of the test functions in a file, read and not imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, kinds) and node.name.startswith("test_")
    )


HAZARDS = rows()


def test_the_page_holds_its_hazards_numbered_without_a_gap() -> None:
    assert len(HAZARDS) >= FEWEST
    assert [number for number, _ in HAZARDS] == [f"H{n:02d}" for n in range(1, len(HAZARDS) + 1)]


@pytest.mark.parametrize(("number", "cells"), HAZARDS, ids=[number for number, _ in HAZARDS])
def test_a_hazard_has_a_harm_a_safeguard_and_tests_that_exist(
    number: str, cells: list[str]
) -> None:
    assert len(cells) == 4, f"{number} needs hazard, harm, safeguard and tests"
    assert all(cells), f"{number} has an empty cell"
    tests = named(cells[-1])
    assert tests, f"{number} names no test"
    rest = re.sub(r"`[\w/.]+::\w+`", "", cells[-1]).strip(" ,")
    assert not rest, f"{number} names something that is no test: {rest}"
    for one in tests:
        file, _, name = one.partition("::")
        path = ROOT / "tests" / file
        assert path.is_file(), f"{number}: there is no tests/{file}"
        assert name in functions_of(path), f"{number}: tests/{file} has no {name}"


def test_a_test_that_does_not_exist_would_be_noticed() -> None:
    assert named("`web/test_ledger.py::test_x`, `unit/a.py::test_y`") == [
        "web/test_ledger.py::test_x",
        "unit/a.py::test_y",
    ]
    assert "test_nobody_wrote_this" not in functions_of(Path(__file__))


def test_the_page_says_what_it_is_not_for() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for words in ("It decides nothing by itself", "It is no medical device", "What remains"):
        assert words in text
