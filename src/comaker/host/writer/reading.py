"""Reads, under the lock, everything that the decisions of a batch need."""

from __future__ import annotations

import time
from collections.abc import Container, Sequence
from operator import attrgetter, itemgetter

from comaker.host.models import Reservation
from comaker.host.writer import tables
from comaker.host.writer.batch import Account, Batch, Holding, Standing, Waiting
from comaker.host.writer.chain import NO_PROJECT
from comaker.host.writer.requests import Act, Request
from comaker.host.writer.store import Row, Store
from comaker.host.writer.terms import Versions, versions_of

_STANDINGS = f"SELECT {', '.join(tables.STANDING.columns)} FROM host_standing WHERE project {{many}}"
_HOLDING = f"SELECT {', '.join(tables.HOLDING.columns)} FROM host_holding"
_HOLDINGS = f"{_HOLDING} WHERE project = ? AND customer {{many}}"
_HOLDERS = f"{_HOLDING} WHERE project = ? AND shares > 0 ORDER BY customer"
_ANSWERED = (
    "SELECT account, route, key, body, status, answer"
    " FROM {many} CROSS JOIN host_contribution WHERE account = column1 AND key = column2"
)
_RESERVATION = f"SELECT {', '.join(tables.RESERVATION.columns)} FROM host_reservation"
_REFERRED = f"{_RESERVATION} WHERE event {{many}}"
# State 0: Reservation.State.WAITING.
# By the answers to her requests, each of which names its reservation. CROSS JOIN keeps SQLite to this order.
_WAITING = (
    f"SELECT {', '.join(tables.RESERVATION.columns)} FROM host_contribution CROSS JOIN host_reservation"
    " WHERE event = event_id AND project = ? AND state = 0 AND account {many} ORDER BY event"
)
_WAITING_IN_PROJECT = f"{_RESERVATION} WHERE project = ? AND state = 0 ORDER BY event"
_PUBLISHED = "SELECT id, hash FROM host_publication ORDER BY id DESC LIMIT 1"
_TEXT = "SELECT text FROM host_publication WHERE id = ?"

WAITING = int(Reservation.State.WAITING)
NEEDS_HOLDING = frozenset({Act.STAKE, Act.WITHDRAW, Act.START})
"""Acts that need what the customer holds."""


def projects_of(requests: Sequence[Request]) -> list[int]:
    """The projects whose rows must be locked, and the chain of what concerns no project."""
    projects = {each.project for each in requests if each.project is not None}
    if any(each.project is None and each.act in (Act.INCOME, Act.COST) for each in requests):
        projects.add(NO_PROJECT)
    return sorted(projects)


def read(
    store: Store, requests: Sequence[Request], accounts: dict[int, Account], now_us: int | None
) -> Batch:
    """The batch with everything that the requests' decisions read; it is of now, where no time is given."""
    first_event = store.first_event()
    if now_us is None:
        # Under the lock of the numbers, so that no event is of an earlier time than one numbered before it.
        now_us = time.time_ns() // 1_000
    batch = Batch(store, _published(store), now_us, first_event)
    batch.accounts = accounts
    if projects := projects_of(requests):
        batch.standings = {row[0]: Standing(*row) for row in store.among(_STANDINGS, projects)}
    if keys := [(each.staff or each.customer or 0, each.key) for each in requests if each.key]:
        for account, route, key, body, status, answer in store.among_pairs(_ANSWERED, keys):
            batch.answered[account, route, key] = (bytes(body), status, answer)
    for project, customers in _customers_by_project(requests, NEEDS_HOLDING).items():
        read_holdings(batch, project, customers)
    for project, customers in _customers_by_project(requests, {Act.WITHDRAW}).items():
        _keep(batch, store.among(_WAITING, customers, [project]))
    referred = [
        each.reference for each in requests if each.act in (Act.CONFIRM, Act.LAPSE) and each.reference
    ]
    if referred:
        for each in _keep(batch, store.among(_REFERRED, referred)):
            read_holdings(batch, each.project, [each.customer])
    return batch


def _published(store: Store) -> Versions:
    number, version = store.execute(_PUBLISHED).fetchone()
    mark = (store.name, number, version)
    found = _versions.get(mark)
    if found is None:
        (text,) = store.execute(_TEXT, (number,)).fetchone()
        found = versions_of(text)
        _versions.clear()
        _versions[mark] = found
    return found


_versions: dict[tuple[str, int, str], Versions] = {}
"""The terms published last. A publication never changes, so this cannot go stale; its text is long."""


def _customers_by_project(requests: Sequence[Request], acts: Container[Act]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for each in requests:
        if each.act in acts and each.project is not None and each.customer is not None:
            found.setdefault(each.project, []).append(each.customer)
    return found


def read_holdings(batch: Batch, project: int, customers: Sequence[int]) -> None:
    """Read what customers hold of a project, where it is not known yet."""
    missing = [each for each in dict.fromkeys(customers) if (project, each) not in batch.holdings]
    if missing:
        for _, customer, *amounts in batch.store.among(_HOLDINGS, missing, [project]):
            batch.holdings[project, customer] = Holding(*amounts)


def holders_of(batch: Batch, project: int) -> list[tuple[int, Holding]]:
    """Everybody who holds shares of a project, by account number."""
    for _, customer, *amounts in batch.store.execute(_HOLDERS, (project,)).fetchall():
        batch.holdings.setdefault((project, customer), Holding(*amounts))
    held = [(customer, each) for (place, customer), each in batch.holdings.items() if place == project]
    return sorted(held, key=itemgetter(0))


def waiting_in(batch: Batch, project: int) -> list[Waiting]:
    """The reservations of a project that wait for their money, those of this batch included."""
    _keep(batch, batch.reserved)
    _keep(batch, batch.store.execute(_WAITING_IN_PROJECT, (project,)).fetchall())
    found = [
        each for each in batch.reservations.values() if each.project == project and each.state == WAITING
    ]
    read_holdings(batch, project, [each.customer for each in found])
    return sorted(found, key=attrgetter("event"))


def _keep(batch: Batch, rows: list[Row]) -> list[Waiting]:
    return [batch.reservations.setdefault(row[0], Waiting(*row)) for row in rows]
