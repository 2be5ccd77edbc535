"""One project recomputed from its events: what was decided, what it came to, who holds what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from comaker.events import Kind
from comaker.host.audit.findings import Findings
from comaker.host.audit.payouts import Held, Payouts
from comaker.host.audit.reserved import Reservations
from comaker.host.audit.rows import EventRow
from comaker.host.writer.requests import PRODUCTION
from comaker.host.writer.terms import SECOND_US, Terms
from comaker.refusals import Refusal
from comaker.rules.reservation import reserved_given_back
from comaker.rules.sharing import net_income_after
from comaker.rules.stake import (
    EXPIRED,
    FUNDED,
    OPEN,
    ProjectState,
    decide_stake,
    decide_withdrawal,
    status_after,
)

_STATUS = {OPEN: "open", FUNDED: "funded", EXPIRED: "expired"}
_BY_STAKE_TERMS = {
    refusal.name.lower()
    for refusal in (
        Refusal.NOT_WHOLE,
        Refusal.GOAL_REACHED,
        Refusal.DEADLINE_PASSED,
        Refusal.OVER_CAP,
        Refusal.OVER_GOAL,
        Refusal.NOTHING_HELD,
    )
}


class Recomputed:
    """A project as its events tell, one after the other; every step is held against the rules."""

    def __init__(
        self,
        project: int,
        reservations: dict[int, dict[str, Any]],
        terms: Mapping[str, Terms],
        findings: Findings,
    ) -> None:
        self.project = project
        self.findings = findings
        self.terms_by_hash = terms
        self.is_open = False
        self.status = OPEN
        self.goal_shares = self.most_shares = 0
        self.collected_shares = self.reserved_shares = self.earned_minor = 0
        self.opened_us = 0
        self.closed_us: int | None = None
        self.produced_us: int | None = None
        self.released_us: int | None = None
        self.held: dict[int, Held] = {}
        self.reservations = Reservations(reservations, findings)
        self.payouts = Payouts(project, self.held, findings)
        self.last: EventRow | None = None

    def follow(self, event: EventRow) -> None:
        """Take the next event in."""
        terms = self.terms_by_hash.get(event.model)
        if terms is None:
            self.findings.add(
                "event", event.id, "model", says=event.model, right="the hash of published terms"
            )
            return
        if event.kind != Kind.PAID:
            self.payouts.end()
        step = _STEPS.get(event.kind)
        if step is not None:
            step(self, event, terms)
        self.last = event

    def state(self, *, confirmed: bool = False) -> ProjectState:
        """The project as the rules see it; ``confirmed``: without shares that are only reserved."""
        collected = self.collected_shares - (self.reserved_shares if confirmed else 0)
        return ProjectState(self.status, collected, self.goal_shares, self.opened_us // SECOND_US)

    def holding(self, customer: int | None) -> Held:
        """What a customer holds."""
        return self.held.setdefault(customer or 0, Held())

    @property
    def holders(self) -> int:
        """How many hold a share."""
        return sum(held.shares > 0 for held in self.held.values())

    def _open(self, event: EventRow, terms: Terms) -> None:
        if self.is_open:
            self.findings.add("event", event.id, "kind", says=event.kind, right="opened only once")
            return
        self.is_open = True
        self.opened_us = event.at_us
        self.goal_shares, self.most_shares = terms.stake.goal_shares, terms.most_shares
        self.payouts.terms = terms
        self.findings.check("event", event.id, "quantity", says=event.quantity, right=self.goal_shares)

    def _stake(self, event: EventRow, terms: Terms) -> None:
        if event.task != terms.task:
            if _is_purchase(event, terms):
                self.reservations.confirm(event)
            return
        held, shares = self.holding(event.customer), event.quantity or 0
        decided = decide_stake(shares, held.shares, self.state(), terms.stake, event.at_us // SECOND_US)
        self._decided(event, decided)
        self._priced(event, terms)
        self._move(held, shares)
        if terms.reserved_us:
            held.reserved_shares += shares
            self.reserved_shares += shares
            self.reservations.take(event, terms, self.opened_us)

    def _withdraw(self, event: EventRow, terms: Terms) -> None:
        held, shares = self.holding(event.customer), event.quantity or 0
        state, now_s = self.state(confirmed=True), event.at_us // SECOND_US
        decided = decide_withdrawal(shares, held.shares, state, terms.stake, now_s)
        self._decided(event, decided)
        self._priced(event, terms)
        reserved = reserved_given_back(held.reserved_shares, shares)
        self._move(held, -shares)
        self._unreserve(held, reserved)
        self.reservations.give_back(event, reserved)

    def _refused(self, event: EventRow, terms: Terms) -> None:
        if event.task != terms.task or event.refusal not in _BY_STAKE_TERMS:
            return
        asked, now_s = event.quantity or 0, event.at_us // SECOND_US
        held = self.held.get(event.customer or 0, Held())
        is_back = asked < 0 or event.refusal == Refusal.NOTHING_HELD.name.lower()
        if is_back:
            state = self.state(confirmed=True)
            _, refusal = decide_withdrawal(-asked, held.shares, state, terms.stake, now_s)
        else:
            _, refusal = decide_stake(asked, held.shares, self.state(), terms.stake, now_s)
        right = refusal.name.lower() if refusal else "accepted"
        self.findings.check("event", event.id, "refusal", says=event.refusal, right=right)

    def _confirm(self, event: EventRow, terms: Terms) -> None:
        held, shares = self.holding(event.customer), event.quantity or 0
        self.reservations.confirm(event)
        self._priced(event, terms)
        self._reserved(event, held)
        self._unreserve(held, shares)

    def _lapse(self, event: EventRow, terms: Terms) -> None:
        held, shares = self.holding(event.customer), event.quantity or 0
        self.reservations.lapse(event, self._deadline_us(terms))
        self._priced(event, terms)
        self._reserved(event, held)
        self._move(held, -shares)
        self._unreserve(held, shares)

    def _close(self, event: EventRow, terms: Terms) -> None:
        status = status_after(self.state(confirmed=True), terms.stake, event.at_us // SECOND_US)
        right = _STATUS[status] if self.status == OPEN else f"none, it was {_STATUS[self.status]} already"
        self.findings.check("event", event.id, "kind", says=event.kind, right=right)
        self.findings.check("event", event.id, "quantity", says=event.quantity, right=self.collected_shares)
        self._priced(event, terms)
        self.status = FUNDED if event.kind == Kind.FUNDED else EXPIRED
        self.closed_us = event.at_us

    def _produce(self, event: EventRow, terms: Terms) -> None:
        is_right = self.status == FUNDED and self.produced_us is None
        self._in_turn(event, is_right, "once, after it was funded")
        self.produced_us = event.at_us

    def _release(self, event: EventRow, terms: Terms) -> None:
        is_right = self.produced_us is not None and self.released_us is None
        self._in_turn(event, is_right, "once, after it was produced")
        self.released_us = event.at_us

    def _income(self, event: EventRow, terms: Terms) -> None:
        self.earned_minor = net_income_after(self.earned_minor, event.money_minor or 0, 0, False)

    def _cost(self, event: EventRow, terms: Terms) -> None:
        is_production = event.stage == PRODUCTION
        self.earned_minor = net_income_after(self.earned_minor, 0, event.money_minor or 0, is_production)

    def _paid(self, event: EventRow, terms: Terms) -> None:
        self.payouts.pay(event, self.earned_minor)

    def _start(self, event: EventRow, terms: Terms) -> None:
        if _is_purchase(event, terms):
            self.reservations.take(event, terms, self.opened_us)

    def _abandon(self, event: EventRow, terms: Terms) -> None:
        if _is_purchase(event, terms):
            self.reservations.lapse(event, None)

    def _deadline_us(self, terms: Terms) -> int | None:
        return self.opened_us + terms.stake.open_seconds * SECOND_US if terms.stake.open_seconds else None

    def _in_turn(self, event: EventRow, is_right: bool, right: str) -> None:
        if not is_right:
            self.findings.add("event", event.id, "kind", says=event.kind, right=f"{event.kind} {right}")

    def _decided(self, event: EventRow, decided: tuple[int, Refusal]) -> None:
        if not self.is_open:
            self.findings.add(
                "event", event.id, "kind", says=event.kind, right="none before the project is opened"
            )
        accepted, refusal = decided
        if refusal:
            said = f"{event.quantity} shares {event.kind}"
            self.findings.add(
                "event", event.id, "what was decided", says=said, right=f"refused: {refusal.name.lower()}"
            )
        else:
            self.findings.check("event", event.id, "quantity", says=event.quantity, right=accepted)

    def _priced(self, event: EventRow, terms: Terms) -> None:
        right = (event.quantity or 0) * terms.stake.share_price_minor
        self.findings.check("event", event.id, "money_minor", says=event.money_minor, right=right)

    def _reserved(self, event: EventRow, held: Held) -> None:
        if not 0 < (event.quantity or 0) <= held.reserved_shares:
            right = f"1 to {held.reserved_shares}, what customer {event.customer} has reserved"
            self.findings.add("event", event.id, "quantity", says=event.quantity, right=right)

    def _move(self, held: Held, shares: int) -> None:
        held.shares += shares
        self.collected_shares += shares

    def _unreserve(self, held: Held, shares: int) -> None:
        held.reserved_shares -= shares
        self.reserved_shares -= shares


def _is_purchase(event: EventRow, terms: Terms) -> bool:
    """Whether it is of something bought that waits, or waited, for its money."""
    return terms.buying is not None and event.task == terms.buying.task and terms.reserved_us > 0


_STEPS: dict[str, Callable[[Recomputed, EventRow, Terms], None]] = {
    Kind.OPENED: Recomputed._open,
    Kind.DONE: Recomputed._stake,
    Kind.WITHDRAWN: Recomputed._withdraw,
    Kind.REFUSED: Recomputed._refused,
    Kind.CONFIRMED: Recomputed._confirm,
    Kind.LAPSED: Recomputed._lapse,
    Kind.FUNDED: Recomputed._close,
    Kind.EXPIRED: Recomputed._close,
    Kind.PRODUCED: Recomputed._produce,
    Kind.RELEASED: Recomputed._release,
    Kind.INCOME: Recomputed._income,
    Kind.COST: Recomputed._cost,
    Kind.PAID: Recomputed._paid,
    Kind.STARTED: Recomputed._start,
    Kind.ABANDONED: Recomputed._abandon,
}
