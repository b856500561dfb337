"""Play the bedside monitors of the chairs that are in use."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import click

from evenkeel.edges.hl7.simulated import Scenario, SimulatedPerson, message
from evenkeel.runtime import surroundings

KEPT = 600  # messages that a monitor holds while nobody answers; then the oldest go
LOOK_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Who sits where, and how far the dose is."""

    device: str
    chair: int | None
    person: str
    seed: int
    dose_started: datetime | None = None
    dose_ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """How it is played."""

    host: str
    port: int
    scenario: Scenario
    speed: float
    every_s: float
    cuff_every_s: float
    count: int


@click.command()
@click.option(
    "--gateway", default="127.0.0.1:2575", show_default=True, help="HOST:PORT of the gateway."
)
@click.option("--chair", type=int, multiple=True, help="Only this chair; may be repeated.")
@click.option(
    "--scenario",
    type=click.Choice([each.value for each in Scenario]),
    default=Scenario.STEADY.value,
    show_default=True,
    help="How the simulated person fares.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 600),
    default=1.0,
    show_default=True,
    help="Minutes of the simulated person per minute.",
)
@click.option(
    "--every",
    type=click.FloatRange(0.05, 600),
    default=2.0,
    show_default=True,
    help="Seconds between messages.",
)
@click.option(
    "--cuff-every",
    type=click.FloatRange(1, 7200),
    default=300.0,
    show_default=True,
    help="Seconds between cuff pressures, at speed 1.",
)
@click.option("--device", help="Play this one device, without asking the records.")
@click.option("--patient", default="", help="With --device: the record number to send.")
@click.option("--count", type=click.IntRange(0), default=0, help="Stop after so many messages.")
def command(
    gateway: str, chair: tuple[int, ...], scenario: str, speed: float, every: float,
    cuff_every: float, device: str | None, patient: str, count: int,
) -> None:  # fmt: skip
    """Play a bedside monitor on every chair where somebody is being treated.

    The numbers are made up and nothing clinical follows from them. What is not
    acknowledged is sent again. Runs until it is stopped.

    \b
    Example:
      evenkeel monitor-sim --scenario pressure-rise --speed 10
    """
    host, _, port = gateway.rpartition(":")
    if not host or not port.isdecimal():
        raise click.UsageError(f"--gateway is {gateway!r}; write HOST:PORT, like 127.0.0.1:2575.")
    play = Play(
        host=host, port=int(port), scenario=Scenario(scenario), speed=speed, every_s=every,
        cuff_every_s=cuff_every, count=count,
    )  # fmt: skip
    if device:
        seat = Seat(device=device, chair=chair[0] if chair else None, person=patient, seed=0)
        sys.exit(asyncio.run(_Floor(play).alone(seat)))
    with surroundings.prepared():
        import django

        django.setup()
        sys.exit(asyncio.run(_Floor(play).follow(set(chair))))


def seats(chairs: set[int]) -> dict[int, Seat]:
    """Treatments on chairs with a monitor, by treatment; read only."""
    from django.db import connection

    from evenkeel.web.records.models import Device, Treatment, TreatmentEvent

    try:
        found: dict[int, Seat] = {}
        devices = {
            d.chair_id: d.identifier
            for d in Device.objects.filter(in_use=True, chair__isnull=False).order_by("-id")
        }
        treatments = Treatment.objects.filter(status__in=Treatment.OPEN).select_related(
            "chair", "patient"
        )
        times: dict[tuple[int, str], datetime] = {}
        for event in TreatmentEvent.objects.filter(
            treatment__in=treatments, kind__in=["dose_started", "dose_finished", "dose_stopped"]
        ):
            what = "began" if event.kind == "dose_started" else "ended"
            times[event.treatment_id, what] = event.at
        for each in treatments:
            if each.chair_id in devices and (not chairs or each.chair.number in chairs):
                found[each.pk] = Seat(
                    device=devices[each.chair_id],
                    chair=each.chair.number,
                    person=each.patient.number,
                    seed=each.pk,
                    dose_started=times.get((each.pk, "began")),
                    dose_ended=times.get((each.pk, "ended")),
                )
        return found
    finally:
        connection.close()


