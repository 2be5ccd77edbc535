"""The payouts of one project, computed again from what it had earned and who held it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from comaker.host.audit.findings import Findings
from comaker.host.audit.rows import EventRow
from comaker.host.payout import division_of
from comaker.host.writer.terms import Terms
from comaker.ledger import Holders, LedgerError, Shared, settle
from comaker.ledger.postings import DUST

type To = tuple[int | None, str | None]
"""Who is paid: a customer (and in which role), or a party."""


class Held:
    """What a customer holds: shares, those of them that are only reserved, and money paid for them."""

    __slots__ = ("paid_minor", "reserved_shares", "shares")

    def __init__(self) -> None:
        self.shares = self.reserved_shares = self.paid_minor = 0


class Payouts:
    """Follows the payments of a project; payments in a row are one payout.

    ``terms`` are those the project was opened with, which hold for its payouts.
    """

    def __init__(self, project: int, held: Mapping[int, Held], findings: Findings) -> None:
        self.project = project
        self.held = held
        self.findings = findings
        self.terms: Terms | None = None
        self._parties_minor: dict[str, int] = {}
        self._dust_minor = 0
        self._due: dict[To, int] | None = None
        self._last: EventRow | None = None

    def pay(self, event: EventRow, earned_minor: int) -> None:
        """Hold one payment against what is due of all that was earned."""
        if self._due is None:
            self._due = self._compute(event, earned_minor)
        to, amount = (event.customer, event.role), event.money_minor or 0
        right = self._due.pop(to, 0)
        if amount != right:
            who = f"customer {event.customer}" if event.customer is not None else event.role
            self.findings.add("event", event.id, f"money_minor to {who}", says=amount, right=right)
        if event.customer is not None and event.customer in self.held:
            self.held[event.customer].paid_minor += amount
        elif event.role == DUST:
            self._dust_minor += amount
        else:
            self._parties_minor[event.role or ""] = self._parties_minor.get(event.role or "", 0) + amount
        self._last = event

    def end(self) -> None:
        """After a payout: nobody may have been left out."""
        if self._due and self._last is not None:
            (customer, role), amount = next(iter(self._due.items()))
            who = f"customer {customer}" if customer is not None else role
            right = f"{amount} minor units to {who}"
            self.findings.add(
                "event", self._last.id, "the payout that ends here", says=f"nothing to {who}", right=right
            )
        self._due = None

    def _compute(self, event: EventRow, earned_minor: int) -> dict[To, int]:
        """What is due to each at this point."""
        if self.terms is None:
            return {}
        division = division_of(self.terms.model)
        held = sorted(self.held.items())
        columns = [(customer, one.shares - one.reserved_shares, one.paid_minor) for customer, one in held]
        customers, shares, paid = np.array(columns, dtype=np.int64).reshape(-1, 3).T.copy()
        try:
            due = settle(
                project=self.project,
                base_minor=earned_minor,
                shares_ppm=division.shares_ppm,
                pro_rata=division.pro_rata,
                holders=Holders(customers, shares),
                shared=Shared(paid, dict(self._parties_minor), self._dust_minor),
            )
        except LedgerError as error:
            self.findings.add("event", event.id, "the payout", says=error, right="one that the rules allow")
            return {}
        payments = zip(customers.tolist(), due.payments_minor.tolist(), strict=True)
        found: dict[To, int] = {
            (customer, division.pro_rata): amount for customer, amount in payments if amount
        }
        found |= {(None, role): amount for role, amount in due.parties_minor.items() if amount}
        return found | ({(None, DUST): due.dust_change_minor} if due.dust_change_minor else {})
