"""Receive HL7 v2 from bedside monitors."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import click

from evenkeel.runtime import surroundings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=2575, show_default=True, envvar="EVENKEEL_GATEWAY_PORT",
    type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.",
)  # fmt: skip
def command(host: str, port: int) -> None:
    """Receive HL7 v2 messages over MLLP and chart them.

    Answers AA only after commit; refuses with AE or AR and a reason, and keeps the
    raw message. Runs until it is stopped.

    \b
    Example:
      evenkeel gateway --port 2575
    """
    # A lock that somebody holds must not hold up every monitor: AR, and they send again.
    os.environ.setdefault("PGOPTIONS", "-c lock_timeout=10s -c statement_timeout=30s")
    with surroundings.prepared():
        import django

        django.setup()
        try:
            asyncio.run(_run(host, port))
        except OSError as fault:
            click.echo(
                f"gateway: cannot listen on {host}:{port}: {fault.strerror}. "
                "Choose another port with --port.",
                err=True,
            )
            sys.exit(2)


async def _run(host: str, port: int) -> None:
    from django.conf import settings

    from evenkeel.edges.hl7.gateway import Gateway

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with Gateway(host=host, port=port, clinic_zone=settings.EVENKEEL_CLINIC_ZONE) as gateway:
        click.echo(f"gateway: listening on {host}:{gateway.port}", err=True)
        await stopped.wait()
    click.echo("gateway: stopped", err=True)
