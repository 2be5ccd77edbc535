"""From a newcomer to her part of the income: every step on the pages, and all books agree to the cent."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from tests.host.browser.conftest import CAP_SHARES, DESKTOP, GOAL_SHARES, PASSWORD, PHONE, Served

from comaker.host.audit import audit
from comaker.host.models import Account, Holding, Project, Settlement, Standing
from comaker.host.payout import division_of, terms_of
from comaker.host.writer import Act

INCOME, COST, PRODUCTION = "1234.57", "34.51", "61.00"


def money_minor(text: str) -> int:
    """The amount in a text such as ``€1,234.50``."""
    whole, _, rest = re.sub(r"[^\d.−-]", "", text).replace("−", "-").partition(".")
    return int(whole + rest.ljust(2, "0"))


def facts_of(place: Any) -> dict[str, str]:
    """Lists of facts, by what they say they are."""
    names = place.locator("dl dt").all_inner_texts()
    values = place.locator("dl dd").all_inner_texts()
    return {name.strip(): value.strip() for name, value in zip(names, values, strict=True)}


def register(page: Any, served: Served, name: str) -> Account:
    """She makes an account, and follows the link in the mail."""
    address = f"{name.lower()}@example.org"
    page.goto("/")
    page.get_by_role("link", name="Join").click()
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Public name").fill(name)
    page.get_by_role("button", name="Make my account").click()
    page.wait_for_url("**/confirm-email/")
    page.goto(served.link_for(address, "accounts/confirm-email/"))
    page.get_by_role("button", name="Yes, confirm it").click()
    page.get_by_role("link", name="My shares").wait_for()
    return Account.objects.get(email=address)


def ask_for(page: Any, shares: int) -> None:
    page.get_by_label("How many?").fill(str(shares))
    page.get_by_role("button", name="See what it comes to").click()


def take_shares(page: Any, project: Project) -> None:
    """She asks for too much, reads why that cannot be, and takes what she may."""
    page.goto("/")
    page.get_by_role("link", name=project.name, exact=True).first.click()
    page.get_by_role("link", name="Stake", exact=True).click()
    assert facts_of(page.locator("aside"))["You may take up to"] == str(CAP_SHARES)
    ask_for(page, CAP_SHARES + 1)
    why = page.get_by_role("alert").inner_text()
    assert "would be refused" in why
    page.get_by_role("button", name="Ask for them anyway").click()
    why = page.get_by_role("alert").inner_text()
    assert "one person may hold" in why
    assert str(CAP_SHARES) in re.findall(r"\d+", why)
    assert Holding.objects.filter(project=project.pk).count() == 0
    ask_for(page, CAP_SHARES)
    told = facts_of(page.locator("main"))
    assert money_minor(told["You pay"]) == CAP_SHARES * 1_000
    assert told["You would then hold"] == str(CAP_SHARES)
    assert told["You could then still take"] == "0"
    page.get_by_role("button", name=f"Take {CAP_SHARES} shares").click()
    page.wait_for_url("**/holdings/")
    assert re.search(r"reference R-\d+", page.get_by_role("status").inner_text())


def confirm_money(page: Any, project: Project, number: int) -> None:
    """Staff see the money in the account and tick the reservations."""
    page.goto("/desk/")
    page.get_by_role("link", name="Confirm money").click()
    page.get_by_label("Reference, customer or name").fill(project.name)
    page.get_by_role("button", name="Find").click()
    ticks = page.locator("tbody").get_by_role("checkbox")
    assert ticks.count() == number
    for tick in ticks.all():
        tick.check()
    page.get_by_role("button", name="The money of those ticked is there").click()
    page.wait_for_url("**/desk/money/?done=*")
    assert page.get_by_text("Confirmed", exact=True).count() == number


def make_it(page: Any, project: Project) -> None:
    """Produced, then released."""
    page.goto(f"/desk/projects/{project.slug}/")
    page.get_by_role("button", name="It is in production").click()
    page.get_by_role("button", name="It is released").click()
    page.locator(".badge", has_text="Released").wait_for()


def buy_it(page: Any, project: Project) -> None:
    page.goto(f"/projects/{project.slug}/")
    page.get_by_role("link", name="Buy for").click()
    page.get_by_role("button", name="Order").click()
    page.wait_for_url("**/holdings/")
    assert "You ordered 1 copy" in page.get_by_role("status").inner_text()


def record(page: Any, project: Project, what: str, amount: str) -> None:
    page.goto(f"/desk/projects/{project.slug}/records/")
    page.get_by_role("radio", name=re.compile(f"^{what}")).check()
    page.get_by_label("Amount in EUR").fill(amount)
    page.get_by_label("What it was for").fill(f"{what}, invoice 7")
    page.get_by_role("button", name="Record it").click()
    page.get_by_role("status").get_by_text("Recorded.").wait_for()


def pay_out(first: Any, second: Any, project: Project) -> None:
    """One proposes; he cannot approve it, neither by a button nor by a form of his own; another one can."""
    room = f"/desk/projects/{project.slug}/settlements/"
    first.goto(room)
    first.get_by_role("button", name="Propose").click()
    first.get_by_text("somebody else has to approve it").first.wait_for()
    assert first.get_by_role("button", name="Approve").count() == 0
    proposal = Settlement.objects.get(project=project.pk)
    token = first.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    form = {"csrfmiddlewaretoken": token, "key": f"alone-{project.pk}"}
    own = first.request.post(f"{room}{proposal.pk}/approve/", form=form, headers={"Referer": first.url})
    told = re.findall(r'class="notice bad">(.*?)<', own.text())
    assert told == ["A second person has to approve this: not the one who proposed it."]
    assert Holding.objects.filter(project=project.pk, paid_minor__gt=0).count() == 0
    second.goto("/desk/")
    second.get_by_role("listitem").filter(has_text=project.name).get_by_role(
        "link", name="Check and approve"
    ).click()
    second.get_by_role("button", name="Approve and pay").click()
    second.get_by_text("Approved and booked").wait_for()


def due_minor(project: Project) -> int:
    """What her shares earned, computed by hand: her part of the producers' part, rounded down."""
    division = division_of(terms_of(project.pk))
    price_less_cost = Standing.objects.get(project=project.pk).earned_minor - 123_457 + 3_451
    assert price_less_cost > 0, "the copy that was sold counts"
    base_minor = 123_457 - 3_451 + price_less_cost
    pool_minor = base_minor * division.shares_ppm["producer"] // 1_000_000
    return pool_minor * CAP_SHARES // GOAL_SHARES


