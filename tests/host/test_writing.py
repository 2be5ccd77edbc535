"""Between workers and the process that writes: nothing is lost on the way, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.host import dying
from tests.host.dying import done
from tests.host.test_gateway import writing

from comaker.host.gateway import batches, line, writing_process
from comaker.host.gateway.line import Line
from comaker.host.gateway.wire import Messages, packed
from comaker.host.gateway.writing_process import WritingProcess
from comaker.host.writer import Act, Answer, Request


def stake(key: str) -> Request:
    return Request(Act.STAKE, project=1, customer=1, token=key, quantity=1, key=key)


async def ask(path: str, keys: Sequence[str]) -> list[Answer]:
    worker = Line(path)
    try:
        return await asyncio.gather(*(worker.ask(stake(key)) for key in keys))
    finally:
        worker.close()


@given(st.lists(st.lists(st.integers(), max_size=5), max_size=8), st.lists(st.integers(1, 40)))
def test_messages_in_any_pieces_are_put_together(sent, cuts):
    whole, found, messages = b"".join(map(packed, sent)), [], Messages()
    for cut in [*cuts, len(whole)]:
        found += messages.items(whole[:cut])
        whole = whole[cut:]
    assert found == [item for items in sent for item in items]


def test_every_worker_gets_its_own_answers(monkeypatch):
    monkeypatch.setattr(batches, "write", done)

    async def run(path):
        asked = [[str(1_000 * worker + number) for number in range(300)] for worker in range(4)]
        found = await asyncio.gather(*(ask(path, keys) for keys in asked))
        return [[str(answer.event_id) for answer in answers] for answers in found] == asked

    with writing() as path:
        assert asyncio.run(run(path))


def test_a_transaction_never_gets_too_long(monkeypatch):
    sizes = []

    def counting(requests: Sequence[Request]) -> list[Answer]:
        sizes.append(len(requests))
        return done(requests)

    monkeypatch.setattr(batches, "write", counting)
    with writing() as path:
        asyncio.run(ask(path, [str(number) for number in range(3 * batches.MOST)]))
    assert sum(sizes) == 3 * batches.MOST
    assert max(sizes) == batches.MOST


class Breaking:
    """A writer that answers some of what it is asked, and then lets the line break."""

    def __init__(self, breaks: int) -> None:
        self.asked: list[list[str]] = []
        self.breaks = breaks

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        items = [*Messages().items(await reader.read(1 << 18))]
        self.asked.append([request.key for _, request in items])
        if len(self.asked) <= self.breaks:
            items = items[: len(items) // 2] if len(self.asked) == 1 else []
        if items:
            writer.write(packed(_answered(items)))
            await writer.drain()
        if len(self.asked) > self.breaks:
            await reader.read()
        writer.close()


def _answered(items):
    return [(number, done([request])[0]) for number, request in items]


async def ask_breaking(writer: Breaking, path: Path, keys: Sequence[str]) -> list[Answer]:
    server = await asyncio.start_unix_server(writer.serve, str(path))
    async with server:
        return await ask(str(path), keys)


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    """A short one: that of a socket has at most a hundred characters."""
    monkeypatch.chdir(tmp_path)
    return Path("line")


def test_what_has_no_answer_when_a_line_breaks_is_asked_again_and_nothing_else(path):
    writer = Breaking(breaks=2)
    answers = asyncio.run(ask_breaking(writer, path, ["1", "2", "3", "4"]))
    assert [answer.event_id for answer in answers] == [1, 2, 3, 4]
    assert writer.asked == [["1", "2", "3", "4"], ["3", "4"], ["3", "4"]]


def test_a_line_that_breaks_again_and_again_is_answered_503(path):
    writer = Breaking(breaks=100)
    answers = asyncio.run(ask_breaking(writer, path, ["1", "2"]))
    assert [answer.status for answer in answers] == [201, 503]
    assert len(writer.asked) <= line.TRIES + 1


def test_where_nobody_writes_everybody_is_told_to_come_back(path, monkeypatch):
    monkeypatch.setattr(line, "PAUSE_S", 0.01)
    assert [each.status for each in asyncio.run(ask(str(path), ["1", "2"]))] == [503, 503]


def test_who_waits_too_long_is_answered_and_a_late_answer_troubles_nobody(path, monkeypatch):
    monkeypatch.setattr(line, "ANSWERED_IN_S", 0.1)
    monkeypatch.setattr(line, "LOOKS_EVERY_S", 0.02)
    release = asyncio.Event()

    async def late(reader, writer):
        messages = Messages()
        first = [*messages.items(await reader.read(1 << 18))]
        await release.wait()
        second = [*messages.items(await reader.read(1 << 18))]
        writer.write(packed(_answered(first + second)))
        await reader.read()
        writer.close()

    async def run():
        async with await asyncio.start_unix_server(late, str(path)):
            worker = Line(str(path))
            first = await worker.ask(stake("1"))
            release.set()
            second = await worker.ask(stake("2"))
            worker.close()
            return first.status, second.event_id

    assert asyncio.run(run()) == (503, 2)


def test_more_than_may_wait_are_told_to_come_back(path, monkeypatch):
    monkeypatch.setattr(line, "MOST_WAITING", 2)
    writer = Breaking(breaks=0)
    answers = asyncio.run(ask_breaking(writer, path, ["1", "2", "3"]))
    assert [answer.status for answer in answers] == [201, 201, 503]


def test_a_worker_that_takes_no_answers_keeps_nobody_waiting_for_long(monkeypatch):
    monkeypatch.setattr(batches, "write", done)
    monkeypatch.setattr(batches, "TAKEN_IN_S", 0.2)
    with writing() as path, socket.socket(socket.AF_UNIX) as stuck:
        stuck.connect(path)
        stuck.settimeout(0.2)
        asked = packed([(number, stake(str(number))) for number in range(1_000)])
        with suppress(OSError):  # full, or ended by the other side
            for _ in range(1_000):
                stuck.sendall(asked)
        assert asyncio.run(ask(path, ["7"]))[0].event_id == 7


def test_a_writing_process_that_is_killed_is_started_again_and_everybody_answered(monkeypatch, caplog):
    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(writing_process, "run", dying.die_once)
    process = WritingProcess()
    process.start()
    try:
        answers = asyncio.run(ask(process.path, ["1", "2", "3"]))
    finally:
        process.stop()
    assert [answer.event_id for answer in answers] == [1, 2, 3]
    assert "the writing process ended with -9; another is started" in caplog.text
    assert not process.process.is_alive()
    assert process.process.exitcode == 0, "it ended by itself"
    assert not Path(process.path).parent.exists()


def test_only_the_owner_of_the_site_gets_at_the_line():
    process = WritingProcess()
    try:
        assert Path(process.path).parent.stat().st_mode & 0o077 == 0
    finally:
        process.stop()
