"""A reader of server-sent events over real HTTP, and one message to a real gateway."""

from __future__ import annotations

import asyncio
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from tests.support.servers import READY_SECONDS

from evenkeel.edges.hl7.sender import Answered, Sender


def session_cookie(user: Any) -> str:
    """A session of this account, as the browser would hold it."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


class Stream:
    """``with Stream(url, "/live/floor/events", cookie) as stream: stream.next("reading")``."""

    def __init__(
        self, url: str, path: str, cookie: str = "", timeout: float = READY_SECONDS
    ) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
        self.connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.answer.close()
        self.connection.close()

    def next(self, wanted: str = "") -> dict[str, Any] | None:
        """Data of the next event of that name (of any, when empty); None when it ended."""
        name = ""
        while line := self.answer.readline():
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
            elif text.startswith("data: ") and wanted in ("", name):
                return {"event": name, **json.loads(text.removeprefix("data: "))}
        return None


def send(port: int, message: bytes) -> Answered:
    """One message to the gateway, and its answer."""

    async def play() -> Answered:
        sender = Sender(host="127.0.0.1", port=port)
        try:
            return await sender.send(message)
        finally:
            await sender.close()

    return asyncio.run(play())
