"""A batch on its way: what was read under the lock, what has been decided, and the rows to be written.

Nothing here outlives the transaction.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from comaker.events import Event, Kind
from comaker.host.writer import tables
from comaker.host.writer.chain import link
from comaker.host.writer.requests import Act, Answer, Request
from comaker.host.writer.store import Row, Store
from comaker.host.writer.terms import SECOND_US, Terms, Versions
from comaker.ledger import transfer_of
from comaker.refusals import Refusal
from comaker.rules.stake import ProjectState


class Account(NamedTuple):
    """What the writer knows of whoever asks."""

    is_active: bool
    is_staff: bool
    arm: str | None


@dataclass(slots=True)
class Standing:
    """Where a project stands; its fields are the columns of the table."""

    project: int
    status: int
    goal_shares: int
    most_shares: int
    collected_shares: int
    reserved_shares: int
    holders: int
    opened_us: int
    closed_us: int | None
    produced_us: int | None
    released_us: int | None
    earned_minor: int
    entries: int
    head: bytes
    changed: bool = False
    seen: tuple[int, int, int] | None = None
    """At which status, confirmed shares and time the rule was last asked whether staking is over, in vain."""

    def state(self) -> ProjectState:
        """The project as the rules see it, reserved shares included."""
        return ProjectState(self.status, self.collected_shares, self.goal_shares, self.opened_us // SECOND_US)

    def confirmed(self) -> ProjectState:
        """The project without the shares that are only reserved: those do not fund it."""
        collected = self.collected_shares - self.reserved_shares
        return ProjectState(self.status, collected, self.goal_shares, self.opened_us // SECOND_US)

    def row(self) -> Row:
        """As the table has it."""
        return tuple(getattr(self, name) for name in tables.STANDING.columns)


@dataclass(slots=True)
class Holding:
    """What a customer holds of a project, and was paid for it."""

    shares: int = 0
    reserved_shares: int = 0
    paid_minor: int = 0
    changed: bool = False


@dataclass(slots=True)
class Waiting:
    """A reservation as it is now; its fields are the columns of the table."""

    event: int
    project: int
    customer: int
    task: str
    quantity: int
    money_minor: int
    lapses_us: int
    state: int
    changed: bool = False

    def row(self) -> Row:
        """As the table has it."""
        return tuple(getattr(self, name) for name in tables.RESERVATION.columns)


class Fact(NamedTuple):
    """What an event says beside its time, terms, project and customer."""

    role: str | None = None
    task: str | None = None
    stage: str | None = None
    refusal: Refusal = Refusal.NONE
    quantity: int | None = None
    money_minor: int | None = None
    shown: str | None = None


class Batch:
    """The state that decisions read and change, and the rows they leave to be written."""

    def __init__(self, store: Store, versions: Versions, now_us: int, first_event: int) -> None:
        self.store = store
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
        self.reserved: list[Row] = []
        self.bought_now: Counter[tuple[int, str, int | None]] = Counter()

    def holding(self, project: int, customer: int) -> Holding:
        """What the customer holds; nothing, where nothing was read."""
        key = (project, customer)
        found = self.holdings.get(key)
        if found is None:
            found = self.holdings[key] = Holding()
        return found

    def record(
        self,
        kind: Kind,
        at_us: int,
        terms: Terms,
        *,
        standing: Standing | None,
        customer: int | None,
        fact: Fact,
    ) -> int:
        """Add an event, with the postings it makes at the end of the project's chain; returns its number."""
        event_id = self.next_event
        self.next_event = event_id + 1
        subject = standing.project if standing is not None and standing.project else None
        account = None if customer is None else self.accounts.get(customer)
        role, task, stage, refusal, quantity, money_minor, shown = fact
        performer = None
        if task == terms.task:
            stage, performer = terms.stage, terms.performer
        said = refusal.name.lower() if refusal else None
        arm = None if account is None else account.arm
        about = (event_id, at_us, terms.hash, kind._value_, customer, role, task, stage, performer, subject)
        self.events.append((*about, said, quantity, money_minor, arm, shown))
        if standing is not None and kind is not Kind.REFUSED:
            event = Event(
                event_id,
                at_us,
                kind,
                0,
                terms.hash,
                customer,
                role,
                task,
                subject,
                None,
                quantity,
                money_minor,
            )
            self._post(event, terms, standing)
        return event_id

    def _post(self, event: Event, terms: Terms, standing: Standing) -> None:
        moved = transfer_of(event, terms.kinds)
        if moved is None:
            return
        source, target, amount_minor, rule = moved
        if amount_minor < 0:
            source, target, amount_minor = target, source, -amount_minor
        standing.entries += 1
        standing.changed = True
        row = (
            event.event_id,
            standing.project,
            standing.entries,
            source,
            target,
            terms.currency,
            amount_minor,
            rule,
            terms.hash,
        )
        standing.head = link(standing.head, row)
        self.postings.append((*row, standing.head))

    def remember(self, request: Request, account: int, body: bytes, answer: Answer) -> None:
        """Keep the answer for whoever sends the same key again."""
        text = answer.text()
        route, key, status = request.act._value_, request.key, answer.status
        self.contributions.append((account, route, key, body, answer.event_id, status, text))
        self.answered[account, route, key] = (body, status, text)

    def flush(self) -> None:
        """Send every row to the database."""
        store = self.store
        store.put(tables.EVENT, self.events)
        store.put(tables.POSTING, self.postings)
        store.put(tables.CONTRIBUTION, self.contributions)
        store.put(
            tables.HOLDING,
            [
                (*key, each.shares, each.reserved_shares, each.paid_minor)
                for key, each in self.holdings.items()
                if each.changed
            ],
        )
        changed = {number: each.row() for number, each in self.reservations.items() if each.changed}
        # PostgreSQL takes no row twice in one statement.
        added = [row for row in self.reserved if row[0] not in changed]
        store.put(tables.RESERVATION, [*added, *changed.values()])
        store.put(tables.STANDING, [each.row() for each in self.standings.values() if each.changed])
        store.number_events(self.next_event)


def digest(request: Request, account: int) -> bytes:
    """What was asked, in 16 bytes: the same key must come with the same."""
    asked = (
        f"{account} {request.act._value_} {request.project} {request.customer} {request.quantity}"
        f" {request.money_minor} {request.reference} {request.stage}"
    )
    return blake2b(asked.encode(), digest_size=16).digest()


def is_of_clock(act: Act) -> bool:
    """Whether the site itself asks, so that no key is needed."""
    return act in (Act.LAPSE, Act.CLOSE)
