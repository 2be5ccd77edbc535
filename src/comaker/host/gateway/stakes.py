"""The stake endpoint in front of Django: a rush on one project is the peak of the business.

It reads the request, has the writer decide and answers; the writer checks the log-in in its transaction.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import lru_cache
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections
from django.http.request import split_domain_port, validate_host

from comaker.host.api.stakes import (
    BODY_BYTES,
    BadBody,
    answer_body,
    problem_body,
    read_bearer,
    read_key,
    read_stake,
)
from comaker.host.gateway.line import Line
from comaker.host.models import Project
from comaker.host.pages.shown import unsign
from comaker.host.writer import Act, Answer, Request

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

PATH = "/api/v1/stakes"
BODY_S = 15
"""Seconds in which the whole body has to come."""

_HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
MOST_PER_SECOND = 50
"""Stakes of one log-in in a second; nobody decides more by hand."""

_log = logging.getLogger(__name__)


class Pace:
    """Counts what each log-in asked in the present second, in this process, without touching the database."""

    def __init__(self) -> None:
        self._second = 0
        self._asked: dict[str | bytes, int] = {}

    def is_too_fast(self, who: str | bytes, now_s: float) -> bool:
        """Count one request; whether it is one too many."""
        if int(now_s) != self._second:
            self._second = int(now_s)
            self._asked.clear()
        asked = self._asked[who] = self._asked.get(who, 0) + 1
        return asked > MOST_PER_SECOND


_pace = Pace()


async def take_stake(line: Line, scope: Message, receive: Receive, send: Send) -> None:
    """Answer one ``POST /api/v1/stakes``."""
    try:
        request = await _read(scope["headers"], scope.get("scheme", "http"), receive)
        answer = await line.ask(request)
        status, body = answer.status, answer_body(answer)
    except BadBody as error:
        status, body = error.status, problem_body(error.message)
    except (OperationalError, InterfaceError) as away:
        _log.warning("a stake was answered 503: %s", away)
        status, body = 503, problem_body(Answer(503).sentence)
    except Exception:
        _log.exception("a stake could not be answered")
        status, body = 500, problem_body("Something went wrong here. Please ask again with the same key.")
    headers = [*_HEADERS, (b"content-length", b"%d" % len(body))]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    elif status in (429, 503):
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _read(headers: Iterable[tuple[bytes, bytes]], scheme: str, receive: Receive) -> Request:
    sent = dict(headers)
    token = read_bearer(_text(sent.get(b"authorization")))
    session = None
    if token is None:
        session = session_of(_text(sent.get(b"cookie")) or "")
        if session is None:
            raise BadBody(401, Answer(401).sentence)
        _check_origin(sent, scheme)
    if _pace.is_too_fast(session or token or "", time.monotonic()):
        raise BadBody(429, "That was too often. Please ask again in a moment.")
    key = read_key(_text(sent.get(b"idempotency-key")))
    asked = read_stake(await _body(receive, sent.get(b"content-length", b"")))
    project = asked.project if isinstance(asked.project, int) else await _number_of(asked.project)
    return Request(
        Act.STAKE,
        project=project,
        quantity=asked.shares,
        key=key,
        shown=None if asked.shown is None else unsign(asked.shown),
        session=session,
        token=token,
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


# What no session can have is no session: a zero byte in it would fail the whole batch on PostgreSQL.
_SESSION = re.compile(rf"(?:^|;) *{re.escape(settings.SESSION_COOKIE_NAME)}=([a-z0-9]{{8,40}}) *(?:;|$)")


def session_of(cookies: str) -> str | None:
    """The session's key in a cookie header."""
    found = _SESSION.search(cookies)
    return found[1] if found else None


def _check_origin(sent: dict[bytes, bytes], scheme: str) -> None:
    """A log-in that a browser adds by itself counts only where one of our own pages sent the request: a page
    elsewhere cannot hide its origin, nor send JSON without being asked about it first."""
    origin, host = _text(sent.get(b"origin")) or "", _text(sent.get(b"host")) or ""
    is_json = (_text(sent.get(b"content-type")) or "").partition(";")[0].strip() == "application/json"
    if not is_json or not _is_ours(origin, host, scheme):
        raise BadBody(403, "This log-in is for the pages of this site; programs send a token.")


@lru_cache(maxsize=1_000)
def _is_ours(origin: str, host: str, scheme: str) -> bool:
    is_served = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
    schemes = ("https",) if settings.SESSION_COOKIE_SECURE else (scheme, "https")
    return is_served and any(origin == f"{each}://{host}" for each in schemes)


async def _body(receive: Receive, length: bytes) -> bytes:
    try:
        async with asyncio.timeout(BODY_S):
            message = await receive()
            body: bytes = message.get("body", b"")
            # All of it is here: the server's own word for that would come only with a second message.
            if not message.get("more_body") or length == b"%d" % len(body):
                return body
            parts, size = [body], len(body)
            while message.get("more_body"):
                message = await receive()
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if message["type"] == "http.disconnect" or size > BODY_BYTES:
                    break
    except TimeoutError:
        raise BadBody(408, "The body did not come in time.") from None
    return b"".join(parts)


_numbers: dict[str, int] = {}


async def _number_of(slug: str) -> int:
    """The number of a project; remembered once it is published, because then it never changes."""
    if slug in _numbers:
        return _numbers[slug]
    number = await sync_to_async(_published)(slug)
    if number is None:
        raise BadBody(404, Answer(404).sentence)
    _numbers[slug] = number
    return number


def _published(slug: str) -> int | None:
    # No request of Django's begins here, after which a connection that was lost would be opened again.
    close_old_connections()
    return Project.objects.filter(slug=slug, published_at__isnull=False).values_list("pk", flat=True).first()
