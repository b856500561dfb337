"""The words in which kernels are written by hand: instructions on eight numbers.

Addresses are whole numbers here, of contiguous float64. Vectors are eight wide; on any
processor they become what it has. ``Rows`` are arrays of such vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from evenkeel.core.pharmacology.kernels.sizes import LINE

vectorised: Any = intrinsic  # none of these say what types they are
tools: Any = cgutils

WIDE = LINE  # float64 in a vector
DOUBLE, LONG, INT = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
VECTOR = ir.VectorType(DOUBLE, WIDE)
LONGS = ir.VectorType(LONG, WIDE)


def long(value: int) -> ir.Constant:
    return ir.Constant(LONG, value)


def every(value: float) -> ir.Constant:
    return ir.Constant(VECTOR, [value] * WIDE)


def spread(b: Any, value: Any, kind: Any = VECTOR) -> Any:
    empty = ir.Constant(kind, ir.Undefined)
    one = b.insert_element(empty, value, ir.Constant(INT, 0))
    zeros = ir.Constant(ir.VectorType(INT, WIDE), [0] * WIDE)
    return b.shuffle_vector(one, empty, zeros)


def of_each(b: Any, name: str, x: Any) -> Any:
    """What LLVM's instruction of this name makes of each number."""
    kind = ir.FunctionType(VECTOR, [VECTOR])
    return b.call(tools.get_or_insert_function(b.module, kind, f"llvm.{name}.v{WIDE}f64"), [x])


def size_of(b: Any, x: Any) -> Any:
    """Without their signs."""
    return of_each(b, "fabs", x)


def fused(b: Any, x: Any, y: Any, z: Any) -> Any:
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    function = tools.get_or_insert_function(b.module, kind, f"llvm.fmuladd.v{WIDE}f64")
    return b.call(function, [x, y, z])


def vector_at(b: Any, address: Any, at: Any) -> Any:
    """Pointer to the vector that begins ``at`` numbers after the address."""
    place = b.add(address, b.shl(at, ir.Constant(LONG, 3)))
    return b.inttoptr(place, VECTOR.as_pointer())


def number_place(b: Any, address: Any, at: Any, kind: Any = DOUBLE) -> Any:
    return b.inttoptr(b.add(address, b.shl(at, ir.Constant(LONG, 3))), kind.as_pointer())


def number_at(b: Any, address: Any, at: int, kind: Any = DOUBLE) -> Any:
    return b.load(number_place(b, address, ir.Constant(LONG, at), kind))


class Rows:
    """The arrays that an operation is given, each of rows of eight, to be read and written."""

    def __init__(self, context: Any, b: Any, kinds: Sequence[Any], given: Sequence[Any]) -> None:
        self._b = b
        self._places = {
            which: b.ptrtoint(context.make_array(kind)(context, b, given[which]).data, LONG)
            for which, kind in enumerate(kinds)
            if isinstance(kind, types.Array)
        }

    def _place(self, which: int, row: Any) -> Any:
        at = long(0) if row is None else self._b.mul(row, long(WIDE))
        return vector_at(self._b, self._places[which], at)

    def get(self, which: int, row: Any = None) -> Any:
        """The numbers of a row; of several rows, those of one of them."""
        return self._b.load(self._place(which, row), align=8)

    def put(self, which: int, value: Any, row: Any = None) -> None:
        self._b.store(value, self._place(which, row), align=8)


def count_up(b: Any, stop: Any, by: Any, body: Callable[[Any], None]) -> None:
    """body(0), body(by) … below ``stop``."""
    function = b.function
    head, inside = function.append_basic_block(), function.append_basic_block()
    after = function.append_basic_block()
    before = b.block
    b.branch(head)
    b.position_at_end(head)
    k = b.phi(LONG)
    k.add_incoming(ir.Constant(LONG, 0), before)
    b.cbranch(b.icmp_signed("<", k, stop), inside, after)
    b.position_at_end(inside)
    body(k)
    k.add_incoming(b.add(k, by), b.block)
    b.branch(head)
    b.position_at_end(after)


def packs() -> bool:
    """Whether this processor has masks of eight, and moves what they mark side by side at once."""
    features = llvm.get_host_cpu_features()
    return all(features.get(name, False) for name in ("avx512f", "avx512dq", "avx512vl"))


def marked(b: Any, value: Any, mask: Any) -> Any:
    """Those of eight numbers that a mask marks, from the first place on; where ``packs``."""
    kind = ir.FunctionType(VECTOR, [VECTOR, mask.type, VECTOR])
    name = f"llvm.experimental.vector.compress.v{WIDE}f64"
    empty = ir.Constant(VECTOR, ir.Undefined)
    return b.call(tools.get_or_insert_function(b.module, kind, name), [value, mask, empty])


def how_many(b: Any, mask: Any) -> Any:
    """Marks of a mask."""
    bits = b.zext(b.bitcast(mask, ir.IntType(WIDE)), LONG)
    kind = ir.FunctionType(LONG, [LONG])
    return b.call(tools.get_or_insert_function(b.module, kind, "llvm.ctpop.i64"), [bits])


def halves(b: Any, value: Any) -> list[Any]:
    """Both halves: comparisons of four are one register, of eight they are packed first.

    Where masks of eight are registers themselves: all of it.
    """
    if packs():
        return [value]
    empty = ir.Constant(value.type, ir.Undefined)
    kind = ir.VectorType(INT, WIDE // 2)
    return [
        b.shuffle_vector(value, empty, ir.Constant(kind, list(range(k, k + WIDE // 2))))
        for k in (0, WIDE // 2)
    ]


def whole(b: Any, parts: list[Any]) -> Any:
    """What ``halves`` has made, as one again."""
    if len(parts) == 1:
        return parts[0]
    places = ir.Constant(ir.VectorType(INT, WIDE), list(range(WIDE)))
    return b.shuffle_vector(*parts, places)


def keep_places(b: Any, masks: list[Any], kept: Any, put: Callable[[int, Any], None]) -> None:
    """put(lane, place) for all lanes, the place going on after each lane that ``masks`` mark.

    masks: of both halves. kept: pointer to the first place, made the next one. What is not
    marked is put as well and overwritten.
    """
    half, bits_of = WIDE // 2, ir.IntType(WIDE // 2)
    either = b.bitcast(b.or_(*masks), bits_of)
    with b.if_then(b.icmp_unsigned("!=", either, ir.Constant(bits_of, 0)), likely=False):
        at = b.load(kept)
        for number, mask in enumerate(masks):
            bits = b.zext(b.bitcast(mask, bits_of), LONG)
            for lane in range(half):
                put(number * half + lane, at)
                at = b.add(at, b.and_(b.lshr(bits, long(lane)), long(1)))
        b.store(at, kept)
