"""E25, E26: whatever is sent, the site says no in a sentence, never breaks, and does nothing by half."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.db.models import Sum
from django.test import Client
from django.urls import resolve
from tests.host.world import Address, World, every_address, everything_written, small_text

from comaker.host.api.app import api
from comaker.host.api.limits import PER_MINUTE
from comaker.host.models import Event, Holding, Posting, Reservation, Standing
from comaker.host.writer import Act, Request, write
from comaker.host.writer.chain import BEGINNING

TEXTS = (
    "",
    " ",
    "\u202egnp.exe",
    "a\u200b\u200db",
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7*7 }}{% debug %}",
    "'; DROP TABLE host_event; --",
    "a\x00b",
    "\ud800",
    "𝕏" * 50,
    "x" * 5_000,
    "../../etc/passwd",
    "=1+1",
)
NUMBERS = ("NaN", "Infinity", "1e400", "-0", "-1", "0", "0.005", "１０", "10_0", "+5", "1,000.00", "9" * 400)
VALUES = (None, True, False, [], {}, [1], {"a": 1}, 0, -1, -0.0, 0.005, 2**63, -(2**63), 10**400, 1e308, "")
BODIES = {
    "nothing": b"",
    "no JSON": b"shares=1",
    "broken UTF-8": b'{"project": "\xff\xfe"}',
    "cut short": b'{"project": "open-one", "sha',
    "NaN": b'{"project": "open-one", "shares": NaN, "copies": NaN, "money_minor": NaN}',
    "1e400": b'{"project": "open-one", "shares": 1e400, "copies": 1e400, "money_minor": 1e400}',
    "deep lists": b"[" * 10_000 + b"]" * 10_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a byte order mark": b'\xef\xbb\xbf{"project": "open-one"}',
    "UTF-16": '{"project": "open-one"}'.encode("utf-16"),
    "10 MB": b'{"project": "' + b"x" * 10_000_000 + b'"}',
}


@pytest.fixture
def build(
    make_site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], World]:
    for kind in PER_MINUTE:
        monkeypatch.setitem(PER_MINUTE, kind, 10**9)
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path / "media")
    monkeypatch.setattr(settings, "ACCOUNT_RATE_LIMITS", False, raising=False)
    return lambda: World(make_site(small_text()))


@pytest.fixture
def world(postgresql: str, build: Callable[[], World]) -> World:
    """On the database that takes less: PostgreSQL refuses NUL bytes and half letters."""
    return build()


@pytest.fixture
def world_on_either(database: str, build: Callable[[], World]) -> World:
    return build()


def halves() -> list[str]:
    """What would be half an effect: standings, holdings, reservations and books that do not agree."""
    wrong = []
    for standing in Standing.objects.all():
        held = Holding.objects.filter(project=standing.project)
        sums = held.aggregate(shares=Sum("shares"), reserved=Sum("reserved_shares"))
        if (sums["shares"] or 0) != standing.collected_shares:
            wrong.append(
                f"{standing}: {sums['shares']} shares are held, {standing.collected_shares} collected"
            )
        if (sums["reserved"] or 0) != standing.reserved_shares:
            wrong.append(f"{standing}: {sums['reserved']} shares held as reserved")
        waiting = Reservation.objects.filter(
            project=standing.project, task="stake", state=Reservation.State.WAITING
        ).aggregate(shares=Sum("quantity"))
        if (waiting["shares"] or 0) != standing.reserved_shares:
            wrong.append(f"{standing}: {waiting['shares']} shares wait for money")
        last = Posting.objects.filter(chain=standing.project).order_by("-number").first()
        head = bytes(last.hash) if last else BEGINNING
        if head != bytes(standing.head) or (last.number if last else 0) != standing.entries:
            wrong.append(f"{standing}: its chain does not end where it says")
    events = set(Event.objects.values_list("id", flat=True))
    wrong += [f"{each} has no event" for each in Posting.objects.all() if each.event_id not in events]
    return wrong


class Form(NamedTuple):
    """A form of a page: where it is sent, and its fields as they stand."""

    action: str
    fields: dict[str, str]
    files: tuple[str, ...]
    is_multipart: bool


class Forms(HTMLParser):
    """Collects the forms of a page that are sent by POST."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.found: list[Form] = []
        self.open: dict[str, Any] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            is_multipart = given.get("enctype") == "multipart/form-data"
            self.open = {
                "action": given.get("action") or self.page,
                "fields": {},
                "files": [],
                "is_multipart": is_multipart,
            }
        elif self.open and tag in ("input", "textarea", "select", "button") and given.get("name"):
            if given.get("type") == "file":
                self.open["files"].append(given["name"])
            else:
                self.open["fields"][given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.open:
            self.found.append(Form(**{**self.open, "files": tuple(self.open["files"])}))
            self.open = None


def forms_of(client: Client, world: World) -> Iterator[Form]:
    """Every form of our own pages that somebody finds; those of the admin are Django's."""
    done = set()
    for address in every_address():
        if address.route.startswith(("admin/", "accounts/", "api/", "media/")):
            continue
        for state in ("open", "released") if address.is_of_a_project else ("open",):
            page = address.path(**world.given(state))
            answer = client.get(page)
            if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
                continue
            reader = Forms(page)
            reader.feed(answer.content.decode())
            for form in reader.found:
                of_view = resolve(form.action.partition("?")[0]).view_name
                if of_view.startswith("account") or (of_view, *form.fields) in done:
                    continue
                done.add((of_view, *form.fields))
                yield form


def safe(text: str) -> str:
    """Half a letter cannot be sent in a form: it becomes what a browser would make of it."""
    return text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("role", ["owner", "staff"])
def test_e26_every_field_of_every_form_takes_anything_without_breaking(world: World, role: str) -> None:
    client = world.client(role)
    tried = 0
    for form in forms_of(client, world):
        fields = {name: value for name, value in form.fields.items() if name != "csrfmiddlewaretoken"}
        for turn, name in enumerate(fields):
            for value in (TEXTS + NUMBERS)[turn % 2 :: 2]:
                answer = client.post(form.action, {**fields, name: safe(value)})
                assert answer.status_code < 500, (form.action, name, value)
                tried += 1
        for body in (b"\xff\xfe=\x00", b"--x\r\nContent-Disposition: form-data", b"x" * 1_000_001):
            for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "a/b"):
                assert client.post(form.action, body, content_type=kind).status_code < 500, form.action
    assert tried > 40, "no forms were found"
    assert not halves()


