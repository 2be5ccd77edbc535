"""The open books: every amount of a project, and the payout line by line, agree with what was booked."""

from __future__ import annotations

import csv
import io
import itertools
import re

import pytest
from django.db.models import Sum
from django.test import Client

from comaker.host.models import Account, Holding, Posting, Settlement, Standing
from comaker.host.pages import books
from comaker.host.payout import payout_of
from comaker.host.writer import Act, Request, write
from comaker.rules.sharing import entitlement, pool_of

_keys = itertools.count()


def ask(act, **fields):
    answer = write([Request(act, key=f"key {next(_keys)}", **fields)])[0]
    assert answer.is_done, answer
    return answer


def text_of(url):
    page = Client().get(url)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", page.getvalue().decode())


def facts_of(url):
    """The labelled amounts of a page."""
    found = re.findall(r"<dt>([^<]*)</dt>\s*<dd>([^<]*)</dd>", text_of(url))
    return {label.strip(): value.strip() for label, value in found}


class Played:
    """A project of three holders, released, paid out once, with income after it."""

    def __init__(self, site):
        self.project, self.sam, self.kim = site.project(), site.staff(), site.staff("Kim")
        self.holders = [site.customer(name) for name in ("Ann", "Bob", "Cleo")]
        for holder, shares in zip(self.holders, (3, 3, 1), strict=True):
            ask(Act.STAKE, project=self.project.pk, customer=holder.pk, quantity=shares)
        ask(Act.PRODUCE, project=self.project.pk, staff=self.sam.pk)
        self.staff(Act.COST, money_minor=5_000, stage="production")
        ask(Act.RELEASE, project=self.project.pk, staff=self.sam.pk)
        ask(Act.BUY, project=self.project.pk, customer=self.holders[0].pk, quantity=2)
        self.staff(Act.INCOME, money_minor=10_001)
        self.settle()
        self.staff(Act.INCOME, money_minor=333)

    def staff(self, act, **fields):
        ask(act, project=self.project.pk, staff=self.sam.pk, **fields)

    def settle(self):
        due = payout_of(self.project.pk)
        proposal = Settlement.objects.create(
            project=self.project.pk,
            earned_minor=Standing.objects.get(pk=self.project.pk).earned_minor,
            total_minor=due.total_minor,
            proposed_by=self.sam,
        )
        ask(Act.SETTLE, project=self.project.pk, staff=self.kim.pk, reference=proposal.pk)


@pytest.fixture
def played(database, make_site, model_text):
    return Played(make_site(model_text(goal="70.00", cap="30.00", reserved_for=None)))


def test_what_came_in_and_went_out_agrees_with_every_posting(played):
    facts = facts_of("/projects/grace/books/")
    assert facts["Staked"] == "€70.00"
    assert facts["Income"] == "€133.34"
    assert facts["Production, paid from the stakes"] == "€50.00"
    assert facts["Other costs"] == "€24.00"
    number = played.project.pk
    into = {"project": 0, "stakes": 0}
    for name in into:
        for field, sign in (("target", 1), ("source", -1)):
            rows = Posting.objects.filter(chain=number, **{field: f"{name}:{number}"})
            into[name] += sign * (rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0)
    left = f"€{sum(into.values()) / 100:.2f}"
    assert facts["There now"] == left


def test_every_posting_is_shown_in_order_with_who_and_how_much(played):
    page = text_of("/projects/grace/books/")
    rows = re.findall(
        r"<tr><td class=\"number\">(\d+)</td>.*?<td class=\"number\">(€[\d.,]+)</td></tr>", page
    )
    booked = Posting.objects.filter(chain=played.project.pk).order_by("number")
    assert rows == [(str(each.number), f"€{each.amount_minor / 100:.2f}") for each in booked]
    assert "<bdi>Ann</bdi>" in page
    for kind in ("Stake", "Goal reached: stakes handed over", "Cost of production", "Income", "Payout"):
        assert f"<td>{kind}</td>" in page


