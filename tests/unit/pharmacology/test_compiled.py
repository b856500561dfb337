"""Kernels start wherever the package lies: beside it, read-only, torn, or kept nowhere."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest

from evenkeel.core.pharmacology.kernels import compiled, making
from evenkeel.core.pharmacology.kernels.declared import read_arguments
from evenkeel.core.pharmacology.kernels.symbols import undefined

FOLDER = Path(compiled.__file__).parent
HERE = "evenkeel.core.pharmacology.kernels"
SCALE = "test_compiled.scale"
made_once = cache(making.made)  # a kernel comes out the same each time


@making.entry(
    {"given": "f8 i j", "by": "f8", "which": "i8 i", "on": "b1", "limits": "f8 2",
     "out": "f8 i j, filled"}
)  # fmt: skip
def scale(given, by, which, on, limits, out):
    for i in range(given.shape[0]):
        for j in range(given.shape[1]):
            out[i, j] = limits[0] + by * given[which[i], j] if on else limits[1]


@making.entry({"given": "f8 i", "out": "f8 i, filled"})
def allocating(given, out):
    out[0] = np.empty(given.size)[0]


@making.entry({"given": "f8 4", "out": "f8 4, filled"})
def foreign(given, out):
    out[0] = given.reshape((2, 2))[1, 1]


@making.entry({"given": "f8", "out": "f8 1, filled"})
def failing(given, out):
    if given < 0.0:
        raise ValueError
    out[0] = given


@pytest.fixture
def places(monkeypatch, tmp_path):
    """Folders of the test's own, and this file as if it were a module with kernels."""
    monkeypatch.setitem(sys.modules, f"{HERE}.test_compiled", sys.modules[__name__])
    monkeypatch.setattr(making, "made", made_once)
    monkeypatch.setattr(compiled, "mark", cache(lambda module: "0" * 16))
    monkeypatch.setattr(compiled, "beside", lambda: tmp_path / "package" / "native")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def unwritable(place):
    """Whoever runs the tests may be allowed everything; nobody can make a folder below a file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("in the way")


def answer(kernel=None):
    """What the kernel makes of a small example; 10 + 2 * given with its rows swapped."""
    out = np.zeros((2, 3))
    (kernel or compiled.Kernel(SCALE))(
        np.arange(6.0).reshape(2, 3), 2.0, np.array([1, 0]), True, np.array([10.0, -1.0]), out
    )
    return out.tolist()


RIGHT = [[16.0, 18.0, 20.0], [10.0, 12.0, 14.0]]


def count_compiling(monkeypatch):
    """A list that grows with each compilation."""
    done, made = [], making.made
    monkeypatch.setattr(making, "made", lambda name: done.append(name) or made(name))
    return done


def kept(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", making.names())
def test_a_kernel_needs_nothing_but_c_s_own_libraries(name):
    told, native = compiled._found(name) or compiled.make(name)
    assert undefined(native) == set(told["needs"]) <= making.ALLOWED


def test_what_an_object_leaves_open_is_read_from_it():
    """Against an object whose open ends are written here by hand."""
    module = llvm.parse_assembly(
        "declare double @exp(double) declare double @somewhere_else(double) "
        "define double @own(double %x) { %a = call double @exp(double %x) "
        "%b = call double @somewhere_else(double %a) ret double %b } "
    )
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple("x86_64-unknown-linux-gnu").create_target_machine()
    assert undefined(target.emit_object(module)) == {"exp", "somewhere_else"}
    with pytest.raises(ValueError, match="not an ELF object"):
        undefined(b"MZ")


def test_it_answers_the_same_as_its_source(places):
    out = np.zeros((2, 3))
    given = np.arange(6.0).reshape(2, 3), 2.0, np.array([1, 0])
    scale.py_func(*given, True, np.array([10.0, -1.0]), out)
    assert answer() == out.tolist() == RIGHT
    compiled.Kernel(SCALE)(*given, False, np.array([10.0, -1.0]), out)
    assert (out == -1.0).all()


GOOD = {
    "given": np.zeros((2, 3)), "by": 2.0, "which": np.zeros(2, np.int64), "on": True,
    "limits": np.zeros(2), "out": np.zeros((2, 3)),
}  # fmt: skip
LOCKED = np.zeros((2, 3))
LOCKED.flags.writeable = False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("given", np.zeros((2, 3), np.float32)),
        ("given", np.zeros((2, 3), ">f8")),
        ("given", np.zeros((2, 3), np.int64)),
        ("given", np.zeros((2, 6))[:, ::2]),
        ("given", np.zeros((3, 2)).T),
        ("given", np.zeros(6)),
        ("given", np.zeros((2, 3, 1))),
        ("given", np.zeros(49, np.uint8)[1:].view(np.float64).reshape(2, 3)),
        ("given", np.ma.zeros((2, 3))),
        ("given", [[0.0] * 3] * 2),
        ("given", None),
        ("which", np.zeros(3, np.int64)),
        ("which", np.zeros(2, np.int32)),
        ("limits", np.zeros(3)),
        ("out", np.zeros((2, 4))),
        ("out", np.zeros((3, 3))),
        ("out", LOCKED),
        ("by", "2"),
        ("by", None),
    ],
)
def test_what_is_not_as_declared_is_refused(places, name, value):
    compiled.Kernel(SCALE)(*GOOD.values())
    said = {"by": "argument 3"}.get(name, name)
    with pytest.raises(TypeError, match=f"{SCALE}.*{said}"):
        compiled.Kernel(SCALE)(*(GOOD | {name: value}).values())


def test_a_read_only_array_may_be_read(places):
    compiled.Kernel(SCALE)(*(GOOD | {"given": LOCKED}).values())


@pytest.mark.parametrize("count", [5, 7])
def test_too_few_and_too_many_are_refused(places, count):
    with pytest.raises(TypeError, match=f"takes 6 arguments; given were {count}"):
        compiled.Kernel(SCALE)(*[*GOOD.values(), 1.0][:count])


def test_a_kernel_that_allocates_is_not_made(places):
    with pytest.raises(Exception, match="empty"):
        making.made("test_compiled.allocating")


def test_a_kernel_that_needs_numba_to_run_is_not_made(places):
    with pytest.raises(compiled.UnusableKernel, match="calls numba_attempt_nocopy_reshape"):
        making.made("test_compiled.foreign")


def test_a_kernel_that_raises_says_so(places):
    run, out = compiled.Kernel("test_compiled.failing"), np.zeros(1)
    run(1.0, out)
    assert out[0] == 1.0
    with pytest.raises(compiled.UnusableKernel, match="failed on the way"):
        run(-1.0, out)


def test_there_is_no_kernel_of_another_name(places):
    with pytest.raises(compiled.UnusableKernel, match=r"no kernel test_compiled\.none"):
        compiled.Kernel("test_compiled.none")()


@pytest.mark.parametrize("text", ["", "f4 i", "f8 i-j", "f8, filled", "f8 i, read", "f8 i,"])
def test_an_argument_is_declared_in_few_words(text):
    with pytest.raises(ValueError, match="does not say an argument"):
        read_arguments([("given", text)])


def test_every_argument_is_declared_and_no_other():
    with pytest.raises(ValueError, match="not both taken and declared: by, out"):
        making.entry({"given": "f8 i", "by": "f8"})(lambda given, out: None)


def test_what_was_compiled_is_used_again(places, monkeypatch, caplog):
    done = count_compiling(monkeypatch)
    assert answer() == RIGHT
    assert "test_compiled.scale is compiled for this processor" in caplog.text
    caplog.clear()
    assert answer() == RIGHT
    assert not caplog.text
    assert done == [SCALE]
    (file,) = kept(places)
    assert file.parent == compiled.beside()
    assert file.stat().st_mode & 0o777 == 0o644


def test_what_is_edited_while_it_is_compiled_is_not_kept(places, monkeypatch):
    marks = iter(["1" * 16, "2" * 16])
    monkeypatch.setattr(compiled, "mark", cache(lambda module: next(marks)))
    assert answer() == RIGHT
    assert kept(places) == []


def test_setting_up_keeps_every_kernel_with_the_package_and_nothing_older(places, monkeypatch):
    monkeypatch.setattr(making, "names", lambda: [SCALE])
    with monkeypatch.context() as patch:
        unwritable(places / "package")
        answer()  # so that the user has it already
        (places / "package").unlink()
        patch.setattr(compiled, "mark", lambda module: "9" * 16)
        compiled._keep(SCALE, {}, b"of older sources")
    other = compiled.beside() / f"{SCALE}-{'e' * 16}-{'0' * 16}.o"
    other.write_bytes(b"for another processor")
    assert list(compiled.make_all(1, 2)) == []
    assert list(compiled.make_all(0, 2)) == [SCALE]
    assert list(compiled.make_all()) == []
    assert kept(compiled.beside()) == sorted([compiled.beside() / compiled._file(SCALE), other])


def test_where_the_package_may_not_be_written_the_user_keeps_it(places, monkeypatch):
    unwritable(places / "package")
    done = count_compiling(monkeypatch)
    assert answer() == answer() == RIGHT
    assert done == [SCALE]
    (file,) = kept(places / "cache")
    assert (file.parent.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_what_was_delivered_is_used_where_nobody_may_write(places, monkeypatch):
    answer()
    done = count_compiling(monkeypatch)
    monkeypatch.setattr(compiled.os, "fdopen", lambda *_: pytest.fail("it was written"))
    assert answer() == RIGHT
    assert not done


def test_a_kernel_that_can_be_kept_nowhere_still_runs(places, monkeypatch):
    unwritable(places / "package")
    unwritable(places / "cache")
    assert answer() == RIGHT
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert compiled.of_user() is None
    assert answer() == RIGHT


def test_a_disk_that_fills_up_leaves_nothing_behind(places, monkeypatch):
    class Full:
        def __init__(self, number, mode):
            self.number = number

        def __enter__(self):
            return self

        def __exit__(self, *_):
            os.close(self.number)

        def write(self, what):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(compiled.os, "fdopen", Full)
    assert answer() == RIGHT
    assert kept(places) == []


@pytest.mark.parametrize(
    "harm",
    [
        lambda whole: b"",
        lambda whole: whole[:20],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-1],
        lambda whole: whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:],
        lambda whole: whole + b"\0",
        lambda whole: whole.replace(b"f8 i j", b"f8 i i", 1),
        lambda whole: b"\0" * len(whole),
    ],
)
def test_a_torn_file_is_made_again(places, monkeypatch, harm):
    answer()
    (file,) = kept(places)
    whole = file.read_bytes()
    file.write_bytes(harm(whole))
    done = count_compiling(monkeypatch)
    assert answer() == RIGHT
    assert done == [SCALE]
    assert [file] == kept(places)
    assert answer() == RIGHT
    assert done == [SCALE]


def test_what_others_could_have_written_is_not_run(places, monkeypatch):
    unwritable(places / "package")
    answer()
    (file,) = kept(places / "cache")
    done = count_compiling(monkeypatch)
    file.chmod(0o666)
    assert answer() == RIGHT
    file.chmod(0o600)
    file.parent.chmod(0o777)
    assert answer() == RIGHT
    assert done == [SCALE, SCALE]
    monkeypatch.setattr(compiled.os, "getuid", lambda: 4242)
    assert compiled._found(SCALE) is None


def test_a_relative_cache_folder_is_none(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    assert compiled.of_user() is None


def test_another_processor_or_numpy_gets_its_own(places, monkeypatch):
    answer()
    done = count_compiling(monkeypatch)
    for owner, name, value in [
        (llvm, "get_host_cpu_name", lambda: "another"),
        (np, "__version__", "99.0.0"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, value)
            mark = compiled.machine.__wrapped__()
        assert mark != compiled.machine()
        with monkeypatch.context() as patch:
            patch.setattr(compiled, "machine", lambda mark=mark: mark)
            assert compiled._found(SCALE) is None
    assert not done


WRITING = """
import pathlib, sys
from evenkeel.core.pharmacology.kernels import compiled
compiled.mark = lambda module: "0" * 16
compiled.beside = lambda: pathlib.Path(sys.argv[1])
told, native = compiled._found(sys.argv[2])
for _ in range(40):
    compiled._keep(sys.argv[2], told, native)
