"""Proves that no product the compiled rules form of a model's maxima leaves 64 bits.

Every amount is at most ``MAX_MONEY_MINOR`` = 10^12 by its type, so a goal (shares x share price) and a part
of an income (amount x parts per million) are safe by themselves; the rest of what rules multiply is checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from comaker.model.places import Path
from comaker.model.schema.document import Document
from comaker.model.schema.tasks import PurchaseTask, StakeTask
from comaker.rules.sharing import MAX_TOTAL_SHARES
from comaker.words import CostCause

BELOW = 2**63
"""Compiled integers wrap silently from here on."""

MAX_QUANTITY = 1_000_000
"""The most one purchase may ask for where its terms set no limit."""


class Product(NamedTuple):
    """A product that a rule forms: the key that decides its size, its factors in words, and its value."""

    path: Path
    factors: str
    value: int


def products(document: Document) -> Iterator[Product]:
    """Every product that the rules form of the model's declared maxima, at its largest."""
    for name, task in document.task.items():
        if isinstance(task, StakeTask):
            shares = task.terms.goal_minor // task.terms.share_price_minor
            yield Product(("task", name, "terms", "goal"), "shares x shares of a holder", shares * shares)
        elif isinstance(task, PurchaseTask):
            offer = document.offer.get(task.terms.offer or "")
            most = (task.terms.limit or MAX_QUANTITY) * (offer.price_minor if offer else 0)
            yield Product(("task", name, "terms", "limit"), "quantity x price", most)
    needed = document.assumption.get("promoters_needed")
    for name, cost in document.cost.items():
        if needed and (cost.cause, cost.each) == (CostCause.PROMOTION, "customer"):
            most = int(max(needed.high, 0)) * cost.amount_minor
            yield Product(("cost", name, "amount"), "promoters needed x cost of replacing one", most)


def limit_mistakes(document: Document) -> Iterator[tuple[Path, str]]:
    """The keys whose values would let a product overflow."""
    for path, factors, value in products(document):
        # Sharing promises exactness up to a round number of shares, a little before their square overflows.
        limit = MAX_TOTAL_SHARES**2 + 1 if path[-1] == "goal" else BELOW
        if value >= limit:
            most = f"at most {MAX_TOTAL_SHARES:,} shares" if path[-1] == "goal" else "must stay below 2^63"
            yield path, f"too large to compute exactly: {factors} comes to {value:.1e}, {most}"
