"""The statements of the writer, on SQLite and on PostgreSQL, over Django's own connection.

Django's ORM and cursors are left out on purpose: a rush on one project is the site's peak, and there they
take longer than the databases do. On SQLite many rows go into one statement, because each statement gives
up Python's lock and has to get it back from whoever reads requests meanwhile.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from comaker.host.writer.tables import Table

Row = tuple[Any, ...]

NUMBERING = 2
"""The advisory lock under which events get their numbers on PostgreSQL."""

MOST_ROWS = 64
"""Rows in one statement on SQLite."""


class Store:
    """What both databases do alike. Rows are plain tuples; nothing is kept between transactions."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        connection.ensure_connection()
        if connection.in_atomic_block:
            raise RuntimeError("the writer commits by itself: call it outside of transactions")
        self.raw = connection.connection
        if self.is_lost():
            connection.close()
            connection.ensure_connection()
            self.raw = connection.connection
        self.name = str(connection.settings_dict["NAME"])

    def is_lost(self) -> bool:
        """Whether the connection has ended, so that nothing more can come through it."""
        return False

    def turn(self) -> AbstractContextManager[None]:
        """What a thread has to wait for before it begins."""
        return nullcontext()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement with ``?`` for each value."""
        return self.raw.execute(sql, values)

    def among(self, sql: str, many: Sequence[Any], before: Sequence[Any] = ()) -> list[Row]:
        """Rows whose column is one of many values: ``{many}`` stands after the column, and after the ``?`` of
        the values ``before``."""
        raise NotImplementedError

    def among_pairs(self, sql: str, pairs: Sequence[tuple[int, str]]) -> list[Row]:
        """Rows joined with many pairs of a number, ``column1``, and a text, ``column2``: ``{many}`` stands
        for their table."""
        raise NotImplementedError

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows; where the table has keys and a row is there already, it becomes this one."""
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


class Turns:
    """Lets the threads of a process write one after the other, in the order in which they came.

    SQLite makes others sleep and try again, by luck: in a rush some would never get there.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._line: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn, and pass it on at the end."""
        mine = threading.Event()
        with self._guard:
            self._line.append(mine)
            is_first = self._line[0] is mine
        if not is_first:
            mine.wait()
        try:
            yield
        finally:
            with self._guard:
                self._line.popleft()
                if self._line:
                    self._line[0].set()


class SqliteStore(Store):
    """One file: whoever writes holds all of it."""

    turns = Turns()

    def turn(self) -> AbstractContextManager[None]:
        """One thread of this process at a time; other processes are kept off by the file's lock."""
        return self.turns.turn()

    def among(self, sql: str, many: Sequence[Any], before: Sequence[Any] = ()) -> list[Row]:
        """The list is filled up to a power of two by its last value, so that few statements are prepared."""
        size = 1 << (len(many) - 1).bit_length()
        values = [*before, *many, *[many[-1]] * (size - len(many))]
        found: list[Row] = self.execute(_among(sql, size), values).fetchall()
        return found

    def among_pairs(self, sql: str, pairs: Sequence[tuple[int, str]]) -> list[Row]:
        """Filled up as in ``among``: the last pair finds its rows more than once."""
        size = 1 << (len(pairs) - 1).bit_length()
        values = [*chain.from_iterable(pairs), *(pairs[-1] * (size - len(pairs)))]
        found: list[Row] = self.execute(_among_pairs(sql, size), values).fetchall()
        return found

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Many rows a statement: as many as the largest powers of two that make up their number."""
        start = 0
        while start < len(rows):
            size = min(MOST_ROWS, 1 << ((len(rows) - start).bit_length() - 1))
            values = [*chain.from_iterable(rows[start : start + size])]
            self.execute(_rows_into(table.name, size), values)
            start += size

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


@lru_cache(maxsize=256)
def _among(sql: str, size: int) -> str:
    return sql.format(many=f"IN ({', '.join('?' * size)})")


@lru_cache(maxsize=256)
def _among_pairs(sql: str, size: int) -> str:
    return sql.format(many=f"(VALUES {', '.join(['(?, ?)'] * size)})")


@lru_cache(maxsize=256)
def _rows_into(name: str, size: int) -> str:
    table = Table.of(name)
    row = f"({', '.join('?' * len(table.columns))})"
    return f"{table.insertion()} VALUES {', '.join([row] * size)}{table.replacement()}"


class PostgresqlStore(Store):
    """Rows of projects are locked in the order of their numbers; READ COMMITTED sees what came before."""

    def is_lost(self) -> bool:
        """Whether the server has ended the connection."""
        return bool(self.raw.closed)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement with ``?`` for each value."""
        return self.raw.execute(sql.replace("?", "%s"), values, prepare=True)

    def among(self, sql: str, many: Sequence[Any], before: Sequence[Any] = ()) -> list[Row]:
        """The values as one array."""
        found: list[Row] = self.execute(sql.format(many="= ANY(?)"), [*before, list(many)]).fetchall()
        return found

    def among_pairs(self, sql: str, pairs: Sequence[tuple[int, str]]) -> list[Row]:
        """The numbers as one array, the texts as another."""
        many = "unnest(?::bigint[], ?::text[]) AS pairs (column1, column2)"
        numbers, texts = zip(*pairs, strict=True)
        found: list[Row] = self.execute(sql.format(many=many), [list(numbers), list(texts)]).fetchall()
        return found

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """One array a column."""
        if rows:
            arrays = ", ".join(f"?::{kind}[]" for kind in table.columns.values())
            sql = f"{table.insertion()} SELECT * FROM unnest({arrays}){table.replacement()}"
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


def store_of(alias: str = "default") -> Store:
    """The store on the connection of this thread."""
    connection = connections[alias]
    return SqliteStore(connection) if connection.vendor == "sqlite" else PostgresqlStore(connection)


def is_passing(error: Exception | None) -> bool:
    """Whether the same transaction may succeed when tried again: locked, deadlocked, or a constraint that
    another writer was quicker at."""
    if isinstance(error, sqlite3.OperationalError):
        return "locked" in str(error) or "busy" in str(error)
    if isinstance(error, sqlite3.IntegrityError):
        return True
    return str(getattr(error, "sqlstate", None)) in ("40001", "40P01", "55P03", "23505", "23514")
