"""A taken port is noticed and another is used."""

from __future__ import annotations

import socket

from tests.support.servers import free_port

from evenkeel.runtime import ports


def test_a_free_port_is_used_as_wished():
    wished = free_port()
    assert ports.choose(wished) == (wished, True)


def test_a_taken_port_gives_another():
    with socket.socket() as holder:
        holder.bind((ports.LOOPBACK, 0))
        holder.listen()
        taken = holder.getsockname()[1]
        given, as_wished = ports.choose(taken)
        assert not as_wished
        assert given != taken
        assert ports.answers(taken)
