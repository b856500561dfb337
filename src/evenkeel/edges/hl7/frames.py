"""MLLP: messages between VT and FS CR on a stream of bytes.

In: bytes as they arrive, in pieces of any size. Out: whole messages, and what
else was seen. Bounded: a frame that grows beyond the limit is given up, and its
remaining bytes are dropped as they come. No sockets and no clock in here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evenkeel.edges.hl7.parse import MAX_BYTES

START = b"\x0b"
END = b"\x1c\r"


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of one message; empty when nothing stood between the marks."""

    body: bytes


@dataclass(frozen=True, slots=True)
class TooLong:
    """A frame beyond the limit. ``head`` is its beginning, so that it can be answered."""

    head: bytes
    seen: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A frame that a new VT cut short. ``body`` is what had come of it."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes between frames: how many, and the first of them."""

    count: int
    first: bytes


Event = Frame | TooLong | Broken | Noise

_HEAD = 4_096
_FS = 0x1C
_MARK = re.compile(rb"\x0b|\x1c\r")


def wrap(message: bytes) -> bytes:
    """A message as it goes on the wire."""
    return START + message + END


class FrameReader:
    """Cuts a stream into frames, touching each byte once.

    FS alone does not end a frame; FS CR does. VT inside a frame starts a new
    one: a message cannot hold VT, so the sender has given up the old one.
    """

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._held = bytearray()
        self._inside = False
        self._seen = 0  # bytes of the present frame, kept or not
        self._last = 0  # the last byte that came

    @property
    def inside(self) -> bool:
        """Has a frame begun that has not ended? A caller may then run a clock."""
        return self._inside

    @property
    def pending(self) -> bytes:
        """What has come of the present frame so far, or its beginning if it is too long."""
        return bytes(self._held)

    def feed(self, piece: bytes) -> list[Event]:
        """Everything that became whole with this piece."""
        events: list[Event] = []
        at = 0
        # The end mark may have been cut in two: FS came last time, CR comes now.
        if self._inside and piece[:1] == b"\r" and self._last == _FS:
            self._seen -= 1
            if self._held[-1:] == b"\x1c":
                del self._held[-1]
            events.append(self._end())
            at = 1
        while at < len(piece):
            if not self._inside:
                at = self._outside(piece, at, events)
                continue
            mark = _MARK.search(piece, at)
            self._keep(piece[at : mark.start() if mark else len(piece)])
            if mark is None:
                break
            at = mark.end()
            if mark[0] == END:
                events.append(self._end())
            else:
                events.append(Broken(bytes(self._held[:_HEAD])))
                self._begin()
        self._last = piece[-1] if piece else self._last
        return events

    def _outside(self, piece: bytes, at: int, events: list[Event]) -> int:
        start = piece.find(START, at)
        stop = len(piece) if start < 0 else start
        noise = piece[at:stop].strip(b"\r\n")  # some senders end a line after a frame: harmless
        if noise:
            events.append(Noise(len(noise), noise[:64]))
        if start < 0:
            return stop
        self._begin()
        return start + 1

    def _begin(self) -> None:
        self._inside = True
        self._held.clear()
        self._seen = 0

    def _keep(self, part: bytes) -> None:
        self._seen += len(part)
        if self._seen <= self._limit + 1:  # one more for an FS that may be half of the end mark
            self._held += part
        else:
            room = max(_HEAD - len(self._held), 0)
            self._held += part[:room]
            del self._held[_HEAD:]

    def _end(self) -> Frame | TooLong:
        self._inside = False
        body = bytes(self._held)
        self._held.clear()
        return Frame(body) if self._seen <= self._limit else TooLong(body[:_HEAD], self._seen)
