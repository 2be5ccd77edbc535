"""What customers do on their pages, from the first visit to the statement."""

from __future__ import annotations

import hashlib
import html
import json
import re
import uuid
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.db.models import Sum
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.host.world import small_text

from comaker.events import Kind
from comaker.host.models import (
    Account,
    Event,
    Holding,
    Posting,
    Project,
    Reservation,
    Settlement,
    Standing,
    Token,
)
from comaker.host.pages.statement import lines_of
from comaker.host.payout import payout_of
from comaker.host.writer import Act, Answer, Request, write

PASSWORD = "correct horse battery"


def entered(account: Account) -> Client:
    """A browser in which somebody is logged in."""
    client = Client()
    assert (
        client.post(reverse("account_login"), {"login": account.email, "password": PASSWORD}).status_code
        == 302
    )
    return client


def hidden(page: Any, name: str) -> str:
    """A hidden field's value on a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found, f"no field {name}"
    return found[1]


def preview(client: Client, project: Project, quantity: object) -> Any:
    """The page that says what so many shares come to."""
    page = client.get(reverse("stake", args=[project.slug]))
    body = {"quantity": str(quantity), "key": hidden(page, "key")}
    return client.post(reverse("stake", args=[project.slug]), body, follow=True)


def confirm(client: Client, project: Project, page: Any) -> Any:
    """Press the button on that page."""
    body = {name: hidden(page, name) for name in ("quantity", "key", "shown")}
    return client.post(reverse("stake", args=[project.slug]), {**body, "confirm": "1"})


def take(client: Client, project: Project, quantity: int) -> Any:
    """Take shares by both pages."""
    return confirm(client, project, preview(client, project, quantity))


def give_back(client: Client, project: Project, quantity: object) -> Any:
    page = client.get(reverse("withdraw", args=[project.slug]))
    body = {"quantity": str(quantity), "key": hidden(page, "key")}
    return client.post(reverse("withdraw", args=[project.slug]), body)


def text_of(page: Any) -> str:
    """What a page says, without its tags, on one line."""
    plain = re.sub(r"<(script|style).*?</\1>", " ", page.content.decode(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", plain)).split())


def confirm_all(project: Project) -> None:
    """Staff have all the money that is waited for."""
    staff = project.created_by_id
    for event in Reservation.objects.filter(project=project.pk, state=0).values_list("event", flat=True):
        asked = Request(Act.CONFIRM, project=project.pk, staff=staff, reference=event, key=f"confirm {event}")
        assert write([asked])[0].is_done


def release(project: Project) -> None:
    for act in (Act.PRODUCE, Act.RELEASE):
        asked = Request(act, project=project.pk, staff=project.created_by_id, key=f"{act} {project.pk}")
        assert write([asked])[0].is_done


@pytest.fixture
def small(sqlite: str, make_site: Any) -> Any:
    """My Major Company with a goal of five shares."""
    cache.clear()
    return make_site(small_text())


def test_a_newcomer_registers_stakes_is_refused_over_the_cap_and_takes_shares_back(site: Any) -> None:
    project = site.project()
    client = Client()
    mail.outbox = []
    client.post(
        reverse("account_signup"), {"email": "New@Example.org", "password1": PASSWORD, "name": "Nell"}
    )
    link = re.search(r"http://testserver(\S+)", mail.outbox[0].body)[1]
    assert not Event.objects.filter(kind=Kind.JOINED).exists()
    assert client.get(link).status_code == 200
    client.post(link)
    account = Account.objects.get(email="new@example.org")
    assert account.name == "Nell"
    assert Event.objects.get(kind=Kind.JOINED).customer == account.pk

    answer = take(client, project, 10)
    assert (answer.status_code, answer["Location"]) == (303, reverse("holdings"))
    held = text_of(client.get(reverse("holdings")))
    event = Event.objects.get(kind=Kind.DONE)
    assert "You took 10 shares of Grace for €100.00." in held
    assert f"transfer €100.00 with the reference R-{event.id}" in held

    page = preview(client, project, 100)
    assert "As things stand, this would be refused." in text_of(page)
    refused = confirm(client, project, page)
    assert refused.status_code == 200
    said = text_of(refused)
    assert "That is more than one person may hold here at the moment." in said
    assert "You hold 10 shares of at most 100; you may take up to 90 more." in said
    assert 'value="100"' in refused.content.decode()
    assert Event.objects.get(kind=Kind.REFUSED).refusal == "over_cap"

    answer = give_back(client, project, 4)
    assert answer.status_code == 303
    assert "You took back 4 shares of Grace: €40.00." in text_of(client.get(reverse("holdings")))
    assert Holding.objects.get(project=project.pk, customer=account.pk).shares == 6


# --- once is once ---------------------------------------------------------------------------------------


def test_14_a_double_click_takes_shares_once(site: Any) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    page = preview(client, project, 10)
    answers = [confirm(client, project, page) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert Holding.objects.get(customer=ann.pk).shares == 10


def test_14_one_page_in_two_tabs_takes_shares_once(site: Any) -> None:
    ann, project = site.customer(), site.project()
    page = preview(entered(ann), project, 10)
    for tab in (entered(ann), entered(ann)):
        assert confirm(tab, project, page).status_code == 303
    assert Holding.objects.get(customer=ann.pk).shares == 10


def test_14_going_back_to_the_first_page_and_on_again_takes_shares_once(site: Any) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    address = reverse("stake", args=[project.slug])
    body = {"quantity": "10", "key": hidden(client.get(address), "key")}
    for _ in range(2):
        assert confirm(client, project, client.post(address, body, follow=True)).status_code == 303
    assert Holding.objects.get(customer=ann.pk).shares == 10


def test_14_going_back_and_asking_for_another_number_is_another_stake(site: Any) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    address = reverse("stake", args=[project.slug])
    key = hidden(client.get(address), "key")
    for quantity in ("10", "5"):
        confirm(client, project, client.post(address, {"quantity": quantity, "key": key}, follow=True))
    assert Holding.objects.get(customer=ann.pk).shares == 15


def test_14_giving_back_and_buying_twice_with_one_key_is_done_once(small: Any) -> None:
    ann = small.customer()
    open_one, made = small.project("Grace"), small.project("Joyce")
    take(entered(ann), open_one, 4)
    take(entered(ann), made, 5)
    confirm_all(made)
    release(made)
    client = entered(ann)
    for name, project, quantity in (("withdraw", open_one, "1"), ("buy", made, "2")):
        body = {"quantity": quantity, "key": str(uuid.uuid4())}
        for _ in range(3):
            assert client.post(reverse(name, args=[project.slug]), body).status_code == 303
    assert Holding.objects.get(project=open_one.pk).shares == 3
    assert Reservation.objects.filter(project=made.pk, state=0).count() == 1


def test_after_a_refusal_the_same_number_can_be_asked_for_again(small: Any) -> None:
    ann, bea, project = small.customer("Ann"), small.customer("Bea"), small.project()
    take(entered(bea), project, 3)
    client = entered(ann)
    refused = confirm(client, project, preview(client, project, 4))
    assert "That is more than is still missing to the goal." in text_of(refused)
    give_back(entered(bea), project, 3)
    again = client.post(
        reverse("stake", args=[project.slug]),
        {"quantity": "4", "key": hidden(refused, "key")},
        follow=True,
    )
    assert confirm(client, project, again).status_code == 303


def test_a_key_that_came_with_something_else_is_told_and_replaced(site: Any) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    take(client, project, 5)
    key = str(uuid.uuid4())
    address = reverse("withdraw", args=[project.slug])
    client.post(address, {"quantity": "1", "key": key})
    answer = client.post(address, {"quantity": "2", "key": key})
    assert answer.status_code == 422
    assert "This request was sent before with other contents." in text_of(answer)
    assert hidden(answer, "key") != key
    assert Holding.objects.get(customer=ann.pk).shares == 4


def test_a_busy_site_keeps_the_key_so_that_trying_again_is_safe(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    page = preview(client, project, 10)
    with monkeypatch.context() as patched:
        patched.setattr("comaker.host.pages.customer.write", lambda _: [Answer(503)])
        busy = confirm(client, project, page)
    assert busy.status_code == 503
    assert (
        "The site is too busy to answer. Please try again: what is sent again counts only once."
        in text_of(busy)
    )
    assert hidden(busy, "key") == hidden(page, "key")
    assert confirm(client, project, busy).status_code == 303
    assert Holding.objects.get(customer=ann.pk).shares == 10


# --- bad input ------------------------------------------------------------------------------------------

NOT_NUMBERS = (
    "", "0", "-1", "-0", "+1", "1.0", "0.005", "1,000", "1e3", "1e400", "NaN", "inf", "0x10", "१०",
    "１０", "1 0", "1_0", "ten", "9" * 400, "1\u200b", "<b>1</b>", "1;2",
)  # fmt: skip


@pytest.mark.parametrize("name", ["stake", "withdraw"])
def test_e26_whatever_is_no_whole_number_gets_one_message(site: Any, name: str) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    take(client, project, 5)
    events = Event.objects.count()
    for written in NOT_NUMBERS:
        body = {"quantity": written, "key": str(uuid.uuid4())}
        answer = client.post(reverse(name, args=[project.slug]), body)
        text = answer.content.decode()
        assert answer.status_code == 200, written
        assert text.count("Please ask for a whole number, one or more.") == 1, written
        assert 'aria-invalid="true"' in text
        assert f'value="{html.escape(written)}"' in text or not written
    assert Event.objects.count() == events


@pytest.mark.parametrize("written", ["10", " 10 ", "010"])
def test_e26_whole_numbers_are_read_as_written(site: Any, written: str) -> None:
    ann, project = site.customer(), site.project()
    assert take(entered(ann), project, written).status_code == 303  # type: ignore[arg-type]
    assert Holding.objects.get(customer=ann.pk).shares == 10


@pytest.mark.parametrize("body", [{}, {"quantity": "1"}, {"quantity": "1", "key": "x"}, {"key": "1" * 5000}])
def test_a_form_without_a_proper_key_does_nothing_and_gets_one(site: Any, body: dict[str, str]) -> None:
    ann, project = site.customer(), site.project()
    for name in ("stake", "withdraw"):
        answer = entered(ann).post(reverse(name, args=[project.slug]), body)
        assert answer.status_code == 200
        assert uuid.UUID(hidden(answer, "key"))
    assert not Holding.objects.exists()


def test_f29_a_form_cannot_name_another_customer_price_or_project(site: Any) -> None:
    ann, bea, project, other = (
        site.customer("Ann"),
        site.customer("Bea"),
        site.project(),
        site.project("Joyce"),
    )
    extra = {"customer": bea.pk, "account": bea.pk, "price": "1", "money_minor": "1", "project": other.pk}
    client = entered(ann)
    page = preview(client, project, 3)
    body = {name: hidden(page, name) for name in ("quantity", "key", "shown")}
    client.post(reverse("stake", args=[project.slug]), {**body, "confirm": "1", **extra})
    event = Event.objects.get(kind=Kind.DONE)
    assert (event.customer, event.subject, event.money_minor) == (ann.pk, project.pk, 3_000)


# --- what was shown -------------------------------------------------------------------------------------


def test_what_was_shown_is_written_into_what_she_then_did(site: Any) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    page = preview(client, project, 10)
    started = Event.objects.get(kind=Kind.STARTED)
    assert started.quantity == 10
    take(entered(site.customer("Bea")), project, 50)
    confirm(client, project, page)
    done = Event.objects.get(kind=Kind.DONE, customer=ann.pk)
    shown = json.loads(done.shown)
    assert done.shown == started.shown
    assert shown.pop("wording")
    assert shown == {"cap": 100, "collected": 0, "goal": 10_000, "holders": 0, "room": 100}


@pytest.mark.parametrize("shown", ["", "forged", "e30:1xVKfw:AAAA"])
def test_what_was_not_shown_by_us_is_not_written_down(site: Any, shown: str) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    page = preview(client, project, 10)
    body = {name: hidden(page, name) for name in ("quantity", "key")}
    client.post(reverse("stake", args=[project.slug]), {**body, "shown": shown, "confirm": "1"})
    assert Event.objects.get(kind=Kind.DONE).shown is None


def test_the_preview_says_what_it_comes_to(site: Any) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    take(client, project, 20)
    said = text_of(preview(client, project, 30))
    for words in (
        "You pay €300.00",
        "You would then hold 50",
        "The most one person may hold now 100",
        "You could then still take 50",
        "Shares still missing to the goal 9,980",
        "in force since 5 May 2009",
        "The money must be there by",
    ):
        assert words in said


# --- what is refused, and what can no longer be done ----------------------------------------------------


def test_once_the_goal_is_reached_nothing_is_taken_or_given_back(small: Any) -> None:
    ann, bea, project = small.customer("Ann"), small.customer("Bea"), small.project()
    client = entered(ann)
    late = preview(entered(bea), project, 1)
    take(client, project, 5)
    assert "Nothing to take at the moment" in text_of(client.get(reverse("stake", args=[project.slug])))
    confirm_all(project)
    refused = confirm(entered(bea), project, late)
    assert "The goal has been reached" in text_of(refused)
    assert "5 of 5 shares are taken: 0 left." in text_of(refused)
    back = give_back(client, project, 1)
    assert "nothing can be withdrawn" in text_of(back)
    assert Holding.objects.get(project=project.pk).shares == 5


def test_more_cannot_be_given_back_than_is_held(site: Any) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    take(client, project, 3)
    said = text_of(give_back(client, project, 4))
    assert "You do not hold that much." in said
    assert "You hold 3 shares." in said


def test_the_album_is_bought_after_its_release_only(small: Any) -> None:
    ann, project = small.customer(), small.project()
    client = entered(ann)
    take(client, project, 5)
    confirm_all(project)
    address = reverse("buy", args=[project.slug])
    body = {"quantity": "2", "key": str(uuid.uuid4())}
    assert "It can be bought once it is released." in text_of(client.get(address))
    early = text_of(client.post(address, body))
    assert "Another step has to be done first. It can be bought once it is released." in early
    release(project)
    assert "One copy costs €15.00" in text_of(client.get(address))
    answer = client.post(address, {**body, "key": str(uuid.uuid4())})
    assert answer.status_code == 303
    said = text_of(client.get(reverse("holdings")))
    order = Reservation.objects.get(task="buy")
    assert "You ordered 2 copies of Grace for €30.00." in said
    assert f"2 copies: transfer €30.00 with the reference R-{order.event}" in said
    confirm_all(project)
    assert "Copies you bought 2" in text_of(client.get(reverse("holdings")))


@pytest.mark.parametrize("name", ["stake", "withdraw", "buy", "statement"])
def test_drafts_and_unknown_names_are_not_there(site: Any, name: str) -> None:
    draft = site.draft("Secret")
    client = entered(site.customer())
    for slug in (draft.slug, "nobody"):
        assert client.get(reverse(name, args=[slug])).status_code == 404


def test_staff_take_no_part(site: Any) -> None:
    project, client = site.project(), entered(site.staff("Sue"))
    for name in ("stake", "withdraw", "buy", "statement"):
        assert client.get(reverse(name, args=[project.slug])).status_code == 403
    assert client.get(reverse("holdings")).status_code == 403


def test_where_a_stake_is_trimmed_the_preview_and_the_message_say_so(sqlite: str, make_site: Any) -> None:
    cache.clear()
    site = make_site(small_text().replace('partial = "refuse"', 'partial = "trim"'))
    ann, project = site.customer(), site.project()
    client = entered(ann)
    page = preview(client, project, 9)
    assert "There is room for 5 only, so that is what you would get." in text_of(page)
    assert "You pay €50.00" in text_of(page)
    confirm(client, project, page)
    assert "You took 5 shares of Grace for €50.00. There was no room for more." in text_of(
        client.get(reverse("holdings"))
    )


@override_settings(ACCOUNT_RATE_LIMITS={"stake": "3/m/user"})
def test_too_many_posts_a_minute_get_429(site: Any) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    address = reverse("stake", args=[project.slug])
    statuses = [client.post(address, {"quantity": "x"}).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert client.get(address).status_code == 200
    assert entered(site.customer("Bea")).post(address, {"quantity": "x"}).status_code == 200


# --- holdings and statement -----------------------------------------------------------------------------


def test_somebody_new_is_told_what_will_be_here(site: Any) -> None:
    client = entered(site.customer())
    assert "You hold no shares yet" in text_of(client.get(reverse("holdings")))
    project = site.project()
    assert "Nothing yet" in text_of(client.get(reverse("statement", args=[project.slug])))


def _full_life(site: Any) -> tuple[Account, Project]:
    """Ann takes, is refused, gives back, lets one lapse, pays, is paid and buys."""
    ann, project = site.customer("Ann"), site.project()
    client = entered(ann)
    take(client, project, 1)
    lapsing = Reservation.objects.get()
    later_us = lapsing.lapses_us + 1
    lapse = Request(Act.LAPSE, project=project.pk, reference=lapsing.event)
    assert write([lapse], now_us=later_us)[0].is_done
    take(client, project, 4)
    take(client, project, 4)
    give_back(client, project, 2)
    take(client, project, 1)
    take(entered(site.customer("Bea")), project, 2)
    confirm_all(project)
    release(project)
    client.post(reverse("buy", args=[project.slug]), {"quantity": "1", "key": str(uuid.uuid4())})
    confirm_all(project)
    staff, second = project.created_by_id, site.staff("Second")
    earned = Request(Act.INCOME, project=project.pk, staff=staff, money_minor=123_456, key="income")
    assert write([earned])[0].is_done
    proposal = Settlement.objects.create(
        project=project.pk,
        earned_minor=Standing.objects.get(project=project.pk).earned_minor,
        total_minor=payout_of(project.pk).total_minor,
        proposed_by_id=staff,
    )
    settle = Request(Act.SETTLE, project=project.pk, staff=second.pk, reference=proposal.pk, key="settle")
    assert write([settle])[0].is_done
    return ann, project


def test_a_statement_agrees_with_the_postings_to_the_last_minor_unit(small: Any) -> None:
    ann, project = _full_life(small)
    lines = lines_of(project.pk, ann.pk, "stake")
    account = f"customer:{ann.pk}"
    given = Posting.objects.filter(source=account).aggregate(total=Sum("amount_minor"))["total"]
    got = Posting.objects.filter(target=account).aggregate(total=Sum("amount_minor"))["total"]
    holding = Holding.objects.get(project=project.pk, customer=ann.pk)
    assert sum(line.given_minor for line in lines) == given == 1_000 + 4_000 + 1_000 + 1_500
    assert sum(line.got_minor for line in lines) == got == 1_000 + 2_000 + holding.paid_minor
    assert lines[-1].balance_minor == got - given
    assert lines[-1].held_shares == holding.shares == 3
    assert holding.paid_minor > 0
    assert len(lines) == Event.objects.filter(customer=ann.pk, subject=project.pk).count()
    page = text_of(entered(ann).get(reverse("statement", args=[project.slug])))
    for words in (
        "You took 4 shares",
        "You gave 2 shares back",
        "1 share went back, because the money did not arrive in time",
        "You asked for 4 shares, which was refused: That is more than one person may hold here",
        "Your money for 2 shares arrived",
        "You ordered 1 copy",
        "You paid for 1 copy",
        "Your part of the income",
        "You gave €75.00",
    ):
        assert words in page


def test_f28_a_statement_and_holdings_show_nothing_of_anybody_else(small: Any) -> None:
    ann, project = _full_life(small)
    bea = Account.objects.get(name="Bea")
    client = entered(bea)
    for page in (client.get(reverse("statement", args=[project.slug])), client.get(reverse("holdings"))):
        assert "Ann" not in text_of(page)
        assert "ann@example.org" not in text_of(page)
    kinds = Event.objects.filter(customer=bea.pk, subject=project.pk).count()
    assert len(lines_of(project.pk, bea.pk, "stake")) == kinds
    assert ann.pk != bea.pk


def test_a_long_statement_comes_in_pages_with_one_balance(site: Any) -> None:
    ann, project = site.customer(), site.project()
    asked = [
        Request(act, project=project.pk, customer=ann.pk, quantity=1, key=str(number))
        for number in range(70)
        for act in (Act.START, Act.STAKE, Act.WITHDRAW)
    ]
    assert all(answer.is_done for answer in write(asked))
    client = entered(ann)
    address = reverse("statement", args=[project.slug])
    first, second = text_of(client.get(address)), text_of(client.get(f"{address}?page=2"))
    assert "Page 1 of 2" in first
    assert "In all" not in first
    assert "In all 0 €700.00 €700.00 €0.00" in second
    assert client.get(f"{address}?page=x").status_code == 200


PAGES = ("stake", "withdraw", "buy", "statement", "holdings", "profile", "tokens")


def test_a_page_takes_at_most_ten_queries(small: Any) -> None:
    ann, project = _full_life(small)
    for number in range(3):
        take(entered(ann), small.project(f"more{number}"), 2)
    client = entered(ann)
    for name in PAGES:
        address = reverse(name) if name in PAGES[4:] else reverse(name, args=[project.slug])
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        assert len(queries) <= 10, [name, *(each["sql"] for each in queries)]


# --- profile and tokens ---------------------------------------------------------------------------------


def test_the_public_name_is_saved_and_nothing_else(site: Any) -> None:
    ann = site.customer("Ann")
    client = entered(ann)
    body = {"name": " Anna\u202e ", "email": "x@example.org", "is_staff": "1", "arm": "b"}
    assert client.post(reverse("profile"), body).status_code == 303
    ann.refresh_from_db()
    assert (ann.name, ann.email, ann.is_staff, ann.arm) == ("Anna", "Ann@example.org".lower(), False, "")
    assert client.post(reverse("profile"), {"name": ""}).status_code == 303
    ann.refresh_from_db()
    assert ann.shown_name == f"Customer {ann.pk}"


def make_token(client: Client, **fields: Any) -> Any:
    """Fill in the form for a token; who it is is asked again once."""
    body = {"label": "robot seven", "scopes": ["read", "stake"], "days": "30", **fields}
    answer = client.post(reverse("tokens"), body)
    if answer.status_code == 302:
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
        answer = client.post(answer["Location"], {"password": PASSWORD})
    return answer


def secret_in(page: Any) -> str:
    found = re.search(r'id="secret"[^>]*value="(comaker_[\w-]{43})"', page.content.decode())
    assert found
    return found[1]


def test_a_token_is_shown_once_and_only_its_digest_is_kept(site: Any) -> None:
    ann = site.customer()
    client = entered(ann)
    secret = secret_in(make_token(client))
    token = Token.objects.get()
    assert bytes(token.digest) == hashlib.sha256(secret.encode()).digest()
    assert token.scopes == "read stake"
    assert secret not in client.get(reverse("tokens")).content.decode()
    assert "robot seven" in text_of(client.get(reverse("tokens")))


def test_a_token_stakes_through_the_writer_until_it_is_revoked(site: Any) -> None:
    ann, project = site.customer(), site.project()
    client = entered(ann)
    digest = hashlib.sha256(secret_in(make_token(client)).encode()).digest()

    def stake(key: str) -> int:
        return write([Request(Act.STAKE, project=project.pk, quantity=1, key=key, token=digest)])[0].status

    assert stake("one") == 201
    token = Token.objects.get()
    address = reverse("token_revoke", args=[token.pk])
    assert "Revoke “robot seven”?" in text_of(client.get(address))
    assert stake("two") == 201
    assert client.post(address).status_code == 303
    assert stake("three") == 401


def test_f28_nobody_sees_or_revokes_anothers_token(site: Any) -> None:
    make_token(entered(site.customer("Ann")))
    bea = entered(site.customer("Bea"))
    address = reverse("token_revoke", args=[Token.objects.get().pk])
    assert bea.get(address).status_code == 404
    assert bea.post(address).status_code == 404
    assert "robot seven" not in text_of(bea.get(reverse("tokens")))
    assert not Token.objects.get().revoked


@pytest.mark.parametrize(
    "fields",
    [
        {"label": ""},
        {"label": "\u200b"},
        {"label": "x" * 61},
        {"scopes": []},
        {"scopes": ["desk"]},
        {"scopes": ["read", "everything"]},
        {"days": "3650"},
        {"days": ""},
    ],
)
def test_f29_a_token_gets_no_more_than_its_owner_may_have(site: Any, fields: dict[str, Any]) -> None:
    answer = make_token(entered(site.customer()), **fields)
    assert answer.status_code == 200
    assert 'class="error"' in answer.content.decode()
    assert not Token.objects.exists()


def test_staff_get_tokens_for_the_desk_and_not_for_taking_part(site: Any) -> None:
    client = entered(site.staff("Sam"))
    assert 'class="error"' in make_token(client, scopes=["stake"]).content.decode()
    make_token(client, scopes=["read", "desk"])
    assert Token.objects.get().scopes == "read desk"


def test_nobody_collects_tokens_without_end(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comaker.host.pages.tokens.MOST_TOKENS", 2)
    client = entered(site.customer())
    answers = [text_of(make_token(client, label=f"number {number}")) for number in range(3)]
    assert "You have 2 already. Revoke one first." in answers[2]
    assert Token.objects.count() == 2
