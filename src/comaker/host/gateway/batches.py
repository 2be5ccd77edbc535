"""What the writing process does: all that workers ask at once is one batch."""

from __future__ import annotations

import logging
import selectors
import socket
from collections.abc import Sequence
from contextlib import suppress
from itertools import batched
from multiprocessing.connection import Connection
from typing import NamedTuple

from comaker.host.gateway.wire import Messages, packed
from comaker.host.writer import Answer, Request, write

MOST = 256
"""Requests in one transaction: it must not keep other writers waiting."""

PIECE_BYTES = 1 << 18
TAKEN_IN_S = 5
"""A worker that does not take its answers for so long has to take up the line again."""

_log = logging.getLogger(__name__)


class Worker(NamedTuple):
    """Who asks."""

    connection: socket.socket
    messages: Messages


class Asked(NamedTuple):
    """One request, and the number under which its worker waits for the answer."""

    worker: Worker
    number: int
    request: Request


def write_batches(listener: socket.socket, lifeline: Connection) -> None:
    """Write what workers ask until the other end of the lifeline is closed. Nothing is remembered of a batch
    once it is answered."""
    with selectors.DefaultSelector() as selector:
        selector.register(lifeline, selectors.EVENT_READ)
        selector.register(listener, selectors.EVENT_READ)
        while True:
            asked: list[Asked] = []
            for key, _ in selector.select():
                if key.fileobj is lifeline:
                    return
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    connection.settimeout(TAKEN_IN_S)
                    selector.register(connection, selectors.EVENT_READ, Worker(connection, Messages()))
                else:
                    asked += _read(selector, key.data)
            for batch in batched(asked, MOST):
                _answer(batch)


def _read(selector: selectors.BaseSelector, worker: Worker) -> list[Asked]:
    try:
        data = worker.connection.recv(PIECE_BYTES)
    except OSError:
        data = b""
    if not data:
        selector.unregister(worker.connection)
        worker.connection.close()
    return [Asked(worker, number, request) for number, request in worker.messages.items(data)]


def _answer(batch: Sequence[Asked]) -> None:
    told: dict[int, tuple[Worker, list[tuple[int, Answer | None]]]] = {}
    for asked, answer in zip(batch, _written([each.request for each in batch]), strict=True):
        _, items = told.setdefault(id(asked.worker), (asked.worker, []))
        items.append((asked.number, answer))
    for worker, items in told.values():
        try:
            worker.connection.sendall(packed(items))
        except OSError:
            # It is gone, or stuck: what it is read from next ends, and it asks again what it still waits for.
            with suppress(OSError):
                worker.connection.shutdown(socket.SHUT_RDWR)


def _written(requests: list[Request]) -> list[Answer | None]:
    """The answers; None for what cannot be written, which takes none of the others with it."""
    try:
        return [*write(requests)]
    except Exception:
        if len(requests) == 1:
            _log.exception("a request could not be written")
            return [None]
    return [answer for each in requests for answer in _written([each])]
