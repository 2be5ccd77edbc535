"""Purchases from the firm or from another customer (F32, B3)."""

from __future__ import annotations

from comaker.refusals import Refusal

UNLIMITED = -1
"""Stock of an offer that cannot run out."""


def decide_purchase(
    asked_quantity: int, stock_quantity: int, bought_quantity: int, limit_quantity: int
) -> Refusal:
    """Whether so many may be bought: ``stock_quantity`` is left, ``bought_quantity`` was bought before by
    this customer, ``limit_quantity`` is the most for one customer (0: no limit)."""
    if asked_quantity < 1:
        return Refusal.NOT_WHOLE
    if limit_quantity > 0 and bought_quantity + asked_quantity > limit_quantity:
        return Refusal.LIMIT_REACHED
    if stock_quantity != UNLIMITED and asked_quantity > stock_quantity:
        return Refusal.SOLD_OUT
    return Refusal.NONE


def amount_due(quantity: int, price_minor: int) -> int:
    """What a purchase costs, in minor units."""
    return quantity * price_minor
