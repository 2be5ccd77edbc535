"""Power cuts: the writer's own code on a file system that forgets what was not synced."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crashing.site import Damage, People, new_key, use

MOST_CALLS = 600
"""The power fails before so many writes and syncs."""


def random_batch(people: People, luck: random.Random, waiting: list[int]) -> list[Any]:
    """Some stakes, a withdrawal now and then, confirmations of reservations."""
    from comaker.host.writer import Act, Request

    batch = []
    for _ in range(luck.randint(1, 12)):
        key, project, customer = new_key(luck), people.project, luck.choice(people.customers)
        kind = luck.random()
        if kind < 0.2 and waiting:
            number = waiting.pop(luck.randrange(len(waiting)))
            batch.append(Request(Act.CONFIRM, project=project, staff=people.staff, reference=number, key=key))
        else:
            act = Act.WITHDRAW if kind < 0.3 else Act.STAKE
            batch.append(
                Request(act, project=project, customer=customer, quantity=luck.randint(1, 5), key=key)
            )
    return batch


@contextmanager
def writing_through(raw: Any) -> Iterator[None]:
    """Have the writer use another connection than Django's."""
    from comaker.host.writer import store, writing

    mine = store.SqliteStore.__new__(store.SqliteStore)
    mine.raw, mine.name = raw, "another connection"
    given = writing.store_of
    writing.store_of = lambda: mine
    try:
        yield
    finally:
        writing.store_of = given


def cut_power(
    template: Path, folder: Path, people: People, seed: int, damage: Damage, *, synchronous: str
) -> None:
    """One life of a site that a power cut ends, and what is found afterwards."""
    import powercut

    luck = random.Random(seed)
    path = folder / f"{synchronous}-{seed}.sqlite3"
    shutil.copyfile(template, path)
    limit = luck.randint(1, MOST_CALLS)
    disk = powercut.Disk()

    def fail(_: str) -> None:
        if disk.calls >= limit:
            raise powercut.PowerCut

    disk.fault = fail
    files = powercut.FaultyFiles(f"files-{path}", disk)
    answered: list[tuple[Any, Any]] = []
    raw = None
    try:
        raw = powercut.Raw(path, files, synchronous=synchronous)
        if seed % 2:
            raw.execute("PRAGMA wal_autocheckpoint=20").fetchall()
        with writing_through(raw):
            live(people, luck, answered)
    except powercut.PowerCut:
        pass
    finally:
        if raw is not None:
            raw.vanish()
    disk.cut_power(luck)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    examine(f"sqlite:///{path}", answered, damage)
    for left in folder.glob(f"{path.name}*"):
        left.unlink()


def live(people: People, luck: random.Random, answered: list[tuple[Any, Any]]) -> None:
    """Write batches until something fails."""
    from comaker.host.writer import Act, write

    waiting: list[int] = []
    while True:
        batch = random_batch(people, luck, waiting)
        for request, answer in zip(batch, write(batch), strict=True):
            answered.append((request, answer))
            if request.act is Act.STAKE and answer.is_done:
                waiting.append(answer.event_id)


def examine(database: str, answered: list[tuple[Any, Any]], damage: Damage) -> None:
    """Open the database again: is every answered request there, as answered, and are the books right?"""
    from django.db import connection

    from comaker.host.audit import audit
    from comaker.host.models import Contribution, Event
    from comaker.host.writer import write

    use(database)
    began = time.monotonic()
    Event.objects.count()
    damage.reopened_s.append(time.monotonic() - began)
    stored = set(Contribution.objects.values_list("key", flat=True))
    lost = sum(request.key not in stored for request, answer in answered if answer.status < 400)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            said = cursor.execute("PRAGMA integrity_check").fetchall()
        if said != [("ok",)]:
            damage.wrong.append(f"integrity_check: {said[:3]}")
    damage.wrong += [each.line for each in audit()]
    before = Event.objects.count()
    again = write([request for request, _ in answered if request.key in stored])
    told = [answer for request, answer in answered if request.key in stored]
    damage.changed += sum(one != other for one, other in zip(told, again, strict=True))
    if Event.objects.count() != before:
        damage.wrong.append("asked again with its key, something was done twice")
    connection.close()
    damage.crashes += 1
    damage.answered += len(answered)
    damage.lost += lost
    damage.crashes_with_loss += lost > 0