def own_addresses() -> list[Address]:
    """Those of our own pages and of the API."""
    return [each for each in every_address() if not each.route.startswith(("admin/", "accounts/"))]


def test_e26_what_is_shown_again_is_escaped(world: World) -> None:
    world.other.name = "<script>alert(1)</script>\u202e"
    world.other.save()
    world.projects["open"].name = "<script>alert(2)</script>"
    world.projects["open"].save()
    bought = Request(
        Act.STAKE, project=world.projects["open"].pk, customer=world.other.pk, quantity=1, key="x"
    )
    assert write([bought])[0].is_done
    escaped = 0
    for role in ("anonymous", "other", "staff"):
        client = world.client(role)
        for address in own_addresses():
            answer = client.get(address.path(**world.given("open")))
            if not answer.streaming and answer.get("Content-Type", "").startswith("text/html"):
                assert b"<script>alert" not in answer.content, (role, address.route)
                escaped += b"&lt;script&gt;alert" in answer.content
    assert escaped, "the names were shown nowhere"


ODD = (
    "%00",
    "%FF%FE",
    "%E2%80%AE",
    "１０",
    "-1",
    "1e400",
    "NaN",
    "9" * 400,
    "<script>",
    "..%2F..%2F",
    "a" * 900,
)
NAMES = ("page", "q", "show", "sort", "after", "limit", "offset", "next", "status", "before", "code")


def test_e25_addresses_and_queries_take_anything_without_breaking(world: World) -> None:
    for role in ("owner", "staff"):
        client = world.client(role)
        for turn, address in enumerate(own_addresses()):
            good = address.path(**world.given("open"))
            for step in (0, 5):
                pairs = zip(NAMES, ODD[(turn + step) % 11 :] + ODD[: (turn + step) % 11], strict=True)
                query = "&".join(f"{name}={value}" for name, value in pairs)
                assert client.get(f"{good}?{query}").status_code < 500, (role, good, query)
            if "<" in address.route:
                for value in ODD:
                    broken = address.path(slug=value, path=value, rest=value)
                    assert client.get(broken).status_code < 500, (role, broken)


