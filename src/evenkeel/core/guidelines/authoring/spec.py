"""Spec tables: what a criterion says of a case, written by a person and run as a test.

One CSV per pack, ``content/guidelines/spec/<pack id>.csv``, which a spreadsheet opens:
``criterion,given,applies,finding,why``. ``given`` is ``name = value; name = value`` with
plain numbers in the dictionary's unit (``18``, ``18 to 20``, ``at least 18``,
``at most 20``), yes or no, words of a choice, days as 2026-11-24. ``answer = yes`` is
the answer of the role that a criterion asks. What is not given is unknown.

The expected values come from reading the source, never from running the predicate.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from importlib.resources.abc import Traversable

from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.packs.packs import Criterion, Pack, asked_fact
from evenkeel.core.guidelines.terms.dictionary import Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range, Value
from evenkeel.core.guidelines.verdicts.verdicts import CriterionVerdict, Finding, judge_criterion
from evenkeel.core.kernel.content import ContentFault, content
from evenkeel.core.kernel.quantities import plain

COLUMNS = ("criterion", "given", "applies", "finding", "why")
ANSWER = "answer"
APPLIES: dict[str, bool | None] = {"yes": True, "no": False, "unknown": None}
SPEC_DAY = date(2026, 11, 24)
"""The day on which every case is judged, so that days since a date stay the same."""


class SpecFault(ContentFault):
    """A table that must not be used.

    faults: one line each, with file and line. cases: the rows that could be read.
    """

    def __init__(self, faults: Iterable[str], cases: Iterable[SpecCase] = ()) -> None:
        self.faults = tuple(faults)
        self.cases = tuple(cases)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecCase:
    """One row: a case and what the source says of it.

    given: facts and their values; given_words: the same as written.
    applies: None = not known. line: in the file, the header is line 1.
    """

    criterion: str
    given: tuple[tuple[str, Value], ...]
    given_words: str
    applies: bool | None
    finding: Finding
    why: str
    line: int

    @property
    def applies_words(self) -> str:
        return {True: "yes", False: "no", None: "unknown"}[self.applies]

    @property
    def facts(self) -> Facts:
        """The case as the engine takes it: what is given is known, the rest is not."""
        told = {name: Fact(name=name, value=value, origin="answer") for name, value in self.given}
        return Facts(SPEC_DAY, told)


def load_spec(
    pack_id: str, of: Library | None = None, root: Traversable | None = None
) -> tuple[SpecCase, ...]:
    """The table of one pack, in the order of its rows; () when it has none.

    of, root: the library and the content folder that it was read from; those shipped
    when not given.

    Raises:
        SpecFault: rows that cannot be used, all of them, with the nearest right names.
        KeyError: no such pack.
    """
    using = of or library()
    place = content("guidelines", "spec", f"{pack_id}.csv", root=root)
    packs = using.packs | using.payers
    if pack_id not in packs:
        raise KeyError(f"no pack {pack_id!r}; there are {sorted(packs)}")
    return read_spec(place, packs[pack_id], using.dictionary) if place.is_file() else ()


def read_spec(place: Traversable, pack: Pack, dictionary: Dictionary) -> tuple[SpecCase, ...]:
    """One table from its file.

    Raises:
        SpecFault: as ``load_spec``.
    """
    try:
        text = place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise SpecFault([f"{place.name}:1: not UTF-8; save it as CSV UTF-8"]) from fault
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    faults: list[str] = []
    cases: list[SpecCase] = []
    seen: dict[tuple[str, frozenset[tuple[str, Value]]], int] = {}
    try:
        header = tuple(next(rows, []))
        if header != COLUMNS:
            hint = " with commas, not semicolons" if ";" in "".join(header) else ""
            raise SpecFault(
                [f"{place.name}:1: the header must be {','.join(COLUMNS)}{hint}; it is "
                 f"{','.join(header)!r}"]
            )  # fmt: skip
        for cells in rows:
            line = rows.line_num
            if not any(cell.strip() for cell in cells):
                continue
            found: list[str] = []
            case = _case(cells, line, pack, dictionary, found)
            if case is not None:
                key = (case.criterion, frozenset(case.given))
                if key in seen:
                    found.append(f"{case.criterion}: the same case stands in line {seen[key]}")
                seen.setdefault(key, line)
                cases.append(case)
            faults += [f"{place.name}:{line}: {fault}" for fault in found]
    except csv.Error as fault:
        raise SpecFault([*faults, f"{place.name}:{rows.line_num}: {fault}"], cases) from fault
    if faults:
        raise SpecFault(faults, cases)
    return tuple(cases)


def _case(
    cells: list[str], line: int, pack: Pack, dictionary: Dictionary, faults: list[str]
) -> SpecCase | None:
    if len(cells) != len(COLUMNS):
        faults.append(f"{len(cells)} columns, {len(COLUMNS)} are needed: {', '.join(COLUMNS)}")
        return None
    name, given_words, applies, finding, why = (cell.strip() for cell in cells)
    criteria = {each.id: each for each in pack.criteria}
    before = len(faults)
    if name not in criteria:
        faults.append(f"{name!r}: {pack.id} has no such criterion{_nearest(name, criteria)}")
    if applies not in APPLIES:
        faults.append(f"applies is {applies!r}; write {', '.join(APPLIES)}")
    if finding not in {str(each) for each in Finding}:
        words = [str(each) for each in Finding]
        faults.append(f"finding is {finding!r}{_nearest(finding, words)}; write {', '.join(words)}")
    if (applies == "no") != (finding == Finding.NOT_APPLICABLE):
        faults.append("applies is no exactly where finding is not_applicable")
    if not why:
        faults.append("why is empty; say in a few words why the source says so")
    given = _given(given_words, criteria.get(name), dictionary, faults)
    if len(faults) > before:
        return None
    return SpecCase(
        criterion=name,
        given=given,
        given_words=given_words,
        applies=APPLIES[applies],
        finding=Finding(finding),
        why=why,
        line=line,
    )


def _given(
    words: str, criterion: Criterion | None, dictionary: Dictionary, faults: list[str]
) -> tuple[tuple[str, Value], ...]:
    given: dict[str, Value] = {}
    for part in words.split(";"):
        if not part.strip():
            continue
        name, equals, written = (piece.strip() for piece in part.partition("="))
        if not equals or not written:
            faults.append(f"{part.strip()!r}: write name = value")
            continue
        if name == ANSWER:
            if criterion is None:
                continue
            if not criterion.asked_of:
                faults.append(f"{criterion.id} asks nobody, so that it has no {ANSWER}")
                continue
            name = asked_fact(criterion.id)
        if name not in dictionary:
            faults.append(f"there is no fact {name}{_nearest(name, dictionary.facts)}")
            continue
        if name in given:
            faults.append(f"{name} is given twice")
            continue
        try:
            given[name] = read_written(written, dictionary[name])
        except ValueError as fault:
            faults.append(f"{name}: {fault}")
    return tuple(given.items())


def _nearest(name: str, known: Iterable[str]) -> str:
    by_small = {each.lower(): each for each in known}
    close = get_close_matches(name.lower(), by_small, n=1, cutoff=0.5)
    return f"; the nearest right name is {by_small[close[0]]}" if close else ""


_NUMBER = r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?"
_EXACT = re.compile(rf"({_NUMBER})\Z")
_SPAN = re.compile(rf"({_NUMBER}) to ({_NUMBER})\Z")
_OPEN = re.compile(rf"(at least|at most) ({_NUMBER})\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def read_written(written: str, definition: FactDefinition) -> Value:
    """One value as a table writes it.

    Raises:
        ValueError: with what would be right.
    """
    match definition.kind:
        case Kind.YES_NO:
            if written not in ("yes", "no"):
                raise ValueError(f"{written!r} is neither yes nor no")
            return written == "yes"
        case Kind.CHOICE:
            if written not in definition.values:
                near = _nearest(written, definition.values)
                raise ValueError(f"{written!r} is not one of {', '.join(definition.values)}{near}")
            return written
        case Kind.DAY:
            if not _DAY.match(written):
                raise ValueError(f"{written!r} is not a day like 2026-11-24")
            return date.fromisoformat(written)
        case Kind.NUMBER:
            return _range(written, definition)


def _range(written: str, definition: FactDefinition) -> Range:
    if found := _EXACT.match(written):
        value = Range.exactly(Decimal(found[1]))
    elif found := _SPAN.match(written):
        value = Range(Decimal(found[1]), Decimal(found[2]))
    elif found := _OPEN.match(written):
        limit = Decimal(found[2])
        value = Range(limit, None) if found[1] == "at least" else Range(None, limit)
    else:
        unit = f" in {definition.unit_words}" if definition.unit_words else ""
        raise ValueError(
            f"{written!r} is no number{unit}; write 18, 18 to 20, at least 18 or at most 20"
        )
    if value.low is not None and value.high is not None and value.low > value.high:
        raise ValueError(f"{written!r} runs backwards")
    low, high = definition.minimum, definition.maximum
    for end in (value.low, value.high):
        if end is None:
            continue
        if low is not None and end < Decimal(str(low)):
            raise ValueError(f"{plain(end)} cannot be: the least is {plain(Decimal(str(low)))}")
        if high is not None and end > Decimal(str(high)):
            raise ValueError(f"{plain(end)} cannot be: the most is {plain(Decimal(str(high)))}")
    return value


def judge_case(case: SpecCase, criterion: Criterion, dictionary: Dictionary) -> CriterionVerdict:
    """What the engine says of the case."""
    return judge_criterion(criterion, case.facts, dictionary)


def disagreement(case: SpecCase, verdict: CriterionVerdict) -> str:
    """What differs between the table and the engine, in words; "" when they agree."""
    said = {True: "yes", False: "no", None: "unknown"}[verdict.applies]
    differs = []
    if said != case.applies_words:
        differs.append(f"applies is {said}, the table says {case.applies_words}")
    if verdict.finding is not case.finding:
        differs.append(f"finding is {verdict.finding}, the table says {case.finding}")
    return "; ".join(differs)
