"""Where things stand in content files, for messages with a line.

A TOML content file is a list of ``[[criterion]]``, ``[[fact]]`` and the like. A fault
that loading tells is found again here, and its block can be blanked, so that loading
goes on to the next fault while every other line keeps its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

_HEAD = re.compile(r"\s*\[\[?([\w.-]+)\]?\]\s*(#.*)?$")
_NAME = re.compile(r"\s*(?:id|name)\s*=\s*\"([^\"]+)\"")
_KEY = re.compile(r"\s*(\w+)\s*=")
_AT_LINE = re.compile(r"\(at line (\d+)")
_AT_PATH = re.compile(r"`\$\.(\w+)\[(\d+)\](?:\.(\w+))?")
_FIELD = re.compile(r"unknown field `(\w+)`")
# 'PROT-119', "no fact age_yers", "no topic xage": words that stand in the file as well.
_COMPLAINT = re.compile(r"'([^']+)'|no (?:fact|topic|parameter) (\w+)")
_WHERE = re.compile(r"(?P<file>[\w.-]+\.(?:toml|csv))(?::(?P<line>\d+))?: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One array table of a file with what is nested in it. first, last: lines, from 1."""

    path: str
    table: str
    place: int
    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file; line 0 = the file as a whole. block: what stands there."""

    path: str
    line: int
    block: Block | None


def blocks_of(path: str, text: str) -> list[Block]:
    """The array tables of one TOML file, in order."""
    found: list[Block] = []
    counts: dict[str, int] = {}
    lines = text.splitlines()
    heads = [
        (number, head[1], line.lstrip().startswith("[["))
        for number, line in enumerate(lines, start=1)
        if (head := _HEAD.match(line))
    ]
    for at, (first, table, is_array) in enumerate(heads):
        if not is_array or "." in table:
            continue
        rest = (line for line, other, _ in heads[at + 1 :] if not other.startswith(f"{table}."))
        last = next(rest, len(lines) + 1) - 1
        names = (match[1] for line in lines[first:last] if (match := _NAME.match(line)))
        place = counts.get(table, 0)
        counts[table] = place + 1
        found.append(
            Block(path=path, table=table, place=place, name=next(names, ""), first=first, last=last)
        )
    return found


def all_blocks(files: Mapping[str, bytes]) -> list[Block]:
    """Blocks of every TOML file that is UTF-8."""
    found: list[Block] = []
    for path, data in files.items():
        if path.endswith(".toml"):
            found += blocks_of(path, data.decode("utf-8", errors="replace"))
    return found


def find_fault(message: str, files: Mapping[str, bytes]) -> tuple[Place | None, str]:
    """Where a fault of loading stands, and the message without what the place says.

    None = nowhere that can be told.
    """
    blocks = all_blocks(files)
    head = _WHERE.match(message)
    said = message[head.end() :] if head else message
    paths = [path for path in files if head and path.rsplit("/", 1)[-1] == head["file"]]
    path = paths[0] if paths else ""
    own = [block for block in blocks if block.path == path]
    line = int(head["line"] or 0) if head else 0
    if not line and (at := _AT_LINE.search(said)):
        line = int(at[1])
    if line and path:
        held = _holding(own, line)
        return Place(path=path, line=_line_named(said, files, held) or line, block=held), said
    if at := _AT_PATH.search(said):
        chosen = [b for b in own if b.table == at[1] and b.place == int(at[2])]
        if chosen:
            field = _FIELD.search(said)
            key = field[1] if field else at[3] or ""
            line = line_of(files, chosen[0], key)
            name = f"{chosen[0].name}: " if chosen[0].name else ""
            hint = _nearest_key(files, blocks, chosen[0], field[1]) if field else ""
            return Place(path=path, line=line, block=chosen[0]), name + said + hint
    # No line and no path: the first name in the message that some block bears.
    for name in re.findall(r"[\w.-]+", said):
        bearing = [block for block in own or blocks if block.name == name]
        if bearing:
            line = _line_named(said, files, bearing[0]) or bearing[0].first
            return Place(path=bearing[0].path, line=line, block=bearing[0]), said
    return (Place(path=path, line=0, block=None) if path else None), said


def _line_named(said: str, files: Mapping[str, bytes], block: Block | None) -> int:
    """The line of a block that holds what a message complains of; 0 = none."""
    if block is None:
        return 0
    lines = files[block.path].decode("utf-8", errors="replace").splitlines()
    for words in _COMPLAINT.findall(said):
        for number in range(block.first, min(block.last, len(lines)) + 1):
            if any(word and word in lines[number - 1] for word in words):
                return number
    return 0


def _nearest_key(files: Mapping[str, bytes], blocks: list[Block], block: Block, key: str) -> str:
    """The key of other blocks of this kind that looks most like a wrong one."""
    known: set[str] = set()
    for other in blocks:
        if other.table == block.table and other is not block:
            lines = files[other.path].decode("utf-8", errors="replace").splitlines()
            known |= {m[1] for each in lines[other.first : other.last] if (m := _KEY.match(each))}
    close = get_close_matches(key, known - {key}, n=1, cutoff=0.5)
    return f"; the nearest right name is {close[0]}" if close else ""


def line_of(files: Mapping[str, bytes], block: Block, key: str) -> int:
    """The line of a key inside a block; its first line where the key is not there."""
    lines = files[block.path].decode("utf-8", errors="replace").splitlines()
    for number in range(block.first, min(block.last, len(lines)) + 1):
        if key and re.match(rf"\s*{re.escape(key)}\s*=", lines[number - 1]):
            return number
    return block.first


def blanked(text: bytes, block: Block) -> bytes:
    """The file without the block, every other line where it was."""
    lines = text.split(b"\n")
    for number in range(block.first, min(block.last, len(lines)) + 1):
        lines[number - 1] = b""
    return b"\n".join(lines)


def _holding(blocks: list[Block], line: int) -> Block | None:
    return next((block for block in blocks if block.first <= line <= block.last), None)
