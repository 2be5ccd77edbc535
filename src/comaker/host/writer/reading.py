"""Reads, under the lock, everything that the decisions of a batch need."""

from __future__ import annotations

from collections.abc import Sequence

from comaker.host.writer import store as tables
from comaker.host.writer.batch import Account, Batch, Holding, Standing, Waiting
from comaker.host.writer.chain import NO_PROJECT
from comaker.host.writer.requests import Act, Request
from comaker.host.writer.store import Columns, Row, Store
from comaker.host.writer.terms import versions_of

_PAIR: Columns = {"project": "bigint", "customer": "bigint"}
_STANDINGS = (
    f"SELECT {', '.join(f's.{name}' for name in tables.STANDING)}"
    " FROM {given} {join} host_standing s ON s.project = given.project"
)
_HOLDINGS = (
    f"SELECT {', '.join(f'h.{name}' for name in tables.HOLDING)}"
    " FROM {given} {join} host_holding h ON h.project = given.project AND h.customer = given.customer"
)
_HOLDERS = (
    f"SELECT {', '.join(f'h.{name}' for name in tables.HOLDING)}"
    " FROM {given} {join} host_holding h ON h.project = given.project WHERE h.shares > 0 ORDER BY h.customer"
)
_ANSWERED = (
    "SELECT c.account, c.route, c.key, c.body, c.status, c.answer FROM {given} {join} host_contribution c"
    " ON c.account = given.account AND c.key = given.key AND c.route = given.route"
)
_RESERVATION = f"SELECT {', '.join(f'r.{name}' for name in tables.RESERVATION)} FROM {{given}} {{join}}"
_REFERRED = f"{_RESERVATION} host_reservation r ON r.event = given.event"
_WAITING = (
    f"{_RESERVATION} host_reservation r ON r.project = given.project AND r.customer = given.customer"
    " WHERE r.state = 0 ORDER BY r.event"
)
_WAITING_IN_PROJECT = (
    f"{_RESERVATION} host_reservation r ON r.project = given.project WHERE r.state = 0 ORDER BY r.event"
)
_PUBLISHED = "SELECT text FROM host_publication ORDER BY id DESC LIMIT 1"

HOLDS = frozenset({Act.STAKE, Act.WITHDRAW, Act.START})
"""Acts that need what the customer holds."""


def projects_of(store: Store, requests: Sequence[Request]) -> list[int]:
    """The projects whose rows must be locked: those named, and those of the reservations referred to.

    A reservation never changes its project, so that this may be read before the lock.
    """
    projects = {each.project for each in requests if each.project is not None}
    needs_chain = {Act.INCOME, Act.COST}
    if any(each.project is None and each.act in needs_chain for each in requests):
        projects.add(NO_PROJECT)
    return sorted(projects)


def read(store: Store, requests: Sequence[Request], accounts: dict[int, Account], now_us: int) -> Batch:
    """The batch with everything that the requests' decisions read."""
    (text,) = store.execute(_PUBLISHED).fetchone()
    batch = Batch(store, versions_of(text), now_us, store.first_event())
    batch.accounts = accounts
    projects = projects_of(store, requests)
    for row in store.select(_STANDINGS, {"project": "bigint"}, [projects]) if projects else ():
        batch.standings[row[0]] = Standing(row)
    _read_answers(batch, requests)
    pairs = {(each.project, each.customer) for each in requests if each.act in HOLDS}
    _read_holdings(batch, [pair for pair in pairs if None not in pair])
    back = {(each.project, each.customer) for each in requests if each.act is Act.WITHDRAW}
    _read_reservations(batch, _WAITING, _PAIR, sorted(pair for pair in back if None not in pair))
    referred = {each.reference for each in requests if each.act in (Act.CONFIRM, Act.LAPSE)}
    found = _read_reservations(
        batch, _REFERRED, {"event": "bigint"}, [(number,) for number in sorted(filter(None, referred))]
    )
    _read_holdings(batch, [(each.project, each.customer) for each in found])
    return batch


def _read_answers(batch: Batch, requests: Sequence[Request]) -> None:
    asked = [(each.staff or each.customer, each.key, each.act.value) for each in requests if each.key]
    asked = [each for each in asked if each[0] is not None]
    if not asked:
        return
    given = {"account": "bigint", "key": "text", "route": "text"}
    for account, route, key, body, status, answer in batch.store.select(
        _ANSWERED, given, list(zip(*asked, strict=True))
    ):
        batch.answered[account, route, key] = (bytes(body), status, answer)


def _read_holdings(batch: Batch, pairs: list[tuple[int, int]]) -> None:
    missing = [pair for pair in dict.fromkeys(pairs) if pair not in batch.holdings]
    if missing:
        _keep(batch, batch.store.select(_HOLDINGS, _PAIR, list(zip(*missing, strict=True))))


def _keep(batch: Batch, rows: list[Row]) -> list[tuple[int, Holding]]:
    kept = []
    for project, customer, *amounts in rows:
        key = (project, customer)
        if key not in batch.holdings:
            batch.holdings[key] = Holding(*amounts, is_new=False)
        kept.append((customer, batch.holdings[key]))
    return kept


def _read_reservations(batch: Batch, sql: str, given: Columns, keys: list[tuple[int, ...]]) -> list[Waiting]:
    if not keys:
        return []
    return [
        batch.reservations.setdefault(row[0], Waiting(row))
        for row in batch.store.select(sql, given, list(zip(*keys, strict=True)))
    ]


def holders_of(batch: Batch, project: int) -> list[tuple[int, Holding]]:
    """Everybody who holds shares of a project, by account number."""
    rows = batch.store.select(_HOLDERS, {"project": "bigint"}, [[project]])
    known = {customer for place, customer in batch.holdings if place == project}
    _keep(batch, rows)
    everybody = known | {row[1] for row in rows}
    return [(customer, batch.holdings[project, customer]) for customer in sorted(everybody)]


def waiting_in(batch: Batch, project: int) -> list[Waiting]:
    """The reservations of a project that wait for their money."""
    _read_reservations(batch, _WAITING_IN_PROJECT, {"project": "bigint"}, [(project,)])
    found = [each for each in batch.reservations.values() if each.project == project and each.state == 0]
    _read_holdings(batch, [(each.project, each.customer) for each in found])
    return sorted(found, key=lambda each: int(each.event))
