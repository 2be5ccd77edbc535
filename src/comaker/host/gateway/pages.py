"""Django's pages behind the gateway: a body is read before one of their few threads is taken for it.

A client that sends slowly, or never, costs a connection that waits, and keeps nobody from a page.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from a2wsgi import WSGIMiddleware
from django.conf import settings

from comaker.host.api.stakes import problem_body
from comaker.host.gateway.stakes import Message, Receive, Send

BODY_S = 15
"""Seconds in which a body has to come."""
DESK = ("/desk/", "/admin/")
"""Where files are uploaded; nothing large is read anywhere else."""
UPLOAD_BYTES = 100_000
"""From so many bytes on, what comes to the desk is an upload, which may take its time."""
LEAST_BYTES_S = 50_000
"""An upload has a second more for each of so many bytes that have come."""
MOST_UPLOADS = 4
"""Uploads that may have a thread at once; the others wait."""
WORKERS = 10
"""Threads in which pages are made."""


class TooLarge(Exception):
    """A body of unknown length turned out to be longer than any that is read."""


class Pages:
    """A WSGI application that is asked only what has come whole; uploads at the desk are read as they come,
    a few at once."""

    def __init__(self, application: Any, workers: int = WORKERS) -> None:
        self._application: Any = WSGIMiddleware(application, workers=workers)
        self._uploads = asyncio.Semaphore(MOST_UPLOADS)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request: 408 where its body does not come in time, 413 where it never ends."""
        length = _length_of(scope)
        is_at_desk = scope["path"].startswith(DESK)
        if length == 0:
            await self._application(scope, _replay(b""), send)
        elif is_at_desk and length is not None and length > UPLOAD_BYTES:
            async with self._uploads:
                await self._application(scope, _in_time(receive), send)
        elif length is not None and length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            # Django refuses it by its length, with a page of its own.
            await self._application(scope, _unread, send)
        else:
            await self._whole(scope, receive, send, length)

    async def _whole(self, scope: Message, receive: Receive, send: Send, length: int | None) -> None:
        try:
            async with asyncio.timeout(BODY_S):
                body = await _read(receive, length)
        except TimeoutError:
            await _refuse(scope, send, 408, "The body did not come in time.")
        except TooLarge:
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            await _refuse(scope, send, 413, f"At most {most:,} bytes are read.")
        except ConnectionResetError:
            return
        else:
            await self._application(_of_length(scope, len(body)), _replay(body), send)


def _length_of(scope: Message) -> int | None:
    """The length of a request's body in bytes; None where only its end will tell."""
    sent = dict(scope["headers"])
    declared = sent.get(b"content-length", b"")
    if declared.isdigit():
        return int(declared)
    # HTTP/2 announces no body: only what it is for tells.
    is_bare = scope["method"] in ("GET", "HEAD") and b"transfer-encoding" not in sent
    return 0 if is_bare else None


async def _read(receive: Receive, length: int | None) -> bytes:
    """The whole body; ``ConnectionResetError`` where the client goes away before, or ``TooLarge``."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client went away")
        body += message.get("body", b"")
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        # The server's own word that all of it is here would come only with another message.
        if len(body) == length or not message.get("more_body"):
            return bytes(body)


def _of_length(scope: Message, length: int) -> Message:
    """The request with the length of its body said: WSGI reads nothing where it is not."""
    without = (b"content-length", b"transfer-encoding")
    headers = [(name, value) for name, value in scope["headers"] if name not in without]
    return {**scope, "headers": [*headers, (b"content-length", b"%d" % length)]}


def _replay(body: bytes) -> Receive:
    async def received() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return received


async def _unread() -> Message:
    raise ConnectionAbortedError("this body is not read")


def _in_time(receive: Receive) -> Receive:
    """Hands an upload on as long as it keeps coming; else reading fails with an ``OSError``."""
    started_s: float | None = None
    came_bytes = 0

    async def received() -> Message:
        nonlocal started_s, came_bytes
        started_s = started_s or time.monotonic()
        left_s = BODY_S + came_bytes / LEAST_BYTES_S - (time.monotonic() - started_s)
        async with asyncio.timeout(left_s):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client went away")
        came_bytes += len(message.get("body", b""))
        return message

    return received


async def _refuse(scope: Message, send: Send, status: int, sentence: str) -> None:
    is_api = scope["path"].startswith("/api/")
    kind, body = (b"text/plain; charset=utf-8", sentence.encode())
    if is_api:
        kind, body = b"application/json", problem_body(sentence)
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
