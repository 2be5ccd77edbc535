"""Registering, logging in, resetting a password: what they do, and what they tell nobody."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.test import Client, override_settings
from django.urls import reverse

from comaker.host.access import Access, allow
from comaker.host.accounts import NameField, SecondFactorMiddleware, join
from comaker.host.models import Account, Contribution, Event

PASSWORD = "correct horse battery"
OTHER = "another long password"
ABSENT = "absent@example.org"


@pytest.fixture(autouse=True)
def _letterbox() -> None:
    mail.outbox = []


@pytest.fixture
def hashings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was hashed: the dear part of a log-in, which whoever measures time would see."""
    done: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        done.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return done


def log_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password, **more})


def sign_up(client: Client, email: str, name: str = "") -> Any:
    body = {"email": email, "password1": PASSWORD, "name": name}
    return client.post(reverse("account_signup"), body)


def link_in(letter: Any) -> str:
    """The path of the link in a mail."""
    found = re.search(r"http://testserver(/accounts/\S+)", letter.body)
    assert found, letter.body
    return found[1]


def said(response: Any, *names: str) -> tuple[int, str, str]:
    """What somebody gets to see: status, where she is sent, and the page without what differs each time."""
    text = response.content.decode()
    for name in names:
        text = text.replace(name, "NAME")
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
    return response.status_code, response.headers.get("Location", ""), text


