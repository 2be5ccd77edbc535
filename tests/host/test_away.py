"""While PostgreSQL is away everybody is told to come back, and afterwards the site goes on by itself."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import contextmanager

import psycopg
import pytest
from django.db import close_old_connections, connection
from django.test import Client
from tests.host.conftest import PASSWORD
from tests.host.test_api import token_of
from tests.host.test_gateway import Port, writing

from comaker.host.audit import audit
from comaker.host.gateway import stakes
from comaker.host.writer import Act, Request, write


@pytest.fixture
def away(postgresql, postgresql_server):
    """The database ends every connection and takes none, for as long as the block lasts."""
    name = postgresql.partition("?")[0].rpartition("/")[2]
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"

    @contextmanager
    def away():
        with psycopg.connect(postgresql_server("postgres"), autocommit=True) as server:
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            server.execute(others, [name])
            yield
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    yield away
    stakes._numbers.clear()


@pytest.fixture
def site(away, make_site, model_text):
    return make_site(model_text(goal="500.00", cap="500.00", reserved_for=None))


def test_i43_the_writer_answers_503_and_goes_on_by_itself(site, away, caplog):
    project, ann = site.project().pk, site.customer().pk
    asked = [Request(Act.STAKE, project, ann, quantity=1, key=key) for key in ("one", "two")]
    with away():
        assert [answer.status for answer in write(asked)] == [503, 503]
        connection.close()
        assert [answer.status for answer in write(asked)] == [503, 503]
    assert "2 requests were answered 503" in caplog.text
    assert [answer.status for answer in write(asked)] == [201, 201]
    assert audit() == []


def test_i43_the_gateway_answers_503_and_goes_on_by_itself(site, away):
    project = site.project().pk
    secret = token_of(site.customer())
    said = [(b"authorization", f"Bearer {secret}".encode())]
    bodies = [b'{"project":"grace","shares":1}', b'{"project":%d,"shares":1}' % project]

    async def run(path):
        port = Port(path)

        async def ask():
            return [
                (await port.post([*said, (b"idempotency-key", b"%d" % number)], body))[0]
                for number, body in enumerate(bodies)
            ]

        before = await port.post([*said, (b"idempotency-key", b"before")], bodies[1])
        # A short name is looked up in another thread than the one that writes: both have a connection now.
        nobody = await port.post([*said, (b"idempotency-key", b"x")], b'{"project":"nobody","shares":1}')
        with away():
            during = await ask()
        after = await ask()
        port.line.close()
        return before[0], nobody[0], during, after

    with writing() as path:
        assert asyncio.run(run(path)) == (201, 404, [503, 503], [201, 201])


def test_i43_the_api_answers_503_and_goes_on_by_itself(site, away):
    secret = token_of(site.customer())
    site.project()
    client = Client(raise_request_exception=False)
    headers = {"authorization": f"Bearer {secret}", "idempotency-key": "one"}
    body = json.dumps({"project": "grace", "shares": 1})

    def ask():
        asked = [
            client.get("/api/v1/projects"),
            client.post("/api/v1/stakes", body, content_type="application/json", headers=headers),
        ]
        for each in asked:
            assert each.headers["Content-Type"].startswith("application/json")
        return [each.status_code for each in asked]

    with away():
        assert ask() == [503, 503]
    close_old_connections()  # a server does so before each request, Django's client does not
    assert ask() == [200, 201]


def test_i43_pages_answer_503_and_go_on_by_themselves(site, away, caplog):
    caplog.set_level(logging.CRITICAL, logger="django.request")
    ann = site.customer()
    site.project()
    client = Client(raise_request_exception=False)
    assert client.login(email=ann.email, password=PASSWORD)

    def ask():
        form = {"quantity": "1", "key": "a1b2c3d4-0000-4000-8000-000000000000", "confirm": "1"}
        return [client.get("/"), client.get("/projects/grace/"), client.post("/projects/grace/stake/", form)]

    with away():
        answers = ask()
    for answer in answers:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "The site is too busy to answer" in answer.content.decode()
    close_old_connections()
    assert [answer.status_code for answer in ask()] == [200, 200, 303]


def test_a_page_that_breaks_by_itself_is_still_500(site, monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL, logger="django.request")
    monkeypatch.setattr("comaker.host.pages.public.firm_of", lambda request: 1 / 0)
    answer = Client(raise_request_exception=False).get("/")
    assert (answer.status_code, "Retry-After" in answer.headers) == (500, False)
