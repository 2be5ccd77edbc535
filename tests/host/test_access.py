"""F28: who may open what, tried for every address of the site, by everybody, in every state of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from tests.host.world import (
    CANARY,
    PRIVATE,
    STATES,
    Address,
    World,
    every_address,
    everything_written,
    small_text,
)

from comaker.host.access import Access, access_of, allow
from comaker.host.api.limits import PER_MINUTE

ADDRESSES = every_address()
ROLES = ("anonymous", "owner", "other", "staff", "second", "read", "stake", "buy", "desk")
PEOPLE = {"owner", "other", "staff", "second"}
STAFF = {"staff", "second"}
THERE = {200, 302, 303, 304, 400, 404, 405, 409, 429}
"""What a page may answer to whoever may come in; what is not in here is no or a crash."""

# The API's own operations refuse with 401 and 403: their scopes are tried in test_api.py.
API = THERE | {401, 403, 422}


class Visit(NamedTuple):
    """One page as somebody saw it."""

    role: str
    address: Address
    state: str
    where: str
    status: int
    location: str
    seen: bytes


@pytest.fixture
def world(
    sqlite: str, make_site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> World:
    for kind in PER_MINUTE:
        monkeypatch.setitem(PER_MINUTE, kind, 10**9)
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path / "media")
    monkeypatch.setattr(settings, "ACCOUNT_RATE_LIMITS", False, raising=False)
    return World(make_site(small_text()))


def ways(world: World, role: str, states: Sequence[str] = STATES) -> Iterator[tuple[Address, str, str]]:
    """Every address where a role could make a difference, in every state: (address, state, path)."""
    for address in ADDRESSES:
        if not is_telling(role, address):
            continue
        for state in states if address.is_of_a_project else ("",):
            given = world.given(state) if state else {}
            yield address, state, address.path(**given)


def is_telling(role: str, address: Address) -> bool:
    """Pages know no tokens: one kind is enough there. What two customers may do in the admin is the same."""
    if role in ("stake", "buy", "desk"):
        return address.route.startswith("api/")
    return not (role in ("other", "second", "read") and address.route.startswith("admin/"))


def visit(client: Client, where: str) -> tuple[int, str, bytes]:
    answer = client.get(where)
    seen = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.status_code, answer.get("Location", ""), seen


@pytest.fixture(scope="module")
def tour() -> dict[str, Any]:
    """Filled by whoever needs it first: every answer is looked at in several ways."""
    return {}


@pytest.fixture
def visits(tour: dict[str, Any], request: pytest.FixtureRequest) -> list[Visit]:
    """Every address, read by everybody, in every state."""
    if not tour:
        world: World = request.getfixturevalue("world")
        tour["before"] = everything_written()
        tour["visits"] = []
        for role in ROLES:
            client = world.client(role)
            client.raise_request_exception = False
            tour["visits"] += [
                Visit(role, address, state, where, *visit(client, where))
                for address, state, where in ways(world, role)
            ]
        tour["after"] = everything_written()
    found: list[Visit] = tour["visits"]
    return found


def expected(rule: Access, role: str) -> set[int]:
    is_anonymous = role not in PEOPLE  # a token is no log-in on a page
    if rule is Access.ANYONE:
        return THERE | {403}
    if rule is Access.TOKEN:
        return API
    if is_anonymous:
        return {302}
    if rule is Access.STAFF:
        return THERE | {403, 422} if role in STAFF else {403}
    if rule is Access.CUSTOMER and role in STAFF:
        return {403}
    return THERE


def test_f28_every_view_declares_who_may_open_it() -> None:
    undeclared = [f"{each.route} ({each.name})" for each in ADDRESSES if access_of(each.view) is None]
    assert not undeclared, undeclared


def test_f28_a_view_without_a_rule_is_opened_by_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def undeclared(request: Any) -> HttpResponse:
        return HttpResponse("in")

    class Conf:
        urlpatterns = [
            path("undeclared/", undeclared),
            path("declared/", allow(Access.ANYONE)(lambda request: HttpResponse("in"))),
        ]

    monkeypatch.setattr(settings, "ROOT_URLCONF", Conf)
    for role in ROLES:
        client = world.client(role)
        client.raise_request_exception = False
        assert client.get("/undeclared/").status_code in (403, 500), role
        assert client.get("/declared/").status_code == 200, role


def test_f28_everybody_gets_in_where_declared_and_nowhere_else(visits: list[Visit]) -> None:
    wrong = []
    for each in visits:
        rule = access_of(each.address.view)
        assert rule is not None
        if each.status not in expected(rule, each.role):
            wrong.append((each.role, each.where, str(rule), each.status))
        elif expected(rule, each.role) == {302} and not each.location.startswith("/accounts/login/"):
            wrong.append((each.role, each.where, str(rule), each.location))
    assert not wrong, "\n".join(map(str, wrong))


def test_f28_reading_never_writes(visits: list[Visit], tour: dict[str, Any]) -> None:
    assert visits
    for table, rows in tour["before"].items():
        assert tour["after"][table] == rows, table


def test_f28_drafts_are_nowhere_for_whoever_is_not_staff(visits: list[Visit], world: World) -> None:
    nowhere: dict[str, int] = {}
    client = Client()
    for each in visits:
        if each.role in STAFF:
            continue
        assert CANARY.encode() not in each.seen, (each.role, each.where)
        if each.state == "draft":
            assert each.status != 200, (each.role, each.where)
            if each.role == "anonymous":  # and so is not told from what never was
                nothing = each.address.path(slug="no-such-one", path="media/no-such.png")
                assert each.status == client.get(nothing).status_code, each.where
                nowhere[each.where] = each.status
            elif each.role in ("owner", "other") and nowhere.get(each.where) == 404:
                assert each.status == 404, each.where
    assert any(CANARY.encode() in each.seen for each in visits if each.role in STAFF), "the canary is dead"


def test_f28_nobody_sees_what_is_anothers(visits: list[Visit]) -> None:
    for each in visits:
        if each.role in ("anonymous", "other"):
            assert PRIVATE.encode() not in each.seen, (each.role, each.where)
    assert any(PRIVATE.encode() in each.seen for each in visits if each.role == "owner"), "the canary is dead"


def test_f28_posts_are_held_to_the_same_rule(world: World) -> None:
    wrong = []
    for role in ("anonymous", "owner", "staff", "read", "desk"):
        client = world.client(role)
        for address, state, where in ways(world, role, ("draft", "open", "released")):
            client.raise_request_exception = False
            rule = access_of(address.view)
            assert rule is not None
            answer = client.post(where, headers={"Idempotency-Key": f"{role}-{address.name}-{state}"})
            if answer.status_code not in expected(rule, role) | {413, 415}:
                wrong.append((role, where, state, str(rule), answer.status_code))
            if address.route.startswith(("accounts/", "admin/")):
                client = world.client(role)  # some of these log out
    assert not wrong, "\n".join(map(str, wrong))


def test_f28_a_post_without_the_form_of_the_site_changes_nothing(world: World) -> None:
    before = everything_written()
    for role in ("anonymous", "owner", "staff"):
        client = world.client(role, enforce_csrf_checks=True)
        for address, _, where in ways(world, role, ("draft", "open")):
            status = client.post(where, headers={"Idempotency-Key": f"{role}-{address.name}"}).status_code
            is_api = where.startswith("/api/")
            assert status in ({401, 403, 404, 405} if is_api else {403}), (role, where, status)
    assert everything_written() == before


def test_f31_a_log_in_gets_a_new_session_and_dies_with_the_password(world: World) -> None:
    client = Client()
    client.get("/accounts/login/")
    client.cookies[settings.SESSION_COOKIE_NAME] = "chosen-by-somebody-else"
    account = world.site.customer("Eve")
    client.post("/accounts/login/", {"login": account.email, "password": "correct horse battery"})
    assert client.get("/api/v1/me").status_code == 200
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "chosen-by-somebody-else"
    account.set_password("another horse battery")
    account.save()
    assert client.get("/api/v1/me").status_code == 401
