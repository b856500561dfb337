"""How kernels are compiled: once, and kept beside their module.

``make setup`` compiles them; a package that is installed where nobody may write still uses
what was compiled with it. Where there is nothing for this processor and nowhere to keep
it, a kernel is compiled for the running process alone: slower to start, never a failure.

A kernel that was kept holds the code of those that it calls. Numba looks at the file of
the kernel alone, and would go on using it when another file has changed; here every kept
kernel bears the mark of all files with kernels, and a change to any compiles all again.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import (
    CacheImpl,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
)
from numba.core.registry import cpu_target

_HERE = Path(__file__).resolve().parent


@cache
def stamp_of_all() -> str:
    """A mark of every file with kernels, as it is now."""
    digest = hashlib.sha256()
    for file in sorted(_HERE.glob("*.py")):
        source = file.read_bytes()
        if b"numba" in source or b"njit" in source:
            digest.update(file.name.encode() + b"\0" + source)
    return digest.hexdigest()


class _OfHere:
    """For kernels of this folder alone, under the mark of all its kernels."""

    def get_source_stamp(self) -> str:
        return stamp_of_all()

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        if Path(py_file).resolve().parent != _HERE:
            return None
        above: Any = super()
        return above.from_function(py_func, py_file)


class Beside(_OfHere, InTreeCacheLocator):
    """Beside the module, where it may be written."""


class ForUser(_OfHere, UserWideCacheLocator):
    """In the user's own folder, where the module's may not be written."""


class Given(_OfHere, UserProvidedCacheLocator):
    """Where NUMBA_CACHE_DIR says."""


class Delivered(_OfHere, InTreeCacheLocator):
    """Kernels of this folder, compiled for this processor, where nobody may write any more."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """The place, where it has this function in this source for this processor."""
        if Path(py_file).resolve().parent != _HERE:
            return None
        found: Any = cls(py_func, py_file)
        folder = Path(found.get_cache_path())
        if os.access(folder, os.W_OK):
            return None
        name = f"{Path(py_file).stem}.{py_func.__qualname__}-{found.get_disambiguator()}.py"
        return found if any(found._fits(index) for index in folder.glob(f"{name}*.nbi")) else None

    def _fits(self, index: Path) -> bool:
        """Numba reads the same index; a place that does not fit would compile at every start."""
        try:
            with index.open("rb") as file:
                version = pickle.load(file)
                stamp, kernels = pickle.loads(file.read())
        except (OSError, pickle.UnpicklingError, EOFError, ValueError):
            return False
        own: Any = self
        machine = cpu_target.target_context.codegen().magic_tuple()
        return bool(
            version == numba.__version__
            and stamp == own.get_source_stamp()
            and any(key[1] == machine for key in kernels)
        )


CacheImpl._locator_classes = [Given, Delivered, Beside, ForUser, *CacheImpl._locator_classes]


def _njit(**options: Any) -> Callable[[Any], Any]:
    """As numba's, for whom a cache that cannot be kept is no failure."""

    def compiling(function: Any) -> Any:
        try:
            made = numba.njit(**options)(function)
        except RuntimeError:  # numba: no place to keep it
            return numba.njit(**{**options, "cache": False})(function)
        keep = made._cache.save_overload

        def save(*kernel: Any) -> None:
            with suppress(OSError):
                keep(*kernel)

        made._cache.save_overload = save
        return made

    return compiling


njit: Any = _njit  # without a type, as numba's own: what it makes has none
