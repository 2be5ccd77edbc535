"""Every page, for everybody who may see it, in light and dark, wide and narrow: axe finds nothing to object
to, nothing is wider than a phone, and no picture lacks its size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core.files.base import ContentFile
from django.urls import resolve
from tests.host.browser.conftest import CAP_SHARES, DESKTOP, GOAL_SHARES, PASSWORD, PHONE, Served
from tests.host.world import PIXEL, Address, every_address

from comaker.host.access import Access, access_of
from comaker.host.models import Account, Media, News, Project, Settlement, Token
from comaker.host.payout import payout_of
from comaker.host.writer import Act

LEFT_OUT = {
    "health": "a word for machines",
    "rules_file": "a file",
    "books_csv": "a file",
    "cover": "a picture",
    "media": "a file",
    "desk_publish": "answers by sending elsewhere",
    "desk_milestone": "answers by sending elsewhere",
    "desk_approve": "answers by sending elsewhere",
    "desk_drop": "answers by sending elsewhere",
    "account_confirm_login_code": "sends to the log-in page: codes by mail are not in use",
    "mfa_download_recovery_codes": "a file",
    "mfa_login_webauthn": "data for the script of passkeys",
}
"""Addresses that have no page of their own."""

LONG_NAME = "Donaudampfschifffahrtsgesellschaftskapitän and the Extraordinarilylongunbreakables"
_UNSIZED = (
    "[...document.images].filter(i => !i.getAttribute('width') || !i.getAttribute('height')).map(i => i.src)"
)
_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_AXE = """async rules => {
  const found = await axe.run(document, {resultTypes: ['violations'],
    ...(rules ? {runOnly: {type: 'rule', values: rules}} : {})});
  const places = v => v.nodes.map(n => n.target.join(' ')).slice(0, 4).join(' | ');
  return found.violations.map(v => v.id + ': ' + places(v));
}"""


class Examined:
    """What was found on pages, and which addresses were opened."""

    def __init__(self) -> None:
        self.script = _axe_script()
        self.found: dict[str, list[str]] = {}
        self.opened: set[str] = set()

    def look(self, page: Any, called: str = "") -> None:
        """Examine the page that is open."""
        path = page.url.split("/", 3)[3].split("#")[0]
        assert page.title(), path
        page.evaluate(self.script)
        found = [f"wide: {each}" for each in page.evaluate(_AXE, None)]
        found += [f"unsized: {each}" for each in page.evaluate(_UNSIZED)]
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {each}" for each in page.evaluate(_AXE, ["color-contrast"])]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        found += [f"narrow: {each}" for each in page.evaluate(_AXE, None)]
        if wider := page.evaluate(_WIDER):
            found.append(f"narrow: {wider} pixels too wide")
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        if found:
            self.found[called or f"/{path}"] = found

    @staticmethod
    def _is_at(page: Any, path: str) -> bool:
        """A link out of a mail sends on to an address without the secret in it."""
        return page.url.endswith((path, "-set-password/"))

    def open(self, page: Any, *paths: str) -> None:
        for path in paths:
            answer = page.goto(path)
            assert answer.status == 200, (path, answer.status)
            assert self._is_at(page, path), (path, page.url)
            self.opened.add(str(resolve(path.split("?")[0]).view_name))
            self.look(page, path)


def _axe_script() -> str:
    axe = pytest.importorskip("axe_playwright_python", reason="axe comes in the extra `dev`")
    return (Path(axe.__file__).parent / "axe.min.js").read_text("utf-8")


class People(NamedTuple):
    """Who looks at the pages."""

    owner: Account
    fresh: Account
    bare: Account
    staff: Account
    projects: dict[str, Project]


_DAY_US = 86_400_000_000


@pytest.fixture
def people(served: Served) -> People:
    """A site on which everything has happened once; made by whichever test comes first."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    states = ("draft", "open", "funded", "produced", "released", "expired")
    names = {state: f"The {state} one" for state in states} | {"open": LONG_NAME}
    if not Account.objects.filter(name="Owner").exists():
        owner, other = served.account("Owner"), served.account("Other")
        served.account("Fresh")
        served.account("Bare")
        Account.objects.filter(name="Bare").update(password="!")
        for state in states:
            _live(served, state, served.draft(names[state]), (owner, other))
        TOTP.activate(owner, generate_totp_secret())
        RecoveryCodes.activate(owner)
        Token.objects.create(
            account=owner,
            label="my app",
            digest=b"0" * 32,
            scopes="read",
            expires_us=time.time_ns() // 1_000 + 30 * _DAY_US,
        )
    found = [Account.objects.get(name=name) for name in ("Owner", "Fresh", "Bare", "Sam")]
    return People(*found, {state: Project.objects.get(name=name) for state, name in names.items()})


