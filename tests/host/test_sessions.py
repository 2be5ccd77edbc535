"""Sessions: new at log-in, over at log-out and when the password changes, kept by no cache."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from comaker.host.writer import Act, Request, write

PASSWORD = "correct horse battery"
OTHER = "another long password"


@pytest.fixture(autouse=True)
def _letterbox() -> None:
    mail.outbox = []


def entered(email: str = "ann@example.org", password: str = PASSWORD) -> Client:
    client = Client()
    answer = client.post(reverse("account_login"), {"login": email, "password": password})
    assert answer.status_code == 302
    return client


def key_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def is_in(client: Client) -> bool:
    return bool(client.get(reverse("profile")).status_code == 200)


def test_f31_a_session_that_somebody_planted_is_not_the_one_after_log_in(site: Any) -> None:
    site.customer("Ann")
    client = Client()
    session = client.session
    session["planted"] = "1"
    session.save()
    planted = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    client.post(reverse("account_login"), {"login": "ann@example.org", "password": PASSWORD})
    assert is_in(client)
    assert key_of(client) != planted
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert not is_in(thief)
    assert not Session.objects.filter(session_key=planted).exists()


def test_a_session_is_over_after_log_out(site: Any) -> None:
    site.customer("Ann")
    client = entered()
    key = key_of(client)
    assert client.get(reverse("account_logout")).status_code == 200
    assert is_in(client), "a link alone logs nobody out"
    client.post(reverse("account_logout"))
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = key
    assert not is_in(thief)


def test_f31_changing_the_password_ends_every_other_session(site: Any) -> None:
    site.customer("Ann")
    here, elsewhere = entered(), entered()
    before = key_of(here)
    body = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    assert here.post(reverse("account_change_password"), body).status_code == 302
    assert is_in(here)
    assert key_of(here) != before
    assert not is_in(elsewhere)
    copied = Client()
    copied.cookies[settings.SESSION_COOKIE_NAME] = before
    assert not is_in(copied)


def test_f31_a_new_password_by_mail_ends_every_session(site: Any) -> None:
    site.customer("Ann")
    elsewhere = entered()
    client = Client()
    client.post(reverse("account_reset_password"), {"email": "ann@example.org"})
    link = re.search(r"http://testserver(/accounts/\S+)", mail.outbox[0].body)
    assert link
    address = client.get(link[1], follow=True).redirect_chain[-1][0]
    client.post(address, {"password1": OTHER, "password2": OTHER})
    assert not is_in(elsewhere)
    assert not is_in(client)
    assert is_in(entered(password=OTHER))


def test_f31_the_writer_too_turns_away_a_session_from_before_the_change(site: Any) -> None:
    ann, project = site.customer("Ann"), site.project()
    here, elsewhere = entered(), entered()
    stale = key_of(elsewhere)

    def stake(session: str, key: str) -> int:
        return write([Request(Act.STAKE, project=project.pk, quantity=1, key=key, session=session)])[0].status

    assert stake(stale, "before") == 201
    body = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    here.post(reverse("account_change_password"), body)
    assert stake(stale, "after") == 401
    assert stake(key_of(here), "here") == 201
    ann.is_active = False
    ann.save()
    assert stake(key_of(here), "closed") == 401


def test_a_closed_account_is_shut_out_at_once(site: Any) -> None:
    ann = site.customer("Ann")
    client = entered()
    ann.is_active = False
    ann.save()
    assert not is_in(client)
    answer = Client().post(reverse("account_login"), {"login": "ann@example.org", "password": PASSWORD})
    assert answer["Location"] == reverse("account_inactive")


def test_the_cookie_of_a_session_is_out_of_reach_of_scripts_and_other_sites(site: Any) -> None:
    site.customer("Ann")
    cookie = entered().cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("name", ["profile", "holdings", "tokens"])
def test_no_cache_keeps_what_is_about_one_person(site: Any, name: str) -> None:
    site.customer("Ann")
    control = entered().get(reverse(name)).headers["Cache-Control"]
    assert "no-store" in control
    assert "private" in control


def test_a_form_from_another_site_does_nothing(site: Any) -> None:
    site.customer("Ann")
    client = Client(enforce_csrf_checks=True)
    answer = client.post(reverse("account_login"), {"login": "ann@example.org", "password": PASSWORD})
    assert answer.status_code == 403
