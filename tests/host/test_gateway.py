"""The stake endpoint in front: what it lets through, what it refuses, and many who ask at once."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import socket
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, connections

from comaker.host.gateway import batches, stakes
from comaker.host.gateway.line import Line
from comaker.host.models import Holding, Standing
from comaker.host.writer import write

ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture
def site(database, make_site, model_text):
    stakes._numbers.clear()
    yield make_site(model_text(goal="500.00", cap="500.00", reserved_for=None))
    connections.close_all()


def log_in(account) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.create()
    return session.session_key


def headers(session, key="k", **changed):
    sent = {
        "host": "127.0.0.1:8000",
        "origin": ORIGIN,
        "content-type": "application/json",
        "cookie": f"theme=dark; sessionid={session}",
        "idempotency-key": key,
        **changed,
    }
    return [(name.encode(), value.encode()) for name, value in sent.items() if value is not None]


@contextmanager
def writing() -> Iterator[str]:
    """What the writing process does, in a thread; the way to it."""

    def run():
        try:
            batches.write_batches(listener, far_end)
        finally:
            connections.close_all()

    far_end, lifeline = multiprocessing.Pipe(duplex=False)
    # Not pytest's folder: a socket's path has at most a hundred characters.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = str(Path(folder) / "line")
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield path
        finally:
            lifeline.close()
            thread.join()
            far_end.close()


class Port:
    """Asks the endpoint as a server would."""

    def __init__(self, path: str = "") -> None:
        self.line = Line(path)

    async def post(self, sent, body=b'{"project":"grace","shares":1}', *, receive=None):
        said = []

        async def whole():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            said.append(message)

        scope = {"type": "http", "headers": sent, "scheme": "http"}
        await stakes.take_stake(self.line, scope, receive or whole, send)
        return said[0]["status"], json.loads(said[1]["body"])


def ask(*requests):
    """Statuses and bodies of requests that are made at the same time."""

    async def run(path):
        port = Port(path)
        try:
            return await asyncio.gather(*(port.post(*each) for each in requests))
        finally:
            port.line.close()

    with writing() as path:
        return asyncio.run(run(path))


def test_a_stake_is_taken_and_answered_again_by_its_key(site):
    site.project()
    session = log_in(site.customer())
    ((status, body),) = ask((headers(session),))
    assert (status, body["accepted"], body["money_minor"], body["sentence"]) == (201, 1, 1000, "Accepted.")
    assert ask((headers(session),)) == [(status, body)]
    ((other, _),) = ask((headers(session), b'{"project":"grace","shares":2}'))
    assert other == 422
    assert Holding.objects.get().shares == 1


def test_d19_the_same_key_while_it_is_worked_on_is_a_conflict(site):
    site.project()
    session = log_in(site.customer())
    found = sorted(status for status, _ in ask((headers(session),), (headers(session),)))
    assert found == [201, 409]


def test_b10_two_hundred_at_once_share_what_is_left(site):
    project = site.project()
    sessions = [log_in(site.customer(f"C{number}")) for number in range(8)]
    asked = [(headers(sessions[number % 8], key=f"k{number}"),) for number in range(200)]
    found = ask(*asked)
    assert sum(status == 201 for status, _ in found) == 50
    assert {body["refusal"] for status, body in found if status == 200} == {"goal_reached"}
    standing = Standing.objects.get(pk=project.pk)
    assert (standing.collected_shares, standing.status) == (50, 1)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": None}, 403),
        ({"content-type": "text/plain"}, 403),
        ({"host": "elsewhere.example", "origin": "http://elsewhere.example"}, 403),
        ({"cookie": "sessionid=nobody"}, 401),
        ({"cookie": None}, 401),
        ({"idempotency-key": None}, 400),
    ],
)
def test_f31_a_log_in_counts_only_from_a_page_of_ours(site, changed, status):
    site.project()
    session = log_in(site.customer())
    ((found, _),) = ask((headers(session, **changed),))
    assert found == status
    assert not Holding.objects.exists()


def test_f31_a_session_ends_with_the_password_and_with_the_account(site):
    site.project()
    ann, bob = site.customer(), site.customer("Bob")
    changed, closed = log_in(ann), log_in(bob)
    ann.set_password("another good password")
    ann.save()
    bob.is_active = False
    bob.save()
    assert [status for status, _ in ask((headers(changed),), (headers(closed),))] == [401, 401]


def test_a_log_in_that_asks_too_often_is_told_to_wait(site, monkeypatch):
    site.project()
    session = log_in(site.customer())
    monkeypatch.setattr(stakes, "MOST_PER_SECOND", 3)
    monkeypatch.setattr(stakes, "_pace", stakes.Pace())
    monkeypatch.setattr(stakes, "time", SimpleNamespace(monotonic=lambda: 7.0))
    found = ask(*((headers(session, key=f"k{number}"),) for number in range(5)))
    assert sorted(status for status, _ in found) == [201, 201, 201, 429, 429]


@pytest.mark.parametrize("size", [1_000_001, 10_000_000])
def test_e25_a_body_of_megabytes_is_not_read(site, size):
    session = log_in(site.customer())
    ((status, _),) = ask((headers(session), b" " * size))
    assert status == 413


def test_i44_a_client_that_sends_slowly_is_not_waited_for(site, monkeypatch):
    session = log_in(site.customer())
    monkeypatch.setattr(stakes, "BODY_S", 0.05)

    async def slowly():
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b" ", "more_body": True}

    assert asyncio.run(Port().post(headers(session), receive=slowly))[0] == 408


def test_i44_a_client_that_sends_no_body_at_all_is_not_waited_for(site, monkeypatch):
    session = log_in(site.customer())
    monkeypatch.setattr(stakes, "BODY_S", 0.05)
    found = asyncio.run(Port().post(headers(session), receive=asyncio.Event().wait))
    assert found == (408, {"detail": "The body did not come in time."})


def test_another_process_that_writes_is_waited_for(site, database):
    if connection.vendor != "sqlite":
        pytest.skip("a lock of the whole file is SQLite's")
    site.project()
    session = log_in(site.customer())
    other = sqlite3.connect(
        database.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    release.start()
    started = time.monotonic()
    assert ask((headers(session),))[0][0] == 201
    assert time.monotonic() - started > 0.2
    release.join()
    other.close()


def test_f31_a_cookie_that_can_be_no_session_is_nobody_and_troubles_no_other(site):
    site.project()
    good, bad = headers(log_in(site.customer())), headers('"a\\000b"', key="other")
    assert [status for status, _ in ask((good,), (bad,))] == [201, 401]


def test_a_request_that_cannot_be_written_takes_no_other_of_its_batch_with_it(site, monkeypatch):
    body = b'{"project":%d,"shares":1}' % site.project().pk
    sessions = [log_in(site.customer(name)) for name in ("Ann", "Bob")]

    def refusing(requests):
        if any(each.key == "bad" for each in requests):
            raise RuntimeError("this cannot be written")
        return write(requests)

    monkeypatch.setattr(batches, "write", refusing)
    asked = [(headers(session, key), body) for session, key in zip(sessions, ("good", "bad"), strict=True)]
    assert [status for status, _ in ask(*asked)] == [201, 500]
