"""Sharing of what a project earns: parties take a share, holders split theirs pro rata (E2, E5, F21.5).

Everything is cumulative. What somebody may have received by now is the floor of the exact share of all that
was ever earned; a payment is that, less what was paid before. So rounding never adds up, splitting a holding
into several accounts never gains, and one minor unit more to share lowers nobody. The minor units that no
floor reaches stay in a named account, the dust, and are paid once they make whole units.

Losses are carried: the base is everything earned less everything lost, it pays nothing while it is below
zero, nobody pays back, and payments start again where it passes its highest value so far.

The shares and the holdings must be those of the whole base: an amendment of the shares binds new projects.

No product leaves 64 bits, because quotient and remainder are multiplied separately:
``pool_of`` for every base below 2**63; ``entitlement`` for every pool below 2**63 and at most
``MAX_TOTAL_SHARES`` shares. The model loader proves that a model stays within.
The functions take whole numbers, and ``entitlement`` and ``payment_due`` also columns of them.
"""

from __future__ import annotations

WHOLE_PPM = 1_000_000
"""100 % in parts per million."""

MAX_TOTAL_SHARES = 3_000_000_000
"""The most shares a project may have: the square of it is below 2**63."""


def net_income_after(earned_minor: int, income_minor: int, cost_minor: int, paid_by_stakes: bool) -> int:
    """The base of sharing after an income or a cost: production is what the stakes are for (E8), all other
    costs count against the income."""
    return earned_minor + income_minor - (0 if paid_by_stakes else cost_minor)


def pool_of(base_minor: int, share_ppm: int) -> int:
    """What a share of ``share_ppm`` parts per million (0 to ``WHOLE_PPM``) of a cumulative base comes to.

    In whole minor units, rounded down; 0 while the base is a loss.
    """
    if base_minor <= 0:
        return 0
    return base_minor // WHOLE_PPM * share_ppm + base_minor % WHOLE_PPM * share_ppm // WHOLE_PPM


def entitlement(pool_minor: int, held_shares: int, total_shares: int) -> int:
    """What a holder of so many of a project's shares may have received by now of a cumulative pool.

    The exact part, rounded down to whole minor units; 0 where nothing is to be shared or nobody holds.
    """
    if pool_minor <= 0 or total_shares <= 0:
        return 0 * held_shares
    return pool_minor // total_shares * held_shares + pool_minor % total_shares * held_shares // total_shares


def payment_due(entitled_minor: int, paid_minor: int) -> int:
    """What is paid now to somebody entitled to so much in all who was paid so much before; never below 0."""
    # Not max(): this form is also true of a whole column.
    return (entitled_minor - paid_minor) * (entitled_minor > paid_minor)
