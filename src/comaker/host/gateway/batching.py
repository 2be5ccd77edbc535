"""Gathers requests that come while a batch is being written into the next one."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from comaker.host.writer import Answer, Request, write
from comaker.host.writer.store import SqliteStore, store_without_waiting
from comaker.host.writer.writing import begin

MOST = 256
"""Requests in one transaction: it must not keep other writers waiting."""

MOST_WAITING = 10_000
"""Requests that may wait; more are told that the site is busy, before memory runs out."""


class Batching:
    """One batch is written at a time; the event loop goes on reading.

    On SQLite the batch is decided in the event loop and committed in a thread: two threads that both run
    Python take longer than one, but the disk needs none. Where that would have to wait for another writer,
    and on PostgreSQL, the thread does all of it. Nothing is remembered of a batch once it is answered.
    """

    def __init__(self) -> None:
        self.store: SqliteStore | None = None
        self.is_open = False
        self.waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self.asked: set[tuple[object, str]] = set()
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self.running: asyncio.Task[None] | None = None

    async def ask(self, request: Request) -> Answer:
        """The writer's answer; 409 while the same key of the same log-in is being worked on."""
        mark = (request.session or request.token, request.key)
        if mark in self.asked:
            return Answer(409)
        if len(self.waiting) >= MOST_WAITING:
            return Answer(503)
        self.asked.add(mark)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self.waiting.append((request, future))
        if self.running is None:
            self.running = loop.create_task(self._run(loop))
        try:
            return await future
        finally:
            self.asked.discard(mark)

    async def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while self.waiting:
            taken, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
            outcomes = await self._outcomes(loop, [request for request, _ in taken])
            for (_, future), outcome in zip(taken, outcomes, strict=True):
                if future.done():
                    continue
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
        self.running = None

    async def _outcomes(
        self, loop: asyncio.AbstractEventLoop, requests: list[Request]
    ) -> list[Answer | Exception]:
        """What became of each; one that cannot be written takes none of the others with it."""
        try:
            return [*await self._write(loop, requests)]
        except Exception as error:
            if len(requests) == 1:
                return [error]
        return [each for one in requests for each in await self._outcomes(loop, [one])]

    async def _write(self, loop: asyncio.AbstractEventLoop, requests: list[Request]) -> list[Answer]:
        if not self.is_open:
            self.store = await loop.run_in_executor(self.thread, store_without_waiting)
            self.is_open = True
        begun = None if self.store is None else begin(self.store, requests)
        if begun is not None:
            return await loop.run_in_executor(self.thread, begun.finish)
        return await loop.run_in_executor(self.thread, write, requests)
