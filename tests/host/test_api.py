"""The API does what the pages do, says no in the same words, and writes through the same writer."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client
from tests.host.world import World, small_text

from comaker.host.api.limits import PER_MINUTE, Limits, limits
from comaker.host.api.stakes import answer_body, digest_of, read_stake
from comaker.host.models import Account, Contribution, Event, Holding, Posting, Settlement, StaffAct, Token
from comaker.host.pages.shown import sign
from comaker.host.writer import Act, Request, write

ALL = "read stake buy desk"
YEAR_US = 365 * 86_400 * 1_000_000
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    limits.forget()


def token_of(account: Account, scopes: str = ALL, **fields: Any) -> str:
    secret = f"secret-{account.pk}-{next(_numbers)}"
    Token.objects.create(
        account=account,
        label="mine",
        digest=digest_of(secret),
        scopes=scopes,
        **{"expires_us": time.time_ns() // 1_000 + YEAR_US, **fields},
    )
    return secret


class Program:
    """A program that calls the API with a token."""

    def __init__(self, secret: str | None) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers)

    def post(self, path: str, body: object = None, *, key: str | None = "") -> Any:
        headers = dict(self.headers)
        if key is not None:
            headers["Idempotency-Key"] = key or f"key-{next(_numbers)}"
        data = body if isinstance(body, bytes) else json.dumps(body)
        return self.client.post(f"/api/v1{path}", data, content_type="application/json", headers=headers)


@pytest.fixture
def ann(site: Any) -> Account:
    return site.customer("Ann")


@pytest.fixture
def program(ann: Account) -> Program:
    return Program(token_of(ann))


@pytest.fixture
def desk(site: Any) -> Program:
    return Program(token_of(site.staff("Sam")))


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_a_stake_is_accepted_and_written(
    name: str, request: pytest.FixtureRequest, make_site: Callable[..., Any]
) -> None:
    request.getfixturevalue(name)
    site = make_site()
    site.project("Grace")
    ann = site.customer("Ann")
    answer = Program(token_of(ann)).post("/stakes", {"project": "grace", "shares": 3})
    assert answer.status_code == 201
    said = answer.json()
    assert said["accepted"] == 3
    assert said["money_minor"] == 3_000
    assert said["held_shares"] == said["collected_shares"] == 3
    assert said["refusal"] is None
    assert said["sentence"] == "Accepted."
    assert said["lapses_at"].endswith("+00:00")
    assert Event.objects.get(id=said["event"]).customer == ann.pk
    assert Holding.objects.get(customer=ann.pk).shares == 3


def test_a_project_may_be_named_by_its_number(site: Any, program: Program) -> None:
    number = site.project("Grace").pk
    assert program.post("/stakes", {"project": number, "shares": 1}).status_code == 201


def test_a_stake_over_the_cap_is_refused_in_a_sentence(site: Any, program: Program) -> None:
    site.project("Grace")
    answer = program.post("/stakes", {"project": "grace", "shares": 701})
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 0
    assert answer.json()["refusal"] == "over_cap"
    assert answer.json()["sentence"].startswith("That is more than one person may hold")
    assert not Holding.objects.exists()


def test_d19_the_same_key_gets_the_same_answer_and_another_body_422(site: Any, program: Program) -> None:
    site.project("Grace")
    first = program.post("/stakes", {"project": "grace", "shares": 2}, key="one")
    again = program.post("/stakes", {"project": "grace", "shares": 2}, key="one")
    other = program.post("/stakes", {"project": "grace", "shares": 3}, key="one")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert other.status_code == 422
    assert "other contents" in other.json()["detail"]
    assert Holding.objects.get().shares == 2


def test_d19_a_key_of_one_customer_means_nothing_to_another(site: Any, program: Program) -> None:
    site.project("Grace")
    other = Program(token_of(site.customer("Bob")))
    for each in (program, other):
        assert each.post("/stakes", {"project": "grace", "shares": 2}, key="one").status_code == 201
    assert Contribution.objects.filter(key="one").count() == 2


@pytest.mark.parametrize("key", [None, "x" * 256, "with space", "é", "\x7f"])
def test_d19_a_stake_without_a_good_key_is_not_taken(site: Any, program: Program, key: str | None) -> None:
    site.project("Grace")
    answer = program.post("/stakes", {"project": "grace", "shares": 2}, key=key)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]
    assert not Contribution.objects.filter(route="stake").exists()


def test_what_was_shown_is_recorded_where_the_site_signed_it(site: Any, program: Program) -> None:
    site.project("Grace")
    signed = sign({"goal": 7000, "collected": 0})
    bodies = [{"shown": signed}, {"shown": signed + "x"}, {"shown": "forged"}, {}]
    events = [
        program.post("/stakes", {"project": "grace", "shares": 1, **body}).json()["event"] for body in bodies
    ]
    shown = [Event.objects.get(id=event).shown for event in events]
    assert json.loads(shown[0]) == {"goal": 7000, "collected": 0}
    assert shown[1:] == [None, None, None]


def test_shares_are_withdrawn_until_the_goal_is_reached(site: Any, program: Program) -> None:
    site.project("Grace")
    program.post("/stakes", {"project": "grace", "shares": 5})
    answer = program.post("/withdrawals", {"project": "grace", "shares": 2})
    assert (answer.status_code, answer.json()["held_shares"]) == (201, 3)
    answer = program.post("/withdrawals", {"project": "grace", "shares": 4})
    assert (answer.status_code, answer.json()["refusal"]) == (200, "nothing_held")


def test_nothing_is_bought_before_the_release(site: Any, program: Program) -> None:
    site.project("Grace")
    answer = program.post("/purchases", {"project": "grace", "copies": 1})
    assert answer.status_code == 200
    assert answer.json()["refusal"] in ("not_open", "step_missing")


def test_projects_say_where_they_stand_and_what_room_there_is(site: Any, program: Program) -> None:
    site.project("Grace")
    program.post("/stakes", {"project": "grace", "shares": 5})
    said = program.get("/projects").json()
    assert said["count"] == 1
    (grace,) = said["items"]
    assert grace["collected_shares"] == 5
    assert grace["cap_shares"] == 100
    assert grace["room_shares"] == 95
    assert grace["currency"] == "EUR"
    assert Program(None).get("/projects/grace").json()["room_shares"] is None
    assert Program(None).get("/projects?status=funded").json()["items"] == []


def test_a_draft_is_nowhere(site: Any, program: Program) -> None:
    site.draft("Secret")
    for caller in (program, Program(None)):
        assert caller.get("/projects").json()["count"] == 0
        for path in ("/projects/secret", "/projects/secret/books", "/projects/secret/payouts"):
            assert caller.get(path).status_code == 404
    assert program.post("/stakes", {"project": "secret", "shares": 1}).status_code == 404


def test_the_books_are_open_line_by_line(site: Any, program: Program) -> None:
    project = site.project("Grace")
    for _ in range(3):
        program.post("/stakes", {"project": "grace", "shares": 1})
    first = Program(None).get("/projects/grace/books?limit=2").json()
    rest = Program(None).get(f"/projects/grace/books?limit=2&after={first['next_after']}").json()
    lines = first["items"] + rest["items"]
    assert [line["number"] for line in lines] == [1, 2, 3]
    assert rest["next_after"] is None
    booked = Posting.objects.filter(chain=project.pk).order_by("number")
    assert [line["hash"] for line in lines] == [bytes(each.hash).hex() for each in booked]
    assert {line["amount_minor"] for line in lines} == {1_000}


def test_rules_name_every_version(site: Any) -> None:
    said = Program(None).get("/rules").json()
    assert said["versions"][0]["share_price_minor"] == 1_000
    assert said["in_force"] in {version["hash"] for version in said["versions"]}
    assert len(said["versions"]) == len(site.model.versions)


def test_a_customer_sees_her_holdings_and_statement_and_nobody_elses(site: Any, program: Program) -> None:
    site.project("Grace")
    bob = Program(token_of(site.customer("Bob")))
    program.post("/stakes", {"project": "grace", "shares": 5})
    assert program.get("/holdings").json()["items"][0]["shares"] == 5
    statement = program.get("/holdings/grace").json()
    assert [line["kind"] for line in statement["items"]] == ["done"]
    assert program.get("/reservations").json()["count"] == 1
    assert bob.get("/holdings").json() == {"count": 0, "items": []}
    assert bob.get("/holdings/grace").status_code == 404
    assert bob.get("/reservations").json()["count"] == 0


def test_staff_publish_confirm_record_and_mark_milestones(site: Any, program: Program, desk: Program) -> None:
    site.draft("Grace")
    assert desk.post("/desk/publish", {"project": "grace"}).status_code == 201
    staked = program.post("/stakes", {"project": "grace", "shares": 5}).json()
    (waiting,) = desk.get("/desk/reservations").json()["items"]
    assert waiting["reservation"] == staked["event"]
    assert desk.post(f"/desk/reservations/{staked['event']}/confirm").status_code == 201
    assert desk.get("/desk/reservations").json()["count"] == 0
    early = desk.post("/desk/milestones", {"project": "grace", "milestone": "produced"})
    assert (early.status_code, early.json()["accepted"]) == (200, 0)
    assert desk.post("/desk/reservations/999/confirm").status_code == 404
    income = desk.post("/desk/income", {"project": "grace", "money_minor": 5_000})
    assert income.status_code in (200, 201)


def test_a_payout_is_proposed_by_one_and_approved_by_another(
    sqlite: str, make_site: Callable[..., Any]
) -> None:
    world = World(make_site(small_text()))
    one, two = Program(world.desk_token), Program(world.token(world.second, "desk"))
    Settlement.objects.update(state=Settlement.State.DROPPED)
    other = one.post("/desk/settlements", {"project": "released-one", "total_minor": 4_999})
    assert other.status_code == 409
    assert "has changed since" in other.json()["detail"]
    made = one.post("/desk/settlements", {"project": "released-one", "total_minor": 5_000})
    assert made.status_code == 201
    number = made.json()["settlement"]
    assert one.post("/desk/settlements", {"project": "released-one"}).json()["settlement"] == number
    assert StaffAct.objects.filter(act="proposed a payout").count() == 1
    assert two.post("/desk/settlements", {"project": "released-one"}).status_code == 409
    assert one.post("/desk/settlements", {"project": "open-one"}).status_code == 409
    own = one.post(f"/desk/settlements/{number}/approve")
    assert (own.status_code, own.json()["refusal"]) == (200, "second_person_needed")
    booked = two.post(f"/desk/settlements/{number}/approve")
    assert booked.status_code == 201
    assert booked.json()["money_minor"] == made.json()["total_minor"] == 5_000
    assert one.get("/desk/settlements").json()["items"][0]["state"] == "booked"
    paid = Program(None).get("/projects/released-one/payouts").json()["items"]
    assert sum(each["money_minor"] for each in paid) == 5_000
    assert two.post("/desk/settlements/99999/approve").status_code == 404


def test_what_staff_do_by_program_is_in_the_log_of_staff_acts(site: Any, desk: Program) -> None:
    site.draft("Grace")
    desk.post("/desk/publish", {"project": "grace"})
    desk.post("/desk/milestones", {"project": "grace", "milestone": "produced"})
    assert [each.act for each in StaffAct.objects.order_by("pk")] == ["published", "was refused"]


@pytest.mark.parametrize(
    ("scopes", "path", "body"),
    [
        ("stake buy desk", "/holdings", None),
        ("read buy desk", "/stakes", {"project": "grace", "shares": 1}),
        ("read buy desk", "/withdrawals", {"project": "grace", "shares": 1}),
        ("read stake desk", "/purchases", {"project": "grace", "copies": 1}),
    ],
)
def test_f28_a_token_does_only_what_its_scopes_name(
    site: Any, ann: Account, scopes: str, path: str, body: object
) -> None:
    site.project("Grace")
    program = Program(token_of(ann, scopes))
    answer = program.post(path, body) if body else program.get(path)
    assert answer.status_code == 403
    assert "scope" in answer.json()["detail"]


def test_f28_the_scope_desk_is_for_staff_alone_and_staff_cannot_stake(
    site: Any, program: Program, desk: Program
) -> None:
    site.project("Grace")
    assert program.get("/desk/reservations").status_code == 403
    assert program.post("/desk/income", {"project": "grace", "money_minor": 1}).status_code == 403
    answer = desk.post("/stakes", {"project": "grace", "shares": 1})
    assert (answer.status_code, answer.json()["refusal"]) == (200, "role_not_allowed")
    assert Event.objects.get(id=answer.json()["event"]).kind == "refused"


def test_f28_the_desk_opens_to_programs_only_with_a_second_factor_where_one_is_asked(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = site.staff("Sam")
    program, browser = Program(token_of(sam)), Client()
    browser.force_login(sam)
    monkeypatch.setattr(settings, "STAFF_SECOND_FACTOR", True)
    assert program.get("/desk/reservations").status_code == 403
    assert browser.get("/api/v1/desk/reservations").status_code == 403
    assert program.get("/me").status_code == 200
    Authenticator.objects.create(user=sam, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert program.get("/desk/reservations").status_code == 403
    Authenticator.objects.create(user=sam, type=Authenticator.Type.TOTP, data={})
    assert program.get("/desk/reservations").status_code == 200
    assert browser.get("/api/v1/desk/reservations").status_code == 200


@pytest.mark.parametrize("fields", [{"revoked": True}, {"expires_us": 1}])
def test_f31_a_token_that_is_over_opens_nothing(ann: Account, fields: dict[str, Any]) -> None:
    answer = Program(token_of(ann, **fields)).get("/me")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_f31_a_token_of_a_closed_account_opens_nothing(ann: Account) -> None:
    secret = token_of(ann)
    Account.objects.filter(pk=ann.pk).update(is_active=False)
    assert Program(secret).get("/me").status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "Bearer wrong", "Bearer a b", "é"])
def test_a_wrong_token_is_refused_even_where_none_is_needed(site: Any, header: str) -> None:
    answer = Client().get("/api/v1/projects", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_session_reads_but_writes_only_with_the_csrf_header(site: Any, ann: Account) -> None:
    site.project("Grace")
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    assert client.get("/api/v1/me").json()["account"] == ann.pk
    stake = {"data": json.dumps({"project": "grace", "shares": 1}), "content_type": "application/json"}
    refused = client.post("/api/v1/stakes", **stake, headers={"Idempotency-Key": "a"})
    assert refused.status_code == 403
    assert "X-CSRFToken" in refused.json()["detail"]
    client.cookies["csrftoken"] = "a" * 32
    done = client.post("/api/v1/stakes", **stake, headers={"Idempotency-Key": "a", "X-CSRFToken": "a" * 32})
    assert done.status_code == 201


def test_nobody_logged_in_is_told_so(site: Any) -> None:
    answer = Program(None).post("/stakes", {"project": "grace", "shares": 1})
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Please log in, or send a token."}


def test_addresses_that_lead_nowhere_answer_in_json(site: Any) -> None:
    for path in ("/nowhere", "/projects/a/b/c", ""):
        answer = Program(None).get(path)
        assert answer.status_code == 404
        assert "detail" in answer.json()


def test_e25_a_page_is_never_longer_than_a_hundred(site: Any) -> None:
    for query in (
        "limit=101",
        "limit=0",
        "limit=-1",
        "offset=-1",
        "limit=１０",
        "limit=1e2",
        "offset=9999999",
    ):
        assert Program(None).get(f"/projects?{query}").status_code == 400


def test_e25_the_slow_way_through_the_api_needs_few_queries(
    site: Any, program: Program, django_queries: Callable[[], Any]
) -> None:
    for name in ("Ada", "Bea", "Cleo"):
        site.project(name)
    with django_queries() as queries:
        program.get("/projects")
    assert len(queries) <= 6


@pytest.fixture
def django_queries(site: Any) -> Callable[[], Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    return lambda: CaptureQueriesContext(connection)


def test_f29_no_field_but_the_declared_is_taken(site: Any, program: Program, desk: Program) -> None:
    site.project("Grace")
    extras = {"customer": 1, "money_minor": 1, "price": 0, "is_staff": True, "id": 1, "key": "x", "staff": 1}
    bodies = {
        "/stakes": {"project": "grace", "shares": 1},
        "/withdrawals": {"project": "grace", "shares": 1},
        "/purchases": {"project": "grace", "copies": 1},
    }
    before = Event.objects.count()
    for path, body in bodies.items():
        for name, value in extras.items():
            answer = program.post(path, {**body, name: value})
            assert answer.status_code == 400, (path, name)
            assert name in answer.json()["detail"]
    income = {"project": "grace", "money_minor": 1, "customer": 3}
    assert desk.post("/desk/income", income).status_code == 400
    assert Event.objects.count() == before


def test_too_many_requests_are_told_when_to_come_back(
    site: Any, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PER_MINUTE, "read", 3)
    answers = [program.get("/me") for _ in range(4)]
    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    assert answers[3].status_code == 429
    assert 1 <= int(answers[3]["Retry-After"]) <= 61


def test_guessing_tokens_is_slowed_down(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PER_MINUTE, "failed", 2)
    seen = [Program(f"guess-{n}").get("/me").status_code for n in range(3)]
    assert seen == [401, 401, 429]


def test_processes_tell_each_other_what_they_counted(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PER_MINUTE, "read", 15)
    one, other = Limits(), Limits()
    for _ in range(10):
        assert one.take("read", "x", now_s=600) == 0
        assert other.take("read", "x", now_s=600) == 0 or _ == 9
    assert one.take("read", "y", now_s=600) == 0
    assert other.take("read", "x", now_s=600) > 0
    assert other.take("read", "x", now_s=660) == 0


async def at_the_gateway(body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], Any]:
    """What the endpoint in front answers to the same request."""
    from comaker.host.gateway.line import Line
    from comaker.host.gateway.stakes import take_stake

    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/stakes", "headers": given}
    await take_stake(Line(""), scope, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, json.loads(sent[1]["body"])


def test_the_gateway_refuses_what_the_api_refuses_in_the_same_words(site: Any, program: Program) -> None:
    site.project("Grace")
    key = {"Idempotency-Key": "the-key"}
    good = b'{"project": "grace", "shares": 1}'
    requests = [(bad, {**program.headers, **key}) for bad in BAD_STAKES]
    requests += [(good, {**program.headers, "Idempotency-Key": bad}) for bad in ("", "a b", "é", "x" * 256)]
    requests += [(good, program.headers), (good, key)]
    requests += [(b'{"project": "no-such-one", "shares": 1}', {**program.headers, **key})]
    for body, headers in requests:
        status, told, said = asyncio.run(at_the_gateway(body, headers))
        answer = program.client.post("/api/v1/stakes", body, content_type="application/json", headers=headers)
        assert status == answer.status_code, body[:80]
        assert set(said) == {"detail"} == set(answer.json())
        assert told["x-frame-options"] == "DENY"
        assert told["x-content-type-options"] == "nosniff"
        assert "'none'" in told["content-security-policy"]
    assert not Event.objects.exclude(kind="opened").exists()


def test_both_doors_describe_an_accepted_stake_alike(site: Any, program: Program) -> None:
    number = site.project("Grace").pk
    said = program.post("/stakes", b'{"project": "grace", "shares": 2}').json()
    asked = read_stake(b'{"project": "grace", "shares": 2}')
    bob = site.customer("Bob")
    request = Request(Act.STAKE, project=number, customer=bob.pk, quantity=asked.shares, key="k")
    answer = json.loads(answer_body(write([request])[0]))
    varying = ("event", "lapses_at", "collected_shares")
    assert answer.keys() == said.keys()
    assert [answer[name] for name in said if name not in varying] == [
        said[name] for name in said if name not in varying
    ]


BAD_STAKES = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b"[" * 10_000,
    b'{"a":' * 10_000,
    b'{"project": "grace"}',
    b'{"project": "grace", "shares": NaN}',
    b'{"project": "grace", "shares": Infinity}',
    b'{"project": "grace", "shares": 1e400}',
    b'{"project": "grace", "shares": -0}',
    b'{"project": "grace", "shares": 0.005}',
    b'{"project": "grace", "shares": 1.0}',
    b'{"project": "grace", "shares": true}',
    b'{"project": "grace", "shares": null}',
    b'{"project": "grace", "shares": "3"}',
    '{"project": "grace", "shares": １０}'.encode(),
    '{"project": "grace", "shares": "１０"}'.encode(),
    b'{"project": "grace", "shares": 1000000001}',
    b'{"project": "grace", "shares": ' + b"9" * 5_000 + b"}",
    b'{"project": "grace", "shares": 1, "shares": 2}',
    b'{"project": "grace", "shares": 1, "customer": 1}',
    b'{"project": "gr\\u0000ace", "shares": 1}',
    b'{"project": "\\ud800", "shares": 1}',
    b'{"project": 0, "shares": 1}',
    b'{"project": 9223372036854775808, "shares": 1}',
    b'{"project": "grace", "shares": 1, "shown": "\\u0000"}',
    b'{"project": "grace", "shares": 1, "shown": 5}',
    b'{"project": "grace", "shares": 1}' + b" " * 1_000_000,
]