def text_of(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def with_app(account: Account) -> str:
    """Give an account an authenticator app; its secret."""
    secret = generate_totp_secret()
    TOTP.activate(account, secret)
    return secret


def code_of(secret: str) -> str:
    """What the app shows now."""
    import base64
    import hashlib
    import hmac
    import struct

    digest = hmac.new(
        base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1
    ).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


# --- nobody learns who is registered --------------------------------------------------------------------


def test_f31_a_failed_log_in_says_and_costs_the_same_for_everybody(site: Any, hashings: list[str]) -> None:
    site.customer("Ann")
    answers = []
    for email in ("ann@example.org", ABSENT):
        hashings.clear()
        answers.append((said(log_in(Client(), email, "wrong wrong"), email), len(hashings)))
    assert answers[0] == answers[1]
    assert answers[0][1] == 1
    assert "The e-mail address or the password is not right." in html.unescape(answers[0][0][2])


def test_f31_registering_a_taken_address_says_and_costs_the_same(site: Any, hashings: list[str]) -> None:
    site.customer("Ann")
    answers = []
    for email in ("ann@example.org", "new@example.org"):
        client = Client()
        hashings.clear()
        first = said(sign_up(client, email, "Nell"), email)
        pages = [said(client.get(reverse(name)), email) for name in ("account_login", "account_signup")]
        pages.append(said(client.get(first[1]), email))
        answers.append((first, pages, len(hashings), len(mail.outbox)))
        mail.outbox.clear()
    assert answers[0] == answers[1]
    assert answers[0][2:] == (1, 1)
    assert Account.objects.filter(email="ann@example.org").count() == 1


def test_f31_whoever_owns_a_taken_address_is_told_by_mail_alone(site: Any) -> None:
    site.customer("Ann")
    sign_up(Client(), "ANN@example.org")
    letter = mail.outbox[0]
    assert letter.to == ["ann@example.org"]
    assert letter.subject == "My Major Company: you have an account already"


def test_f31_asking_for_a_new_password_says_and_costs_the_same(site: Any, hashings: list[str]) -> None:
    site.customer("Ann")
    answers = []
    for email in ("ann@example.org", ABSENT):
        client = Client()
        hashings.clear()
        first = said(client.post(reverse("account_reset_password"), {"email": email}), email)
        done = said(client.get(first[1]), email)
        answers.append((first, done, len(hashings), len(mail.outbox)))
        mail.outbox.clear()
    assert answers[0] == answers[1]
    assert answers[0][3] == 1


def test_f31_changing_to_anothers_address_says_the_same_and_fails_at_the_link(site: Any) -> None:
    site.customer("Ann")
    bea = site.customer("Bea")
    answers = []
    for email in ("ann@example.org", "new@example.org"):
        EmailAddress.objects.filter(user=bea, primary=False).delete()
        client = Client()
        log_in(client, "bea@example.org")
        body = {"email": email, "action_add": ""}
        asked = client.post(reverse("account_email"), body)
        assert "reauthenticate" in asked["Location"]
        back = client.post(asked["Location"], {"password": PASSWORD})
        answers.append((said(back, email), said(client.get(reverse("account_email")), email)))
        if email.startswith("ann"):
            client.post(link_in(mail.outbox[-1]))
            bea.refresh_from_db()
            assert bea.email == "bea@example.org"
            cache.clear()
    assert answers[0] == answers[1]


# --- registering ----------------------------------------------------------------------------------------


def test_two_who_register_one_address_at_once_make_one_account(site: Any) -> None:
    gate = threading.Barrier(4)
    statuses = []

    def register() -> None:
        gate.wait()
        try:
            statuses.append(sign_up(Client(), "twin@example.org").status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [302] * 4
    assert Account.objects.filter(email="twin@example.org").count() == 1


def test_an_account_works_only_once_its_address_is_verified_and_then_she_joins_once(site: Any) -> None:
    client = Client()
    sign_up(client, "new@example.org", "Nell")
    account = Account.objects.get(email="new@example.org")
    assert log_in(Client(), "new@example.org")["Location"] == reverse("account_email_verification_sent")
    assert not Event.objects.filter(kind="joined").exists()
    link = link_in(mail.outbox[0])
    assert client.get(link).status_code == 200
    assert not EmailAddress.objects.get(user=account).verified, "a robot that looks at links confirms nothing"
    assert client.post(link).status_code == 302
    assert client.get(reverse("profile")).status_code == 200
    log_in(Client(), "new@example.org")
    assert Event.objects.filter(kind="joined", customer=account.pk).count() == 1


def test_joining_is_made_up_for_at_the_next_log_in_and_never_for_staff(site: Any) -> None:
    ann, sam = site.customer("Ann"), site.staff("Sam")
    for account in (ann, sam):
        log_in(Client(), account.email)
        join(account)
    assert list(Event.objects.filter(kind="joined").values_list("customer", flat=True)) == [ann.pk]
    assert Contribution.objects.filter(account=ann.pk, key=f"join {ann.pk}").count() == 1


def test_registering_takes_nothing_but_address_password_and_name(site: Any) -> None:
    extra = {"is_staff": "1", "is_superuser": "1", "is_active": "", "arm": "b", "id": "77"}
    body = {"email": "new@example.org", "password1": PASSWORD, "name": "Nell", **extra}
    Client().post(reverse("account_signup"), body)
    account = Account.objects.get(email="new@example.org")
    assert (account.is_staff, account.is_superuser, account.is_active, account.arm) == (
        False,
        False,
        True,
        "",
    )


@pytest.mark.parametrize("password", ["short", "password123", "1234567890", "new@example.org"])
def test_weak_passwords_are_refused(site: Any, password: str) -> None:
    answer = Client().post(reverse("account_signup"), {"email": "new@example.org", "password1": password})
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Account.objects.filter(email="new@example.org").exists()


# --- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Ann   Lee ", "Ann Lee"),
        ("\u202eAnn\u202c", "Ann"),
        ("An\u200bn\u2060", "Ann"),
        ("An\u00adn\x07", "Ann"),
        ("Re\u0301my", "R\u00e9my"),
        ("\u0645\u0631\u064a\u0645", "\u0645\u0631\u064a\u0645"),
        ("\U0001f3b5 Ann", "\U0001f3b5 Ann"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("", ""),
    ],
)
def test_e26_a_name_keeps_what_can_be_seen(given: str, kept: str) -> None:
    assert NameField().clean(given) == kept


@pytest.mark.parametrize(
    "given", ["\u200b\u200d", "\u2800\u3164", "...", "x" * 61, "Customer 12", "customer#3"]
)
def test_e26_a_name_that_hides_or_passes_for_another_is_refused(site: Any, given: str) -> None:
    answer = sign_up(Client(), "new@example.org", given)
    assert answer.status_code == 200
    assert not Account.objects.filter(email="new@example.org").exists()


def test_e26_a_name_with_markup_is_shown_as_it_is_written(site: Any) -> None:
    site.customer("Ann")
    client = Client()
    log_in(client, "ann@example.org")
    page = client.post(reverse("profile"), {"name": "<script>alert(1)</script>"}, follow=True)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.content.decode()
    assert "<script>alert(1)" not in page.content.decode()


# --- second factor --------------------------------------------------------------------------------------


def test_a_password_alone_does_not_open_an_account_with_a_second_factor(site: Any) -> None:
    secret = with_app(site.customer("Ann"))
    client = Client()
    assert log_in(client, "ann@example.org")["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("profile")).status_code == 302
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "That code is not right." in text_of(wrong)
    assert client.post(reverse("mfa_authenticate"), {"code": code_of(secret)}).status_code == 302
    assert client.get(reverse("profile")).status_code == 200


def test_a_code_works_once(site: Any) -> None:
    secret = with_app(site.customer("Ann"))
    code = code_of(secret)
    statuses = []
    for _ in range(2):
        client = Client()
        log_in(client, "ann@example.org")
        statuses.append(client.post(reverse("mfa_authenticate"), {"code": code}).status_code)
    assert statuses == [302, 200]


def test_f31_a_new_password_never_replaces_the_second_factor(site: Any) -> None:
    with_app(site.customer("Ann"))
    client = Client()
    client.post(reverse("account_reset_password"), {"email": "ann@example.org"})
    form = client.get(link_in(mail.outbox[0]), follow=True)
    address = form.redirect_chain[-1][0]
    client.post(address, {"password1": OTHER, "password2": OTHER})
    assert client.get(reverse("profile")).status_code == 302
    assert log_in(client, "ann@example.org", OTHER)["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("profile")).status_code == 302


def test_a_link_for_a_new_password_works_once(site: Any) -> None:
    site.customer("Ann")
    Client().post(reverse("account_reset_password"), {"email": "ann@example.org"})
    link = link_in(mail.outbox[0])
    first = Client()
    address = first.get(link, follow=True).redirect_chain[-1][0]
    assert first.post(address, {"password1": OTHER, "password2": OTHER}).status_code == 302
    assert "This link is over" in text_of(Client().get(link, follow=True))
    assert log_in(Client(), "ann@example.org", OTHER)["Location"] == "/"


@pytest.mark.parametrize("needed", [True, False])
def test_staff_reach_the_desk_with_a_second_factor_only_where_that_is_asked(site: Any, needed: bool) -> None:
    sam = site.staff("Sam", is_superuser=True)
    client = Client()
    log_in(client, sam.email)
    with override_settings(STAFF_SECOND_FACTOR=needed):
        answer = client.get(reverse("admin:index"))
        if needed:
            assert answer["Location"] == reverse("mfa_index")
            page = client.get(reverse("mfa_index"))
            assert "the desk opens only with one" in text_of(page)
            Authenticator.objects.create(user=sam, type=Authenticator.Type.RECOVERY_CODES, data={})
            assert client.get(reverse("admin:index")).status_code == 302
            with_app(sam)
            answer = client.get(reverse("admin:index"))
        assert answer.status_code == 200


def test_customers_and_pages_for_anybody_are_not_asked_for_a_second_factor(site: Any) -> None:
    with override_settings(STAFF_SECOND_FACTOR=True):
        middleware = SecondFactorMiddleware(lambda _: None)  # type: ignore[arg-type,return-value]
        for access in (Access.ANYONE, Access.CUSTOMER, Access.ACCOUNT, Access.TOKEN):
            view = allow(access)(lambda _: None)  # type: ignore[arg-type,return-value]
            assert middleware.process_view(None, view) is None  # type: ignore[arg-type]


def test_the_admins_own_log_in_is_no_way_round_the_second_factor(site: Any) -> None:
    sam = site.staff("Sam", is_superuser=True)
    with_app(sam)
    client = Client()
    body = {"username": sam.email, "password": PASSWORD}
    assert client.post("/admin/login/", body)["Location"].startswith(reverse("account_login"))
    assert client.get(reverse("admin:index")).status_code == 302


# --- where one is sent, and how often one may ask -------------------------------------------------------


@pytest.mark.parametrize(
    "next_page",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "http://testserver@evil.example/",
    ],
)
def test_nobody_is_sent_to_another_site(site: Any, next_page: str) -> None:
    site.customer("Ann")
    client = Client()
    assert log_in(client, "ann@example.org", next=next_page)["Location"] == "/"
    assert client.post(reverse("account_logout"), {"next": next_page})["Location"] == "/"


def test_one_is_sent_on_to_the_page_one_wanted(site: Any) -> None:
    site.customer("Ann")
    client = Client()
    wanted = reverse("holdings")
    away = client.get(wanted)["Location"]
    assert away == f"{reverse('account_login')}?next={wanted}"
    assert f'name="next" value="{wanted}"' in client.get(away).content.decode()
    assert log_in(client, "ann@example.org", next=wanted)["Location"] == wanted


@pytest.mark.parametrize("email", ["ann@example.org", ABSENT])
def test_passwords_cannot_be_tried_without_end(site: Any, email: str) -> None:
    site.customer("Ann")
    answers = [text_of(log_in(Client(), email, f"wrong wrong {number}")) for number in range(7)]
    assert "That was wrong too often." in answers[-1]
    right = log_in(Client(), email)
    assert right.status_code == 200
    assert "That was wrong too often." in text_of(right)


def test_too_many_from_one_address_get_429_on_a_page_of_ours(site: Any) -> None:
    client = Client()
    for number in range(30):
        answer = client.post(reverse("account_login"), {"login": f"a{number}", "password": "x"})
        assert answer.status_code == 200
    answer = client.post(reverse("account_login"), {"login": "a", "password": "x"})
    assert answer.status_code == 429
    assert "That was too often" in text_of(answer)
    assert answer.headers["Content-Security-Policy"]


def test_limits_count_the_address_that_the_proxy_saw(site: Any) -> None:
    def tried(client: Client, claimed: str) -> int:
        body = {"login": "a", "password": "x"}
        seen = f"{claimed}, 203.0.113.9"
        return client.post(reverse("account_login"), body, headers={"x-forwarded-for": seen}).status_code

    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        for number in range(30):
            tried(Client(REMOTE_ADDR=f"10.0.0.{number}"), f"198.51.100.{number}")
        assert tried(Client(REMOTE_ADDR="10.0.0.99"), "198.51.100.99") == 429
        assert (
            Client().post(reverse("account_login"), headers={"x-forwarded-for": "203.0.113.8"}).status_code
            == 200
        )
    cache.clear()
    for number in range(30):
        tried(Client(REMOTE_ADDR="10.0.0.1"), f"198.51.100.{number}")
    assert tried(Client(REMOTE_ADDR="10.0.0.1"), "198.51.100.200") == 429


# --- every page -----------------------------------------------------------------------------------------

OPEN_PAGES = (
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
    "account_inactive",
)
OWN_PAGES = (
    "account_logout",
    "account_email",
    "account_change_password",
    "account_reauthenticate",
    "mfa_index",
    "mfa_list_webauthn",
)
CAREFUL_PAGES = (
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_view_recovery_codes",
    "mfa_deactivate_totp",
    "mfa_reauthenticate",
)


def well_made(page: Any) -> None:
    """One page of ours: language, landmarks, one heading, nothing inline, no other site."""
    text = page.content.decode()
    assert page.status_code == 200
    assert '<html lang="en">' in text
    assert text.count("<h1") == 1
    for part in ("<header", "<main", "<footer"):
        assert part in text
    assert " style=" not in text
    assert not re.search(r"\son[a-z]+=", text)
    for script in re.findall(r"<script([^>]*)>", text):
        assert "src=" in script or 'type="application/json"' in script
    assert "My Major Company</title>" in text
    assert "placeholder=" not in text
    controls = re.findall(r"<(?:input|select|textarea)(?![^>]*type=\"hidden\")[^>]*>", text)
    for control in controls:
        number = re.search(r'id="([^"]+)"', control)
        assert number, f"no id: {control}"
        assert f'for="{number[1]}"' in text, f"no label: {control}"


@pytest.mark.parametrize("name", OPEN_PAGES)
def test_a_page_for_anybody_is_ours_and_well_made(site: Any, name: str) -> None:
    well_made(Client().get(reverse(name)))


@pytest.mark.parametrize("name", OWN_PAGES)
def test_a_page_of_the_account_is_ours_and_well_made(site: Any, name: str) -> None:
    site.customer("Ann")
    client = Client()
    log_in(client, "ann@example.org")
    well_made(client.get(reverse(name)))


@pytest.mark.parametrize("name", CAREFUL_PAGES)
def test_a_page_that_matters_asks_again_and_is_well_made(site: Any, name: str) -> None:
    ann = site.customer("Ann")
    client = Client()
    log_in(client, "ann@example.org")
    if name != "mfa_activate_totp":
        Authenticator.objects.create(
            user=ann, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "0" * 40, "used_mask": 0}
        )
        with_app(ann)
    answer = client.get(reverse(name))
    if answer.status_code == 302:
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
        answer = client.post(answer["Location"], {"password": PASSWORD}, follow=True)
    well_made(answer)


def test_the_secret_of_an_app_comes_as_a_picture_too(site: Any) -> None:
    site.customer("Ann")
    client = Client()
    log_in(client, "ann@example.org")
    page = client.get(reverse("mfa_activate_totp"))
    page = client.post(page["Location"], {"password": PASSWORD}, follow=True)
    assert 'src="data:image/svg+xml' in page.content.decode()
    assert "data:" in page.headers["Content-Security-Policy"]


# --- mails ----------------------------------------------------------------------------------------------


def _every_mail(site: Any) -> Iterator[Any]:
    """Walk through all that sends a mail, and give them."""
    ann = site.customer("Ann")
    client = Client()
    sign_up(Client(), "new@example.org")
    sign_up(Client(), "ann@example.org")
    for email in ("ann@example.org", ABSENT):
        Client().post(reverse("account_reset_password"), {"email": email})
    log_in(client, "ann@example.org")
    body = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    assert client.post(reverse("account_change_password"), body).status_code == 302
    asked = client.get(reverse("mfa_activate_totp"))
    page = client.post(asked["Location"], {"password": OTHER}, follow=True)
    secret = re.search(r'id="authenticator_secret"[^>]*value="([^"]+)"', page.content.decode())[1]
    assert client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).status_code == 302
    assert client.post(reverse("mfa_generate_recovery_codes")).status_code == 302
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    client.post(reverse("account_email"), {"email": "ann2@example.org", "action_add": ""})
    client.post(link_in(mail.outbox[-1]))
    ann.refresh_from_db()
    assert ann.email == "ann2@example.org"
    yield from mail.outbox


def test_every_mail_is_in_our_words_and_signed_by_the_firm(site: Any) -> None:
    letters = list(_every_mail(site))
    subjects = {letter.subject.removeprefix("My Major Company: ") for letter in letters}
    assert subjects == {
        "please confirm your e-mail address",
        "you have an account already",
        "choose a new password",
        "no account with this address",
        "your password was changed",
        "codes of an app are on",
        "new recovery codes",
        "codes of an app are off",
        "your e-mail address was changed",
    }
    for letter in letters:
        assert letter.subject.startswith("My Major Company: ")
        assert letter.body.rstrip().endswith("My Major Company\nhttp://testserver")
        assert "example.com" not in letter.body
        assert "&#" not in letter.body
        assert not re.search(r"\b(user|username|sign(ed)? (in|up))\b", letter.body, re.IGNORECASE)


def test_a_mail_about_a_change_says_when_and_from_where(site: Any) -> None:
    letters = [letter for letter in _every_mail(site) if "was changed" in letter.subject]
    for letter in letters:
        assert "127.0.0.1" in letter.body
        assert "UTC" in letter.body
    assert {to for letter in letters for to in letter.to} == {"ann@example.org"}
