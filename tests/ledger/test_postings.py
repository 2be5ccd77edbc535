"""What each kind of event moves, from which account to which."""

import pytest

from comaker.events import Event, Kind
from comaker.ledger import LedgerError, Posting, postings_of
from comaker.words import TaskKind

KINDS = {
    "stake": TaskKind.STAKE,
    "buy": TaskKind.PURCHASE,
    "choose": TaskKind.BALLOT,
    "promote": TaskKind.PROMOTION,
}


def happened(kind: Kind, money_minor: int | None = 1_000, **columns: object) -> Event:
    return Event(5, 0, kind, model="8f2c", money_minor=money_minor, **columns)


@pytest.mark.parametrize(
    ("event", "source", "target", "rule"),
    [
        (happened(Kind.DONE, customer=12, task="stake", subject=3), "customer:12", "stakes:3", "stake"),
        (happened(Kind.WITHDRAWN, customer=12, subject=3), "stakes:3", "customer:12", "stake"),
        (happened(Kind.FUNDED, subject=3), "stakes:3", "project:3", "stake"),
        (happened(Kind.DONE, customer=12, task="buy", subject=9), "customer:12", "firm", "purchase"),
        (happened(Kind.INCOME, subject=3), "market", "project:3", "recorded"),
        (happened(Kind.INCOME, customer=12, subject=3), "customer:12", "project:3", "recorded"),
        (happened(Kind.INCOME), "market", "firm", "recorded"),
        (happened(Kind.COST, subject=3), "project:3", "suppliers", "recorded"),
        (happened(Kind.COST), "firm", "suppliers", "recorded"),
        (happened(Kind.PAID, customer=12, subject=3), "project:3", "customer:12", "sharing"),
        (happened(Kind.PAID, role="artist", subject=3), "project:3", "artist:3", "sharing"),
        (happened(Kind.PAID, role="firm", subject=3), "project:3", "firm", "sharing"),
        (happened(Kind.PAID, role="dust", subject=3), "project:3", "dust:3", "sharing"),
        (happened(Kind.PAID, customer=12, task="promote"), "firm", "customer:12", "promotion"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_money_goes_from_one_account_to_another(event: Event, source: str, target: str, rule: str) -> None:
    assert postings_of(event, currency="EUR", kinds=KINDS) == (
        Posting(5, source, "EUR", -1_000, rule, "8f2c"),
        Posting(5, target, "EUR", 1_000, rule, "8f2c"),
    )


@pytest.mark.parametrize(
    "event",
    [
        happened(Kind.REFUSED, customer=12, task="stake", subject=3, refusal="OVER_CAP"),
        happened(Kind.STARTED, customer=12, task="stake", subject=3),
        happened(Kind.EXPIRED, subject=3),
        happened(Kind.DONE, None, customer=12, task="choose", subject=3),
        happened(Kind.COST, 0),
    ],
    ids=lambda event: event.kind.value,
)
def test_an_event_that_moves_no_money_has_no_postings(event: Event) -> None:
    assert postings_of(event, currency="EUR", kinds=KINDS) == ()


def test_dust_that_becomes_whole_goes_back_to_the_project() -> None:
    back = postings_of(happened(Kind.PAID, -2, role="dust", subject=3), currency="EUR", kinds=KINDS)
    assert {posting.account: posting.amount_minor for posting in back} == {"project:3": 2, "dust:3": -2}


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (happened(Kind.INCOME, None), r"event 5 \(income\): it names no amount of money"),
        (happened(Kind.PAID, None, customer=12), "it names no amount of money"),
        (happened(Kind.COST, -1, role="dust", subject=3), "its amount, -1 minor units, must be 0 or more"),
        (happened(Kind.COST, -1), r"event 5 \(cost\): its amount, -1 minor units, must be 0 or more"),
        (happened(Kind.INCOME)._replace(model=""), "it names no version of the model"),
        (
            happened(Kind.DONE, customer=12, task="ship"),
            "task 'ship' is not in the model; it has buy, choose",
        ),
        (happened(Kind.DONE, customer=12), "task None is not in the model"),
        (happened(Kind.DONE, task="stake", subject=3), "it names no customer"),
        (happened(Kind.DONE, customer=12, task="stake"), "it names no subject"),
        (happened(Kind.WITHDRAWN, customer=12), "it names no subject"),
        (happened(Kind.FUNDED), "it names no subject"),
        (happened(Kind.PAID, subject=3), "it names neither a customer nor a role"),
        (happened(Kind.PAID, role="artist"), "it names no subject"),
        (happened(Kind.PAID, role="customer", subject=3), "'customer' names accounts of the ledger itself"),
    ],
)
def test_an_event_that_lacks_what_it_needs_is_refused(event: Event, message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        postings_of(event, currency="EUR", kinds=KINDS)
