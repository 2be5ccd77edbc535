"""A batch on its way: what was read under the lock, what has been decided, and the rows to be added.

Nothing here outlives the transaction.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any, NamedTuple

from comaker.events import Event, Kind
from comaker.host.writer import chain, store
from comaker.host.writer.requests import Act, Answer, Request
from comaker.host.writer.store import Row, Store
from comaker.host.writer.terms import SECOND_US, Terms, Versions
from comaker.ledger import postings_of
from comaker.refusals import Refusal
from comaker.rules.stake import ProjectState

_REFUSALS = {refusal: refusal.name.lower() for refusal in Refusal}


class Account(NamedTuple):
    """What the writer knows of whoever asks."""

    is_active: bool
    is_staff: bool
    arm: str | None


class Standing:
    """Where a project stands; changes are kept as differences to what was read."""

    __slots__ = ("before", "changed", "is_new", *store.STANDING)

    def __init__(self, row: Row, *, is_new: bool = False) -> None:
        for name, value in zip(store.STANDING, row, strict=True):
            setattr(self, name, bytes(value) if name == "head" else value)
        self.before = row
        self.is_new = is_new
        self.changed = is_new

    def state(self, *, confirmed: bool = False) -> ProjectState:
        """The project as the rules see it; ``confirmed``: without shares that are only reserved."""
        collected = self.collected_shares - (self.reserved_shares if confirmed else 0)
        return ProjectState(self.status, collected, self.goal_shares, self.opened_us // SECOND_US)

    def change(self) -> Row:
        """The row of the update: differences for what grows, values for the rest."""
        adds = store.STANDING_CHANGE.adds
        return tuple(
            getattr(self, name) - old if name in adds else getattr(self, name)
            for name, old in zip(store.STANDING, self.before, strict=True)
        )


class Holding:
    """What a customer holds of a project; ``was_…`` is what was read."""

    __slots__ = ("is_new", "paid_minor", "reserved_shares", "shares", "was")

    def __init__(
        self, shares: int = 0, reserved_shares: int = 0, paid_minor: int = 0, *, is_new: bool = True
    ):
        self.shares = shares
        self.reserved_shares = reserved_shares
        self.paid_minor = paid_minor
        self.was = (shares, reserved_shares, paid_minor)
        self.is_new = is_new


class Waiting:
    """A reservation as it is now."""

    __slots__ = ("changed", "is_new", *store.RESERVATION)

    def __init__(self, row: Row, *, is_new: bool = False) -> None:
        for name, value in zip(store.RESERVATION, row, strict=True):
            setattr(self, name, value)
        self.is_new = is_new
        self.changed = is_new


class Batch:
    """The state that decisions read and change, and the rows they leave to be written."""

    def __init__(self, opened: Store, versions: Versions, now_us: int, first_event: int) -> None:
        self.store = opened
        self.versions = versions
        self.now_us = now_us
        self.next_event = first_event
        self.standings: dict[int, Standing] = {}
        self.holdings: dict[tuple[int, int], Holding] = {}
        self.reservations: dict[int, Waiting] = {}
        self.accounts: dict[int, Account] = {}
        self.answered: dict[tuple[int, str, str], tuple[bytes, int, str]] = {}
        self.events: list[Row] = []
        self.postings: list[Row] = []
        self.contributions: list[Row] = []
        self.settled: list[Row] = []
        self.published: list[Row] = []

    def holding(self, project: int, customer: int) -> Holding:
        """What the customer holds; nothing, where nothing was read."""
        key = (project, customer)
        found = self.holdings.get(key)
        if found is None:
            found = self.holdings[key] = Holding()
        return found

    def record(
        self, kind: Kind, request: Request, terms: Terms, *, chain_of: Standing | None = None, **fields: Any
    ) -> int:
        """Add an event, with the postings it makes; returns its number.

        ``chain_of``: the project in whose chain its postings stand.
        """
        event_id = self.next_event
        self.next_event += 1
        at_us = self.now_us if request.at_us is None else request.at_us
        account = self.accounts.get(request.customer or 0)
        task = fields.get("task")
        is_stake = task == terms.task
        refusal = fields.get("refusal")
        customer = fields.get("customer", request.customer)
        quantity, money_minor, role = fields.get("quantity"), fields.get("money_minor"), fields.get("role")
        self.events.append(
            (
                event_id,
                at_us,
                terms.hash,
                kind.value,
                customer,
                role,
                task,
                terms.stage if is_stake else fields.get("stage"),
                terms.performer if is_stake else None,
                request.project,
                refusal,
                quantity,
                money_minor,
                account.arm if account else None,
                fields.get("shown"),
            )
        )
        if chain_of is not None:
            event = Event(
                event_id,
                at_us,
                kind,
                model=terms.hash,
                customer=customer,
                role=role,
                task=task,
                subject=request.project,
                quantity=quantity,
                money_minor=money_minor,
            )
            self._post(event, terms, chain_of)
        return event_id

    def _post(self, event: Event, terms: Terms, standing: Standing) -> None:
        lines = postings_of(event, currency=terms.currency, kinds=terms.kinds)
        if not lines:
            return
        given, taken = lines if lines[0].amount_minor < 0 else lines[::-1]
        standing.entries += 1
        standing.changed = True
        row = (
            event.event_id,
            standing.project,
            standing.entries,
            given.account,
            taken.account,
            taken.currency,
            taken.amount_minor,
            taken.rule,
            taken.version,
        )
        standing.head = chain.link(standing.head, row)
        self.postings.append((*row, standing.head))

    def refuse(self, request: Request, terms: Terms, refusal: Refusal, **fields: Any) -> Answer:
        """Log a refusal and answer with it."""
        event_id = self.record(Kind.REFUSED, request, terms, refusal=_REFUSALS[refusal], **fields)
        standing = self.standings.get(request.project or 0)
        held = self.holdings.get((request.project or 0, request.customer or 0))
        return Answer(
            200,
            refusal,
            event_id,
            held_shares=held.shares if held else 0,
            collected_shares=standing.collected_shares if standing else 0,
        )

    def remember(self, request: Request, account: int, body: bytes, answer: Answer) -> None:
        """Keep the answer for whoever sends the same key again."""
        text = json.dumps(answer[1:])
        self.contributions.append(
            (account, request.act.value, request.key, body, answer.event_id, answer.status, text)
        )
        self.answered[account, request.act.value, request.key] = (body, answer.status, text)

    def flush(self) -> None:
        """Send every row to the database."""
        opened = self.store
        opened.insert("host_event", store.EVENT, self.events)
        opened.insert("host_posting", store.POSTING, self.postings)
        opened.insert("host_contribution", store.CONTRIBUTION, self.contributions)
        self._flush_holdings()
        waiting = self.reservations.values()
        rows = [tuple(getattr(each, name) for name in store.RESERVATION) for each in waiting if each.is_new]
        opened.insert("host_reservation", store.RESERVATION, rows)
        names = store.RESERVATION_CHANGE.columns
        changed = [each for each in waiting if each.changed and not each.is_new]
        rows = [tuple(getattr(each, name) for name in names) for each in changed]
        opened.update(store.RESERVATION_CHANGE, rows)
        standings = self.standings.values()
        rows = [tuple(getattr(each, name) for name in store.STANDING) for each in standings if each.is_new]
        opened.insert("host_standing", store.STANDING, rows)
        rows = [each.change() for each in standings if each.changed and not each.is_new]
        opened.update(store.STANDING_CHANGE, rows)
        opened.update(store.SETTLEMENT_CHANGE, self.settled)
        opened.update(store.PROJECT_CHANGE, self.published)
        opened.number_events(self.next_event)

    def _flush_holdings(self) -> None:
        added, changed = [], []
        for (project, customer), each in self.holdings.items():
            now = (each.shares, each.reserved_shares, each.paid_minor)
            if now == each.was:
                continue
            if each.is_new:
                added.append((project, customer, *now))
            else:
                grown = tuple(new - old for new, old in zip(now, each.was, strict=True))
                changed.append((project, customer, *grown))
        self.store.insert("host_holding", store.HOLDING, added)
        self.store.update(store.HOLDING_CHANGE, changed)


def digest(request: Request, account: int) -> bytes:
    """What was asked, in 16 bytes: the same key must come with the same."""
    asked = (
        account,
        request.act,
        request.project,
        request.customer,
        request.quantity,
        request.money_minor,
        request.reference,
        request.stage,
    )
    return blake2b(repr(asked).encode(), digest_size=16).digest()


def is_of_clock(act: Act) -> bool:
    """Whether the site itself asks, so that no key is needed."""
    return act in (Act.LAPSE, Act.CLOSE)
