"""Bodies that come slowly, in parts, or never: who sends one keeps nobody else from a page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

from comaker.host.gateway import pages
from comaker.host.gateway.pages import MOST_UPLOADS, Pages

Say = Callable[[str, list[tuple[str, str]]], Any]


class Echo:
    """A site that answers with the body of each request, or 400 where it cannot be read."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any], say: Say) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        try:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        except OSError as error:
            say("400 Bad", [])
            return [type(error).__name__.encode()]
        say("200 OK", [])
        return [body]


async def ask(
    site: Pages,
    receive: Callable[[], Awaitable[dict[str, Any]]],
    *,
    path: str = "/profile/",
    method: str = "POST",
    length: int | None = None,
) -> tuple[int, bytes, dict[bytes, bytes]]:
    """Status, body and headers of an answer."""
    said: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        said.append(message)

    headers = [(b"content-length", b"%d" % length)] if length is not None else []
    if length is None and method == "POST":
        headers = [(b"transfer-encoding", b"chunked")]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": headers,
    }
    await site(scope, receive, send)
    body = b"".join(each.get("body", b"") for each in said[1:])
    return said[0]["status"], body, dict(said[0]["headers"])


def coming(*parts: bytes, then: Callable[[], Awaitable[Any]] | None = None) -> Any:
    """Gives a body part by part; after the last one it ends, or waits for something."""
    left = list(parts)

    async def receive() -> dict[str, Any]:
        if left:
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or then is not None}
        assert then, "everything was read already"
        await then()
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


async def never() -> dict[str, Any]:
    """A client that sends nothing."""
    await asyncio.Event().wait()
    raise AssertionError


async def gone() -> dict[str, Any]:
    """A client that went away."""
    return {"type": "http.disconnect"}


async def unread() -> dict[str, Any]:
    raise AssertionError("this must not be read")


def test_i44_a_slow_body_takes_no_thread_of_the_pages() -> None:
    async def run() -> None:
        site, all_sent = Echo(), asyncio.Event()
        port = Pages(site, workers=1)
        slow = [asyncio.ensure_future(ask(port, coming(b"a", then=all_sent.wait))) for _ in range(3)]
        await asyncio.sleep(0)
        assert (await ask(port, unread, path="/", method="GET"))[0] == 200
        assert site.asked == ["/"]
        all_sent.set()
        assert [(await each)[:2] for each in slow] == [(200, b"a")] * 3

    asyncio.run(asyncio.wait_for(run(), 10))


@pytest.mark.parametrize("parts", [(), (b"a",)])
@pytest.mark.parametrize("length", [5, None])
@pytest.mark.parametrize(("path", "kind"), [("/profile/", b"text/plain"), ("/api/v1/x", b"application/json")])
def test_i44_a_body_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, parts: tuple[bytes, ...], length: int | None, path: str, kind: bytes
) -> None:
    monkeypatch.setattr(pages, "BODY_S", 0.02)
    site = Echo()
    status, _, headers = asyncio.run(ask(Pages(site), coming(*parts, then=never), length=length, path=path))
    assert (status, headers[b"connection"], site.asked) == (408, b"close", [])
    assert headers[b"content-type"].startswith(kind)


def test_a_body_in_parts_of_unknown_length_comes_whole() -> None:
    assert asyncio.run(ask(Pages(Echo()), coming(b"a", b"b", b"c")))[:2] == (200, b"abc")


def test_a_body_is_whole_at_its_length_though_the_server_has_not_said_so() -> None:
    assert asyncio.run(ask(Pages(Echo()), coming(b"abc", then=unread), length=3))[:2] == (200, b"abc")


def test_e25_a_body_without_an_end_is_refused() -> None:
    site = Echo()
    status, _, headers = asyncio.run(ask(Pages(site), coming(*[b"a" * 400_000] * 3, then=unread)))
    assert (status, headers[b"connection"], site.asked) == (413, b"close", [])


def test_e25_a_large_body_is_read_at_the_desk_alone() -> None:
    body = b"a" * 1_000_001
    found = asyncio.run(ask(Pages(Echo()), unread, length=len(body)))
    assert found[:2] == (400, b"ConnectionAbortedError")
    at_desk = asyncio.run(
        ask(Pages(Echo()), coming(body[:9], body[9:]), path="/desk/projects/grace/media/", length=len(body))
    )
    assert at_desk[:2] == (200, body)


def test_i44_an_upload_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "BODY_S", 0.02)
    stopped = ask(Pages(Echo()), coming(b"a", then=never), path="/desk/", length=2_000_000)
    assert asyncio.run(stopped)[:2] == (400, b"TimeoutError")


def test_i44_an_upload_that_breaks_off_is_no_shorter_file() -> None:
    broken = ask(Pages(Echo()), gone, path="/desk/", length=2_000_000)
    assert asyncio.run(broken)[:2] == (400, b"ConnectionResetError")


def test_nothing_is_asked_where_the_client_went_away() -> None:
    site = Echo()

    async def send(_: Any) -> None:
        raise AssertionError("nobody is there")

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-length", b"9")]}
    asyncio.run(Pages(site)(scope, gone, send))
    assert site.asked == []


def test_i44_slow_uploads_leave_threads_for_the_pages() -> None:
    async def run() -> None:
        site, go_on = Echo(), asyncio.Event()
        port = Pages(site, workers=MOST_UPLOADS + 1)
        body = b"a" * 150_000
        slow = [
            asyncio.ensure_future(
                ask(port, coming(body, then=go_on.wait), path="/desk/", length=len(body) + 1)
            )
            for _ in range(MOST_UPLOADS + 3)
        ]
        while len(site.asked) < MOST_UPLOADS:
            await asyncio.sleep(0.01)
        assert (await ask(port, unread, path="/", method="GET"))[0] == 200
        assert site.asked == ["/desk/"] * MOST_UPLOADS + ["/"]
        go_on.set()
        assert [(await each)[:2] for each in slow] == [(200, body)] * len(slow)

    asyncio.run(asyncio.wait_for(run(), 10))