def compare_books(page: Any, project: Project, customer: Account) -> None:
    """Her statement, what she holds, the open books and their file say the same."""
    paid_minor = due_minor(project)
    paid_all = sum(Holding.objects.filter(project=project.pk).values_list("paid_minor", flat=True))
    assert Holding.objects.get(project=project.pk, customer=customer.pk).paid_minor == paid_minor > 0
    page.goto("/holdings/")
    assert money_minor(facts_of(page.locator("article"))["Paid out to you"]) == paid_minor
    page.get_by_role("link", name=f"Statement {project.name}").click()
    totals = facts_of(page.locator("main"))
    price_minor = money_minor(totals["You gave"]) - CAP_SHARES * 1_000
    assert price_minor > 0
    assert money_minor(totals["You got"]) == paid_minor
    assert money_minor(totals["Balance"]) == paid_minor - CAP_SHARES * 1_000 - price_minor
    page.goto(f"/projects/{project.slug}/books/")
    books = facts_of(page.locator("main"))
    assert money_minor(books["Paid: producer"]) == paid_all
    assert money_minor(books["Income"]) == 123_457 + price_minor
    assert money_minor(books["Production, paid from the stakes"]) == 6_100
    compare_file(page, project, customer, paid_minor, price_minor)
    page.goto(f"/projects/{project.slug}/books/payout/")
    line = page.get_by_role("row", name=customer.name)
    so_far, before, now = (money_minor(text) for text in line.locator("td").all_inner_texts()[1:])
    assert (so_far, before, now) == (paid_minor, paid_minor, 0)


def compare_file(page: Any, project: Project, customer: Account, paid_minor: int, price_minor: int) -> None:
    answer = page.request.get(f"/projects/{project.slug}/books.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text().lstrip("\ufeff"))))
    her_account = f"customer:{customer.pk}"
    to_her = sum(int(row["amount_minor"]) for row in rows if row["to"] == her_account)
    from_her = sum(int(row["amount_minor"]) for row in rows if row["from"] == her_account)
    assert (to_her, from_her) == (paid_minor, CAP_SHARES * 1_000 + price_minor)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_newcomer_gets_her_part_of_what_she_helped_to_make(
    served: Served, visit: Any, size: tuple[int, int], scripts: bool
) -> None:
    which = f"{'wide' if size == DESKTOP else 'narrow'}{'' if scripts else ' bare'}"
    project = served.project(f"Grace {which}")
    others = [served.account(f"{name} {which}".replace(" ", "-")) for name in ("Ann", "Bob")]
    her = visit(size=size, scripts=scripts)
    first, second = (visit(served.staff(name), size=size, scripts=scripts) for name in ("Sam", "Sue"))
    customer = register(her, served, f"Nora-{which.replace(' ', '-')}")
    take_shares(her, project)
    for other in others:
        served.ask(Act.STAKE, project, customer=other.pk, quantity=(GOAL_SHARES - CAP_SHARES) // 2)
    confirm_money(first, project, 3)
    make_it(first, project)
    buy_it(her, project)
    confirm_money(second, project, 1)
    record(first, project, "Income", INCOME)
    record(first, project, "Other cost", COST)
    record(second, project, "Cost of production", PRODUCTION)
    pay_out(first, second, project)
    compare_books(her, project, customer)
    assert audit() == []
