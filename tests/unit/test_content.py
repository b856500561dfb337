"""A folder of content, whose files are read as they are asked for."""

from __future__ import annotations

import msgspec
import pytest

from evenkeel.core.kernel.content import ContentFault, Folder, read_folder


class Thing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str


@pytest.fixture
def place(tmp_path):
    for name, text in [
        ("b", 'id = "b"'),
        ("a", 'id = "a"'),
        ("odd", 'id = "other"'),
        ("c", "id ="),
    ]:
        (tmp_path / f"{name}.toml").write_text(text)
    (tmp_path / "notes.txt").write_text("none")
    return tmp_path


def made(thing):
    return thing


def test_a_file_with_a_fault_stops_only_who_asks_for_it(place):
    folder = Folder(place, Thing, made)
    assert list(folder) == ["a", "b", "c", "odd"]
    assert len(folder) == 4
    assert "odd" in folder
    assert "none" not in folder
    assert folder["b"] == Thing(id="b")
    assert folder["b"] is folder["b"]
    with pytest.raises(ContentFault, match=r"odd\.toml: its id is 'other'"):
        folder["odd"]
    with pytest.raises(ContentFault, match=r"c\.toml"):
        folder["c"]
    with pytest.raises(KeyError):
        folder["none"]


def test_all_at_once_stops_at_the_first_fault(place):
    with pytest.raises(ContentFault, match=r"c\.toml"):
        read_folder(place, Thing, made)
    (place / "c.toml").unlink()
    (place / "odd.toml").unlink()
    assert read_folder(place, Thing, made) == {"a": Thing(id="a"), "b": Thing(id="b")}
