"""Settlement: paying parties and holders their share of what a project has earned so far (E2).

``comaker.rules.sharing`` decides every amount; here it is only applied to columns and booked. A settlement
is booked once: by its postings, or by one ``paid`` event for each payment and one for the dust.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import index
from typing import cast

import numpy as np

from comaker.ledger.postings import (
    SHARING,
    Column,
    LedgerError,
    PaymentColumns,
    dust_account,
    exact_sum,
    party_account,
)
from comaker.rules.sharing import MAX_TOTAL_SHARES, WHOLE_PPM, entitlement, payment_due, pool_of

# The same functions as for one holder, which hold for columns too.
_entitlements = cast(Callable[[int, Column, int], Column], entitlement)
_payments_due = cast(Callable[[Column, Column], Column], payment_due)


@dataclass(frozen=True, eq=False)
class Holders:
    """Who holds a project: account numbers and shares, int64 columns of the same length.

    They are those of the moment the project was funded: nobody buys in just before a payment.
    """

    customers: Column
    shares: Column


@dataclass(frozen=True, eq=False)
class Shared:
    """What a project has paid so far, in minor units: to each holder (int64 column in the order of
    ``Holders``), to each other party, and what is kept as dust."""

    holders_minor: Column
    parties_minor: Mapping[str, int]
    dust_minor: int

    @property
    def total_minor(self) -> int:
        """All that was ever taken out of the project to be shared."""
        return exact_sum(self.holders_minor) + sum(self.parties_minor.values()) + self.dust_minor


@dataclass(frozen=True, eq=False)
class Settlement:
    """What is paid now: ``payments_minor`` to each holder (int64), ``parties_minor`` to each other party.

    ``dust_change_minor`` more (or less) is kept in the project's dust; ``shared`` is what has been paid
    in all, to be given to the next settlement.
    """

    project: int
    holders: Holders
    payments_minor: Column
    parties_minor: Mapping[str, int]
    dust_change_minor: int
    shared: Shared

    @property
    def total_minor(self) -> int:
        """What leaves the project's account: all payments and the change of the dust."""
        return exact_sum(self.payments_minor) + sum(self.parties_minor.values()) + self.dust_change_minor

    def postings(self, *, event_id: int, currency: str, version: str) -> PaymentColumns:
        """The entry that books the settlement; ``version`` is the hash of the model it follows."""
        others = {
            f"project:{self.project}": -self.total_minor,
            **{party_account(role, self.project): paid for role, paid in self.parties_minor.items()},
            dust_account(self.project): self.dust_change_minor,
        }
        customers = _fixed(self.holders.customers.copy())
        return PaymentColumns(
            event_id,
            currency,
            SHARING,
            version,
            others=others,
            customers=customers,
            amounts_minor=self.payments_minor,
        )


def settle(
    *,
    project: int,
    base_minor: int,
    shares_ppm: Mapping[str, int],
    pro_rata: str | None = None,
    holders: Holders | None = None,
    shared: Shared | None = None,
) -> Settlement:
    """Share what a project has earned so far, less what was paid of it before.

    ``base_minor``: everything earned less everything lost since the beginning, in minor units.
    ``shares_ppm``: the share of each party, in parts per million, by role; what is given to none stays
    in the project's account. ``pro_rata``: the role that ``holders`` divide among themselves by shares;
    while nobody holds a share, nothing is divided and their part stays in the project's account too.
    ``shared``: what came out of the settlement before, None for the first.

    Everything taken out of the project is paid or kept as dust, of which there is less than one minor
    unit for each holder and party. Nobody is ever paid more than the exact share of the highest base so far.

    Raises ``LedgerError`` where shares exceed 100 %, columns do not match, an amount leaves its range, or
    the shares or holdings are not those of the settlements before, so that more than the base would go out.
    """
    base_minor = index(base_minor)
    holders = holders or Holders(np.empty(0, np.int64), np.empty(0, np.int64))
    shared = shared or Shared(np.zeros(len(holders.shares), np.int64), {}, 0)
    place = f"project {project}"
    _check_shares(place, base_minor, shares_ppm, pro_rata)
    _check_columns(place, holders, shared)
    total_shares = exact_sum(holders.shares)
    divided = {role: ppm for role, ppm in shares_ppm.items() if role != pro_rata or total_shares > 0}
    taken = payment_due(pool_of(base_minor, sum(divided.values())), shared.total_minor)
    pool = pool_of(base_minor, divided.get(pro_rata or "", 0))
    payments = _payments_due(_entitlements(pool, holders.shares, total_shares), shared.holders_minor)
    parties = {
        role: payment_due(pool_of(base_minor, ppm), shared.parties_minor.get(role, 0))
        for role, ppm in divided.items()
        if role != pro_rata
    }
    dust_change = taken - exact_sum(payments) - sum(parties.values())
    _check_dust(place, shared.dust_minor + dust_change)
    return Settlement(
        project=project,
        holders=holders,
        payments_minor=_fixed(payments),
        parties_minor=parties,
        dust_change_minor=dust_change,
        shared=_add(shared, payments, parties, dust_change),
    )


def _add(shared: Shared, payments: Column, parties: Mapping[str, int], dust_change: int) -> Shared:
    paid = dict(shared.parties_minor)
    for role, amount in parties.items():
        paid[role] = paid.get(role, 0) + amount
    return Shared(_fixed(shared.holders_minor + payments), paid, shared.dust_minor + dust_change)


def _fixed(column: Column) -> Column:
    """The column made read-only, because a ledger keeps it."""
    column.flags.writeable = False
    return column


def _check_dust(place: str, dust_minor: int) -> None:
    if dust_minor < 0:
        raise LedgerError(
            f"{place}: {-dust_minor} minor units more than its base would be paid; shares and holdings must "
            "be those of the settlements before"
        )


def _check_shares(place: str, base_minor: int, shares_ppm: Mapping[str, int], pro_rata: str | None) -> None:
    if not -(2**63) <= base_minor < 2**63:
        raise LedgerError(f"{place}: its base, {base_minor} minor units, does not fit 64 bits")
    for role, ppm in shares_ppm.items():
        if not 0 <= ppm <= WHOLE_PPM:
            raise LedgerError(f"{place}: the share of {role} is {ppm / 10_000:g} %, not from 0 to 100 %")
    total = sum(shares_ppm.values())
    if total > WHOLE_PPM:
        raise LedgerError(f"{place}: the shares add up to {total / 10_000:g} %, more than 100 %")
    if pro_rata is not None and pro_rata not in shares_ppm:
        raise LedgerError(f"{place}: {pro_rata!r} has no share to divide; there are {sorted(shares_ppm)}")


def _check_columns(place: str, holders: Holders, shared: Shared) -> None:
    columns = {
        "customers": holders.customers,
        "shares": holders.shares,
        "paid so far": shared.holders_minor,
    }
    for name, column in columns.items():
        if column.dtype != np.int64 or column.ndim != 1:
            raise LedgerError(f"{place}: {name} is {column.dtype}{list(column.shape)}, not a column of int64")
        if len(column) != len(holders.customers):
            raise LedgerError(f"{place}: {name} has {len(column)} rows for {len(holders.customers)} holders")
    for name in ("shares", "paid so far"):
        if (columns[name] < 0).any():
            row = int((columns[name] < 0).argmax())
            raise LedgerError(f"{place}: {name} of row {row} is {columns[name][row]}, below 0")
    if (total := exact_sum(holders.shares)) > MAX_TOTAL_SHARES:
        raise LedgerError(f"{place}: {total} shares are held, more than {MAX_TOTAL_SHARES}")
