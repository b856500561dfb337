"""JSON text to plain values, strictly, with nothing lost.

In: bytes. Out: dict, list, str, bool, None, int and ``Decimal`` (digits as written),
and back to text. Refused: other encodings, NaN, numbers beyond sense, nesting
deeper than ``DEPTH``. A key that stands twice is kept as evidence in ``Doubled``,
because only the walker knows its place.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson

from evenkeel.core.chart import Fault, Refused

SIZE = 20 * 1024 * 1024  # bytes; the largest sample is 0.6 MB
DEPTH = 64  # the deepest sample has 14 levels
_DIGITS = 40
# Possessive, and an unfinished string matches to the end: never tried twice.
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{]+|[\]}]+', re.DOTALL)


class Doubled(dict[str, Any]):
    """An object in which the keys ``twice`` stand more than once."""

    twice: tuple[str, ...] = ()


class _Unfit(ValueError):
    """A token that JSON or we do not allow."""


def read(raw: bytes) -> Any:
    """The value that ``raw`` says.

    Raises:
        Refused: unreadable, with line and column where there is one.
    """
    if len(raw) > SIZE:
        _refuse(
            "too-long",
            f"The file has {len(raw):,} bytes; at most {SIZE:,} are read. "
            "Send fewer entries, or leave out large attachments.",
        )
    if not raw.strip():
        _refuse("structure", "The file is empty. Send a FHIR R4 Bundle as JSON.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        _refuse(
            "structure",
            f"Not UTF-8: byte {fault.start} cannot be read. FHIR JSON is UTF-8; "
            "a guess at another encoding would change names.",
        )
    if text.startswith("\ufeff"):
        _refuse(
            "structure",
            "The file begins with a byte order mark, which JSON does not allow. "
            "Save it as UTF-8 without a mark.",
        )
    if _deepest(raw) > DEPTH:
        _too_deep()
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as fault:
        _refuse(
            "structure",
            f"Not JSON: {fault.msg}, line {fault.lineno} column {fault.colno}. "
            "Nothing after that place can be trusted; send the whole file again.",
        )
    except _Unfit as fault:
        _refuse("structure", str(fault))
    except RecursionError:
        _too_deep()


def write(value: Any) -> str:
    """JSON text of a value that ``read`` made: same keys, same order, same digits."""
    return orjson.dumps(value, default=_as_written).decode()


def fingerprint(value: Any) -> str:
    """SHA-256 over the content; order of keys and white space do not count."""
    return sha256(orjson.dumps(value, default=_as_written, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _as_written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value).encode())
    if isinstance(value, int):  # beyond 64 bits
        return orjson.Fragment(str(value).encode())
    raise TypeError(f"{type(value).__name__} does not come from JSON")


def _deepest(raw: bytes) -> int:
    """How deep the brackets nest, without building anything; stops once too deep."""
    depth = deepest = 0
    for token in _brackets(raw):
        if token[:1] in b"[{":
            depth += len(token)
            deepest = max(deepest, depth)
            if deepest > DEPTH:
                break
        else:
            depth -= len(token)
    return deepest


def _brackets(raw: bytes) -> Iterator[bytes]:
    for match in _TOKENS.finditer(raw):
        token = match.group()
        if token[:1] != b'"':
            yield token


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) == len(pairs):
        return read
    doubled = Doubled(pairs)
    doubled.twice = tuple(name for name, n in Counter(name for name, _ in pairs).items() if n > 1)
    return doubled


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if len(text) > _DIGITS or abs(number.adjusted()) > _DIGITS:
        raise _Unfit(
            f"The number {text[:20]}… has more digits or a larger exponent than any "
            "measurement can have. Send the value as it was measured."
        )
    return number


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise _Unfit(
            f"The number {text[:20]}… has more digits than any measurement can have. "
            "Send the value as it was measured."
        )
    return int(text)


def _constant(text: str) -> Any:
    raise _Unfit(
        f"Not JSON: {text} is no number. Leave the value out and give the reason instead "
        "(dataAbsentReason)."
    )


def _too_deep() -> Any:
    _refuse(
        "too-costly",
        f"The file nests deeper than {DEPTH} levels, which no record needs. "
        "Nothing was read; send an ordinary bundle.",
    )


def _refuse(code: str, words: str) -> Any:
    raise Refused((Fault(code=code, path="", words=words),), unreadable=True)
