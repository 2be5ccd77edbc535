"""Makes a site ready to serve: its folder, its database and tables, its static files, its published model.

Everything may be repeated; what is as it should be is left alone, so that a second start is quick.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.utils import DatabaseError, InterfaceError

from comaker.host.environment import database_of
from comaker.model import Model, load, stake_terms
from comaker.model.reading import text_of

SETTINGS = "comaker.host.settings"
_STAMP = ".prepared"
_START_ONE = "start a site (comaker host MODEL), or say where it is (--data, --database)"


class HostError(Exception):
    """A site that cannot be run as asked; the message says what would be right."""


def point_to(data: Path, database: str = "") -> None:
    """Choose the data folder and the database (empty: SQLite in that folder), and start Django.

    To be called once in a process, before anything else of the site is imported. Raises ``HostError``
    where a setting, the folder or the database's address is wrong.
    """
    os.environ["COMAKER_DATA"] = str(data.resolve())
    if database:
        os.environ["COMAKER_DATABASE"] = database
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    check_folder(data)
    _check_address(os.environ.get("COMAKER_DATABASE", ""), data)
    import django

    with clear_messages():
        django.setup()


def check_folder(data: Path) -> None:
    """Make the data folder; ``HostError`` where it cannot be made or written to."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        said = error.strerror or str(error)
        raise HostError(
            f"{data}: {said}: the site keeps its data here; make the folder writable or name another (--data)"
        ) from None


def _check_address(url: str, data: Path) -> None:
    """Refuse an address that cannot be right before anything connects to it."""
    with clear_messages():
        found = database_of(url, data)
    if not found["ENGINE"].endswith("sqlite3"):
        return
    path = Path(found["NAME"])
    if not found["NAME"] or path.is_dir():
        raise HostError(f"{path}: this is a folder: name the database's file, sqlite:///path/to/file")
    if not path.parent.is_dir():
        raise HostError(f"{path}: the folder {path.parent} does not exist: make it first")
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise HostError(f"{path}: this database may not be read and written: change its owner or its rights")


def shown_address() -> str:
    """The database as messages name it: a file's path, or an address without its password."""
    from django.db import connection

    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(found["NAME"])
    port = f":{found['PORT']}" if found["PORT"] else ""
    return f"postgresql://{found['USER']}@{found['HOST']}{port}/{found['NAME']}"


@contextmanager
def clear_messages() -> Iterator[None]:
    """Turn what Django or a database driver says of wrong settings or a bad database into a ``HostError``."""
    try:
        yield
    except ImproperlyConfigured as error:
        raise HostError(str(error)) from None
    except (DatabaseError, InterfaceError) as error:
        raise HostError(f"{shown_address()}: {_said(str(error))}") from None


_HINTS = {
    "file is not a database": "this file is no SQLite database: name another, or restore a backup",
    "malformed": "this database is damaged: restore a backup (comaker restore)",
    "readonly database": "this database may not be written: change its owner or its rights",
    "disk is full": "the disk is full: make room and start again; nothing was half done",
    "disk I/O error": "the disk cannot be read or written",
    "unable to open": "the database cannot be opened: does its folder exist, and may it be written?",
    "database is locked": "another program holds this database: stop it, or wait until it is done",
    "Connection refused": "no PostgreSQL server answers there: is it running, are host and port right?",
    "No such file or directory": "no PostgreSQL server answers there: is it running?",
    "could not translate host name": "there is no such host: correct the address",
    "Name or service not known": "there is no such host: correct the address",
    "password authentication failed": "PostgreSQL refuses this name or password",
    "no password supplied": "PostgreSQL wants a password: write postgresql://name:password@host/database",
    "does not exist": "PostgreSQL has no such role or database: create it (createuser, createdb)",
    "timeout expired": "PostgreSQL did not answer in time: are host and port right?",
}


def _said(message: str) -> str:
    """What a driver says, in one line with what to do."""
    first = " ".join(message.split("\n")[0].split())
    return next((f"{hint} ({first})" for part, hint in _HINTS.items() if part in message), first)


def prepare() -> None:
    """Create or upgrade the tables and collect the static files; ``HostError`` where that is impossible."""
    with clear_messages():
        _migrate()
        _collect()


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    check_schema(executor)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def check_schema(executor: Any) -> None:
    """``HostError`` for tables of another program, or of a newer version of this one."""
    from django.apps import apps
    from django.db import connection

    applied = {key for key in executor.loader.applied_migrations if key[0] == "host"}
    newer = sorted(name for app, name in applied if (app, name) not in executor.loader.disk_migrations)
    if newer:
        raise HostError(
            f"{shown_address()}: a newer version of comaker made these tables ({newer[-1]}; this is "
            f"{version('comaker')}): install that version, nothing was changed"
        )
    ours = {config.label for config in apps.get_app_configs()}
    # A first start that was cut short has applied some of ours.
    if not applied and not {app for app, _ in executor.loader.applied_migrations} & ours:
        others = sorted(set(connection.introspection.table_names()) - {"django_migrations"})
        if others:
            raise HostError(
                f"{shown_address()}: this database holds another program's tables ({others[0]}): "
                "name an empty database"
            )


def open_existing(data: Path, database: str = "") -> None:
    """Start Django (``point_to``) on a site that is there, and make nothing.

    ``HostError`` where there is none, or one that this version cannot work with.
    """
    if not data.is_dir():
        raise HostError(f"{data}: there is no such folder: {_START_ONE}")
    point_to(data, database)
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with clear_messages():
        path = Path(str(connection.settings_dict["NAME"]))
        missing = connection.vendor == "sqlite" and not path.exists()
        executor = None if missing else MigrationExecutor(connection)
        if executor is not None:
            check_schema(executor)
        if executor is None or not executor.loader.applied_migrations:
            raise HostError(f"{shown_address()}: there is no site here yet: {_START_ONE}")
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise HostError(
                f"{shown_address()}: an older version of comaker made these tables: comaker host upgrades "
                "them (make a backup with that version first)"
            )


def _collect() -> None:
    """Copy, name and compress the static files, unless the same were collected before."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    found = hashlib.sha256(version("whitenoise").encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found.update(f"{path}\0".encode())
            found.update(hashlib.sha256(Path(storage.path(path)).read_bytes()).digest())
    stamp = Path(settings.STATIC_ROOT) / _STAMP
    if stamp.exists() and stamp.read_text() == found.hexdigest():
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(found.hexdigest())


def hostable(source: str) -> tuple[Model, str]:
    """A model and its text; ``ModelError`` where it is wrong, ``HostError`` where no site can run it yet."""
    import datetime as dt

    model = load(source)
    try:
        stake_terms(model.at(dt.datetime.now(dt.UTC)))
    except ValueError as error:
        raise HostError(f"{source}: {error}: the site opens when its terms are in force") from None
    return model, text_of(source)[1]


def publish(source: str) -> str:
    """Publish the model where the database has none yet; returns what is to be told, or nothing.

    Where another text was published before, that one governs: terms change on the desk, with notice.
    """
    from django.db import transaction

    from comaker.host.firm import published
    from comaker.host.models import Publication

    model, text = hostable(source)
    with clear_messages(), transaction.atomic():
        if not Publication.objects.exists():
            Publication.objects.create(text=text, hash=model.hash)
            return ""
    governing = published()
    if governing.hash == model.hash:
        return ""
    return (
        f"{source} ({model.hash}) is not what this site has published ({governing.name}, {governing.hash}): "
        "what is published governs. To change it, amend the terms on the desk (/desk/terms/), with notice; "
        f"comaker check {source} says whether the file is right."
    )
