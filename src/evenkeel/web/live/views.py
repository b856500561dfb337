"""The two streams. They translate; what may be seen is asked of records.permissions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from evenkeel.web.live.hub import hub
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Treatment

BEAT_S = 5.0
LOOK_AGAIN_BEATS = 12  # a sign-out or a lost role ends the stream within a minute


async def floor(request: HttpRequest) -> HttpResponseBase:
    """Everything on the floor."""
    return await _stream(request, None)


async def treatment(request: HttpRequest, treatment_id: int) -> HttpResponseBase:
    """One treatment."""
    return await _stream(request, treatment_id)


async def _stream(request: HttpRequest, treatment_id: int | None) -> HttpResponseBase:
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    status = await _standing(request, treatment_id)
    if status != 200:
        words = {401: "Sign in first.", 403: "Your role does not see the floor.",
                 404: "There is no such treatment."}  # fmt: skip
        return HttpResponse(words[status], status=status, content_type="text/plain")
    return StreamingHttpResponse(
        _events(request, treatment_id),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@sync_to_async
def _standing(request: HttpRequest, treatment_id: int | None, again: bool = False) -> int:
    """200, or why not. Gives the connection back: a stream must not keep one for hours."""
    try:
        user: Any = request.user
        if again:
            # The session may have ended and the account may have changed since.
            if not request.session.exists(request.session.session_key):
                return 401
            user.refresh_from_db()
        if not user.is_authenticated:
            return 401
        if not permissions.may(user, "floor.see"):
            return 403
        if treatment_id is not None and not Treatment.objects.filter(pk=treatment_id).exists():
            return 404
        return 200
    finally:
        connections.close_all()


async def _events(request: HttpRequest, treatment_id: int | None) -> AsyncIterator[bytes]:
    """Server-sent events until the client goes, the session ends or the server stops."""
    await sync_to_async(connections.close_all)()
    here = hub()
    viewer = await here.join(treatment_id)
    loop = asyncio.get_running_loop()
    try:
        yield b"retry: 2000\n\n"
        await here.listening.wait()
        beats, due = 0, loop.time()
        while True:
            if loop.time() >= due:
                due, beats = loop.time() + BEAT_S, beats + 1
                again = beats % LOOK_AGAIN_BEATS == 0
                if again and await _standing(request, treatment_id, again=True) != 200:
                    return
                # Without a beat the screen says that it is out of touch, which is true.
                yield _beat() if here.listening.is_set() else b": waiting for the records\n\n"
            try:
                name, data = await asyncio.wait_for(viewer.queue.get(), due - loop.time())
            except TimeoutError:
                continue
            yield _said(name, data)
    finally:
        here.leave(viewer)


def _beat() -> bytes:
    return b": keep-alive\n" + _said("beat", {"now": timezone.now().isoformat()})


def _said(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
