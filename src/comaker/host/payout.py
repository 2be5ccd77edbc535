"""What a project owes its holders and parties now: computed here for whoever proposes, approves or reads.

The writer books exactly what ``payout_of`` comes to; the pages show the same, line by line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from django.db.models import F, Sum

from comaker.events import Kind
from comaker.host.firm import model_of
from comaker.host.models import Event, Holding, Posting, Publication, Standing
from comaker.ledger import Holders, LedgerError, Settlement, Shared, settle
from comaker.ledger.postings import FIRM, SHARING, dust_account, exact_sum
from comaker.model import Model
from comaker.rules.sharing import entitlement, pool_of

SHARED_OF = "net income"
"""What a flow must be of for its shares to be paid out of a project's earnings."""


class Division(NamedTuple):
    """How a project's net income is divided by the terms it was opened with.

    ``shares_ppm``: parts per million by role; ``pro_rata``: the role that divides its part by shares.
    """

    shares_ppm: dict[str, int]
    pro_rata: str | None


class Basis(NamedTuple):
    """What a payout is computed from: how it is divided, and what the project earned less costs so far."""

    division: Division
    earned_minor: int


class Line(NamedTuple):
    """One line of a payout. ``customer`` is None for a party that does not divide by shares.

    ``due_minor`` is what is paid now: ``entitled_minor``, all that is owed so far, less ``paid_minor``.
    """

    role: str
    customer: int | None
    shares: int
    entitled_minor: int
    paid_minor: int
    due_minor: int


def terms_of(project: int, known: Model | None = None) -> Model:
    """The terms in force when a project was opened, which hold for its payouts however terms are amended.

    ``known``: a published model, with its versions, to look in before the database is asked. Raises
    ``LedgerError`` where it was never opened or no publication has those terms.
    """
    opened = Event.objects.filter(subject=project, kind=Kind.OPENED).values_list("model", flat=True).first()
    if opened is None:
        raise LedgerError(f"project {project} was never opened: nothing can be paid out")
    for version in known.versions if known else ():
        if version.hash == opened:
            return version.model
    for text in Publication.objects.order_by("-id").values_list("text", flat=True).iterator():
        for version in model_of(text).versions:
            if version.hash == opened:
                return version.model
    raise LedgerError(f"project {project} was opened under terms {opened}, which were never published")


def division_of(model: Model) -> Division:
    """How the terms divide net income: that of the flow which shares it by shares held, else of the first.

    What the firm keeps, named or not, is no payment: it stays in the project's account.
    """
    flows = [flow for flow in model.sharing.values() if flow.of == SHARED_OF]
    flow = next((flow for flow in flows if flow.by_shares), flows[0] if flows else None)
    if flow is None:
        return Division({}, None)
    shares = {role: ppm for role, ppm in flow.to.items() if role != FIRM}
    return Division(shares, next(iter(flow.by_shares), None))


def basis_of(project: int) -> Basis:
    """What a project's payouts are computed from; ``LedgerError`` where it was never opened."""
    division = division_of(terms_of(project))
    return Basis(division, Standing.objects.values_list("earned_minor", flat=True).get(project=project))


def payout_of(project: int, basis: Basis | None = None) -> Settlement:
    """What is due now, of all the project has earned less what it paid before; changes nothing.

    ``basis``: where it is known already. Shares whose money has not come in yet take no part. Raises
    ``LedgerError`` where the project was never opened, or where shares or holdings are not those of the
    payouts before.
    """
    division, earned_minor = basis or basis_of(project)
    held = list(
        Holding.objects.filter(project=project)
        .order_by("customer")
        .values_list("customer", F("shares") - F("reserved_shares"), "paid_minor")
    )
    customers, shares, paid = np.array(held, dtype=np.int64).reshape(-1, 3).T.copy()
    balances = _paid_to_others(project)
    dust_minor = balances.pop(dust_account(project), 0)
    parties = {account.partition(":")[0]: amount for account, amount in balances.items()}
    return settle(
        project=project,
        base_minor=earned_minor,
        shares_ppm=division.shares_ppm,
        pro_rata=division.pro_rata,
        holders=Holders(customers, shares),
        shared=Shared(paid, parties, dust_minor),
    )


def lines_of(settlement: Settlement, basis: Basis | None = None) -> Iterator[Line]:
    """Every line of a payout: the parties first, then each holder of shares, in order of account number."""
    division, base_minor = basis or basis_of(settlement.project)
    for role, due_minor in settlement.parties_minor.items():
        paid_minor = settlement.shared.parties_minor[role] - due_minor
        entitled_minor = pool_of(base_minor, division.shares_ppm[role])
        yield Line(role, None, 0, entitled_minor, paid_minor, due_minor)
    role = division.pro_rata or ""
    pool_minor = pool_of(base_minor, division.shares_ppm.get(role, 0))
    holders = settlement.holders
    total_shares = exact_sum(holders.shares)
    paid_before = settlement.shared.holders_minor - settlement.payments_minor
    columns = (holders.customers, holders.shares, paid_before, settlement.payments_minor)
    for customer, shares, paid_minor, due_minor in zip(*(column.tolist() for column in columns), strict=True):
        if shares or paid_minor:
            entitled_minor = entitlement(pool_minor, shares, total_shares)
            yield Line(role, customer, shares, entitled_minor, paid_minor, due_minor)


def _paid_to_others(project: int) -> dict[str, int]:
    """What earlier payouts gave to the parties and the dust, by account; customers' are in their holdings."""
    booked = Posting.objects.filter(chain=project, rule=SHARING).exclude(target__startswith="customer:")
    sums: dict[str, int] = {}
    for source, target, amount in booked.values_list("source", "target").annotate(Sum("amount_minor")):
        sums[target] = sums.get(target, 0) + amount
        sums[source] = sums.get(source, 0) - amount
    sums.pop(f"project:{project}", None)
    return sums