"""


def test_two_processes_may_write_while_others_read(places):
    answer()
    whole = compiled._found(SCALE)
    command = [sys.executable, "-c", WRITING, str(compiled.beside()), SCALE]
    both = [subprocess.Popen(command) for _ in range(2)]
    while any(each.poll() is None for each in both):
        assert compiled._found(SCALE) == whole
    assert [each.returncode for each in both] == [0, 0]
    assert len(kept(places)) == 1


def test_threads_may_all_be_the_first(places, monkeypatch):
    done = count_compiling(monkeypatch)
    run = compiled.Kernel(SCALE)
    with ThreadPoolExecutor(8) as pool:
        every = [pool.submit(answer, run) for _ in range(8)]
        assert [found.result() for found in every] == [RIGHT] * 8
    assert done == [SCALE]


def test_a_change_makes_again_what_stands_on_the_file(monkeypatch, tmp_path):
    for file in FOLDER.glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(compiled, "_HERE", tmp_path)
    modules = {name.partition(".")[0] for name in making.names()}
    marks = {module: compiled.mark.__wrapped__(module) for module in modules}

    def changed(name):
        with (tmp_path / name).open("a") as file:
            file.write("\n")
        now = {module: compiled.mark.__wrapped__(module) for module in modules}
        moved = {module for module in modules if now[module] != marks[module]}
        marks.update(now)
        return moved

    assert changed("compiled.py") == set()
    assert changed("making.py") == changed("symbols.py") == modules
    assert "blocks" in changed("stretches.py")
    assert changed("blocks.py") == {"blocks"}


def test_kernels_import_of_evenkeel_only_each_other_and_in_one_way():
    """The mark of a kernel follows these lines."""
    for file in FOLDER.glob("*.py"):
        lines = re.findall(
            r"^[ \t]*(?:from|import) .*\bevenkeel\b.*$", file.read_text(), re.MULTILINE
        )
        for line in lines:
            assert compiled._IMPORT.match(line), f"{file.name}: {line}"


def test_nobody_outside_imports_a_kernel_or_the_compiler():
    plain = {"compiled", "sizes"}
    for file in Path(compiled.__file__).parents[3].rglob("*.py"):
        if file.parent == FOLDER:
            continue
        text = file.read_text()
        assert not re.search(r"^\s*(import|from) numba", text, re.MULTILINE), file
        assert set(re.findall(rf"{re.escape(HERE)}\.(\w+) import", text)) <= plain, file
        assert not re.search(rf"from {re.escape(HERE)} import", text), file


def test_every_kernel_that_is_called_is_there_and_every_one_there_is_called():
    called = set()
    for file in Path(compiled.__file__).parents[3].rglob("*.py"):
        if file.parent != FOLDER:
            called |= set(re.findall(r"\bkernel\(\"([^\"]+)\"\)", file.read_text()))
    assert called == set(making.names())


def test_a_population_is_computed_without_importing_the_compiler():
    list(compiled.make_all())
    code = (
        "import sys; from evenkeel.cli import cli; "
        "cli(['simulate', '--model', 'otto_2021_s_ketamine_iv', '--preset', 'iv40', '--times', "
        "'0:2:0.5', '--covariate', 'WT=75', '--population', '20', '--seed', '1', '--json'], "
        "standalone_mode=False); print('numba' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.split()[-1] == "False"


def test_symbols_are_found_where_the_process_has_them_not(monkeypatch):
    """libm may be loaded for numpy alone."""
    monkeypatch.setattr(llvm, "address_of_symbol", lambda name: None)
    added = {}
    monkeypatch.setattr(llvm, "add_symbol", added.__setitem__)
    told, native = compiled._found("blocks.at_times") or compiled.make("blocks.at_times")
    compiled._load(told, native)
    assert set(added) == set(told["needs"])
    exp = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(added["exp"])
    assert exp(1.0) == pytest.approx(np.e, rel=1e-15)
    with pytest.raises(compiled.UnusableKernel, match="which this system does not have"):
        compiled._load({**told, "needs": ["no_such_function"]}, native)
