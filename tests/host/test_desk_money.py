"""Money at the desk: confirmed when it is there, recorded once, paid out by two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.test.utils import setup_test_environment, teardown_test_environment
from django.urls import reverse

from comaker.host.models import (
    Account,
    Event,
    Holding,
    Posting,
    Project,
    Reservation,
    Settlement,
    StaffAct,
    Standing,
)
from comaker.host.payout import payout_of
from comaker.host.writer import Act, Request, write


def logged_in(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def text_of(answer: Any) -> str:
    return answer.content.decode()


@pytest.fixture(autouse=True)
def templates_are_told() -> Iterator[None]:
    """So that a page's answer knows what it was given."""
    setup_test_environment()
    yield
    teardown_test_environment()


class Desk:
    """A site where ten shares fund a project, with two of the staff."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.sam, self.kim = logged_in(site.staff("Sam")), logged_in(site.staff("Kim"))
        self.grace: Project = site.project("Grace")

    def stake(self, name: str, shares: int) -> int:
        """A new customer's reservation; its number."""
        customer = self.site.customer(name)
        asked = Request(Act.STAKE, project=self.grace.pk, customer=customer.pk, quantity=shares, key="s")
        answer = write([asked])[0]
        assert answer.is_done, answer
        return answer.event_id or 0

    def confirm(self, *numbers: int, key: str = "k", **more: str) -> Any:
        given = {"reservation": list(map(str, numbers)), "key": key}
        return self.sam.post(reverse("desk_money"), given | more, follow=True)

    def fund(self) -> None:
        """Three people hold all of it."""
        self.confirm(self.stake("Ann", 5), self.stake("Bob", 3), self.stake("Cid", 2))
        assert Standing.objects.exclude(project=0).get().status == 1

    def record(self, what: str, amount: str, key: str = "r", who: Client | None = None) -> Any:
        given = {"what": what, "money_minor": amount, "note": "invoice 7", "key": key}
        return (who or self.sam).post(reverse("desk_records", args=["grace"]), given)

    def propose(self, who: Client) -> Any:
        return who.post(reverse("desk_settlements", args=["grace"]), follow=True)

    def approve(self, who: Client, number: int, key: str = "a") -> Any:
        return who.post(reverse("desk_approve", args=["grace", number]), {"key": key}, follow=True)


@pytest.fixture
def desk(database: str, make_site: Callable[..., Any], model_text: Callable[..., str]) -> Desk:
    """The desk on both databases."""
    return Desk(make_site(model_text(goal="100.00", cap="100.00")))


@pytest.fixture
def page(sqlite: str, make_site: Callable[..., Any], model_text: Callable[..., str]) -> Desk:
    """The desk on SQLite."""
    return Desk(make_site(model_text(goal="100.00", cap="100.00")))


# --- money coming in ------------------------------------------------------------------------------


def test_several_reservations_are_confirmed_at_once_and_each_is_answered(desk: Desk) -> None:
    first, second, third = desk.stake("Ann", 1), desk.stake("Bob", 2), desk.stake("Cid", 3)
    page = text_of(desk.confirm(first, third))
    assert "2 reservations are confirmed" in page
    assert page.count('badge good">Confirmed') == 2
    states = dict(Reservation.objects.values_list("event", "state"))
    assert states == {first: 1, second: 0, third: 1}
    assert Standing.objects.exclude(project=0).get().reserved_shares == 2
    acts = StaffAct.objects.filter(act="confirmed money").order_by("id")
    assert [act.subject for act in acts] == [f"R-{first}", f"R-{third}"]


def test_d19_confirming_twice_confirms_once(desk: Desk) -> None:
    number = desk.stake("Ann", 4)
    desk.confirm(number)
    desk.confirm(number)
    page = text_of(desk.confirm(number, key="other"))
    assert "This reservation is over" in page
    assert Event.objects.filter(kind="confirmed").count() == 1


def test_one_that_is_over_does_not_hold_up_the_others(page: Desk) -> None:
    late, good = page.stake("Ann", 1), page.stake("Bob", 2)
    Reservation.objects.filter(pk=late).update(lapses_us=1)
    shown = text_of(page.confirm(late, good))
    assert f"R-{late}: This reservation is over" in shown
    assert "1 reservation is confirmed" in shown
    assert dict(Reservation.objects.values_list("event", "state"))[good] == 1


@pytest.mark.parametrize("ticked", [[], ["x"], ["-1"], ["9" * 30], ["１"], ["R-"], ["0 OR 1=1"]])
def test_e26_nothing_sensible_ticked_is_said(page: Desk, ticked: list[str]) -> None:
    page.stake("Ann", 1)
    answer = page.sam.post(reverse("desk_money"), {"reservation": ticked, "key": "k"}, follow=True)
    assert "Please tick" in text_of(answer)
    assert Reservation.objects.get().state == 0


