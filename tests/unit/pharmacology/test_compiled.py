"""Kernels start wherever the package lies: beside it, read-only, or with nowhere to keep them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from numba.core.caching import CacheImpl

from evenkeel.core.pharmacology.kernels import compiled, modal

FOLDER = Path(compiled.__file__).parent
KEPT = {"cache": True, "nogil": True}


def double(x):
    return 2 * x


def test_every_kernel_is_compiled_here():
    for file in FOLDER.glob("*.py"):
        if file.name != "compiled.py":
            assert "import njit" not in file.read_text().replace(
                "from evenkeel.core.pharmacology.kernels.compiled import njit", ""
            ), file.name


def test_where_nobody_may_write_what_was_delivered_is_used(monkeypatch):
    kernel = modal.rows.py_func
    assert compiled.Delivered.from_function(kernel, modal.__file__) is None
    may = os.access
    monkeypatch.setattr(os, "access", lambda place, how: how != os.W_OK and may(place, how))
    found = compiled.Delivered.from_function(kernel, modal.__file__)
    delivered = any((FOLDER / "__pycache__").glob("modal.rows-*.nbi"))
    assert (found is not None) <= delivered
    assert compiled.Delivered.from_function(double, __file__) is None


def test_a_kernel_that_can_be_kept_nowhere_still_runs(monkeypatch):
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    assert compiled.njit(**KEPT)(double)(4) == 8


def test_a_disk_that_refuses_is_no_failure(monkeypatch, tmp_path):
    made = compiled.njit(**KEPT)(double)
    monkeypatch.setattr(
        made._cache._cache_file, "save", lambda *_: (_ for _ in ()).throw(PermissionError())
    )
    assert made(21) == 42


def test_an_index_of_another_source_does_not_fit(tmp_path):
    place = compiled.Delivered(modal.rows.py_func, modal.__file__)
    torn = tmp_path / "torn.nbi"
    torn.write_bytes(b"")
    assert not place._fits(torn)
    assert not place._fits(tmp_path / "none.nbi")


@pytest.mark.parametrize("name", ["modal", "blocks"])
def test_the_kernels_are_kept_beside_their_module(name):
    module = __import__(f"evenkeel.core.pharmacology.kernels.{name}", fromlist=[name])
    assert Path(module.rows._cache.cache_path).parent == FOLDER


def test_a_change_to_any_file_with_kernels_compiles_all_again(monkeypatch, tmp_path):
    for name in ("vectors.py", "modal.py", "compiled.py", "__init__.py"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    monkeypatch.setattr(compiled, "_HERE", tmp_path)
    stamp = compiled.stamp_of_all.__wrapped__
    before = stamp()
    (tmp_path / "__init__.py").write_text("# no kernel\n")
    assert stamp() == before
    with (tmp_path / "vectors.py").open("a") as file:
        file.write("# numba\n")
    assert stamp() != before
    for name in ("modal", "vectors", "ranks"):
        module = __import__(f"evenkeel.core.pharmacology.kernels.{name}", fromlist=[name])
        kept = [each for each in vars(module).values() if hasattr(each, "_cache")]
        locators = [each._cache._impl.locator for each in kept if hasattr(each._cache, "_impl")]
        assert all(isinstance(each, compiled._OfHere) for each in locators)
