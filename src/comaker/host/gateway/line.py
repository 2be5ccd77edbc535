"""A worker's line to the process that writes."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import NamedTuple, cast

from comaker.host.gateway.wire import Messages, packed
from comaker.host.writer import Answer, Request

TRIES = 5
PAUSE_S = 0.1
"""How often a lost line is taken up again before all who wait are answered 503, and how long after it was
refused."""

MOST_WAITING = 10_000
"""Requests that may wait; more are told that the site is busy, before memory runs out."""


ANSWERED_IN_S = 60.0
"""Who waits longer is answered 503: what was asked may still be done, and its key tells."""

LOOKS_EVERY_S = 1.0


class NotWrittenError(Exception):
    """The writer could not write a request; its log says why."""


class Waiting(NamedTuple):
    """A request without an answer, and since when, by the clock of the event loop."""

    request: Request
    future: asyncio.Future[Answer]
    since_s: float


class Line(asyncio.Protocol):
    """Sends what is asked in one turn of the event loop together, and hands the answers out.

    Where the line is lost, nobody here knows what was done: all that has no answer is asked again, and its
    key has it done once.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._transport: asyncio.WriteTransport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._failures = 0
        self._messages = Messages()
        self._numbers = count()
        self._waiting: dict[int, Waiting] = {}
        self._looking = False
        self._unsent: list[int] = []
        self._asked: set[tuple[object, str]] = set()

    async def ask(self, request: Request) -> Answer:
        """The writer's answer; 409 while the same key of the same log-in is being worked on.

        Raises ``NotWrittenError``.
        """
        mark = (request.session or request.token, request.key)
        if mark in self._asked:
            return Answer(409)
        if len(self._waiting) >= MOST_WAITING:
            return Answer(503)
        loop = asyncio.get_running_loop()
        number, future = next(self._numbers), loop.create_future()
        self._asked.add(mark)
        self._waiting[number] = Waiting(request, future, loop.time())
        if not self._looking:
            self._look()
        if not self._unsent:
            loop.call_soon(self._send)
        self._unsent.append(number)
        try:
            return await future
        finally:
            self._asked.discard(mark)

    def close(self) -> None:
        """No more is asked."""
        if self._transport is not None:
            self._transport.close()

    def _send(self) -> None:
        if self._transport is not None:
            waiting = ((number, self._waiting.get(number)) for number in self._unsent)
            self._transport.write(packed([(number, each.request) for number, each in waiting if each]))
            self._unsent = []
        elif self._connecting is None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        while self._waiting and self._transport is None:
            try:
                await asyncio.get_running_loop().create_unix_connection(lambda: self, self._path)
            except OSError:
                self._fail()
                await asyncio.sleep(PAUSE_S)
        self._connecting = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask all that has no answer."""
        self._transport = cast(asyncio.WriteTransport, transport)
        self._messages = Messages()
        self._unsent = [*self._waiting]
        self._send()

    def data_received(self, data: bytes) -> None:
        """Hand out answers."""
        self._failures = 0
        for number, answer in self._messages.items(data):
            self._hand_out(number, NotWrittenError() if answer is None else answer)

    def connection_lost(self, error: Exception | None) -> None:
        """Take the line up again if anybody waits."""
        self._transport = None
        self._fail()
        if self._waiting:
            self._send()

    def _fail(self) -> None:
        self._failures += 1
        if self._failures < TRIES:
            return
        self._failures = 0
        self._unsent = []
        for number in [*self._waiting]:
            self._hand_out(number, Answer(503))

    def _look(self) -> None:
        """Answer who has waited too long, and look again while anybody waits."""
        loop = asyncio.get_running_loop()
        for number, each in [*self._waiting.items()]:
            if loop.time() - each.since_s < ANSWERED_IN_S:
                break
            self._hand_out(number, Answer(503))
        self._looking = bool(self._waiting)
        if self._looking:
            loop.call_later(LOOKS_EVERY_S, self._look)

    def _hand_out(self, number: int, outcome: Answer | Exception) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting is None or waiting.future.done():
            return
        if isinstance(outcome, Exception):
            waiting.future.set_exception(outcome)
        else:
            waiting.future.set_result(outcome)
