"""The ledger takes whole entries that sum to zero, and forgets nothing."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comaker.ledger import Ledger, LedgerError, Posting
from comaker.ledger.postings import PaymentColumns, exact_sum


def move(event_id: int, source: str, target: str, amount: int, currency: str = "EUR") -> list[Posting]:
    return [
        Posting(event_id, source, currency, -amount, "stake", "8f2c"),
        Posting(event_id, target, currency, amount, "stake", "8f2c"),
    ]


ACCOUNTS = st.sampled_from(["customer:1", "customer:2", "stakes:1", "project:1", "firm"])
MOVES = st.tuples(ACCOUNTS, ACCOUNTS, st.integers(-(10**20), 10**20), st.sampled_from(["EUR", "JPY", "BHD"]))


@settings(max_examples=200, deadline=None)
@given(moves=st.lists(MOVES, max_size=20))
def test_after_every_entry_balances_are_the_sums_of_all_postings(moves: list[tuple]) -> None:
    ledger = Ledger()
    for number, (source, target, amount, currency) in enumerate(moves, 1):
        ledger.append(move(number, source, target, amount, currency))
        sums: Counter[tuple[str, str]] = Counter()
        for posting in ledger:
            sums[posting.account, posting.currency] += posting.amount_minor
        assert ledger.balances() == dict(sums)
        for each in ("EUR", "JPY", "BHD"):
            assert sum(amount for (_, currency), amount in ledger.balances().items() if currency == each) == 0


def test_an_entry_may_hold_several_currencies_if_each_sums_to_zero() -> None:
    ledger = Ledger()
    ledger.append(move(1, "customer:1", "firm", 5) + move(1, "firm", "customer:1", 700, "JPY"))
    assert ledger.balance("firm", currency="EUR") == 5
    assert ledger.balance("firm", currency="JPY") == -700
    assert ledger.balance("firm", currency="BHD") == 0


RIGHT = move(7, "customer:1", "firm", 5)


@pytest.mark.parametrize(
    ("postings", "message"),
    [
        ([RIGHT[0]._replace(amount_minor=0), RIGHT[1]], "postings in EUR sum to 5"),
        (RIGHT[:1], "event 7: its postings in EUR sum to -5 minor units; they must sum to 0"),
        ([RIGHT[0], RIGHT[1]._replace(currency="JPY")], "postings in EUR sum to -5"),
        ([RIGHT[0], RIGHT[1]._replace(amount_minor=5.0)], "event 7, account 'firm': 5.0 is not an integer"),
        ([RIGHT[0]._replace(amount_minor=True), RIGHT[1]], "True is not an integer"),
        ([RIGHT[0], RIGHT[1]._replace(rule="")], "must name its rule"),
        ([RIGHT[0], RIGHT[1]._replace(account="", version="")], "must name its account and version"),
        ([RIGHT[0], RIGHT[1]._replace(version="91ab")], "one rule and version, not 2"),
        (RIGHT + move(8, "firm", "customer:1", 5), "one entry is one event"),
    ],
)
def test_it_refuses_the_whole_of_a_wrong_entry(postings: list[Posting], message: str) -> None:
    ledger = Ledger()
    ledger.append(RIGHT)
    with pytest.raises(LedgerError, match=message):
        ledger.append(postings)
    assert list(ledger) == RIGHT
    assert ledger.balance("firm", currency="EUR") == 5


def payments(others: dict[str, int], amounts: list[int]) -> PaymentColumns:
    return PaymentColumns(
        event_id=7,
        currency="EUR",
        rule="sharing",
        version="8f2c",
        others=others,
        customers=np.arange(len(amounts)),
        amounts_minor=np.array(amounts, np.int64),
    )


def test_columns_are_booked_like_the_postings_they_stand_for() -> None:
    as_columns, one_by_one = Ledger(), Ledger()
    as_columns.append(payments({"project:3": -12}, [5, 0, 7]))
    one_by_one.append(list(payments({"project:3": -12}, [5, 0, 7])))
    assert list(as_columns) == list(one_by_one)
    assert as_columns.balances() == one_by_one.balances()
    assert ("customer:1", "EUR") not in as_columns.balances()


@pytest.mark.parametrize(
    ("others", "amounts"),
    [({"project:3": -12}, [5, 6]), ({}, [1]), ({"project:3": 0}, [2**62, 2**62, 2**62, 2**62])],
)
def test_it_refuses_columns_that_do_not_sum_to_zero(others: dict[str, int], amounts: list[int]) -> None:
    ledger = Ledger()
    with pytest.raises(LedgerError, match="must sum to 0"):
        ledger.append(payments(others, amounts))
    assert list(ledger) == []


def test_no_postings_make_no_entry() -> None:
    ledger = Ledger()
    ledger.append([])
    ledger.append(payments({"project:3": 0}, [0, 0]))
    assert list(ledger.entries()) == []


def test_what_it_hands_out_cannot_change_it() -> None:
    ledger = Ledger()
    given = move(1, "customer:1", "firm", 5)
    ledger.append(given)
    given.clear()
    ledger.balances().clear()
    assert len(list(ledger)) == 2
    assert ledger.balance("firm", currency="EUR") == 5
    assert {name for name in dir(ledger) if not name.startswith("_")} == {
        "append",
        "balance",
        "balances",
        "entries",
    }


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_the_sum_of_a_column_never_wraps(values: list[int]) -> None:
    assert exact_sum(np.array(values, np.int64)) == sum(values)
