from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from comaker.model import Model, Problem, load, stake_terms
from comaker.model.limits import BELOW, products
from comaker.rules.sharing import MAX_TOTAL_SHARES, entitlement

SMALL = Path(__file__).parent / "small.toml"


def test_it_names_the_value_by_which_a_product_leaves_64_bits(
    problems_with: Callable[..., tuple[Problem, ...]],
) -> None:
    problems = problems_with(
        ('share_price = "10.00"', 'share_price = "0.01"'), ('goal = "700.00"', 'goal = "1000000000.00"')
    )
    assert [(each.key, each.line) for each in problems] == [("task.stake.terms.goal", 14)]
    assert "at most 3,000,000,000 shares" in problems[0].message


def test_it_refuses_promotion_and_purchases_too_large_to_compute(
    problems_with: Callable[..., tuple[Problem, ...]],
) -> None:
    more = """
[offer.album]
kind = "good"
price = "9999999999.00"
[cost.promoter]
cause = "promotion"
amount = "9999999999.00"
each = "customer"
[assumption.promoters_needed]
value = 10_000_000
low = 1
high = 10_000_000
source = "assumed"
[task.buy]
kind = "purchase"
stage = "delivery"
performer = "customer"
terms = { offer = "album", limit = 1000000000 }
[assumption.reach]"""
    problems = problems_with(("[assumption.reach]", more))
    assert {each.key for each in problems} == {"cost.promoter.amount", "task.buy.terms.limit"}


def test_every_product_of_the_gallery_stays_below_64_bits() -> None:
    for version in load("my-major-company").versions:
        assert max(product.value for product in products(version.model)) < BELOW


@given(st.integers(1, 10**6), st.integers(1, 10**7))
def test_what_is_accepted_never_overflows(price_minor: int, shares: int) -> None:
    goal_minor = price_minor * shares
    text = f"{goal_minor // 100}.{goal_minor % 100:02}"
    price = f"{price_minor // 100}.{price_minor % 100:02}"
    declared = {"share_price": price, "goal": text, "cap": text}
    changes = [(f"task.stake.terms.{key}", value) for key, value in declared.items()]
    try:
        model: Model = load(SMALL, changes=changes, amendments=False)
    except ValueError:
        return
    terms = stake_terms(model)
    assert terms.goal_shares <= MAX_TOTAL_SHARES
    assert terms.goal_shares * terms.share_price_minor < BELOW
    assert 0 <= entitlement(BELOW - 1, terms.goal_shares, terms.goal_shares) < BELOW
