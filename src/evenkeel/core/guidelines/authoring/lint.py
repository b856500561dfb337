"""Every fault of a content folder in one run, for whoever writes it.

In: a folder of content. Out: faults with file and line, and notes, which are no
faults. Loading stops at its first fault; here the block that bears it is set aside
and loading goes on, so that an author sees all of them. What only follows from a
block that was set aside is not told twice.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from evenkeel.core.guidelines.authoring.blocks import (
    Block,
    all_blocks,
    blanked,
    find_fault,
    line_of,
)
from evenkeel.core.guidelines.authoring.consistency import contradictions
from evenkeel.core.guidelines.authoring.coverage import gaps
from evenkeel.core.guidelines.authoring.spec import (
    SpecCase,
    SpecFault,
    disagreement,
    judge_case,
    load_spec,
)
from evenkeel.core.guidelines.packs import editions
from evenkeel.core.guidelines.packs.library import APART, PARTS, Library, load_library
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.kernel.content import content, files_below, hold
from evenkeel.core.kernel.held import Held
from evenkeel.core.kernel.sources import Mark, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing to put right. line: 0 where the whole file is meant."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what}" if where else self.what


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """faults in the order of files; notes are worth a look and fail nothing.

    library: what could be loaded; None where nothing could.
    """

    library: Library | None
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]
    cases: int = 0


def lint(root: Traversable | None = None) -> Report:
    """Check a folder of content, or what is shipped.

    Raises:
        ContentFault: a folder that holds no content at all.
    """
    held = hold(content() if root is None else root, *PARTS, apart=APART)
    return _Lint(held, root).run()


class _Lint:
    def __init__(self, held: Held, root: Traversable | None) -> None:
        self.files = dict(held.files)
        self.whole = dict(held.files)
        self.root = root
        self.faults: list[Fault] = []
        self.notes: list[Fault] = []
        self.aside: list[str] = []
        self.lost: list[str] = []
        self.blocks: dict[str, Block] = {}
        self.cases = 0

    def run(self) -> Report:
        loaded = self._load()
        if loaded is not None:
            self.blocks = {
                block.name: block
                for block in all_blocks(self.whole)
                if block.table in ("criterion", "fact")
            }
            for pack in (loaded.packs | loaded.payers).values():
                self._table(pack, loaded)
                self._consistent(pack, loaded)
            self._strangers(loaded)
            self._accounted(loaded)
            self._unused(loaded)
            self._marks(loaded)
            self.faults += [
                Fault(file="guidelines/index.toml", line=0, what=said)
                for said in editions.faults(loaded)
            ]
        return Report(
            library=loaded,
            faults=_in_order(self.faults),
            notes=_in_order(self.notes),
            cases=self.cases,
        )

    def _load(self) -> Library | None:
        """Load, set aside what is at fault, load again; None when that leads nowhere."""
        while True:
            try:
                return load_library(Held(self.files))
            except (ValueError, LookupError, ArithmeticError) as fault:
                message = str(fault) or type(fault).__name__
            place, said = find_fault(" ".join(message.split()), self.files)
            if not self._follows(said, place.block.name if place and place.block else ""):
                file, line = (place.path, place.line) if place else ("", 0)
                self.faults.append(Fault(file=file, line=line, what=said))
            if place is not None and place.block is not None:
                self.files[place.path] = blanked(self.files[place.path], place.block)
                self.aside.append(place.block.name)
            elif place is not None and place.path.startswith("guidelines/packs/"):
                del self.files[place.path]
                self.lost.append(place.path)
            else:
                return None

    def _follows(self, said: str, own: str = "") -> bool:
        """Whether a message names something that was set aside, other than itself."""
        if self.lost and ("no criterion" in said or "no pack" in said):
            return True
        words = set(re.findall(r"[\w-]+", said)) - {own}
        return any(name and name in words for name in self.aside)

    def _table(self, pack: Pack, loaded: Library) -> None:
        file = f"guidelines/spec/{pack.id}.csv"
        try:
            cases = load_spec(pack.id, loaded, self.root)
        except SpecFault as refusal:
            for fault in refusal.faults:
                _, line, what = fault.split(":", 2)
                if not self._follows(what):
                    self.faults.append(Fault(file=file, line=int(line), what=what.strip()))
            cases = refusal.cases
        self.cases += len(cases)
        if pack.is_payers and not cases:
            self.notes.append(Fault(file=file, line=0, what=f"{pack.id} has no spec table"))
            return
        criteria = {each.id: each for each in pack.criteria}
        for case in cases:
            self._case(case, criteria[case.criterion], file, loaded)
        for criterion in pack.criteria:
            for gap in gaps(criterion, cases, loaded.dictionary):
                self.faults.append(Fault(file=file, line=0, what=f"{criterion.id}: {gap}"))

    def _case(self, case: SpecCase, criterion: Criterion, file: str, loaded: Library) -> None:
        said = judge_case(case, criterion, loaded.dictionary)
        differs = disagreement(case, said)
        if differs:
            given = case.given_words or "nothing given"
            what = f"{case.criterion}: with {given}: {differs} ({said.reason})"
            self.faults.append(Fault(file=file, line=case.line, what=what))

    def _consistent(self, pack: Pack, loaded: Library) -> None:
        for found in contradictions(pack, loaded.dictionary):
            self._at(self.faults if found.certain else self.notes, found.first, found.words)

    def _at(self, told: list[Fault], name: str, what: str, key: str = "") -> None:
        """Tell something of the criterion or fact of that name, at its line."""
        block = self.blocks.get(name)
        line = line_of(self.whole, block, key) if block else 0
        told.append(Fault(file=block.path if block else "", line=line, what=what))

    def _strangers(self, loaded: Library) -> None:
        """What is asked must have a question, and what is named must be there."""
        for fact in loaded.dictionary.facts.values():
            if fact.name.startswith("says_"):
                continue
            if not fact.question.strip().endswith("?"):
                what = f"{fact.name}: its question {fact.question!r} asks nothing; end it with ?"
                self._at(self.faults, fact.name, what, "question")
        for pack in (loaded.packs | loaded.payers).values():
            for each in pack.criteria:
                if each.asked_of:
                    question = loaded.dictionary[each.require_text].question
                    if not question.strip().endswith("?"):
                        what = f"{each.id}: its question {question!r} asks nothing; end it with ?"
                        self._at(self.faults, each.id, what, "question")
                if not each.statement.strip().endswith("."):
                    what = f"{each.id}: its statement is no sentence; end it with a full stop"
                    self._at(self.faults, each.id, what, "statement")
        self._safeguards(loaded)

    def _safeguards(self, loaded: Library) -> None:
        """A safeguard stops by itself, so what it watches must be a fact that is known here."""
        for item in files_below(Held(self.files, "safeguards"), ".toml"):
            path = f"safeguards/{item.name}"
            try:
                rows = tomllib.loads(item.read_text("utf-8")).get("safeguard", [])
            except ValueError as fault:
                self.faults.append(Fault(file=path, line=0, what=str(fault)))
                continue
            blocks = [b for b in all_blocks({path: self.files[path]}) if b.table == "safeguard"]
            for row, block in zip(rows, blocks, strict=False):
                name = str(row.get("fact", ""))
                if name not in loaded.dictionary:
                    nearest = loaded.dictionary.nearest(name)
                    hint = f"; the nearest right name is {nearest}" if nearest else ""
                    line = line_of(self.files, block, "fact")
                    what = f"{row.get('id')}: there is no fact {name}{hint}"
                    self.faults.append(Fault(file=path, line=line, what=what))

    def _marks(self, loaded: Library) -> None:
        """Only what was read on its own page may back a hard stop, and be called reviewed."""
        binding = [
            each
            for pack in loaded.packs.values()
            for each in pack.criteria
            if each.binds and each.strength == "must"
        ]
        unread = [each for each in binding if each.source.mark is not Mark.SEEN]
        if unread:
            what = (
                f"{len(unread)} of {len(binding)} binding musts rest on a source that was not "
                "read on its own page; none of them may back a hard stop"
            )
            self.notes.append(Fault(file="guidelines/packs", line=0, what=what))
        for pack in (loaded.packs | loaded.payers).values():
            for each in pack.criteria:
                weak = each.source.mark in (Mark.KNOWN, Mark.KNOWN_VERIFY)
                if each.status is Status.REVIEWED and weak:
                    what = (
                        f"{each.id}: reviewed, yet its source is marked {each.source.mark}; "
                        "who reviews a criterion reads its source first"
                    )
                    self._at(self.faults, each.id, what, "mark")

    def _accounted(self, loaded: Library) -> None:
        """coverage.toml names every criterion once, under the way in which it is carried."""
        place = content("coverage.toml", root=self.root)
        if not place.is_file():
            return
        text = place.read_text(encoding="utf-8")
        try:
            told = tomllib.loads(text)
        except tomllib.TOMLDecodeError as fault:
            self.faults.append(Fault(file="coverage.toml", line=0, what=str(fault)))
            return
        lines = text.splitlines()
        known = {each.id: each for pack in loaded.packs.values() for each in pack.criteria}
        seen: dict[str, str] = {}
        for way in ("encoded", "advice", "asked", "left_out"):
            for name in told.get(way, []):
                line = next((n for n, each in enumerate(lines, 1) if f'"{name}"' in each), 0)
                what = _wrong_way(name, way, known.get(name), seen)
                if what and not self._follows(what):
                    self.faults.append(Fault(file="coverage.toml", line=line, what=what))
                seen[name] = way
        for name in known.keys() - seen.keys():
            what = f"{name} is not accounted for in coverage.toml; add it to {_way(known[name])}"
            self._at(self.faults, name, what)

    def _unused(self, loaded: Library) -> None:
        """A question that nobody needs an answer to. Facts that are derived may serve others."""
        elsewhere = "\n".join(
            data.decode("utf-8", errors="replace")
            for path, data in self.whole.items()
            if not path.startswith("facts/")
        )
        words = set(re.findall(r"\w+", elsewhere))
        for fact in loaded.dictionary.facts.values():
            if fact.derive or fact.name.startswith("says_") or fact.name in words:
                continue
            if any(fact.name == other.asked_as for other in loaded.dictionary.facts.values()):
                continue
            self._at(self.notes, fact.name, f"{fact.name} is asked, and no content reads it")


def _way(criterion: Criterion) -> str:
    if criterion.asked_of:
        return "asked"
    return "advice" if criterion.require is None else "encoded"


def _wrong_way(name: str, way: str, criterion: Criterion | None, seen: dict[str, str]) -> str:
    if name in seen:
        return f"{name} stands under {seen[name]} and again under {way}"
    if criterion is None:
        return "" if way == "left_out" else f"{name}: no pack has this criterion"
    if way != _way(criterion):
        return f"{name} stands under {way}; its pack says {_way(criterion)}"
    return ""


def _in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    def by_place(each: Fault) -> tuple[str, int]:
        return each.file, each.line

    return tuple(sorted(dict.fromkeys(faults), key=by_place))


def lines_of(report: Report) -> Iterator[str]:
    """A report as an author reads it."""
    for fault in report.faults:
        yield str(fault)
    for note in report.notes:
        yield f"note: {note}"
