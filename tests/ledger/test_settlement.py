"""Settlements against an oracle of exact fractions, over sequences of incomes and losses."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comaker.events import Event, Kind
from comaker.ledger import Holders, Ledger, LedgerError, Settlement, Shared, postings_of, settle
from comaker.rules.sharing import MAX_TOTAL_SHARES, WHOLE_PPM

CASES = settings(max_examples=200, deadline=None)
MY_MAJOR_COMPANY = {"producer": 300_000, "artist": 200_000, "firm": 500_000}

CHANGES = st.lists(
    st.integers(-100_000, 100_000) | st.integers(-3, 3) | st.integers(-(10**14), 10**14),
    min_size=1,
    max_size=8,
)
HELD = st.lists(st.integers(0, 700), min_size=1, max_size=20).filter(any)


def holders(held: Sequence[int]) -> Holders:
    return Holders(np.arange(1, len(held) + 1), np.array(held, np.int64))


@st.composite
def terms(draw: st.DrawFn) -> dict[str, int]:
    producer = draw(st.integers(0, WHOLE_PPM))
    artist = draw(st.integers(0, WHOLE_PPM - producer))
    firm = draw(st.sampled_from([0, WHOLE_PPM - producer - artist]))
    return {"producer": producer, "artist": artist, "firm": firm}


def settled(held: Sequence[int], bases: Sequence[int], shares_ppm: dict[str, int]) -> list[Settlement]:
    done: list[Settlement] = []
    for base in bases:
        shared = done[-1].shared if done else None
        done.append(
            settle(
                project=3,
                base_minor=base,
                shares_ppm=shares_ppm,
                pro_rata="producer",
                holders=holders(held),
                shared=shared,
            )
        )
    return done


def paid_in_all(held: Sequence[int], bases: Sequence[int], shares_ppm: dict[str, int]) -> list[int]:
    return settled(held, bases, shares_ppm)[-1].shared.holders_minor.tolist()


@CASES
@given(changes=CHANGES, held=HELD, shares_ppm=terms())
def test_everybody_has_the_exact_share_of_the_best_base_so_far_rounded_down(
    changes: list[int], held: list[int], shares_ppm: dict[str, int]
) -> None:
    bases = list(accumulate(changes))
    steps = settled(held, bases, shares_ppm)
    for best, step in zip(accumulate(bases, max, initial=0), [None, *steps], strict=True):
        if step is None:
            continue
        parts = {role: floor(Fraction(best * ppm, WHOLE_PPM)) for role, ppm in shares_ppm.items()}
        pool = parts.pop("producer")
        exact = [Fraction(pool * shares, sum(held)) for shares in held]
        assert step.shared.holders_minor.tolist() == [floor(part) for part in exact]
        assert step.shared.parties_minor == parts
        assert step.shared.total_minor == floor(Fraction(best * sum(shares_ppm.values()), WHOLE_PPM))
        assert 0 <= step.shared.dust_minor < len(held) + len(shares_ppm)
        assert (step.payments_minor >= 0).all()


@CASES
@given(changes=CHANGES, held=HELD, shares_ppm=terms())
def test_what_leaves_the_project_is_paid_or_kept_as_dust_in_an_entry_that_sums_to_zero(
    changes: list[int], held: list[int], shares_ppm: dict[str, int]
) -> None:
    ledger = Ledger()
    steps = settled(held, list(accumulate(changes)), shares_ppm)
    for number, step in enumerate(steps, 1):
        ledger.append(step.postings(event_id=number, currency="EUR", version="8f2c"))
    last = steps[-1].shared
    expected = {f"customer:{n}": paid for n, paid in enumerate(last.holders_minor.tolist(), 1)}
    expected |= {"artist:3": last.parties_minor["artist"], "firm": last.parties_minor["firm"]}
    expected |= {"dust:3": last.dust_minor, "project:3": -last.total_minor}
    assert sum(ledger.balances().values()) == 0
    for account, amount in expected.items():
        assert ledger.balance(account, currency="EUR") == amount


@CASES
@given(changes=CHANGES, held=HELD, shares_ppm=terms(), data=st.data())
def test_splitting_never_gains_and_merging_less_than_a_minor_unit_an_account_once(
    changes: list[int], held: list[int], shares_ppm: dict[str, int], data: st.DataObject
) -> None:
    bases = list(accumulate(changes))
    marks = sorted(data.draw(st.lists(st.integers(0, held[0]), max_size=5)))
    parts = [high - low for low, high in zip([0, *marks], [*marks, held[0]], strict=True)]
    whole = paid_in_all(held, bases, shares_ppm)
    split = paid_in_all([*parts, *held[1:]], bases, shares_ppm)
    assert 0 <= whole[0] - sum(split[: len(parts)]) < len(parts)
    assert split[len(parts) :] == whole[1:]


@CASES
@given(changes=CHANGES, held=HELD, shares_ppm=terms(), data=st.data())
def test_order_and_names_of_the_holders_change_nothing(
    changes: list[int], held: list[int], shares_ppm: dict[str, int], data: st.DataObject
) -> None:
    bases = list(accumulate(changes))
    order = data.draw(st.permutations(range(len(held))))
    before = paid_in_all(held, bases, shares_ppm)
    assert paid_in_all([held[i] for i in order], bases, shares_ppm) == [before[i] for i in order]


@CASES
@given(base=st.integers(-10, 10**6) | st.integers(0, 2**62), held=HELD, shares_ppm=terms())
def test_one_minor_unit_more_lowers_nobody(base: int, held: list[int], shares_ppm: dict[str, int]) -> None:
    less, more = (settled(held, [b], shares_ppm)[0] for b in (base, base + 1))
    assert (more.payments_minor >= less.payments_minor).all()
    assert all(more.parties_minor[role] >= paid for role, paid in less.parties_minor.items())


@CASES
@given(changes=CHANGES, held=HELD, shares_ppm=terms())
def test_paying_often_pays_as_much_as_paying_once(
    changes: list[int], held: list[int], shares_ppm: dict[str, int]
) -> None:
    bases = list(accumulate(changes))
    assert paid_in_all(held, bases, shares_ppm) == paid_in_all(held, [max(bases)], shares_ppm)


def test_a_loss_pays_nothing_is_carried_and_nobody_pays_back() -> None:
    steps = settled([10, 30], [-500, 1_000, 400, 900, 1_400], MY_MAJOR_COMPANY)
    assert [step.payments_minor.tolist() for step in steps] == [[0, 0], [75, 225], [0, 0], [0, 0], [30, 90]]
    assert [step.parties_minor["artist"] for step in steps] == [0, 200, 0, 0, 80]


def test_dust_is_paid_as_soon_as_it_makes_whole_units() -> None:
    steps = settled([1, 1, 1], [10, 20, 30], {"producer": WHOLE_PPM})
    assert [step.payments_minor.tolist() for step in steps] == [[3, 3, 3], [3, 3, 3], [4, 4, 4]]
    assert [step.shared.dust_minor for step in steps] == [1, 2, 0]
    assert [step.dust_change_minor for step in steps] == [1, 1, -2]


def test_booking_each_payment_as_an_event_gives_the_same_balances() -> None:
    whole, by_events = Ledger(), Ledger()
    for number, step in enumerate(settled([1, 1, 5], [1_001, 1_013, 1_020], MY_MAJOR_COMPANY), 1):
        whole.append(step.postings(event_id=number, currency="EUR", version="8f2c"))
        paid = [(n, None, money) for n, money in enumerate(step.payments_minor.tolist(), 1)]
        paid += [(None, role, money) for role, money in step.parties_minor.items()]
        for customer, role, money in [*paid, (None, "dust", step.dust_change_minor)]:
            event = Event(
                number, 0, Kind.PAID, model="8f2c", customer=customer, role=role, subject=3, money_minor=money
            )
            by_events.append(postings_of(event, currency="EUR", kinds={}))
    assert by_events.balances() == whole.balances()


def test_a_column_changed_after_booking_changes_no_entry() -> None:
    ours = holders([10, 30])
    step = settle(
        project=3, base_minor=1_000, shares_ppm={"producer": WHOLE_PPM}, pro_rata="producer", holders=ours
    )
    ledger = Ledger()
    ledger.append(step.postings(event_id=1, currency="EUR", version="8f2c"))
    ours.customers[:] = 99
    assert ledger.balance("customer:1", currency="EUR") == 250
    with pytest.raises(ValueError, match="read-only"):
        step.payments_minor[0] = 0


def test_a_base_summed_from_a_column_is_as_good_as_a_plain_integer() -> None:
    step = settled([10, 30], [np.array([400, 600]).sum()], MY_MAJOR_COMPANY)[0]
    ledger = Ledger()
    ledger.append(step.postings(event_id=1, currency="EUR", version="8f2c"))
    assert ledger.balance("artist:3", currency="EUR") == 200


def test_what_is_given_to_nobody_stays_in_the_project() -> None:
    step = settle(project=3, base_minor=1_000, shares_ppm={"designer": 10_000})
    assert (step.total_minor, step.parties_minor) == (10, {"designer": 10})


def test_while_nobody_holds_a_share_the_holders_part_stays_in_the_project() -> None:
    step = settled([0, 0], [1_000], MY_MAJOR_COMPANY)[0]
    assert step.payments_minor.tolist() == [0, 0]
    assert (step.total_minor, step.dust_change_minor) == (700, 0)


@pytest.mark.parametrize(
    ("base", "held", "payments"),
    [
        (0, [5], [0]),
        (1, [5], [1]),
        (-1, [5], [0]),
        (1, [1, 1], [0, 0]),
        (10**15, [1, 0], [10**15, 0]),
        (2**63 - 1, [MAX_TOTAL_SHARES - 1, 1], [9_223_372_033_780_318_461, 3_074_457_345]),
    ],
)
def test_the_edges_of_a_settlement(base: int, held: list[int], payments: list[int]) -> None:
    assert settled(held, [base], {"producer": WHOLE_PPM})[0].payments_minor.tolist() == payments


def test_a_million_holders_are_settled_exactly() -> None:
    held = np.random.default_rng(7).integers(0, 700, 1_000_000)
    step = settle(
        project=3,
        base_minor=10**15 + 7,
        shares_ppm=MY_MAJOR_COMPANY,
        pro_rata="producer",
        holders=Holders(np.arange(1_000_000), held),
    )
    pool, total = step.total_minor * 3 // 10, int(held.sum())
    for row in (0, 1, 123_456, 999_999):
        assert step.payments_minor[row] == pool * int(held[row]) // total
    assert (
        int(step.payments_minor.sum()) + sum(step.parties_minor.values()) + step.dust_change_minor
        == 10**15 + 7
    )
    ledger = Ledger()
    ledger.append(step.postings(event_id=1, currency="EUR", version="8f2c"))
    assert ledger.balance("project:3", currency="EUR") == -(10**15 + 7)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"base_minor": 2**63}, "9223372036854775808 minor units, does not fit 64 bits"),
        ({"shares_ppm": {"producer": 700_000, "firm": 400_000}}, "add up to 110 %, more than 100 %"),
        ({"shares_ppm": {"producer": -1}}, "share of producer is -0.0001 %"),
        ({"pro_rata": "designer"}, "'designer' has no share to divide; there are .*'producer'"),
        ({"shares_ppm": {"producer": 1, "project": 1}}, "'project' names accounts of the ledger itself"),
        (
            {"holders": Holders(np.arange(2), np.array([1.5, 2.0]))},
            "shares is float64.*, not a column of int64",
        ),
        ({"holders": Holders(np.arange(3), np.array([1, 2]))}, "shares has 2 rows for 3 holders"),
        ({"holders": Holders(np.arange(2), np.array([4, -2]))}, "shares of row 1 is -2, below 0"),
        (
            {"holders": Holders(np.arange(2), np.array([2 * 10**9] * 2))},
            "4000000000 shares are held, more than",
        ),
        ({"shared": Shared(np.array([1]), {}, 0)}, "paid so far has 1 rows for 2 holders"),
        ({"shared": Shared(np.array([300, 0]), {}, 0)}, "225 minor units more than its base would be paid"),
    ],
)
def test_it_refuses_what_cannot_be_settled(wrong: dict[str, object], message: str) -> None:
    right: dict[str, object] = {
        "project": 3,
        "base_minor": 1_000,
        "shares_ppm": MY_MAJOR_COMPANY,
        "pro_rata": "producer",
        "holders": holders([10, 30]),
    }
    with pytest.raises(LedgerError, match=message):
        settle(**(right | wrong)).postings(event_id=1, currency="EUR", version="8f2c")