def _live(served: Served, state: str, project: Project, people: tuple[Account, Account]) -> None:
    """Brings a project as far as a state."""
    sam, sue = served.staff("Sam"), served.staff("Sue")
    Project.objects.filter(pk=project.pk).update(opinion="We like it.\n\nVery much.")
    for kind, name in ((Media.Kind.PICTURE, "one.png"), (Media.Kind.AUDIO, "one.ogg")):
        file = ContentFile(PIXEL, name=name)
        Media.objects.create(project=project, kind=kind, file=file, text="A sketch", added_by=sam)
    News.objects.create(project=project, title="In the studio", text="Tape.", written_by=sam)
    if state == "draft":
        return
    old_us = time.time_ns() // 1_000 - 40 * _DAY_US if state == "expired" else None
    served.ask(Act.OPEN, project, staff=sam.pk, at_us=old_us)
    for number, person in enumerate(people):
        event = served.ask(Act.STAKE, project, customer=person.pk, quantity=2 + number, at_us=old_us)
        if number == 0:
            served.ask(Act.CONFIRM, project, staff=sam.pk, reference=event, at_us=old_us)
        elif state not in ("open", "expired"):
            served.ask(Act.CONFIRM, project, staff=sam.pk, reference=event)
    if state == "expired":
        served.ask(Act.LAPSE, project, reference=event)
        served.ask(Act.CLOSE, project)
    if state in ("open", "expired"):
        return
    helpers = [served.account(f"{state}-{number}") for number in range(2)]
    for person, shares in zip(helpers, (CAP_SHARES, GOAL_SHARES - CAP_SHARES - 5), strict=True):
        event = served.ask(Act.STAKE, project, customer=person.pk, quantity=shares)
        served.ask(Act.CONFIRM, project, staff=sam.pk, reference=event)
    if state in ("produced", "released"):
        served.ask(Act.PRODUCE, project, staff=sam.pk)
    if state == "released":
        served.ask(Act.RELEASE, project, staff=sam.pk)
        served.ask(Act.BUY, project, customer=people[0].pk, quantity=1)
        served.ask(Act.COST, project, staff=sam.pk, money_minor=1_000, stage="production")
        _settle(served, project, sam, sue)
        served.ask(Act.INCOME, project, staff=sam.pk, money_minor=5_000)
        _propose(project, sam)


def _settle(served: Served, project: Project, sam: Account, sue: Account) -> None:
    served.ask(Act.INCOME, project, staff=sam.pk, money_minor=100_001)
    served.ask(Act.SETTLE, project, staff=sue.pk, reference=_propose(project, sam).pk)


def _propose(project: Project, by: Account) -> Settlement:
    due = payout_of(project.pk)
    return Settlement.objects.create(
        project=project.pk, earned_minor=0, total_minor=due.total_minor, proposed_by=by
    )


@pytest.fixture
def examined() -> Iterator[Examined]:
    seen = Examined()
    yield seen
    assert seen.found == {}


