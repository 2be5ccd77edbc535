"""F32: what every answer tells the browser, so that no other site may frame, sniff or borrow it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from tests.host.world import STATES, Address, World, every_address, small_text

from comaker.host.access import Access, access_of

ADDRESSES = every_address()
FORBIDDEN = ("unsafe-inline", "unsafe-eval", "unsafe-hashes", "*", "http:", "https:", "blob:")
PERSONAL = {Access.ACCOUNT, Access.CUSTOMER, Access.STAFF, Access.TOKEN}


@pytest.fixture
def world(
    sqlite: str, make_site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> World:
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path / "media")
    return World(make_site(small_text()))


@pytest.fixture(scope="module")
def seen() -> list[tuple[str, Address, str, HttpResponse]]:
    """Filled by whoever needs it first: every answer is looked at in several ways."""
    return []


@pytest.fixture
def answers(seen: list[Any], request: pytest.FixtureRequest) -> list[tuple[str, Address, str, HttpResponse]]:
    """Every address in two states, as four people see it, and one that leads nowhere."""
    if not seen:
        world = request.getfixturevalue("world")
        nowhere = Address("nowhere", "no/such/page/", lambda request: None)
        for role in ("anonymous", "owner", "staff", "read"):
            client = world.client(role)
            client.raise_request_exception = False
            for address in [*ADDRESSES, nowhere]:
                for state in STATES[1:3] if address.is_of_a_project else ("open",):
                    where = address.path(**world.given(state))
                    seen.append((role, address, where, client.get(where)))
    return seen


def policy(answer: HttpResponse) -> dict[str, list[str]]:
    parts = answer.get("Content-Security-Policy", "").split(";")
    return {words[0]: words[1:] for part in parts if (words := part.split())}


def test_f32_every_answer_carries_a_strict_policy(answers: list[Any]) -> None:
    for role, _, where, answer in answers:
        rules = policy(answer)
        assert rules.get("default-src") == ["'none'"], (role, where, rules)
        assert rules.get("frame-ancestors") == ["'none'"], (role, where)
        words = [word for values in rules.values() for word in values]
        assert not [word for word in words if any(part in word for part in FORBIDDEN)], (role, where, rules)
        assert set(rules.get("script-src", [])) <= {"'self'"}, (role, where)
        assert set(rules.get("style-src", [])) <= {"'self'", "'none'"}, (role, where)


def test_f32_no_answer_may_be_framed_sniffed_or_followed(answers: list[Any]) -> None:
    for role, _, where, answer in answers:
        assert answer["X-Frame-Options"] == "DENY", (role, where)
        assert answer["X-Content-Type-Options"] == "nosniff", (role, where)
        assert answer["Referrer-Policy"] in ("same-origin", "no-referrer"), (role, where)
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", (role, where)


def test_f32_no_page_holds_a_script_or_style_of_its_own(answers: list[Any]) -> None:
    for role, address, where, answer in answers:
        if answer.streaming or not answer.get("Content-Type", "").startswith("text/html"):
            continue
        if address.route.startswith("admin/"):
            continue  # Django's own pages; its policy holds them anyway
        for tag, attributes in tags(answer.content.decode()):
            if tag == "script":
                is_data = attributes.get("type") in ("application/json", "application/ld+json")
                assert attributes.get("src", "").startswith("/static/") or is_data, (role, where, attributes)
            assert tag != "style", (role, where)
            assert "style" not in attributes, (role, where, tag, attributes)
            assert not [name for name in attributes if name.startswith("on")], (role, where, attributes)


def tags(html: str) -> Iterator[tuple[str, dict[str, str]]]:
    from html.parser import HTMLParser

    found: list[tuple[str, dict[str, str]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, {name: value or "" for name, value in attrs}))

    Reader().feed(html)
    yield from found


def test_f32_what_is_not_for_anybody_is_kept_by_no_cache(answers: list[Any]) -> None:
    for role, address, where, answer in answers:
        rule = access_of(address.view)
        is_greeting = role in ("owner", "staff") and answer.get("Content-Type", "").startswith("text/html")
        if rule in PERSONAL or is_greeting:
            assert "no-store" in answer.get("Cache-Control", ""), (role, where, answer.get("Cache-Control"))


def test_f32_cookies_are_for_the_site_alone(world: World) -> None:
    client = Client()
    client.get("/accounts/login/")
    client.post(
        "/accounts/login/",
        {"login": world.site.customer("Eve").email, "password": "correct horse battery"},
    )
    assert {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME} <= client.cookies.keys()
    for name, cookie in client.cookies.items():
        if cookie.value:
            assert cookie["httponly"], name
            assert cookie["samesite"] in ("Lax", "Strict"), name


def test_f32_in_production_everything_is_behind_tls() -> None:
    program = (
        "import django; django.setup()\n"
        "from django.conf import settings as s\n"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT,"
        " s.SECURE_HSTS_SECONDS >= 31536000, not s.DEBUG)"
    )
    told = {**os.environ, "COMAKER_PRODUCTION": "1", "COMAKER_HOSTS": "label.example.org"}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=told, capture_output=True, text=True, check=False
    )
    assert ran.stdout.split() == ["True"] * 5, ran.stderr
