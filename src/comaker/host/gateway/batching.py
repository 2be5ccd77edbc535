"""Gathers requests that come while a batch is being written into the next one."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from comaker.host.writer import Answer, Request, write
from comaker.host.writer.store import SqliteStore, store_without_waiting
from comaker.host.writer.writing import decide

MOST = 256
"""Requests in one transaction: it must not keep other writers waiting."""

PAUSE_S = 0.002
TRIES = 50
"""How often, and after how long, the event loop asks again whether another process has written."""

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
            has_begun = await self._has_begun(loop)
            # Taken only now: while others wrote, more have come.
            taken, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
            outcomes = await self._outcomes(loop, [request for request, _ in taken], has_begun)
            for (_, future), outcome in zip(taken, outcomes, strict=True):
                if future.done():
                    continue
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
        self.running = None

    async def _has_begun(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether this process is now the one that writes; on PostgreSQL, and where that would take too long,
        the thread is to wait for it."""
        if not self.is_open:
            self.store = await loop.run_in_executor(self.thread, store_without_waiting)
            self.is_open = True
        for _ in range(TRIES if self.store is not None else 0):
            if self.store is not None and self.store.begin_at_once():
                return True
            await asyncio.sleep(PAUSE_S)
        return False

    async def _outcomes(
        self, loop: asyncio.AbstractEventLoop, requests: list[Request], has_begun: bool
    ) -> list[Answer | Exception]:
        """What became of each; one that cannot be written takes none of the others with it."""
        try:
            begun = decide(self.store, requests) if self.store is not None and has_begun else None
            if begun is not None:
                return [*await loop.run_in_executor(self.thread, begun.finish)]
            return [*await loop.run_in_executor(self.thread, write, requests)]
        except Exception as error:
            if len(requests) == 1:
                return [error]
        return [each for one in requests for each in await self._outcomes(loop, [one], False)]
