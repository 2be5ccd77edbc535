"""The statements of the writer, on SQLite and on PostgreSQL, over Django's own connection.

Django's ORM and cursors are left out on purpose: a rush on one project is the site's peak, and there they
take longer than the databases do.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

Row = tuple[Any, ...]
Columns = Mapping[str, str]
"""Names of columns and their types on PostgreSQL."""

EVENT: Columns = {
    "id": "bigint",
    "at_us": "bigint",
    "model": "text",
    "kind": "text",
    "customer": "bigint",
    "role": "text",
    "task": "text",
    "stage": "text",
    "performer": "text",
    "subject": "bigint",
    "refusal": "text",
    "quantity": "bigint",
    "money_minor": "bigint",
    "arm": "text",
    "shown": "text",
}
POSTING: Columns = {
    "event_id": "bigint",
    "chain": "bigint",
    "number": "bigint",
    "source": "text",
    "target": "text",
    "currency": "text",
    "amount_minor": "bigint",
    "rule": "text",
    "version": "text",
    "hash": "bytea",
}
CONTRIBUTION: Columns = {
    "account": "bigint",
    "route": "text",
    "key": "text",
    "body": "bytea",
    "event_id": "bigint",
    "status": "smallint",
    "answer": "text",
}
HOLDING: Columns = {
    "project": "bigint",
    "customer": "bigint",
    "shares": "bigint",
    "reserved_shares": "bigint",
    "paid_minor": "bigint",
}
RESERVATION: Columns = {
    "event": "bigint",
    "project": "bigint",
    "customer": "bigint",
    "task": "text",
    "quantity": "bigint",
    "money_minor": "bigint",
    "lapses_us": "bigint",
    "state": "smallint",
}
NUMBERING = 2
"""The advisory lock under which events get their numbers on PostgreSQL."""

STANDING: Columns = {
    "project": "bigint",
    "status": "smallint",
    "goal_shares": "bigint",
    "most_shares": "bigint",
    "collected_shares": "bigint",
    "reserved_shares": "bigint",
    "holders": "bigint",
    "opened_us": "bigint",
    "closed_us": "bigint",
    "produced_us": "bigint",
    "released_us": "bigint",
    "earned_minor": "bigint",
    "entries": "bigint",
    "head": "bytea",
}


class Change(NamedTuple):
    """An update of rows found by ``keys``: columns in ``adds`` grow by the value, the others become it."""

    table: str
    columns: Columns
    keys: tuple[str, ...]
    adds: tuple[str, ...] = ()

    def in_order(self) -> list[str]:
        """The columns in the order in which the statement names them."""
        return [*(name for name in self.columns if name not in self.keys), *self.keys]

    def statement(self, source: str, values: Mapping[str, str]) -> str:
        """The SQL, with the words for each value and for where the values come from."""
        sets = ", ".join(
            f"{name} = {self.table}.{name} + {value}" if name in self.adds else f"{name} = {value}"
            for name, value in values.items()
            if name not in self.keys
        )
        found = " AND ".join(f"{self.table}.{name} = {values[name]}" for name in self.keys)
        return f"UPDATE {self.table} SET {sets}{source} WHERE {found}"


STANDING_CHANGE = Change(
    "host_standing",
    STANDING,
    ("project",),
    ("collected_shares", "reserved_shares", "holders", "earned_minor"),
)
HOLDING_CHANGE = Change(
    "host_holding", HOLDING, ("project", "customer"), ("shares", "reserved_shares", "paid_minor")
)
RESERVATION_CHANGE = Change(
    "host_reservation",
    {name: RESERVATION[name] for name in ("event", "quantity", "money_minor", "state")},
    ("event",),
)

SETTLEMENT_CHANGE = Change(
    "host_settlement",
    {"id": "bigint", "approved_by_id": "bigint", "booked_event": "bigint", "state": "text"},
    ("id",),
)
PROJECT_CHANGE = Change("host_project", {"id": "bigint", "published_at": "timestamptz"}, ("id",))


class Store:
    """What both databases do alike. Rows are plain tuples; nothing is kept between transactions."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        connection.ensure_connection()
        if connection.in_atomic_block:
            raise RuntimeError("the writer commits by itself: call it outside of transactions")
        self.connection = connection
        self.raw = connection.connection

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement with ``?`` for each value."""
        return self.raw.execute(sql, values)

    def select(self, sql: str, given: Columns, columns: Sequence[Sequence[Any]]) -> list[Row]:
        """Rows for given values, one list a column; in ``sql`` they stand as the table ``{given}``, then
        ``{join}``."""
        raise NotImplementedError

    def insert(self, table: str, columns: Columns, rows: Sequence[Row]) -> None:
        """Add rows."""
        raise NotImplementedError

    def update(self, change: Change, rows: Sequence[Row]) -> None:
        """Change rows; each of ``rows`` has the values of ``change.columns``."""
        raise NotImplementedError

    def begin(self, projects: Iterable[int]) -> None:
        """Begin, and hold the projects against every other writer before anything is read."""
        raise NotImplementedError

    def first_event(self) -> int:
        """The number of the next event; nobody else takes one until this transaction ends."""
        raise NotImplementedError

    def number_events(self, following: int) -> None:
        """Have events numbered from ``following`` on after this transaction."""

    def moment(self, at_us: int) -> str:
        """An instant as the database writes it."""
        return str(dt.datetime.fromtimestamp(at_us / 1_000_000, dt.UTC))

    def commit(self) -> None:
        """Make it last."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Undo everything, if something was begun."""
        raise NotImplementedError


