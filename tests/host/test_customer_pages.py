"""What customers do on their pages, from the first visit to the statement."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from comaker.events import Kind
from comaker.host.models import Account, Event, Holding, Posting, Project, Reservation, Token
from comaker.host.writer import Act, Request, write

PASSWORD = "correct horse battery"


def entered(account: Account) -> Client:
    """A browser in which somebody is logged in."""
    client = Client()
    assert client.post(reverse("account_login"), {"login": account.email, "password": PASSWORD}).status_code == 302
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
    return client.post(reverse("stake", args=[project.slug]), body)


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
    import html

    plain = re.sub(r"<(script|style).*?</\1>", " ", page.content.decode(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", plain)).split())


def fund(site: Any, project: Project) -> None:
    """Have others take all that is missing, and staff confirm it."""
    staff = Account.objects.filter(is_staff=True).first()
    goal = site.model.at(dt.date.today()).task["stake"].terms
    missing = goal.goal_minor // goal.share_price_minor
    number = 0
    while missing:
        number += 1
        account = site.customer(f"filler{number}")
        for shares in (min(missing, 100), 50, 10, 1):
            request = Request(
                Act.STAKE, project=project.pk, customer=account.pk, quantity=shares, key=str(uuid.uuid4())
            )
            if shares <= missing and write([request])[0].is_done:
                missing -= shares
    for each in Reservation.objects.filter(project=project.pk, state=Reservation.State.WAITING):
        confirmed = Request(
            Act.CONFIRM, project=project.pk, staff=staff.pk, reference=each.event, key=f"confirm {each.event}"
        )
        assert write([confirmed])[0].is_done


def release(project: Project) -> None:
    staff = Account.objects.filter(is_staff=True).first()
    for act in (Act.PRODUCE, Act.RELEASE):
        assert write([Request(act, project=project.pk, staff=staff.pk, key=f"{act} {project.pk}")])[0].is_done


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
    assert answer.status_code == 303 and answer["Location"] == reverse("holdings")
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