@dataclass(slots=True)
class _Monitor:
    """One monitor: measures on its own clock, sends as fast as it is answered."""

    play: Play
    seat: Seat
    waiting: deque[bytes] = field(default_factory=lambda: deque(maxlen=KEPT))
    more: asyncio.Event = field(default_factory=asyncio.Event)
    taken: int = 0
    refused: int = 0

    async def run(self) -> None:
        sending = asyncio.create_task(self._send())
        measuring = asyncio.create_task(self._measure())
        try:
            done, _ = await asyncio.wait({sending, measuring}, return_when=asyncio.FIRST_COMPLETED)
            if measuring in done and sending not in done:
                await sending
            for task in done:
                task.result()
        finally:
            for task in (sending, measuring):
                task.cancel()
            await asyncio.gather(sending, measuring, return_exceptions=True)

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        person = SimulatedPerson(self.seat.seed, self.play.scenario)
        boot, number = secrets.token_hex(4), 0
        began, cuff_due, due = loop.time(), loop.time(), loop.time()
        while not self.play.count or number < self.play.count:
            now = datetime.now(UTC)
            effect = person.effect(*self._minutes(now, loop.time() - began))
            measured = person.signs(now, effect)
            if loop.time() >= cuff_due:
                cuff_due = loop.time() + self.play.cuff_every_s / self.play.speed
                measured += person.cuff(now, effect)
            number += 1
            self.waiting.append(
                message(
                    device=self.seat.device, chair=self.seat.chair, person=self.seat.person,
                    measured=measured, control_id=f"{self.seat.device}-{boot}-{number}", at=now,
                )
            )  # fmt: skip
            self.more.set()
            due += self.play.every_s
            await asyncio.sleep(max(due - loop.time(), 0))

    def _minutes(self, now: datetime, played_s: float) -> tuple[float | None, float | None]:
        """Minutes since the dose began and since it ended, as the simulated person has it."""

        def since(at: datetime | None) -> float | None:
            if at is None:
                return None
            real_s = (now - at).total_seconds()
            # Before we looked on, time went at its own pace; since then at ours.
            return (real_s + min(real_s, played_s) * (self.play.speed - 1)) / 60

        if self.seat.chair is None or self.seat.seed == 0:
            return played_s * self.play.speed / 60, None
        return since(self.seat.dose_started), since(self.seat.dose_ended)

    async def _send(self) -> None:
        from evenkeel.edges.hl7.sender import Sender

        out_of_reach = False

        def unreachable(why: str) -> None:
            nonlocal out_of_reach
            if not out_of_reach:
                click.echo(
                    f"monitor-sim: {self.seat.device}: no answer ({why}); sending again", err=True
                )
            out_of_reach = True

        sender = Sender(host=self.play.host, port=self.play.port, on_unreachable=unreachable)
        try:
            while not self.play.count or self.taken + self.refused < self.play.count:
                while self.waiting:
                    answer = await sender.send(self.waiting[0])
                    out_of_reach = False
                    self.waiting.popleft()
                    if answer.code == "AA":
                        self.taken += 1
                    else:
                        self.refused += 1
                        click.echo(
                            f"monitor-sim: {answer.control_id}: {answer.code} {answer.reason}",
                            err=True,
                        )
                self.more.clear()
                if not self.play.count or self.taken + self.refused < self.play.count:
                    await self.more.wait()
        finally:
            await sender.close()


class _Floor:
    def __init__(self, play: Play) -> None:
        self.play = play
        self.refused = 0

    async def alone(self, seat: Seat) -> int:
        """One monitor, told by hand. Exit code: 1 when something was refused."""
        monitor = _Monitor(self.play, seat)
        await self._until_stopped(monitor.run())
        click.echo(f"{seat.device}: {monitor.taken} taken, {monitor.refused} refused")
        return 1 if monitor.refused else 0

    async def follow(self, chairs: set[int]) -> int:
        """A monitor for every treatment, as they come and go."""
        await self._until_stopped(self._follow(chairs))
        return 0

    async def _follow(self, chairs: set[int]) -> None:
        running: dict[int, tuple[asyncio.Task[None], _Monitor]] = {}
        try:
            while True:
                try:
                    found = await asyncio.to_thread(seats, chairs)
                except Exception as fault:  # noqa: BLE001 the records may be away for a while
                    click.echo(f"monitor-sim: no records: {type(fault).__name__}", err=True)
                    await asyncio.sleep(LOOK_S)
                    continue
                for key in running.keys() - found.keys():
                    running.pop(key)[0].cancel()
                for key, seat in found.items():
                    if key in running and not running[key][0].done():
                        running[key][1].seat = seat  # the dose began or ended
                        continue
                    monitor = _Monitor(self.play, seat)
                    running[key] = (asyncio.create_task(monitor.run()), monitor)
                    click.echo(f"monitor-sim: {seat.device} on chair {seat.chair}", err=True)
                await asyncio.sleep(LOOK_S)
        finally:
            for task, _ in running.values():
                task.cancel()
            await asyncio.gather(*(task for task, _ in running.values()), return_exceptions=True)

    async def _until_stopped(self, playing: Any) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        task = asyncio.ensure_future(playing)
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        for each in (task, waiting):
            each.cancel()
        for result in await asyncio.gather(task, waiting, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