PROJECT_PAGES = ("{0}", "{0}books/", "{0}books/payout/")
ANYONE = (
    "/",
    "/feed/",
    "/projects/",
    "/projects/?show=open",
    "/rules/",
    "/accounts/login/",
    "/accounts/signup/",
)
ANYONE += (
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
)
ANYONE += ("/accounts/inactive/", "/accounts/confirm-email/", "/accounts/confirm-email/over/")
SECOND_FACTORS = ("", "totp/activate/", "webauthn/", "webauthn/add/", "recovery-codes/generate/")
OWNER = ("/holdings/", "/profile/", "/profile/tokens/", "/accounts/logout/", "/accounts/email/")
OWNER += ("/accounts/password/change/", "/accounts/reauthenticate/")
OWNER += tuple(f"/accounts/2fa/{each}" for each in ("", "totp/deactivate/", "recovery-codes/", "webauthn/"))
OWNER += ("/accounts/2fa/recovery-codes/generate/", "/accounts/2fa/reauthenticate/")
OWNER += ("/accounts/2fa/webauthn/reauthenticate/",)
DESK = (
    "",
    "projects/",
    "projects/?state=funded",
    "projects/new/",
    "money/",
    "money/?find=nobody",
    "records/",
)
DESK += ("settlements/", "terms/", "log/", "log/?by=0")
DESK_PROJECT = ("", "media/", "news/", "records/", "settlements/")