def test_a_number_that_is_no_reservation_confirms_nothing(page: Desk) -> None:
    page.stake("Ann", 1)
    assert page.confirm(999_999).status_code == 200
    assert Reservation.objects.get().state == 0


def test_reservations_are_found_by_reference_customer_and_project(page: Desk) -> None:
    ann, bob = page.stake("Ann", 1), page.stake("Bob", 2)

    def found(text: str) -> set[int]:
        answer = page.sam.get(reverse("desk_money"), {"find": text})
        return {each.event for each in answer.context["page"]}

    assert found("") == {ann, bob}
    assert found(f"R-{ann}") == found(f"r{ann}") == {ann}
    assert found("bob@exam") == found("Bob") == {bob}
    assert found("grac") == {ann, bob}
    assert found("%") == found("nobody") == found("R-99999999") == set()
    assert "No reservation like that waits" in text_of(page.sam.get(reverse("desk_money"), {"find": "zzz"}))


def test_what_ends_first_stands_first(page: Desk) -> None:
    first, second = page.stake("Ann", 1), page.stake("Bob", 2)
    Reservation.objects.filter(pk=second).update(lapses_us=5)
    answer = page.sam.get(reverse("desk_money"))
    assert [each.event for each in answer.context["page"]] == [second, first]
    assert "over</span>" in text_of(answer)


# --- income and costs -----------------------------------------------------------------------------


def test_income_and_costs_are_recorded_with_what_they_were_for(desk: Desk) -> None:
    desk.fund()
    assert desk.record("income", "1000.00", "a").status_code == 303
    assert desk.record("delivery", "100.50", "b").status_code == 303
    assert desk.record("production", "70.00", "c").status_code == 303
    assert Standing.objects.exclude(project=0).get().earned_minor == 89_950
    page = text_of(desk.sam.get(reverse("desk_records", args=["grace"])))
    assert page.count("invoice 7") == 3
    assert "€100.50" in page


def test_d19_the_same_form_sent_twice_records_once(desk: Desk) -> None:
    desk.fund()
    for _ in range(3):
        desk.record("income", "1000.00", "same")
    assert Event.objects.filter(kind="income").count() == 1
    assert StaffAct.objects.filter(act="recorded income").count() == 1
    assert "sent before with other contents" in text_of(desk.record("income", "1.00", "same"))


@pytest.mark.parametrize(
    "amount",
    [
        "1,234.50",
        "1.234,50",
        "1 234.50",
        "NaN",
        "1e400",
        "-0",
        "-5.00",
        "0.005",
        "１０",
        "0",
        "0.00",
        "",
        "€5",
        "0x10",
        "٣",
        "5.",
        ".5",
        "1" * 30,
        "Infinity",
        "1_000",
    ],
)
def test_e26_an_amount_that_is_not_plain_is_refused_with_one_message(page: Desk, amount: str) -> None:
    answer = page.record("income", amount)
    assert answer.status_code == 200
    assert len(answer.context["form"].errors["money_minor"]) == 1
    assert answer.context["form"]["note"].value() == "invoice 7"
    assert not Event.objects.filter(kind="income").exists()


def test_a_record_needs_its_kind_its_note_and_its_key(page: Desk) -> None:
    address = reverse("desk_records", args=["grace"])
    answer = page.sam.post(address, {"what": "gift", "money_minor": "5.00"})
    assert {*answer.context["form"].errors} == {"what", "note", "key"}


# --- payouts ----------------------------------------------------------------------------------------


def test_a_payout_is_proposed_by_one_and_approved_by_another(desk: Desk) -> None:
    desk.fund()
    desk.record("income", "1000.00")
    page = text_of(desk.sam.get(reverse("desk_settlements", args=["grace"])))
    assert "Propose €500.00" in page
    assert "<bdi>Ann</bdi>" in page
    assert "Somebody else has to approve" in text_of(desk.propose(desk.sam))
    proposed = Settlement.objects.get()
    assert proposed.total_minor == 50_000
    assert "Approve and pay" not in text_of(desk.sam.get(reverse("desk_settlements", args=["grace"])))
    assert "Approve and pay €500.00" in text_of(desk.kim.get(reverse("desk_settlements", args=["grace"])))
    assert "Approved and booked: €500.00" in text_of(desk.approve(desk.kim, proposed.pk))
    proposed.refresh_from_db()
    assert (proposed.state, proposed.approved_by.name) == ("booked", "Kim")
    paid = dict(Holding.objects.values_list("shares", "paid_minor"))
    assert paid == {5: 15_000, 3: 9_000, 2: 6_000}
    assert payout_of(desk.grace.pk).total_minor == 0
    acts = StaffAct.objects.filter(act__contains="payout").order_by("id")
    assert [(act.act, Account.objects.get(pk=act.account).name) for act in acts] == [
        ("proposed a payout", "Sam"),
        ("approved a payout", "Kim"),
    ]


