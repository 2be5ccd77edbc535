"""Hands that click twice, go back, work in two windows or have no mouse; pages elsewhere that frame us."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from tests.host.browser.conftest import PASSWORD, Served
from tests.host.browser.test_axe import Examined, add_passkey
from tests.host.browser.test_walk import ask_for

from comaker.host.models import Account, Event, Holding, Project

MOST_TABS = 80


def held(project: Project, customer: Account) -> int:
    found = Holding.objects.filter(project=project.pk, customer=customer.pk).first()
    return found.shares if found else 0


def taken(project: Project, customer: Account) -> int:
    """How often the site counted her stake."""
    return Event.objects.filter(subject=project.pk, customer=customer.pk, kind="done").count()


def preview(page: Any, project: Project, shares: int) -> Any:
    """The page on which she is asked to confirm; its button."""
    page.goto(f"/projects/{project.slug}/stake/")
    ask_for(page, shares)
    return page.get_by_role("button", name="Take")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_b14_a_double_click_stakes_once(served: Served, visit: Any, scripts: bool) -> None:
    project, customer = served.project(f"Twice {scripts}"), served.account(f"Twice-{scripts}")
    page = visit(customer, scripts=scripts)
    preview(page, project, 1).dblclick()
    page.wait_for_url("**/holdings/")
    assert (held(project, customer), taken(project, customer)) == (1, 1)


def test_b14_back_and_again_stakes_once(served: Served, visit: Any) -> None:
    project, customer = served.project("Back"), served.account("Back-and-forth")
    page = visit(customer)
    preview(page, project, 2).click()
    page.wait_for_url("**/holdings/")
    first = page.get_by_role("status").inner_text()
    page.go_back()
    page.get_by_role("button", name="Take").click()
    page.wait_for_url("**/holdings/")
    assert page.get_by_role("status").inner_text() == first
    page.reload()
    page.go_back()
    page.go_back()
    assert page.get_by_label("How many?").input_value() == ""
    assert (held(project, customer), taken(project, customer)) == (2, 1)


def test_b14_the_same_page_in_two_windows_stakes_once(served: Served, visit: Any) -> None:
    project, customer = served.project("Two windows"), served.account("Two-windows")
    one = visit(customer)
    button = preview(one, project, 3)
    form = one.locator("form:has(button[name=confirm])")
    fields = form.evaluate("form => Object.fromEntries(new FormData(form))")
    other = one.context.new_page()
    again = other.request.post(
        f"/projects/{project.slug}/stake/", form={**fields, "confirm": "1"}, headers={"Referer": one.url}
    )
    assert again.ok
    button.click()
    one.wait_for_url("**/holdings/")
    assert (held(project, customer), taken(project, customer)) == (3, 1)


def test_b14_two_windows_cannot_pass_the_cap(served: Served, visit: Any) -> None:
    project, customer = served.project("Over"), served.account("Over-the-cap")
    one = visit(customer)
    first = preview(one, project, 3)
    other = one.context.new_page()
    preview(other, project, 3).click()
    other.wait_for_url("**/holdings/")
    first.click()
    assert "one person may hold" in one.get_by_role("alert").inner_text()
    assert (held(project, customer), taken(project, customer)) == (3, 1)


def tab_to(page: Any, name: str) -> None:
    """Moves on with the Tab key until something of that name has the focus, which can be seen."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """() => { const e = document.activeElement; const s = getComputedStyle(e);
            const names = [e.innerText, ...[...(e.labels || [])].map(l => l.innerText)];
            return [names.map(n => (n || '').trim()), s.outlineStyle + ' ' + s.outlineWidth,
              e.closest('article') && getComputedStyle(e.closest('article')).outlineStyle]; }"""
        )
        if name in here[0]:
            assert not here[1].startswith("none") or here[2] == "solid", f"{name}: the focus cannot be seen"
            return
    raise AssertionError(f"{name} cannot be reached with the Tab key from {page.url}")


def press(page: Any, name: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")


def test_a_stake_needs_no_mouse(served: Served, visit: Any) -> None:
    project, customer = served.project("Keys"), served.account("Keyboard")
    page = visit(customer)
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to the content"
    page.keyboard.press("Enter")
    press(page, project.name)
    page.wait_for_url(f"**/projects/{project.slug}/")
    press(page, "Stake")
    page.wait_for_url("**/stake/")
    tab_to(page, "How many?")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What it comes to").wait_for()
    press(page, "Take 2 shares")
    page.wait_for_url("**/holdings/")
    assert held(project, customer) == 2


def test_the_second_factor_is_asked_for_once_it_is_on(served: Served, visit: Any) -> None:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    customer = served.account("Careful")
    page = visit(customer)
    page.goto("/profile/")
    page.get_by_role("link", name="Set up").click()
    page.get_by_role("link", name="Set up an app").click()
    secret = page.get_by_label("Or type this secret").input_value()

    def code(which: int) -> str:
        return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[which]))

    page.get_by_label("Code").fill(code(0))
    page.get_by_role("button", name="Switch it on").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    other = visit()
    other.goto("/holdings/")
    other.get_by_label("E-mail").fill(customer.email)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Log in", exact=True).click()
    other.get_by_label("Code").fill("000000")
    other.get_by_role("button", name="Log in", exact=True).click()
    other.get_by_text("That code is not right").wait_for()
    other.get_by_label("Code").fill(code(-1))
    other.get_by_role("button", name="Log in", exact=True).click()
    other.wait_for_url("**/holdings/")
    assert other.get_by_role("heading", name="My shares").is_visible()


def test_a_passkey_logs_in_without_a_password(served: Served, visit: Any) -> None:
    customer = served.account("Fingerprint")
    page = visit(customer)
    add_passkey(page)
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("link", name="Log in").click()
    page.get_by_role("button", name="Log in with a passkey").click()
    page.get_by_role("link", name="Profile").click()
    assert page.get_by_text(customer.email).is_visible()


FRAME = '<!doctype html><title>Win!</title><iframe src="{url}" width="800" height="600"></iframe>'


def test_a_page_elsewhere_that_frames_the_site_shows_nothing_of_it(served: Served, visit: Any) -> None:
    page = visit(served.account("Framed"), listen=False)
    elsewhere = "http://elsewhere.test/"

    def answer(route: Any) -> None:
        is_framed = route.request.url.endswith("/framed")
        body = "<h1>Framed</h1>" if is_framed else FRAME.format(url=target)
        route.fulfill(body=body, content_type="text/html")

    page.route(f"{elsewhere}**", answer)
    for target, is_shown in (
        (f"{elsewhere}framed", True),
        (served.url, False),
        (f"{served.url}/holdings/", False),
    ):
        page.goto(elsewhere)
        frame = page.frames[1]
        frame.wait_for_load_state()
        assert ("Framed" in frame.content()) is is_shown, target
        assert "My Major Company" not in frame.content()
        assert frame.url.startswith("chrome-error:") is not is_shown


def break_down(route: Any) -> None:
    status = int(route.request.url.split("/")[-2])
    route.fulfill(status=status, content_type="text/html", body=render_to_string(f"{status}.html"))


def test_what_goes_wrong_has_a_page_too(served: Served, visit: Any) -> None:
    """Each of them is examined as every other page is."""
    examined = Examined()
    page = visit(served.account("Unlucky"), listen=False)
    for path, status in (("/nowhere/", 404), ("/desk/", 403)):
        answer = page.goto(path)
        assert answer.status == status
        examined.look(page, str(status))
    for changed, status in (("400", 400), ("csrf", 403), ("429", 429)):
        page.goto("/profile/tokens/")
        if changed == "429":
            token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
            for _ in range(20):
                page.request.post(
                    "/profile/tokens/", form={"csrfmiddlewaretoken": token}, headers={"Referer": page.url}
                )
        with page.expect_response("**/profile/tokens/") as answered:
            page.evaluate(SPOIL, changed)
        assert answered.value.status == status
        page.locator("main h1").wait_for()
        examined.look(page, changed)
    page.route("**/broken/*/", break_down)
    for status in (500, 503):
        page.goto(f"/broken/{status}/")
        examined.look(page, str(status))
    assert examined.found == {}


SPOIL = """how => {
  const form = document.querySelector('main form'); form.noValidate = true;
  if (how === 'csrf') form.querySelector('[name=csrfmiddlewaretoken]').value = 'x';
  if (how === '400') for (let i = 0; i < 201; i++) {
    const more = document.createElement('input'); more.name = 'more' + i; more.value = 1; form.append(more); }
  form.submit();
}"""


FAULTY = """<!doctype html><html lang="en"><title>Faulty</title><style>p { color: #777; background: #888; }
div { width: 900px; } @media (prefers-color-scheme: dark) { h1 { color: #333; background: #000; } }</style>
<main><h1>Faulty</h1><p>Grey on grey</p><input><div>wide</div><img src="/x.png" alt=""></main>
<script>document.title = "run";</script>"""


def test_the_examination_sees_what_is_wrong(served: Served, visit: Any) -> None:
    page = visit(listen=False)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    page.route(
        "**/faulty/", lambda route: route.fulfill(body=FAULTY, headers=policy, content_type="text/html")
    )
    page.goto("/faulty/")
    examined = Examined()
    examined.look(page, "faulty")
    found = " ".join(examined.found["faulty"])
    for fault in ("wide: color-contrast", "wide: label", "dark: color-contrast: h1", "unsized:", "too wide"):
        assert fault in found
    assert any("Content Security Policy" in text for text in heard)
