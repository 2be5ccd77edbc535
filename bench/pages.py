"""Ordinary pages in a large site: how many queries, and how long does the server take?

A database with 100,000 customers, 1,000 artists and 1,000,000 events is made on SQLite; then every page is
asked for by whoever may see it, through all of Django but the network, for many artists in turn. Goals: at
most 10 queries, and 50 ms at the median.

    python bench/pages.py [--quick] [--json FILE]
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from figures import Figures, arguments
from rush.ground import open_site, prepare

PROJECTS = 1_000
EVENTS_OF_PROJECT = 1_000
CUSTOMERS = 100_000
PRICE_MINOR = 1_000
CHUNK = 6_400
FIRST_US = 1_700_000_000_000_000


def fill(projects: int, customers: int, luck: Random, progress: Callable[[int, int], None]) -> None:
    """Add artists with their stakes, as the writer would have left them (hashes aside)."""
    from django.db import connection

    from comaker.host.models import Account, Project
    from comaker.host.writer import tables
    from comaker.host.writer.store import store_of

    staff = Account.objects.get(email="staff@example.org")
    Project.objects.bulk_create(
        Project(
            slug=f"artist-{n}",
            name=f"Artist {n}",
            line="Songs at night",
            story="I sing. " * 60,
            opinion="We believe in her.",
            created_by=staff,
            published_at=f"2026-01-{1 + n % 28:02d}T00:00:00Z",
        )
        for n in range(projects)
    )
    numbers = list(Project.objects.filter(slug__startswith="artist-").values_list("pk", flat=True))
    accounts = list(Account.objects.filter(is_staff=False).values_list("pk", flat=True))
    event_id = 10
    for done, project in enumerate(numbers):
        connection.ensure_connection()
        store = store_of()
        store.begin([])
        status = (0, 1, 1, 0)[done % 4]
        rows = _rows(project, event_id, luck.choices(accounts, k=EVENTS_OF_PROJECT), luck, status)
        event_id += EVENTS_OF_PROJECT + 1
        for name, values in rows.items():
            store.put(tables.Table.of(name), values)
        store.number_events(event_id)
        store.commit()
        progress(done + 1, len(numbers))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _rows(project: int, first: int, holders: list[int], luck: Random, status: int) -> dict[str, list[Any]]:
    version, at_us = "0123456789abcdef", FIRST_US
    events = [
        (
            first,
            at_us,
            version,
            "opened",
            None,
            "staff",
            None,
            None,
            None,
            project,
            None,
            7_000,
            None,
            None,
            None,
        )
    ]
    postings, held = [], {}
    for number, customer in enumerate(holders, 1):
        at_us += luck.randrange(10**9)
        shares = luck.randrange(1, 8)
        money = shares * PRICE_MINOR
        about = (
            first + number,
            at_us,
            version,
            "done",
            customer,
            "customer",
            "stake",
            "production",
            "customer",
        )
        events.append((*about, project, None, shares, money, None, None))
        accounts = (f"customer:{customer}", f"stakes:{project}")
        postings.append(
            (first + number, project, number, *accounts, "EUR", money, "stake", version, bytes(32))
        )
        held[customer] = held.get(customer, 0) + shares
    collected = sum(held.values())
    closed, out = (None, None) if not status else (at_us, at_us + 1)
    standing = (
        *(
            project,
            status,
            7_000,
            10_000,
            collected,
            0,
            len(held),
            FIRST_US,
            closed,
            out,
            out,
            500_000 * status,
        ),
        *(len(postings), bytes(32)),
    )
    return {
        "host_event": events,
        "host_posting": postings,
        "host_holding": [(project, customer, shares, 0, 0) for customer, shares in held.items()],
        "host_standing": [standing],
    }


def pages(luck: Random) -> Iterator[tuple[str, str | None, Callable[[], str]]]:
    """Name of the page, who asks for it, and an address of it."""
    from django.urls import reverse

    def one(name: str, *, at: str | None = None) -> Callable[[], str]:
        if at is None:
            return lambda: reverse(name)
        return lambda: reverse(name, args=[f"artist-{luck.randrange(at == 'released', PROJECTS, 2)}"])

    for name in ("home", "projects", "rules", "feed"):
        yield name, None, one(name)
    for name in ("project", "books"):
        yield name, None, one(name, at="any")
    for name in ("home", "holdings", "profile", "tokens"):
        yield name, "customer", one(name)
    for name in ("project", "stake"):
        yield name, "customer", one(name, at="any")
    yield "buy", "customer", one("buy", at="released")
    for name in ("desk", "desk_projects", "desk_money", "desk_settlements", "desk_terms", "desk_log"):
        yield name, "staff", one(name)
    yield "desk_project", "staff", one("desk_project", at="any")


def measure(figures: Figures, tries: int, luck: Random) -> None:
    """Ask for every page several times."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from comaker.host.models import Account

    clients = {None: Client()}
    for who, email in (("customer", "7@example.org"), ("staff", "staff@example.org")):
        clients[who] = Client()
        backend = "allauth.account.auth_backends.AuthenticationBackend"
        clients[who].force_login(Account.objects.get(email=email), backend=backend)
    for name, who, address in pages(luck):
        taken, queries = [], []
        for number in range(tries + 3):
            url = address()
            with CaptureQueriesContext(connection) as asked:
                start = time.perf_counter()
                response = clients[who].get(url, headers={"host": "localhost"})
                took = (time.perf_counter() - start) * 1_000
            if response.status_code != 200:
                raise SystemExit(f"{url} as {who or 'anyone'}: status {response.status_code}")
            if number >= 3:
                taken.append(took)
                queries.append(len(asked))
        title = f"{name}, {who or 'anyone'}"
        figures.add(title, "ms", taken, at_most=50)
        figures.add(f"{title}: queries", "queries", queries, at_most=10)


def main() -> None:
    """Make the site, measure its pages."""
    options = arguments(__doc__)
    figures = Figures("Ordinary pages of a large site", ("django",))
    folder = Path(tempfile.mkdtemp(prefix="pages-"))
    size, tries = (50, 5) if options.quick else (PROJECTS, 30)
    luck = Random(1)
    os.environ["COMAKER_HOSTS"] = "localhost"
    try:
        open_site(f"sqlite:///{folder / 'site.sqlite3'}", folder)
        from django.core.management import call_command

        prepare(CUSTOMERS // (PROJECTS // size), logged_in=1)
        call_command("collectstatic", verbosity=0)
        fill(size, CUSTOMERS, luck, lambda done, of: print(f"\rartists {done} of {of}", end="", flush=True))
        print()
        globals()["PROJECTS"] = size
        measure(figures, tries, luck)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures.show()
    figures.write(options.json)


if __name__ == "__main__":
    main()