def test_f30_nobody_approves_a_payout_that_she_proposed(desk: Desk) -> None:
    desk.fund()
    desk.record("income", "1000.00")
    desk.propose(desk.sam)
    number = Settlement.objects.get().pk
    for key in ("a", "b"):
        assert "A second person has to approve this" in text_of(desk.approve(desk.sam, number, key))
    assert Settlement.objects.get().state == "proposed"
    assert not Posting.objects.filter(rule="sharing").exists()


def test_f30_a_customer_who_holds_shares_cannot_approve(desk: Desk) -> None:
    desk.fund()
    desk.record("income", "1000.00")
    desk.propose(desk.sam)
    ann = logged_in(Account.objects.get(name="Ann"))
    assert desk.approve(ann, Settlement.objects.get().pk).status_code == 403
    assert not Posting.objects.filter(rule="sharing").exists()


def test_f30_what_changed_after_the_proposal_must_be_proposed_anew(desk: Desk) -> None:
    desk.fund()
    desk.record("income", "1000.00", "a")
    desk.propose(desk.sam)
    desk.record("income", "10.00", "b")
    first = Settlement.objects.get().pk
    assert "Something was recorded since" in text_of(
        desk.kim.get(reverse("desk_settlements", args=["grace"]))
    )
    assert "has changed since this was proposed" in text_of(desk.approve(desk.kim, first))
    desk.kim.post(reverse("desk_drop", args=["grace", first]))
    desk.propose(desk.kim)
    assert "Approved and booked: €505.00" in text_of(
        desk.approve(desk.sam, Settlement.objects.latest("pk").pk)
    )


def test_d19_approving_twice_pays_once(desk: Desk) -> None:
    desk.fund()
    desk.record("income", "1000.00")
    desk.propose(desk.sam)
    number = Settlement.objects.get().pk
    desk.approve(desk.kim, number)
    desk.approve(desk.kim, number)
    desk.approve(desk.kim, number, "other")
    assert sum(Holding.objects.values_list("paid_minor", flat=True)) == 30_000
    assert Event.objects.filter(kind="paid", role="artist").count() == 1


def test_there_is_one_open_proposal_a_project(desk: Desk) -> None:
    desk.fund()
    desk.record("income", "1000.00")
    desk.propose(desk.sam)
    assert "A payout is proposed already" in text_of(desk.propose(desk.kim))
    assert Settlement.objects.count() == 1
    with pytest.raises(IntegrityError):
        Settlement.objects.create(
            project=desk.grace.pk, earned_minor=1, total_minor=1, proposed_by=Account.objects.get(name="Kim")
        )


def test_a_proposal_that_is_sent_twice_is_one(page: Desk) -> None:
    page.fund()
    page.record("income", "1000.00")
    for _ in range(2):
        assert "Somebody else has to approve" in text_of(page.propose(page.sam))
    found = Settlement.objects.get()
    assert (found.earned_minor, found.total_minor) == (100_000, 50_000)
    assert StaffAct.objects.filter(act="proposed a payout").count() == 1


def test_nothing_due_is_not_proposed(page: Desk) -> None:
    page.fund()
    assert "nothing to pay out" in text_of(page.propose(page.sam))
    page.record("delivery", "50.00")
    assert "nothing to pay out" in text_of(page.propose(page.sam))
    assert not Settlement.objects.exists()


def test_what_was_shown_must_be_what_is_due(page: Desk) -> None:
    page.fund()
    page.record("income", "1000.00")
    answer = page.sam.post(reverse("desk_settlements", args=["grace"]), {"shown_minor": "1"}, follow=True)
    assert "has changed since" in text_of(answer)
    assert not Settlement.objects.exists()


def test_a_dropped_payout_is_not_approved(page: Desk) -> None:
    page.fund()
    page.record("income", "1000.00")
    page.propose(page.sam)
    number = Settlement.objects.get().pk
    page.kim.post(reverse("desk_drop", args=["grace", number]))
    assert "not open any more" in text_of(
        page.sam.post(reverse("desk_drop", args=["grace", number]), follow=True)
    )
    page.approve(page.kim, number)
    assert Settlement.objects.get().state == "dropped"
    assert not Posting.objects.filter(rule="sharing").exists()


def test_a_payout_of_another_project_is_not_approved_here(page: Desk) -> None:
    page.fund()
    page.record("income", "1000.00")
    page.propose(page.sam)
    page.site.project("Ada")
    number = Settlement.objects.get().pk
    page.kim.post(reverse("desk_approve", args=["ada", number]), {"key": "k"})
    assert Settlement.objects.get().state == "proposed"


def test_every_line_is_shown_page_by_page(page: Desk) -> None:
    page.fund()
    page.record("income", "1000.00")
    address = reverse("desk_settlements", args=["grace"])
    lines = page.sam.get(address).context["lines"]
    assert [line.due_minor for line, _ in lines] == [20_000, 15_000, 9_000, 6_000]
    for number in ("0", "-1", "2", "x", "9" * 30):
        assert page.sam.get(address, {"page": number}).status_code == 200
