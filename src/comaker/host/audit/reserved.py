"""The reservations of one project, recomputed from its events."""

from __future__ import annotations

from typing import Any

from comaker.host.audit.findings import Findings
from comaker.host.audit.rows import EventRow
from comaker.host.models import Reservation
from comaker.host.writer.terms import SECOND_US, Terms
from comaker.rules.purchase import amount_due
from comaker.rules.reservation import has_lapsed

State = Reservation.State


class Waiting:
    """A reservation as the events tell."""

    __slots__ = ("customer", "event", "lapses_us", "quantity", "state", "task")

    def __init__(self, event: EventRow, lapses_us: int) -> None:
        self.event = event.id
        self.customer = event.customer
        self.task = event.task
        self.quantity = event.quantity or 0
        self.lapses_us = lapses_us
        self.state: int = State.WAITING


class Reservations:
    """Every reservation of a project; ``rows`` are those that the table holds, by number.

    An event that confirms one does not name it: of several of a customer that fit, the one is meant that
    the table says was confirmed, so that only what fits none is wrong.
    """

    def __init__(self, rows: dict[int, dict[str, Any]], findings: Findings) -> None:
        self.rows = rows
        self.findings = findings
        self.taken: dict[int, Waiting] = {}
        self._waiting: dict[tuple[int | None, str | None], list[Waiting]] = {}

    def take(self, event: EventRow, terms: Terms, opened_us: int) -> None:
        """A place is kept from this event on, in a project that was opened at ``opened_us``."""
        one = Waiting(event, terms.lapses_us(event.task or "", event.at_us, opened_us))
        self.taken[event.id] = one
        self._waiting.setdefault((one.customer, one.task), []).append(one)
        row = self.rows.get(event.id)
        if row is None:
            self.findings.add(
                "event", event.id, "its reservation", says="missing", right=f"{event.quantity} reserved"
            )
            return
        for name in ("customer", "task", "lapses_us"):
            self.findings.check("reservation", event.id, name, says=row[name], right=getattr(one, name))
        is_stake = event.task == terms.task
        price = terms.stake.share_price_minor if is_stake else terms.buying.price_minor if terms.buying else 0
        right = amount_due(row["quantity"], price)
        self.findings.check("reservation", event.id, "money_minor", says=row["money_minor"], right=right)

    def confirm(self, event: EventRow) -> None:
        """The money of one came."""
        one = self._meant(event, State.CONFIRMED)
        if one is not None and has_lapsed(one.lapses_us // SECOND_US, event.at_us // SECOND_US):
            right = f"before reservation {one.event} lapsed, at {one.lapses_us}"
            self.findings.add("event", event.id, "at_us", says=event.at_us, right=right)

    def lapse(self, event: EventRow, deadline_us: int | None) -> None:
        """The money of one did not come, until its time or the project's was over."""
        one = self._meant(event, State.LAPSED)
        if one is None:
            return
        over_us = one.lapses_us if deadline_us is None else min(one.lapses_us, deadline_us)
        if not has_lapsed(over_us // SECOND_US, event.at_us // SECOND_US):
            right = f"not before reservation {one.event} lapses, at {over_us}"
            self.findings.add("event", event.id, "at_us", says=event.at_us, right=right)

    def give_back(self, event: EventRow, reserved: int) -> None:
        """A customer took shares back, of which so many were only reserved: the oldest go first."""
        waiting = self._waiting.get((event.customer, event.task), [])
        for one in list(waiting):
            back = min(reserved, one.quantity)
            reserved -= back
            one.quantity -= back
            if not one.quantity:
                one.state = State.WITHDRAWN
                waiting.remove(one)

    def compare(self) -> None:
        """Hold what they came to against the table."""
        for number, row in self.rows.items():
            one = self.taken.get(number)
            if one is None:
                self.findings.add("reservation", number, "event", says=number, right="an event that reserves")
                continue
            self.findings.check("reservation", number, "quantity", says=row["quantity"], right=one.quantity)
            self.findings.check("reservation", number, "state", says=row["state"], right=one.state)

    def _meant(self, event: EventRow, state: int) -> Waiting | None:
        waiting = self._waiting.get((event.customer, event.task), [])
        fitting = [one for one in waiting if one.quantity == event.quantity]
        if not fitting:
            said, right = f"{event.quantity} {event.kind}", "the quantity of a reservation that waits"
            self.findings.add("event", event.id, "what became of a reservation", says=said, right=right)
            return None
        one = min(fitting, key=lambda each: (not self._says(each, state), each.lapses_us))
        one.state = state
        waiting.remove(one)
        return one

    def _says(self, one: Waiting, state: int) -> bool:
        row = self.rows.get(one.event)
        return row is not None and (row["state"], row["quantity"]) == (state, one.quantity)
