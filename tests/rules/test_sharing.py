"""The sharing rule against exact fractions, and against the largest remainder, which must fail."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comaker.rules.sharing import MAX_TOTAL_SHARES, WHOLE_PPM, entitlement, payment_due, pool_of

CASES = settings(max_examples=250, deadline=None)
MONEY = st.integers(0, 2**63 - 1) | st.integers(0, 10_000)
SHARES = st.integers(0, 700) | st.integers(0, 1_000_000)
HELD = st.lists(SHARES, min_size=1, max_size=30).filter(any)

Split = Callable[[int, Sequence[int]], list[int]]


def by_entitlement(pool_minor: int, held: Sequence[int]) -> list[int]:
    return [entitlement(pool_minor, shares, sum(held)) for shares in held]


def by_largest_remainder(pool_minor: int, held: Sequence[int]) -> list[int]:
    """What most shops do: round down, then give what is left to the largest remainders."""
    exact = [Fraction(pool_minor * shares, sum(held)) for shares in held]
    paid = [floor(part) for part in exact]
    order = sorted(range(len(held)), key=lambda holder: paid[holder] - exact[holder])
    for holder in order[: pool_minor - sum(paid)]:
        paid[holder] += 1
    return paid


def lowered_by_one_more(split: Split, pool_minor: int, held: Sequence[int]) -> bool:
    before, after = split(pool_minor, held), split(pool_minor + 1, held)
    return any(more < less for less, more in zip(before, after, strict=True))


def gain_from_splitting(split: Split, pool_minor: int, held: Sequence[int], parts: Sequence[int]) -> int:
    """What the first holder gains by holding her shares in several accounts."""
    assert sum(parts) == held[0]
    return sum(split(pool_minor, [*parts, *held[1:]])[: len(parts)]) - split(pool_minor, held)[0]


@st.composite
def cut(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    held = draw(HELD)
    marks = sorted(draw(st.lists(st.integers(0, held[0]), max_size=6)))
    return held, [high - low for low, high in zip([0, *marks], [*marks, held[0]], strict=True)]


@CASES
@given(base=st.integers(-(2**63), 2**63 - 1), ppm=st.integers(0, WHOLE_PPM))
def test_a_pool_is_the_floor_of_the_exact_share_and_nothing_in_a_loss(base: int, ppm: int) -> None:
    assert pool_of(base, ppm) == max(floor(Fraction(base * ppm, WHOLE_PPM)), 0)


@CASES
@given(pool=MONEY, held=HELD)
def test_everybody_is_entitled_to_the_floor_of_the_exact_part(pool: int, held: list[int]) -> None:
    for shares, entitled in zip(held, by_entitlement(pool, held), strict=True):
        assert entitled == floor(Fraction(pool * shares, sum(held)))


@CASES
@given(pool=MONEY, held=HELD)
def test_nothing_is_made_and_less_than_a_minor_unit_a_holder_is_left(pool: int, held: list[int]) -> None:
    dust = pool - sum(by_entitlement(pool, held))
    assert 0 <= dust < len(held)


@CASES
@given(pool=MONEY, case=cut())
def test_splitting_a_holding_never_gains(pool: int, case: tuple[list[int], list[int]]) -> None:
    held, parts = case
    gain = gain_from_splitting(by_entitlement, pool, held, parts)
    # Read backwards: merging accounts recovers less than one minor unit for each account merged.
    assert -len(parts) < gain <= 0


@CASES
@given(pool=st.integers(0, 10_000) | st.integers(0, 2**62), held=HELD)
def test_one_minor_unit_more_lowers_nobody(pool: int, held: list[int]) -> None:
    assert not lowered_by_one_more(by_entitlement, pool, held)


def test_the_largest_remainder_lowers_a_holder_and_rewards_splitting() -> None:
    assert lowered_by_one_more(by_largest_remainder, 10, [6, 6, 2])
    assert gain_from_splitting(by_largest_remainder, 5, [8, 3, 1], [2, 6]) == 1


@CASES
@given(entitled=MONEY, paid=MONEY)
def test_a_payment_is_what_is_missing_and_never_taken_back(entitled: int, paid: int) -> None:
    assert payment_due(entitled, paid) == max(entitled - paid, 0)


@pytest.mark.parametrize(
    ("pool", "held", "total", "entitled"),
    [
        (0, 5, 10, 0),
        (-1, 5, 10, 0),
        (1, 5, 10, 0),
        (1, 10, 10, 1),
        (10, 0, 10, 0),
        (10, 0, 0, 0),
        (10**15, 1, 3, 333_333_333_333_333),
        (2**63 - 1, MAX_TOTAL_SHARES - 1, MAX_TOTAL_SHARES, 9_223_372_033_780_318_461),
    ],
)
def test_the_edges_of_an_entitlement(pool: int, held: int, total: int, entitled: int) -> None:
    assert entitlement(pool, held, total) == entitled


@CASES
@given(pool=MONEY, held=HELD, paid=st.integers(0, 10**9))
def test_a_column_is_decided_like_each_of_its_rows(pool: int, held: list[int], paid: int) -> None:
    column = np.array(held)
    entitled = entitlement(pool, column, sum(held))
    assert entitled.dtype == np.int64
    assert entitled.tolist() == by_entitlement(pool, held)
    assert payment_due(entitled, paid).tolist() == [payment_due(e, paid) for e in by_entitlement(pool, held)]


@CASES
@given(
    base=st.integers(-(2**63), 2**63 - 1),
    ppm=st.integers(0, WHOLE_PPM),
    total=st.integers(0, MAX_TOTAL_SHARES),
    held=st.integers(0, MAX_TOTAL_SHARES),
    paid=MONEY,
)
def test_compiled_it_decides_the_same_up_to_the_declared_maxima(
    base: int, ppm: int, total: int, held: int, paid: int
) -> None:
    compiled = pytest.importorskip("comaker.simulate.compiled", reason="numba is not installed").compiled
    held = min(held, total)
    pool = pool_of(base, ppm)
    entitled = entitlement(pool, held, total)
    assert compiled(pool_of)(base, ppm) == pool
    assert compiled(entitlement)(pool, held, total) == entitled
    assert compiled(payment_due)(entitled, paid) == payment_due(entitled, paid)
