"""Faults, problems and resources of a referral, laid out for a page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenkeel.core.chart import Fault, Problem


def grouped(faults: Iterable[Fault]) -> list[tuple[str, list[str]]]:
    """Faults with the same words once, with all their places."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        found.setdefault(fault.words, []).append(fault.path or "the whole file")
    return list(found.items())


def by_place(problems: Iterable[Problem]) -> list[tuple[Problem, int | None]]:
    """Problems with the number of the entry they stand in, where they stand in one."""
    found = []
    for problem in problems:
        match = re.match(r"Bundle\.entry\[(\d+)\]", problem.path)
        found.append((problem, int(match[1]) if match else None))
    return found


def indented(json_text: str) -> str:
    """JSON text with one element a line, every character of it kept."""
    made: list[str] = []
    depth = 0
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', json_text):
        if token in "]}":
            depth -= 1
            made.append("\n" + "  " * depth)
        made.append(": " if token == ":" else token)
        if token in "[{":
            depth += 1
        if token in "[{,":
            made.append("\n" + "  " * depth)
    return "".join(made)