class SqliteStore(Store):
    """One file: whoever writes holds all of it."""

    def select(self, sql: str, given: Columns, columns: Sequence[Sequence[Any]]) -> list[Row]:
        """Given values as JSON, so that the statement is the same for any number of them."""
        names = ", ".join(f"value ->> {place} AS {name}" for place, name in enumerate(given))
        table = f"(SELECT {names} FROM json_each(?)) AS given"
        rows = json.dumps(list(zip(*columns, strict=True)))
        found: list[Row] = self.execute(sql.format(given=table, join="CROSS JOIN"), (rows,)).fetchall()
        return found

    def insert(self, table: str, columns: Columns, rows: Sequence[Row]) -> None:
        """Add rows."""
        places = ", ".join("?" * len(columns))
        self.raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)

    def update(self, change: Change, rows: Sequence[Row]) -> None:
        """Change rows."""
        names = [*change.columns]
        in_order = itemgetter(*(names.index(name) for name in change.in_order()))
        sql = change.statement("", dict.fromkeys(names, "?"))
        self.raw.executemany(sql, map(in_order, rows))

    def begin(self, projects: Iterable[int]) -> None:
        """Begin as the only writer."""
        self.execute("BEGIN IMMEDIATE")

    def first_event(self) -> int:
        """The number after the last; the file is locked."""
        (found,) = self.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'host_event'").fetchone()
        return (found or 0) + 1

    def moment(self, at_us: int) -> str:
        """UTC, without saying so, as Django writes it."""
        return super().moment(at_us).removesuffix("+00:00")

    def rollback(self) -> None:
        """Undo everything, if something was begun."""
        if self.raw.in_transaction:
            self.execute("ROLLBACK")


class PostgresqlStore(Store):
    """Rows of projects are locked in the order of their numbers; READ COMMITTED sees what came before."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement with ``?`` for each value."""
        return self.raw.execute(sql.replace("?", "%s"), values, prepare=True)

    def select(self, sql: str, given: Columns, columns: Sequence[Sequence[Any]]) -> list[Row]:
        """Given values as arrays."""
        table = f"unnest({_arrays(given)}) AS given({', '.join(given)})"
        found: list[Row] = self.execute(
            sql.format(given=table, join="JOIN"), [list(column) for column in columns]
        ).fetchall()
        return found

    def insert(self, table: str, columns: Columns, rows: Sequence[Row]) -> None:
        """Add rows."""
        if rows:
            sql = f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({_arrays(columns)})"
            self.execute(sql, [list(column) for column in zip(*rows, strict=True)])

    def update(self, change: Change, rows: Sequence[Row]) -> None:
        """Change rows."""
        if rows:
            given = {name: f"given.{name}" for name in change.columns}
            source = f" FROM unnest({_arrays(change.columns)}) AS given({', '.join(given)})"
            sql = change.statement(source, given)
            self.execute(sql, [list(column) for column in zip(*rows, strict=True)])

    def begin(self, projects: Iterable[int]) -> None:
        """Begin, and lock the projects' rows."""
        self.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        self.execute("SET LOCAL lock_timeout = '10s'")
        self.execute(
            "SELECT 1 FROM host_standing WHERE project = ANY(?) ORDER BY project FOR UPDATE",
            ([*projects],),
        )

    def first_event(self) -> int:
        """The next number; other writers wait until this commits, so that numbers become visible in order."""
        self.execute("SELECT pg_advisory_xact_lock(?)", (NUMBERING,))
        (found,) = self.execute("SELECT nextval('host_event_id_seq')").fetchone()
        return int(found)

    def number_events(self, following: int) -> None:
        """Move the sequence on, under the same lock."""
        self.execute("SELECT setval('host_event_id_seq', ?, false)", (following,))

    def rollback(self) -> None:
        """Undo everything, if something was begun."""
        if not self.raw.closed and self.raw.info.transaction_status:
            self.raw.rollback()


def _arrays(columns: Columns) -> str:
    return ", ".join(f"?::{kind}[]" for kind in columns.values())


def store_of(alias: str = "default") -> Store:
    """The store on the connection of this thread."""
    connection = connections[alias]
    kind: Callable[[BaseDatabaseWrapper], Store]
    kind = SqliteStore if connection.vendor == "sqlite" else PostgresqlStore
    return kind(connection)


def is_passing(error: Exception) -> bool:
    """Whether the same transaction may succeed when tried again: locked, deadlocked, or a constraint that
    another writer was quicker at."""
    if isinstance(error, sqlite3.OperationalError):
        return "locked" in str(error) or "busy" in str(error)
    if isinstance(error, sqlite3.IntegrityError):
        return True
    return str(getattr(error, "sqlstate", None)) in ("40001", "40P01", "55P03", "23505", "23514")