def operations() -> list[tuple[str, dict[str, Any]]]:
    """Every operation of the API that writes: its path and the schema of its body."""
    schema = api.get_openapi_schema()
    found = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if method != "get":
                assert method == "post"
                content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
                found.append((path, schema["components"]["schemas"].get(name, {})))
    return found


OPERATIONS = operations()
VALID = {
    "project": "open-one",
    "shares": 1,
    "copies": 1,
    "money_minor": 5,
    "stage": "production",
    "milestone": "released",
}


class Sender:
    """Sends bodies to an operation as whoever may call it, each with a new key unless one is given."""

    def __init__(self, world: World, path: str) -> None:
        waiting = Reservation.objects.filter(state=Reservation.State.WAITING).first()
        self.path = path.replace("{reservation}", str(waiting.pk if waiting else 0))
        self.path = self.path.replace("{settlement}", str(world.settlement.pk))
        is_desk = "/desk/" in path
        scope = "desk" if is_desk else "buy" if path.endswith("/purchases") else "stake"
        secret = world.desk_token if is_desk else world.tokens[scope]
        self.client = Client(headers={"Authorization": f"Bearer {secret}"})
        self.sent = 0

    def __call__(self, body: bytes | object, *, key: str | None = None, header: bool = True) -> Any:
        self.sent += 1
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Idempotency-Key": key or f"{self.path} {self.sent}".replace(" ", "-")} if header else {}
        return self.client.post(self.path, raw, content_type="application/json", headers=headers)


def test_e25_every_operation_refuses_every_bad_body_and_does_nothing(world: World) -> None:
    before = everything_written()
    for path, schema in OPERATIONS:
        if not schema:
            continue
        send = Sender(world, path)
        for name, body in BODIES.items():
            answer = send(body)
            assert answer.status_code == (413 if name == "10 MB" else 400), (path, name, answer.content)
            assert set(answer.json()) == {"detail"}, name
        for name, value, body in bad_bodies(schema):
            answer = send(body)
            assert answer.status_code in (400, 404), (path, name, value, answer.content)
            assert set(answer.json()) == {"detail"}
        assert everything_written() == before, path


def bad_bodies(schema: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Bodies in which one field is wrong or missing: its name, the value, the body."""
    good = {name: VALID[name] for name in schema["required"]}
    for name in schema["properties"]:
        for value in (*VALUES, *TEXTS, *NUMBERS):
            if value is None and name not in schema["required"]:
                continue
            if name == "shown" and isinstance(value, str) and value.isprintable() and value.isascii():
                continue  # any text may come here; what the site did not sign is dropped
            yield name, value, {**good, name: value}
    for name in good:
        yield name, "missing", {key: value for key, value in good.items() if key != name}


def test_d19_every_operation_needs_a_key_and_does_the_same_only_once(world_on_either: World) -> None:
    world = world_on_either
    for path, schema in sorted(OPERATIONS, key=lambda each: "confirm" not in each[0]):
        send = Sender(world, path)
        body = {name: VALID[name] for name in schema.get("required", ())}
        if path.endswith("/publish"):
            body["project"] = "draft-one"
        if path.endswith("/desk/settlements"):
            body["project"] = "released-one"  # proposed by the same person already: the same again
        before = everything_written()
        assert send(body, header=False).status_code == 400, path
        assert send(body, key="é").status_code == 400, path
        assert everything_written() == before, path
        first = send(body, key=f"the-key-of-{path}")
        assert first.status_code in (200, 201), (path, first.content)
        after = everything_written()
        again = send(body, key=f"the-key-of-{path}")
        assert (again.status_code, again.json()) == (first.status_code, first.json()), path
        assert everything_written() == after, f"{path}: the same key did something twice"
        assert not halves(), path
        if "project" in body and not path.endswith("/desk/settlements"):
            other = "released-one" if body["project"] != "released-one" else "open-one"
            changed = send({**body, "project": other}, key=f"the-key-of-{path}")
            assert changed.status_code == 422, path
            assert everything_written() == after, path
