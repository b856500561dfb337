"""MLLP frames, whole and broken, in pieces of any size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.edges.hl7.frames import Broken, Frame, FrameReader, Noise, TooLong, wrap


def test_one_frame() -> None:
    assert FrameReader().feed(wrap(b"MSH|")) == [Frame(b"MSH|")]


def test_several_frames_in_one_piece() -> None:
    assert FrameReader().feed(wrap(b"a") + wrap(b"b") + wrap(b"")) == [
        Frame(b"a"),
        Frame(b"b"),
        Frame(b""),
    ]


def test_fs_alone_does_not_end_a_frame() -> None:
    assert FrameReader().feed(b"\x0ba\x1cb\x1c\r") == [Frame(b"a\x1cb")]


def test_garbage_between_frames_is_reported_and_line_ends_are_not() -> None:
    reader = FrameReader()
    assert reader.feed(b"GET /\r\n" + wrap(b"a") + b"\r\n" + wrap(b"b")) == [
        Noise(5, b"GET /"),
        Frame(b"a"),
        Frame(b"b"),
    ]


def test_a_new_frame_inside_a_frame_gives_up_the_first() -> None:
    reader = FrameReader()
    assert reader.feed(b"\x0bhalf" + wrap(b"whole")) == [Broken(b"half"), Frame(b"whole")]
    assert not reader.inside


def test_half_a_frame_waits() -> None:
    reader = FrameReader()
    assert reader.feed(b"\x0bhalf") == []
    assert reader.inside
    assert reader.pending == b"half"


@pytest.mark.parametrize("size", [9, 10])
def test_up_to_the_limit_is_taken(size: int) -> None:
    assert FrameReader(limit=10).feed(wrap(b"x" * size)) == [Frame(b"x" * size)]


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_beyond_the_limit_is_dropped_and_the_next_frame_is_read(step: int) -> None:
    stream = wrap(b"x" * 11) + wrap(b"y" * 20_000) + wrap(b"ok")
    reader = FrameReader(limit=10)
    events = [e for i in range(0, len(stream), step) for e in reader.feed(stream[i : i + step])]
    assert [type(e) for e in events] == [TooLong, TooLong, Frame]
    assert (events[0].seen, events[1].seen) == (11, 20_000)
    assert len(events[1].head) <= 4_096
    assert events[2] == Frame(b"ok")


@given(
    bodies=st.lists(
        st.binary(max_size=40).filter(lambda b: b"\x0b" not in b and b"\x1c\r" not in b)
    ),
    cuts=st.lists(st.integers(1, 50), min_size=1),
)
def test_frames_do_not_depend_on_how_the_stream_is_cut(
    bodies: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(wrap(body) for body in bodies)
    reader, events, at, turn = FrameReader(), [], 0, 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        events += reader.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert [e.body for e in events if isinstance(e, Frame)] == bodies


@given(st.binary(max_size=400), st.integers(1, 17))
def test_any_bytes_give_the_same_events_in_any_pieces(stream: bytes, step: int) -> None:
    def whole(reader: FrameReader, size: int) -> list[object]:
        found = [e for i in range(0, len(stream), size) for e in reader.feed(stream[i : i + size])]
        return [e for e in found if not isinstance(e, Noise)]

    assert whole(FrameReader(), step) == whole(FrameReader(), 1_000)
