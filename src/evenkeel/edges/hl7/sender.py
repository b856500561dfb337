"""A monitor's side of MLLP: send, wait for the answer, send again until there is one.

What has not been acknowledged is kept and sent again, with the same control id and
the same bytes, after a time without an answer and after every new connection. AR
from a receiver that could not store is no answer to keep; AE and other AR are final.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from evenkeel.edges.hl7.frames import Frame, FrameReader, wrap
from evenkeel.edges.hl7.parse import parse
from evenkeel.edges.hl7.refusal import Fault, HL7Refusal

_AGAIN = re.compile(rf"^{Fault.OURS.code}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The application's answer to one message."""

    control_id: str
    code: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Sender:
    """One connection of one monitor; ``send`` one message at a time.

    wait_s: how long to wait for an answer before sending again.
    on_unreachable: told each time that the receiver cannot be reached.
    """

    host: str
    port: int
    wait_s: float = 10.0
    again_s: float = 0.5
    on_unreachable: Callable[[str], None] = lambda _: None
    sent_again: int = 0
    _reader: asyncio.StreamReader | None = field(default=None, init=False)
    _writer: asyncio.StreamWriter | None = field(default=None, init=False)
    _frames: FrameReader = field(default_factory=FrameReader, init=False)
    _ready: list[bytes] = field(default_factory=list, init=False)

    async def send(self, message: bytes) -> Answered:
        """Send until it is answered. Cancel to give up."""
        control_id = parse(message).header.raw(10)
        first = True
        while True:
            if not first:
                self.sent_again += 1
            first = False
            try:
                answer = await asyncio.wait_for(self._once(message, control_id), self.wait_s)
            except (OSError, EOFError, TimeoutError) as fault:
                self.on_unreachable(type(fault).__name__)
                await self.close()
                await asyncio.sleep(self.again_s)
                continue
            if answer.code == "AR" and _AGAIN.match(answer.reason):
                await asyncio.sleep(self.again_s)
                continue
            return answer

    async def _once(self, message: bytes, control_id: str) -> Answered:
        if self._writer is None:
            self._frames, self._ready = FrameReader(), []
            self._reader, self._writer = await asyncio.open_connection(self.host, self.port)
        self._writer.write(wrap(message))
        await self._writer.drain()
        while True:
            try:
                said = parse(await self._next())
            except HL7Refusal:
                continue
            msa, err = said.first("MSA"), said.first("ERR")
            if msa is None or msa.raw(2) != control_id or msa.text(1)[:1] != "A":
                continue  # an accept acknowledgement, or the answer to an earlier sending
            code = err.text(3) or err.text(1, 4) if err is not None else ""
            return Answered(
                control_id=control_id,
                code=msa.text(1),
                reason=" ".join(filter(None, [code, msa.text(3)])),
            )

    async def _next(self) -> bytes:
        assert self._reader is not None
        while not self._ready:
            piece = await self._reader.read(65_536)
            if not piece:
                raise EOFError("the receiver hung up")
            self._ready += [e.body for e in self._frames.feed(piece) if isinstance(e, Frame)]
        return self._ready.pop(0)

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
            self._writer = None
