"""Kernels that start at once: compiled when Evenkeel is set up, loaded where they are called.

Numba compiles here and does not run: importing it and readying what it kept costs two
seconds, so that whoever only calls a kernel never imports it.

**Calling.** Outside this package a kernel is known by its name alone::

    _rows = kernel("blocks.rows")       # costs nothing until it is called
    _rows(rates, outputs, ...)          # positions only; nothing is returned

Arrays must be exactly what the kernel declares: plain ``numpy.ndarray``, its dtype, number
of dimensions, C-contiguous, equal lengths where it says the same letter; ``TypeError``
names the one that is not. Nothing is converted. The GIL is released.

**Writing one.** In a module of this package, named in ``making.MODULES``; see ``making``
for how its arguments are declared. It may not allocate: memory to work in comes in.

**Keeping.** A kernel is a native object in a file of its own, named after the mark of the
sources, of Numba and of the processor, with a digest. It is looked for beside the
package, then in the user's cache folder. Where none fits, or it is torn, Numba compiles:
seconds once; the file goes beside the package if that may be written, else to the user's
folder, else nowhere: slower to start, never a failure.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import llvmlite  # type: ignore[import-untyped]
import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np

from evenkeel.core.pharmacology.kernels.declared import Argument, read_arguments

DOOR = "evenkeel_kernel"  # what each object calls its only function
_FORM = b"evenkeel kernel 1 "
_HERE = Path(__file__).resolve().parent
_IMPORT = re.compile(rf"^from {re.escape(__package__)}\.(\w+) import", re.MULTILINE)
_ARRAY = id(np.ndarray)  # the address of the type, which a kernel compares


class UnusableKernel(RuntimeError):
    """A kernel that cannot run here at all."""


def sources_of(module: str) -> set[Path]:
    """The file of a module with kernels and those that it imports of this package."""
    found: set[Path] = set()
    ahead = [_HERE / f"{module}.py"]
    while ahead:
        file = ahead.pop()
        if file not in found and file.name != "compiled.py":  # which only runs them
            found.add(file)
            ahead += [_HERE / f"{name}.py" for name in _IMPORT.findall(file.read_text())]
    return found


@cache
def mark(module: str) -> str:
    """Of all sources of a module's kernels as they are now, and of the compiler."""
    digest = hashlib.sha256(llvmlite.__version__.encode())
    for file in sorted(sources_of(module)):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    numba = find_spec("numba")
    if numba is not None and numba.origin is not None:
        with suppress(OSError):
            digest.update(Path(numba.origin).with_name("_version.py").read_bytes())
    return digest.hexdigest()[:16]


@cache
def machine() -> str:
    """A mark of the processor and of how Python and numpy lay out an array."""
    told = (
        llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(),
        sys.implementation.cache_tag, object.__basicsize__, np.__version__.partition(".")[0],
    )  # fmt: skip
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def beside() -> Path:
    """The folder of the package, where everybody who may read the package finds them."""
    return _HERE / "native"


def of_user() -> Path | None:
    """The user's own folder; None where there is none that only this user can write."""
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return home / "evenkeel" / "kernels" if home.is_absolute() else None


def _only_ours(path: Path) -> bool:
    """Nobody else can have put native code there for us to run."""
    told = path.stat()
    return told.st_uid == os.getuid() and not told.st_mode & 0o022


def _places() -> Iterator[tuple[Path, bool]]:
    yield beside(), False
    own = of_user()
    if own is not None:
        yield own, True


def _file(name: str) -> str:
    return f"{name}-{machine()}-{mark(name.partition('.')[0])}.o"


def _read(folder: Path, own: bool, name: str) -> tuple[dict[str, Any], bytes] | None:
    path = folder / _file(name)
    try:
        if own and not (_only_ours(folder) and _only_ours(path)):
            return None
        whole = path.read_bytes()
    except OSError:
        return None
    first, _, rest = whole.partition(b"\n")
    if first != _FORM + hashlib.sha256(rest).hexdigest().encode():
        return None
    told, _, native = rest.partition(b"\n")
    return json.loads(told), native


def _found(name: str) -> tuple[dict[str, Any], bytes] | None:
    """What was kept of this kernel, whole and as it was written; None where nothing fits."""
    every = (_read(folder, own, name) for folder, own in _places())
    return next((found for found in every if found is not None), None)


