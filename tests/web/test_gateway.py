"""The gateway on real sockets, with a real database behind it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError
from tests.support.floor import Floor
from tests.support.servers import READY_SECONDS
from tests.unit.hl7.samples import raw

from evenkeel.edges.hl7.frames import Frame, FrameReader, wrap
from evenkeel.edges.hl7.gateway import Bounds, Gateway
from evenkeel.edges.hl7.message import Message
from evenkeel.edges.hl7.parse import MAX_BYTES, parse
from evenkeel.edges.hl7.sender import Sender
from evenkeel.web.records.models import DeviceMessage, Reading
from evenkeel.web.records.services.device_messages import Arrived, Taken, take_in

ZONE = ZoneInfo("America/New_York")


class Line:
    """One TCP connection that speaks MLLP, badly where a test wants it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.frames, self.ready = FrameReader(), []

    @classmethod
    async def to(cls, gateway: Gateway) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", gateway.port))

    async def write(self, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()

    async def read(self) -> Message | None:
        """The next answer; None when the other side has hung up."""
        while not self.ready:
            piece = await asyncio.wait_for(self.reader.read(65_536), READY_SECONDS)
            if not piece:
                return None
            self.ready += [e.body for e in self.frames.feed(piece) if isinstance(e, Frame)]
        return parse(self.ready.pop(0))

    async def said(self) -> str:
        """The code and the control id of the next answer; "" after a hang-up."""
        answer = await self.read()
        msa = answer.first("MSA") if answer is not None else None
        return f"{msa.text(1)} {msa.text(2)}".strip() if msa is not None else ""


def run(
    play: Callable[[Gateway], Awaitable[Any]],
    *,
    store: Callable[[Sequence[Arrived]], list[Taken]] = take_in,
    **bounds: Any,
) -> Any:
    async def whole() -> Any:
        async with Gateway(
            host="127.0.0.1", port=0, clinic_zone=ZONE, bounds=Bounds(**bounds), store=store
        ) as gateway:
            return await play(gateway)

    return asyncio.run(whole())


def kept(batch: Sequence[Arrived]) -> list[Taken]:
    """A store without a database, for tests of the wire alone."""
    return [
        Taken(answer=each.refused[0], code=each.refused[1], reason=each.refused[2])
        if each.refused
        else Taken(answer="AA")
        for each in batch
    ]


@pytest.mark.django_db(transaction=True)
def test_a_sample_goes_in_and_its_answer_comes_after_the_commit() -> None:
    floor = Floor()
    floor.monitor()
    floor.treat(at=datetime(2026, 11, 24, 14, 30, tzinfo=UTC))

    async def play(gateway: Gateway) -> list[str]:
        line = await Line.to(gateway)
        said = []
        for name in ("01-signs", "02-cuff", "07-enhanced", "08-original", "ADT-A01-02", "01-signs"):
            await line.write(wrap(raw(name)))
            said.append(await line.said())
            if name.startswith("07"):
                said.append(await line.said())
        await line.write(wrap(b""))
        said.append(await line.said())
        return said

    assert run(play) == [
        "AA M0001", "AA M0002", "CA M0007", "AA M0007", "AA M0008", "AR MSG00001", "AA M0001",
        "AE",
    ]  # fmt: skip
    assert DeviceMessage.objects.filter(ack="AA").count() == 4
    assert DeviceMessage.objects.exclude(ack="AA").count() == 2
    assert Reading.objects.filter(treatment__isnull=False).count() == 15


@pytest.mark.django_db(transaction=True)
def test_many_monitors_at_once_are_stored_once_each() -> None:
    floor = Floor()
    for number in range(1, 9):
        floor.monitor(f"MONITOR{number}", chair=number)
    content = raw("01-signs").replace(b"|CHAIR^2", b"|")

    async def monitor(gateway: Gateway, number: int) -> int:
        sender = Sender(host="127.0.0.1", port=gateway.port)
        for turn in range(6):
            message = content.replace(b"00059AFFFE000158", b"MONITOR%d" % number).replace(
                b"M0001", b"M%d-%d" % (number, turn)
            )
            answer = await sender.send(message)
            assert answer.code == "AA", answer
        await sender.close()
        return 6

    async def play(gateway: Gateway) -> int:
        return sum(await asyncio.gather(*(monitor(gateway, n) for n in range(1, 9))))

    assert run(play) == 48
    assert DeviceMessage.objects.filter(ack="AA").count() == 48
    assert Reading.objects.count() == 48 * 4


def test_answers_leave_in_the_order_of_the_messages() -> None:
    async def play(gateway: Gateway) -> list[str]:
        line = await Line.to(gateway)
        await line.write(b"".join(wrap(raw(f"0{n}-")) for n in (1, 2, 3, 4)))
        return [await line.said() for _ in range(4)]

    assert run(play, store=kept) == [f"AA M000{n}" for n in (1, 2, 3, 4)]


def test_a_frame_in_pieces_and_garbage_between_frames() -> None:
    async def play(gateway: Gateway) -> list[str]:
        line = await Line.to(gateway)
        whole = b"hello\r\n" + wrap(raw("01-")) + b"\n\n" + b"\x0bhalf" + wrap(raw("02-"))
        for at in range(0, len(whole), 97):
            await line.write(whole[at : at + 97])
        return [await line.said(), await line.said()]

    assert run(play, store=kept) == ["AA M0001", "AA M0002"]


def test_what_was_sent_before_hanging_up_is_stored_and_half_a_frame_is_not() -> None:
    seen: list[Arrived] = []

    def store(batch: Sequence[Arrived]) -> list[Taken]:
        seen.extend(batch)
        return kept(batch)

    async def play(gateway: Gateway) -> str:
        line = await Line.to(gateway)
        await line.write(wrap(raw("01-")) + b"\x0b" + raw("02-"))
        line.writer.write_eof()
        first = await line.said()
        assert await line.read() is None
        return first

    assert run(play, store=store) == "AA M0001"
    assert [each.control_id for each in seen] == ["M0001"]


def test_an_overlong_frame_is_refused_and_the_next_is_taken() -> None:
    async def play(gateway: Gateway) -> list[str]:
        line = await Line.to(gateway)
        await line.write(wrap(raw("01-") + b"NTE|1||" + b"x" * MAX_BYTES) + wrap(raw("02-")))
        return [await line.said(), await line.said()]

    assert run(play, store=kept) == ["AE M0001", "AA M0002"]


def test_a_frame_that_drips_is_cut_off() -> None:
    async def play(gateway: Gateway) -> Message | None:
        line = await Line.to(gateway)
        await line.write(b"\x0bMSH|")
        return await line.read()

    assert run(play, store=kept, frame_s=0.2) is None


def test_a_monitor_that_never_reads_its_answers_is_cut_off() -> None:
    async def play(gateway: Gateway) -> bool:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(line, ("127.0.0.1", gateway.port))
        # A long name makes a long answer, so that few of them fill the buffers between.
        many = wrap(raw("10-probe").replace(b"BEDSIDE^", b"B" * 20_000 + b"^", 1)) * 20

        async def flood() -> None:
            while True:
                await loop.sock_sendall(line, many)

        with line, pytest.raises(ConnectionError):
            await asyncio.wait_for(flood(), READY_SECONDS)
        other = await Line.to(gateway)
        await other.write(wrap(raw("01-")))
        return await other.said() == "AA M0001"

    assert run(play, store=kept, write_s=0.2)


def test_a_stranger_who_does_not_speak_mllp_is_cut_off() -> None:
    async def play(gateway: Gateway) -> Message | None:
        line = await Line.to(gateway)
        await line.write(b"GET / HTTP/1.1\r\n" * 5_000)
        return await line.read()

    assert run(play, store=kept) is None


def test_no_more_connections_than_the_bound() -> None:
    async def play(gateway: Gateway) -> list[str]:
        first, second = await Line.to(gateway), await Line.to(gateway)
        await first.write(wrap(raw("01-")))
        said = [await first.said()]
        third = await Line.to(gateway)
        said.append(await third.said())
        await second.write(wrap(raw("02-")))
        said.append(await second.said())
        return said

    assert run(play, store=kept, connections=2) == ["AA M0001", "", "AA M0002"]


def test_a_full_queue_holds_the_monitor_back_and_loses_nothing() -> None:
    go, sizes = threading.Event(), []

    def store(batch: Sequence[Arrived]) -> list[Taken]:
        go.wait(READY_SECONDS)
        sizes.append(len(batch))
        return kept(batch)

    async def play(gateway: Gateway) -> int:
        line = await Line.to(gateway)
        sending = asyncio.create_task(line.write(wrap(raw("01-")) * 300))
        first = asyncio.create_task(line.said())
        await asyncio.wait([first], timeout=0.2)
        assert not first.done()
        go.set()
        await first
        for _ in range(299):
            assert await line.said() == "AA M0001"
        await sending
        return sum(sizes)

    assert run(play, store=store, waiting=10, waiting_of_one=5, batch=4) == 300
    assert max(sizes) <= 4


def test_a_database_that_went_away_is_answered_with_send_again_and_comes_back() -> None:
    fails = [OperationalError("gone"), OperationalError("gone")]

    def store(batch: Sequence[Arrived]) -> list[Taken]:
        if fails:
            raise fails.pop()
        return kept(batch)

    async def play(gateway: Gateway) -> tuple[Message | None, Any, int]:
        line = await Line.to(gateway)
        await line.write(wrap(raw("01-")))
        refused = await line.read()
        sender = Sender(host="127.0.0.1", port=gateway.port, again_s=0.01)
        answer = await sender.send(raw("02-"))
        await sender.close()
        return refused, answer, sender.sent_again

    refused, answer, again = run(play, store=store)
    assert refused.first("MSA").text(1) == "AR"
    assert "send it again" in refused.first("MSA").text(3)
    assert refused.first("ERR").text(3) == "207"
    assert (answer.code, again) == ("AA", 1)


def test_one_message_that_breaks_the_store_does_not_take_the_others_with_it() -> None:
    def store(batch: Sequence[Arrived]) -> list[Taken]:
        if any(each.control_id == "M0002" for each in batch):
            raise ValueError("a fault of ours")
        return kept(batch)

    async def play(gateway: Gateway) -> list[str]:
        line = await Line.to(gateway)
        await line.write(b"".join(wrap(raw(f"0{n}-")) for n in (1, 2, 3)))
        return [await line.said() for _ in range(3)]

    assert run(play, store=store) == ["AA M0001", "AR M0002", "AA M0003"]


def test_stopping_finishes_what_waits() -> None:
    slow = threading.Event()

    def store(batch: Sequence[Arrived]) -> list[Taken]:
        slow.wait(0.3)
        return kept(batch)

    async def whole() -> list[str]:
        gateway = Gateway(host="127.0.0.1", port=0, clinic_zone=ZONE, store=store)
        async with gateway:
            line = await Line.to(gateway)
            await line.write(wrap(raw("01-")) + wrap(raw("02-")))
            first = await line.said()
        return [first, await line.said()]

    assert asyncio.run(whole()) == ["AA M0001", "AA M0002"]
