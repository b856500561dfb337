"""Reading from outside: a client's key set and its FHIR server, over https only.

Only addresses that an administrator registered are ever opened, no redirect is
followed, and the address that the name led to is looked at after connecting and before
a byte is sent, so that a name cannot lead to this machine or to a cloud's metadata.
Networks of a hospital are allowed: that is where its FHIR server stands.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_SECONDS = 3.0
WHOLE_SECONDS = 6.0
_CHUNK = 65_536


class CannotFetch(Exception):
    """Nothing usable came. The message names no address and no person."""


class _Connection(http.client.HTTPSConnection):
    """TLS to an address that was looked at first."""

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), self.timeout)
        try:
            _check(plain.getpeername()[0])
            context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
            self.sock = context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _check(address: str) -> None:
    """Refuse addresses that no other system's server can have."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback and not settings.PRODUCTION:
        return  # tests and demonstrations
    if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        raise CannotFetch("the name leads to an address that is not allowed")


def get(
    url: str, *, accept: str, most: int, authorization: str = "", deadline: float | None = None
) -> bytes:
    """The body of one GET.

    most: bytes; more is refused. deadline: of time.monotonic, for several calls together.

    Raises:
        CannotFetch: not https, not reached, not 200, too large or too slow.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise CannotFetch("only plain https addresses are read")
    until = min(deadline or float("inf"), time.monotonic() + WHOLE_SECONDS)
    path = parts.path or "/"
    headers = {"Accept": accept, "User-Agent": "Evenkeel CDS"}
    if authorization:
        headers["Authorization"] = f"Bearer {authorization}"
    try:
        port = parts.port or 443
        connection = _Connection(
            parts.hostname,
            port,
            timeout=_left(until, CONNECT_SECONDS),
            context=ssl.create_default_context(),
        )
        try:
            connection.request("GET", f"{path}?{parts.query}" if parts.query else path,
                               headers=headers)  # fmt: skip
            answer = connection.getresponse()
            if answer.status != 200:
                raise CannotFetch(f"it answered {answer.status}")
            return _body(connection, answer, most, until)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise CannotFetch(_why(fault)) from None


def _body(
    connection: _Connection, answer: http.client.HTTPResponse, most: int, until: float
) -> bytes:
    """Piece by piece, so that a slow drip ends with the time and not with the last byte."""
    whole = bytearray()
    while True:
        if connection.sock is not None:
            connection.sock.settimeout(_left(until, CONNECT_SECONDS))
        piece = answer.read1(_CHUNK)
        if not piece:
            return bytes(whole)
        whole += piece
        if len(whole) > most:
            raise CannotFetch(f"it sent more than {most:,} bytes")


def _left(until: float, most: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise CannotFetch("it took too long")
    return min(left, most)


def _why(fault: Exception) -> str:
    """A few words; the text of the fault could carry the address."""
    if isinstance(fault, TimeoutError):
        return "it took too long"
    if isinstance(fault, ssl.SSLError):
        return "its certificate or TLS was not accepted"
    return "it could not be reached"
