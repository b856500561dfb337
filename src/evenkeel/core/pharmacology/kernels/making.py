"""Where Numba compiles: kernels are declared with what stands here, and nobody else imports it.

A kernel that others call is an ``entry``, and says for each argument what it takes::

    @entry({"rates": "f8 i n n", "step": "f8", "room": "f8 4 n, filled", "out": "f8 i k, filled"})
    def rows(rates, step, room, out): ...

(see ``declared`` for the words). What it calls is ``inner``; intrinsics are as ever.
``fused=True`` of either lets a product and a sum be rounded once.

Numba's runtime is off, so that the object needs nothing but libm: no ``np.empty`` or
``np.zeros``, no ``copy``, ``reshape`` or ``sort``, no ``a[:] = b`` of two arrays (write the
loop), nothing that raises. Memory to work in is an argument (the caller's ``np.empty``, made
for each call: each thread must have its own). Slices, ``array.ctypes.data`` and ``a[i]`` of
several dimensions are free: nothing is counted any more. An entry returns nothing; numbers
that come out are written to an array.
"""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

# Its functions would be symbols that only a process with Numba has.
os.environ["NUMBA_DISABLE_INTEL_SVML"] = "1"

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.core.compiler import Flags, compile_extra
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.np.arrayobj import populate_array

from evenkeel.core.pharmacology.kernels.compiled import DOOR, UnusableKernel
from evenkeel.core.pharmacology.kernels.declared import DTYPES, Argument, read_arguments
from evenkeel.core.pharmacology.kernels.symbols import undefined

_tools: Any = cgutils  # none of these say what types they are
_fill: Any = populate_array
_compile: Any = compile_extra
_flags: Any = Flags
one_at_a_time: Any = global_compiler_lock

MODULES = (
    *("blocks", "dense", "expected", "modal", "modes", "numbers", "passing", "sets", "spans"),
    *("sparse", "steps"),
)
# Of C's two libraries; all that a kernel may leave for the loader to find.
ALLOWED = frozenset(
    {
        *("acos", "asin", "atan", "atan2", "cbrt", "ceil", "cos", "cosh", "erf", "erfc"),
        *("exp", "exp2", "expm1", "fabs", "floor", "fma", "fmax", "fmin", "fmod", "hypot"),
        *("ldexp", "lgamma", "log", "log10", "log1p", "log2", "pow", "rint", "round", "sin"),
        *("sinh", "sqrt", "tan", "tanh", "tgamma", "trunc", "memcpy", "memmove", "memset"),
    }
)
_PLAIN: dict[str, Any] = {
    "_nrt": False, "nogil": True, "error_model": "numpy",
    "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
}  # fmt: skip

Function = TypeVar("Function", bound=Callable[..., Any])
_entries: dict[str, tuple[Any, tuple[Argument, ...]]] = {}
_LONG, _INT, _BYTE = ir.IntType(64), ir.IntType(32), ir.IntType(8)
_ANY = _BYTE.as_pointer()
_TYPES: dict[str, Any] = {"f8": numba.float64, "i8": numba.int64, "b1": numba.boolean}
_SCALARS: dict[str, Any] = {"f8": ir.DoubleType(), "i8": _LONG, "b1": _BYTE}


def inner(*, fused: bool = False, loose: bool = False) -> Callable[[Function], Function]:
    """For a function that kernels call. loose: sums in any order, for what is guessed alone."""
    jit: Any = numba.njit
    allowed = {"contract"} if fused else set()
    if loose:
        allowed |= {"contract", "reassoc"}

    def compiling(function: Function) -> Function:
        made: Function = jit(fastmath=allowed or False, **_PLAIN)(function)
        return made

    return compiling


def entry(arguments: Mapping[str, str], *, fused: bool = False) -> Callable[[Function], Function]:
    """For a kernel that is called by its name; see above."""

    def compiling(function: Function) -> Function:
        order = list(inspect.signature(function).parameters)
        if sorted(order) != sorted(arguments):
            odd = ", ".join(sorted(set(order) ^ set(arguments)))
            raise ValueError(f"{function.__qualname__}: not both taken and declared: {odd}")
        read = read_arguments([(name, arguments[name]) for name in order])
        made = inner(fused=fused)(function)
        _entries[f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"] = made, read
        return made

    return compiling


def names() -> list[str]:
    """Of all kernels there are."""
    for module in MODULES:
        importlib.import_module(f"evenkeel.core.pharmacology.kernels.{module}")
    return sorted(name for name in _entries if name.partition(".")[0] in MODULES)


def made(name: str) -> tuple[dict[str, Any], bytes]:
    """Compile a kernel: what is told of it, and its object for this processor.

    Raises:
        UnusableKernel: there is none of this name, or it needs more than C's libraries.
    """
    importlib.import_module(f"evenkeel.core.pharmacology.kernels.{name.partition('.')[0]}")
    if name not in _entries:
        raise UnusableKernel(f"there is no kernel {name}")
    function, arguments = _entries[name]
    with one_at_a_time:
        text = _with_door(function, arguments)
    module = llvm.parse_assembly(text)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(),
        opt=3, codemodel="jitdefault", jit=True,
    )  # fmt: skip
    native = target.emit_object(module)
    try:
        needs = undefined(native)
    except ValueError:  # no ELF: what the module declares comes near enough
        declared = (f.name for f in module.functions if f.is_declaration)
        needs = frozenset(each for each in declared if not each.startswith("llvm."))
    if not needs <= ALLOWED:
        odd = ", ".join(sorted(needs - ALLOWED))
        raise UnusableKernel(f"{name} may call C's libraries alone, and calls {odd}")
    told = {
        "name": name,
        "arguments": [[argument.name, argument.text] for argument in arguments],
        "needs": sorted(needs),
    }
    return told, native