def test_the_payout_is_worked_out_line_by_line_to_the_last_minor_unit(played):
    base_minor = Standing.objects.get(pk=played.project.pk).earned_minor
    pool_minor = pool_of(base_minor, 300_000)
    rows = re.findall(
        r"<th scope=\"row\"><bdi>(\w+)</bdi></th><td class=\"number\">(\d*)</td>"
        + r"<td class=\"number\">€([\d.]+)</td>" * 3,
        text_of("/projects/grace/books/payout/"),
    )
    shown = {name: tuple(round(float(each) * 100) for each in amounts) for name, _, *amounts in rows}
    for holding in Holding.objects.filter(project=played.project.pk):
        entitled_minor = entitlement(pool_minor, holding.shares, 7)
        due_minor = entitled_minor - holding.paid_minor
        name = Account.objects.get(pk=holding.customer).name
        assert shown[name] == (entitled_minor, holding.paid_minor, due_minor)
        assert holding.paid_minor > 0
        assert due_minor > 0
    assert shown["artist"][0] == pool_of(base_minor, 200_000)
    facts = facts_of("/projects/grace/books/payout/")
    assert facts["Due now, in all"] == f"€{sum(due for _, _, due in shown.values()) / 100:.2f}"
    assert facts["30% of it for: producer"] == f"€{pool_minor / 100:.2f}"


def test_after_a_payout_nothing_is_due_until_more_is_earned(played):
    played.settle()
    assert facts_of("/projects/grace/books/payout/")["Due now, in all"] == "€0.00"


def test_a_project_that_earned_nothing_has_nothing_to_share(site):
    site.project()
    assert "Nothing to share yet" in text_of("/projects/grace/books/payout/")
    assert "Nothing has moved yet" in text_of("/projects/grace/books/")


def test_reserved_money_stands_apart(site):
    project, sam = site.project(), site.staff()
    first = ask(Act.STAKE, project=project.pk, customer=site.customer().pk, quantity=5)
    ask(Act.STAKE, project=project.pk, customer=site.customer("Bob").pk, quantity=2)
    assert "Of the stakes, €70.00 is reserved" in text_of("/projects/grace/books/")
    ask(Act.CONFIRM, project=project.pk, staff=sam.pk, reference=first.event_id)
    assert "Of the stakes, €20.00 is reserved" in text_of("/projects/grace/books/")
    assert facts_of("/projects/grace/books/")["Staked"] == "€70.00"


def test_a_stake_taken_back_is_shown_as_given_back(site):
    project, ann = site.project(), site.customer()
    ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=5)
    ask(Act.WITHDRAW, project=project.pk, customer=ann.pk, quantity=2)
    facts = facts_of("/projects/grace/books/")
    assert (facts["Stakes given back"], facts["There now"]) == ("−€20.00", "€30.00")
    assert "<td>Stake taken back</td>" in text_of("/projects/grace/books/")


def test_the_file_holds_every_posting_across_blocks(played, monkeypatch):
    monkeypatch.setattr(books, "BLOCK", 3)
    answer = Client().get("/projects/grace/books.csv")
    assert answer.streaming
    assert answer["Content-Disposition"] == 'attachment; filename="grace-books.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    booked = list(Posting.objects.filter(chain=played.project.pk).order_by("number"))
    assert [(int(row["number"]), row["from"], row["to"], int(row["amount_minor"])) for row in rows] == [
        (each.number, each.source, each.target, each.amount_minor) for each in booked
    ]
    assert {row["currency"] for row in rows} == {"EUR"}


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r"])
def test_e24_a_cell_that_would_be_a_formula_is_written_as_text(beginning):
    assert books.plain_cell(f"{beginning}1+1") == f"'{beginning}1+1"


def test_e24_other_cells_stay_as_they_are():
    assert [books.plain_cell(cell) for cell in ("customer:1", -5, "", None)] == ["customer:1", -5, "", None]


def test_long_books_are_paged(site, monkeypatch):
    monkeypatch.setattr(books, "POSTINGS", 3)
    project = site.project()
    for number in range(7):
        ask(Act.STAKE, project=project.pk, customer=site.customer(f"Fan{number}").pk, quantity=1)
    numbers = [
        re.findall(r"<tr><td class=\"number\">(\d+)</td>", text_of(f"/projects/grace/books/?page={page}"))
        for page in (1, 2, 3, 99)
    ]
    assert numbers == [["1", "2", "3"], ["4", "5", "6"], ["7"], ["7"]]


def test_books_that_cannot_be_computed_say_so(site, monkeypatch):
    site.project()
    monkeypatch.setattr(
        books.payout, "payout_of", lambda *_: (_ for _ in ()).throw(books.LedgerError("wrong"))
    )
    assert "The payout cannot be computed at the moment: wrong" in text_of("/projects/grace/books/payout/")