def add_passkey(page: Any) -> None:
    """Gives the browser a device that holds passkeys, and adds one to the account."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    can = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options | can})
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Name of the passkey").fill("my phone")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(lambda url: "webauthn/add" not in url)


def pages_of_anyone(examined: Examined, visit: Any, people: People) -> None:
    from allauth.account.models import EmailAddress, EmailConfirmationHMAC
    from allauth.account.utils import user_pk_to_url_str

    page = visit()
    examined.open(page, *ANYONE)
    for state in ("open", "funded", "produced", "released", "expired"):
        project = f"/projects/{people.projects[state].slug}/"
        examined.open(
            page, *(each.format(project) for each in PROJECT_PAGES[: 3 if state != "funded" else 1])
        )
    key = EmailConfirmationHMAC(EmailAddress.objects.get(user=people.fresh)).key
    token = f"{user_pk_to_url_str(people.fresh)}-{default_token_generator.make_token(people.fresh)}"
    examined.open(
        page,
        f"/accounts/confirm-email/{key}/",
        f"/accounts/password/reset/key/{token}/",
        f"/accounts/password/reset/key/{token}x/",
    )
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(people.owner.email)
    page.get_by_label("Password").fill("wrong, and not by a letter")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("alert").first.wait_for()
    examined.look(page, "log-in refused")
    assert page.get_by_label("E-mail address").input_value() == people.owner.email
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("heading", name="Your second factor").wait_for()
    examined.opened.add("mfa_authenticate")
    examined.look(page, "second factor")


def pages_of_customers(examined: Examined, visit: Any, people: People) -> None:
    page = visit(people.owner)
    add_passkey(page)
    examined.open(page, "/", *OWNER)
    opened, released = people.projects["open"].slug, people.projects["released"].slug
    for state in ("open", "released", "expired"):
        examined.open(
            page, f"/projects/{people.projects[state].slug}/", f"/holdings/{people.projects[state].slug}/"
        )
    examined.open(
        page, f"/projects/{opened}/withdraw/", f"/projects/{released}/buy/", f"/projects/{opened}/buy/"
    )
    examined.open(page, f"/projects/{released}/stake/", f"/projects/{opened}/stake/")
    number, token = (
        people.owner.authenticator_set.get(type="webauthn").pk,
        Token.objects.get(account=people.owner.pk).pk,
    )
    keys = f"/accounts/2fa/webauthn/keys/{number}/"
    examined.open(page, f"{keys}edit/", f"{keys}remove/", f"/profile/tokens/{token}/revoke/")
    page.goto(f"{keys}edit/")
    assert page.get_by_label("Name").input_value() == "my phone"
    for shares, called in (("none", "not a number"), ("1", "preview"), ("9", "preview of too many")):
        page.goto(f"/projects/{opened}/stake/")
        page.get_by_label("How many?").fill(shares)
        page.get_by_role("button", name="See what it comes to").click()
        page.locator(".error, h2#comes-to").first.wait_for()
        examined.look(page, called)
    page.get_by_role("button", name="Ask for them anyway").click()
    page.get_by_label("How many?").wait_for()
    examined.look(page, "refused")
    page.goto("/profile/tokens/")
    page.get_by_label("What is it for?").fill("my watch")
    page.get_by_role("button", name="Make it").click()
    page.get_by_label("Token", exact=True).wait_for()
    examined.look(page, "token made")


def pages_of_newcomers(examined: Examined, visit: Any, people: People) -> None:
    page = visit(people.fresh)
    examined.open(
        page, "/holdings/", "/profile/", "/profile/tokens/", f"/holdings/{people.projects['open'].slug}/"
    )
    examined.open(page, *(f"/accounts/2fa/{each}" for each in SECOND_FACTORS[:4]))
    examined.open(page, f"/projects/{people.projects['open'].slug}/withdraw/")
    examined.open(visit(people.bare), "/accounts/password/set/")


def pages_of_staff(examined: Examined, visit: Any, people: People) -> None:
    page = visit(people.staff)
    examined.open(page, "/", *(f"/desk/{each}" for each in DESK))
    for state in ("draft", "open", "funded", "produced", "released"):
        rooms = DESK_PROJECT if state in ("draft", "released") else DESK_PROJECT[:1]
        examined.open(page, *(f"/desk/projects/{people.projects[state].slug}/{each}" for each in rooms))
    examined.open(page, f"/projects/{people.projects['draft'].slug}/")
    page.goto(f"/desk/projects/{people.projects['released'].slug}/records/")
    page.locator("form.choices").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    page.locator(".error").first.wait_for()
    examined.look(page, "record not filled in")
    page.goto("/desk/terms/")
    page.get_by_label("The goal of what is published later").fill("200.00")
    page.get_by_label("Why").fill("Records cost more")
    page.get_by_role("button", name="Show what this comes to").click()
    page.get_by_role("heading", name="What this comes to").wait_for()
    examined.look(page, "amendment")
    page.goto("/desk/money/")
    page.get_by_role("button", name="The money of those ticked is there").click()
    page.get_by_text("Please tick").wait_for()
    examined.look(page, "nothing ticked")


EVERYBODY = {
    "anyone": pages_of_anyone,
    "customers": pages_of_customers,
    "newcomers": pages_of_newcomers,
    "staff": pages_of_staff,
}


OF_ANYONE = {
    f"account_{each}" for each in ("login", "signup", "inactive", "confirm_email", "email_verification_sent")
}
OF_ANYONE |= {f"account_reset_password{each}" for each in ("", "_done", "_from_key", "_from_key_done")}
OF_ANYONE |= {"mfa_authenticate"}
OF_NEWCOMERS = {"account_set_password", "mfa_activate_totp", "mfa_add_webauthn"}


def whose(address: Address) -> str:
    """Who has to look at an address; a new address is found here by itself."""
    if address.name in OF_NEWCOMERS:
        return "newcomers"
    rule = access_of(address.view)
    if rule is Access.STAFF:
        return "staff"
    is_of_accounts = address.name.startswith(("account_", "mfa_"))
    if address.name in OF_ANYONE or (rule is Access.ANYONE and not is_of_accounts):
        return "anyone"
    return "customers"


def is_page(address: Address) -> bool:
    """Whether there is a page of ours; the plain administration pages are Django's own."""
    return (
        not address.name.startswith("admin:") and "api/" not in address.route and address.name not in LEFT_OUT
    )


@pytest.mark.parametrize("who", EVERYBODY)
def test_pages_can_be_read_by_everybody(who: str, examined: Examined, visit: Any, people: People) -> None:
    EVERYBODY[who](examined, visit, people)
    expected = {each.name for each in every_address() if is_page(each) and whose(each) == who}
    assert expected - examined.opened == set()
