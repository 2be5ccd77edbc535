"""Databases as wholes: copied while they are in use, checked, and put in the place of another."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from comaker.host.audit import audit
from comaker.host.preparing import HostError, check_schema, clear_messages, shown_address

Put = Callable[[], None]
"""Puts a checked database in its place."""


def snapshot(target: Path) -> dict[str, int]:
    """Copy the site's database as it is at one instant into a file; returns the rows of each table.

    Whoever writes meanwhile neither waits nor is seen. ``HostError`` where it cannot be copied.
    """
    with clear_messages():
        if connection.vendor == "sqlite":
            return _sqlite_snapshot(target)
        return _postgresql_snapshot(target)


def _sqlite_snapshot(target: Path) -> dict[str, int]:
    try:
        with closing(_opened(_path())) as source, closing(sqlite3.connect(target)) as copy:
            # In one step: one read transaction. Smaller steps would begin anew after every write.
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
            (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if said != "ok":
                raise HostError(f"{shown_address()}: this database is damaged ({said}): restore a backup")
            return _counted(copy.execute, _SQLITE_TABLES)
    except sqlite3.Error as error:
        raise HostError(f"{shown_address()}: {error}: nothing was written") from None


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=20, isolation_level=None)


def _path() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
_POSTGRESQL_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"


def _counted(execute: Callable[[str], Any], tables: str) -> dict[str, int]:
    names = sorted(name for (name,) in execute(tables).fetchall())
    return {name: execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def _postgresql_snapshot(target: Path) -> dict[str, int]:
    with _at(connection.settings_dict["NAME"]) as opened:
        opened.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (instant,) = opened.execute("SELECT pg_export_snapshot()").fetchone()
        tables = _counted(opened.execute, _POSTGRESQL_TABLES)
        _run("pg_dump", f"--snapshot={instant}", "--format=custom", f"--file={target}")
    return tables


@contextmanager
def _at(name: str) -> Iterator[Any]:
    """A connection of its own to a database of the same server."""
    import psycopg

    parts = connection.get_connection_params()
    wanted = ("host", "port", "user", "password", "sslmode", "connect_timeout")
    given = {key: value for key, value in parts.items() if key in wanted}
    try:
        with psycopg.connect(**given, dbname=name, autocommit=True) as opened:
            yield opened
    except psycopg.Error as error:
        raise HostError(f"{shown_address()}: {str(error).strip().splitlines()[0]}") from None


def _run(program: str, *options: str, name: str | None = None) -> None:
    """Run one of PostgreSQL's programs on a database of the server; ``HostError`` with what it says."""
    if shutil.which(program) is None:
        raise HostError(
            f"{program} is not on PATH: install PostgreSQL's client programs (Debian: apt-get install "
            "postgresql-client), of the server's version or later"
        )
    parts = connection.get_connection_params()
    named = ("host", "port", "user", "password", "sslmode")
    settings = {f"PG{part.upper()}": str(parts[part]) for part in named if parts.get(part)}
    options = ("--no-owner", "--no-privileges", f"--dbname={name or parts['dbname']}", *options)
    done = subprocess.run(
        [program, *options], env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise HostError(f"{program}: {' '.join(done.stderr.split()) or done.returncode}")


def is_filled() -> bool:
    """Whether there is anything in the site's database already."""
    if connection.vendor == "sqlite":
        return _path().exists() and _path().stat().st_size > 0
    if not _is_there(connection.settings_dict["NAME"]):
        return False
    with clear_messages():
        return bool(connection.introspection.table_names())


def _is_there(name: str) -> bool:
    with _at("postgres") as opened:
        found = opened.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        return found is not None


@contextmanager
def restored(source: Path, tables: dict[str, int]) -> Iterator[Put]:
    """A copy made by ``snapshot``, checked and ready to be put in the place of the site's database.

    ``tables``: the rows it must have. Until the function that is given is called, nothing is changed.
    ``HostError`` where the copy is not right, or the place is in use.
    """
    chosen = _sqlite_restored if connection.vendor == "sqlite" else _postgresql_restored
    with clear_messages(), chosen(source, tables) as put:
        yield put


@contextmanager
def _sqlite_restored(source: Path, tables: dict[str, int]) -> Iterator[Put]:
    with closing(_opened(source)) as copy:
        try:
            found = [row[0] for row in copy.execute("PRAGMA integrity_check(1)")]
            found += [f"{row[0]} row {row[1]}" for row in copy.execute("PRAGMA foreign_key_check")]
            counted = _counted(copy.execute, _SQLITE_TABLES)
        except sqlite3.DatabaseError as error:
            found, counted = [str(error)], {}
    if found != ["ok"] or counted != tables:
        raise HostError(f"the database in this backup is damaged ({found[-1]}): nothing was restored")
    with _looking_at(str(source)):
        _check_books()
    target = _path()
    connection.close()
    with _held(target):
        yield lambda: _replace(source, target)


@contextmanager
def _held(target: Path) -> Iterator[None]:
    """Keep everybody from the database that is to be replaced; refused while a site runs on it."""
    if not target.exists():
        yield
        return
    with closing(sqlite3.connect(target, timeout=0, isolation_level=None)) as old:
        try:
            # Leaving WAL needs the file for oneself alone, and leaves it without a second one beside it.
            old.execute("PRAGMA journal_mode=DELETE")
            old.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise HostError(f"{target}: a site is running on it: stop it first") from None
        yield


def _replace(source: Path, target: Path) -> None:
    aside = f"{target.name}.before-restore-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%fZ}"
    for end in ("", "-wal", "-shm", "-journal"):
        old = target.with_name(target.name + end)
        if old.exists():
            os.link(old, target.with_name(aside + end))
            if end:
                old.unlink()
    near = target.with_name(f".{target.name}.{os.getpid()}.restoring")
    shutil.move(source, near)
    with near.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(near, target)


@contextmanager
def _looking_at(name: str) -> Iterator[None]:
    """Make another database the site's for a while, in this thread."""
    kept = connections["default"]
    other = kept.copy()
    other.settings_dict = {**kept.settings_dict, "NAME": name}
    connections["default"] = other
    try:
        yield
    finally:
        other.close()
        connections["default"] = kept


def _check_books() -> None:
    check_schema(MigrationExecutor(connections["default"]))
    found = audit()
    if found:
        raise HostError(f"the books in this backup are not right ({found[0].line}): nothing was restored")


@contextmanager
def _postgresql_restored(source: Path, tables: dict[str, int]) -> Iterator[Put]:
    name = str(connection.settings_dict["NAME"])
    new = f"{name[:24]}_restoring_{os.getpid()}"
    connection.close()
    with _at("postgres") as server:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        if server.execute(others, (name,)).fetchone()[0]:
            raise HostError(f"{shown_address()}: a site is running on it: stop it first")
        server.execute(f'CREATE DATABASE "{new}" TEMPLATE template0')
        try:
            _run("pg_restore", "--exit-on-error", "--single-transaction", str(source), name=new)
            with _at(new) as copy:
                if _counted(copy.execute, _POSTGRESQL_TABLES) != tables:
                    raise HostError("the database in this backup is not whole: nothing was restored")
            with _looking_at(new):
                _check_books()
            yield lambda: _rename(server, new, name)
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{new}"')


def _rename(server: Any, new: str, name: str) -> None:
    aside = f"{name[:24]}_before_restore_{dt.datetime.now(dt.UTC):%Y%m%d%H%M%S%f}"
    with server.transaction():
        if _is_there(name):
            server.execute(f'ALTER DATABASE "{name}" RENAME TO "{aside}"')
        server.execute(f'ALTER DATABASE "{new}" RENAME TO "{name}"')
