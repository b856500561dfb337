"""How a kernel says what it takes: one line for each argument, read at both ends.

``"f8 i n n"`` is an array of float64 with three dimensions, the last two equally long;
a letter means the same length in all arguments, a number is a length. ``"f8 i o k, filled"``
is written to. Without dimensions it is one number: ``"f8"``, ``"i8"`` or ``"b1"``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DTYPES = {"f8": "float64", "i8": "int64", "b1": "bool"}
_SCALARS: dict[str, Any] = {"f8": ctypes.c_double, "i8": ctypes.c_int64, "b1": ctypes.c_bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a kernel. lengths: a letter or a number for each dimension."""

    name: str
    text: str
    dtype: str
    lengths: tuple[str, ...]
    filled: bool

    @property
    def ctype(self) -> Any:
        return ctypes.py_object if self.lengths else _SCALARS[self.dtype]


def read_arguments(given: Sequence[Sequence[str]]) -> tuple[Argument, ...]:
    """Arguments from pairs of name and text, in their order.

    Raises:
        ValueError: a text is not of the form above.
    """
    return tuple(_argument(name, text) for name, text in given)


def _argument(name: str, text: str) -> Argument:
    shape, comma, word = text.partition(",")
    dtype, *lengths = shape.split() or [""]
    good = dtype in DTYPES and (not comma or (word.strip() == "filled" and lengths))
    if not good or not all(part.isidentifier() or part.isdecimal() for part in lengths):
        raise ValueError(f"{name}: {text!r} does not say an argument of a kernel")
    return Argument(name=name, text=text, dtype=dtype, lengths=tuple(lengths), filled=bool(comma))