def _keep(name: str, told: dict[str, Any], native: bytes) -> Path | None:
    """Write it whole or not at all, in the first folder that may be written."""
    import tempfile

    rest = json.dumps(told).encode() + b"\n" + native
    whole = _FORM + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest
    for folder, own in _places():
        try:
            folder.mkdir(mode=0o700 if own else 0o755, parents=True, exist_ok=True)
            if own and not _only_ours(folder):
                continue
            number, made = tempfile.mkstemp(dir=folder, prefix=f".{name}-")
        except OSError:
            continue
        try:
            with os.fdopen(number, "wb") as file:
                file.write(whole)
            Path(made).chmod(0o600 if own else 0o644)
            Path(made).replace(folder / _file(name))
        except OSError:
            Path(made).unlink(missing_ok=True)
            continue
        return folder / _file(name)
    return None


def make(name: str) -> tuple[dict[str, Any], bytes]:
    """Compile a kernel and keep it where that can be: what is told of it, and its object."""
    making = importlib.import_module("evenkeel.core.pharmacology.kernels.making")
    begun = _file(name)
    made: tuple[dict[str, Any], bytes] = making.made(name)
    mark.cache_clear()
    if _file(name) == begun:  # nobody edited its source meanwhile
        _keep(name, *made)
    return made


def make_all(part: int = 0, parts: int = 1) -> Iterator[str]:
    """Compile those that are not beside the package, and take away those of older sources.

    part, parts: every so manieth of them, so that several processes share the work.

    Yields:
        The names of what was compiled.
    """
    making = importlib.import_module("evenkeel.core.pharmacology.kernels.making")
    names = making.names()
    wanted = {_file(name) for name in names}
    for name in names[part::parts]:
        if _read(beside(), False, name) is None:
            make(name)
            yield name
    for path in beside().glob(f"*-{machine()}-*.o"):
        if path.name not in wanted:
            with suppress(OSError):
                path.unlink()


_engines: list[Any] = []  # an engine that goes takes its code along


def _load(told: dict[str, Any], native: bytes) -> int:
    """The address of the kernel, in memory and ready."""
    for symbol in told["needs"]:
        if llvm.address_of_symbol(symbol) is None:
            try:
                found = getattr(ctypes.CDLL("libm.so.6"), symbol)
            except (OSError, AttributeError):
                why = f"{told['name']} calls {symbol}, which this system does not have"
                raise UnusableKernel(why) from None
            llvm.add_symbol(symbol, ctypes.cast(found, ctypes.c_void_p).value)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(native))
    engine.finalize_object()
    _engines.append(engine)
    return int(engine.get_function_address(DOOR))


class Kernel:
    """A compiled kernel, found or made when it is first called."""

    __slots__ = ("_arguments", "_door", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._arguments: tuple[Argument, ...] = ()
        self._door: Any = None

    def ready(self) -> None:
        """Find it or make it. Two threads may both do so: the same comes out."""
        found = _found(self.name)
        if found is None:
            import logging

            why = "%s is compiled for this processor: some seconds, once (`make setup` saves them)"
            logging.getLogger(__name__).warning(why, self.name)
            making = importlib.import_module("evenkeel.core.pharmacology.kernels.making")
            with making.one_at_a_time:  # another thread may have made it meanwhile
                found = _found(self.name) or make(self.name)
        told, native = found
        self._arguments = read_arguments(told["arguments"])
        kinds = [argument.ctype for argument in self._arguments]
        door = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, *kinds)
        self._door = door(_load(told, native))

    def __call__(self, *given: Any) -> None:
        """Run it.

        Raises:
            TypeError: an argument is not exactly what the kernel declares.
        """
        if self._door is None:
            self.ready()
        if len(given) != len(self._arguments):
            wanted = len(self._arguments)
            raise TypeError(f"{self.name} takes {wanted} arguments; given were {len(given)}")
        try:
            fault = self._door(_ARRAY, *given)
        except (TypeError, ctypes.ArgumentError) as wrong:
            raise TypeError(f"{self.name}: {wrong}") from None
        if fault:
            self._refuse(fault, given)

    def _refuse(self, fault: int, given: tuple[Any, ...]) -> None:
        if fault < 0:
            raise UnusableKernel(f"{self.name} failed on the way")
        wanted, got = self._arguments[fault - 1], given[fault - 1]
        shape = getattr(got, "shape", None)
        raise TypeError(
            f"{self.name}: {wanted.name} must be a plain C-contiguous array {wanted.text}, where "
            f"a letter means the same length everywhere; given was {type(got).__name__} "
            f"{getattr(got, 'dtype', '')} {shape}"
        )


_kernels: dict[str, Kernel] = {}


def kernel(name: str) -> Kernel:
    """The kernel of this name, ``module.function``: one for everybody."""
    return _kernels.setdefault(name, Kernel(name))