def _with_door(function: Any, arguments: tuple[Argument, ...]) -> str:
    """The kernel and the function that others call, optimised together, as LLVM text.

    The function takes the address of numpy's array type, and for each argument an array
    object or a number. It answers 0 when all is done, the place from 1 on of an argument
    that does not fit, or -1.
    """
    signature = tuple(
        numba.types.Array(_TYPES[a.dtype], len(a.lengths), "C") if a.lengths else _TYPES[a.dtype]
        for a in arguments
    )
    flags = _flags()
    target: Any = cpu_target
    target.options.parse_as_flags(flags, function.targetoptions)
    flags.no_compile = True  # but together with what follows
    target.typing_context.refresh()
    context = target.target_context
    context.refresh()
    compiled = _compile(
        target.typing_context, context, function.py_func,
        args=signature, return_type=numba.none, flags=flags, locals={},
    )  # fmt: skip
    library = compiled.library
    module = library.create_ir_module("door")
    kinds = [_ANY if a.lengths else _SCALARS[a.dtype] for a in arguments]
    door = ir.Function(module, ir.FunctionType(_LONG, [_ANY, *kinds]), DOOR)
    b = ir.IRBuilder(door.append_basic_block())
    lengths: dict[str, Any] = {}
    values = []
    for place, argument in enumerate(arguments):
        given = door.args[1 + place]
        if argument.lengths:
            kind = signature[place]
            given = _array(context, b, door.args[0], argument, kind, given, lengths, 1 + place)
        elif argument.dtype == "b1":
            given = b.icmp_unsigned("!=", given, ir.Constant(_BYTE, 0))
        values.append(given)
    described = compiled.fndesc
    convention: Any = context.call_conv
    inside = _tools.get_or_insert_function(
        module,
        convention.get_function_type(described.restype, described.argtypes),
        described.llvm_func_name,
    )
    status, _ = convention.call_function(b, inside, described.restype, described.argtypes, values)
    b.ret(b.select(status.is_error, ir.Constant(_LONG, -1), ir.Constant(_LONG, 0)))
    library.add_ir_module(module)
    library.finalize()
    return str(library.get_llvm_str())


# Where CPython and numpy keep things: part of their binary interfaces, which do not change
# within a version that ``compiled.machine`` marks.
_HEAD = object.__basicsize__
_DATA, _ND, _SHAPE = _HEAD, _HEAD + 8, _HEAD + 16
_DESCR, _FLAGS = _HEAD + 40, _HEAD + 48
_ORDER, _NUMBER = _HEAD + 10, _HEAD + 12  # of the dtype
_CONTIGUOUS, _ALIGNED, _WRITEABLE = 0x1, 0x100, 0x400


def _at(b: Any, address: Any, offset: int, kind: Any) -> Any:
    place = b.gep(address, [ir.Constant(_LONG, offset)])
    return b.load(b.bitcast(place, kind.as_pointer()))


def _array(
    context: Any, b: Any, array_type: Any, argument: Argument, kind: Any, given: Any,
    lengths: dict[str, Any], place: int,
) -> Any:  # fmt: skip
    """Numba's own view of a numpy array, after a look at everything that it relies on."""

    def unless(good: Any) -> None:
        with _tools.if_unlikely(b, b.not_(good)):
            b.ret(ir.Constant(_LONG, place))

    def equal(found: Any, number: int) -> Any:
        return b.icmp_signed("==", found, ir.Constant(found.type, number))

    unless(b.icmp_unsigned("==", _at(b, given, _HEAD - 8, _ANY), array_type))
    needed = _CONTIGUOUS | _ALIGNED | (_WRITEABLE if argument.filled else 0)
    flags = b.and_(_at(b, given, _FLAGS, _INT), ir.Constant(_INT, needed))
    described = _at(b, given, _DESCR, _ANY)
    order = _at(b, described, _ORDER, _BYTE)
    dtype = np.dtype(DTYPES[argument.dtype])
    unless(equal(_at(b, given, _ND, _INT), len(argument.lengths)))
    unless(equal(flags, needed))
    unless(equal(_at(b, described, _NUMBER, _INT), dtype.num))
    unless(b.or_(equal(order, ord("=")), equal(order, ord("|"))))
    shape = []
    every = _at(b, given, _SHAPE, _ANY)
    for k, name in enumerate(argument.lengths):
        length = _at(b, every, 8 * k, _LONG)
        wanted = ir.Constant(_LONG, int(name)) if name.isdecimal() else lengths.get(name)
        if wanted is None:
            lengths[name] = length
        else:
            unless(b.icmp_signed("==", length, wanted))
        shape.append(length)
    strides = [ir.Constant(_LONG, dtype.itemsize)]
    for length in reversed(shape[1:]):
        strides.insert(0, b.mul(strides[0], length))
    view = context.make_array(kind)(context, b)
    data = b.bitcast(_at(b, given, _DATA, _ANY), view.data.type)
    _fill(
        view, data=data, shape=shape, strides=strides,
        itemsize=context.get_constant(numba.intp, dtype.itemsize), meminfo=None,
    )  # fmt: skip
    return view._getvalue()
