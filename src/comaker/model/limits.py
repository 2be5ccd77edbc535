"""Proves that no product the compiled rules form of a model's maxima leaves 64 bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from comaker.model.places import Path
from comaker.model.schema.document import Document
from comaker.model.schema.tasks import PromotionTask, PurchaseTask, StakeTask
from comaker.model.schema.units import MAX_MONEY_MINOR, WHOLE_PPM
from comaker.rules.sharing import MAX_TOTAL_SHARES

BELOW = 2**63
"""Compiled integers wrap silently from here on."""

MAX_INCOME_MINOR = MAX_MONEY_MINOR
"""The most one project is allowed to earn in a run, in minor units."""

MAX_QUANTITY = 1_000_000
"""The most one purchase may ask for."""


class Product(NamedTuple):
    """A product that a rule forms: the key that decides its size, its factors in words, and its value."""

    path: Path
    factors: str
    value: int


def products(document: Document) -> Iterator[Product]:
    """Every product that the rules form of the model's declared maxima, at its largest."""
    # Shares of one project: sharing multiplies a remainder below the total with a holding up to it.
    for name, task in document.task.items():
        terms: Path = ("task", name, "terms")
        if isinstance(task, StakeTask):
            shares = task.terms.goal_minor // max(task.terms.share_price_minor, 1)
            yield Product((*terms, "goal"), "shares of a goal x share price", task.terms.goal_minor)
            yield Product((*terms, "goal"), "shares of a goal x income", shares * MAX_INCOME_MINOR)
        elif isinstance(task, PromotionTask):
            due = task.terms.needed * task.terms.replaces_minor
            yield Product((*terms, "needed"), "promoters needed x cost of replacing one", due)
        elif isinstance(task, PurchaseTask):
            offer = document.offer.get(task.terms.offer or "")
            most = task.terms.limit or MAX_QUANTITY
            yield Product((*terms, "limit"), "quantity x price", most * (offer.price_minor if offer else 0))
    for name, flow in document.sharing.items():
        largest = max(flow.to.values(), default=0)
        yield Product(("sharing", name, "to"), "rest of a base x share", WHOLE_PPM * largest)


def limit_mistakes(document: Document) -> Iterator[tuple[Path, str]]:
    """The keys whose values would let a product overflow, and how far they may go."""
    for path, factors, value in products(document):
        if value >= BELOW:
            yield path, f"too large to compute exactly: {factors} comes to {value:.3g}, must stay below 2^63"
    for name, task in document.task.items():
        if isinstance(task, StakeTask):
            shares = task.terms.goal_minor // max(task.terms.share_price_minor, 1)
            if shares > MAX_TOTAL_SHARES:
                yield ("task", name, "terms", "goal"), f"{shares:,} shares: at most {MAX_TOTAL_SHARES:,}"
