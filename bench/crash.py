"""Crashes: is anything lost that a customer was told is done, and how soon is the site open again?

Kills: the gateway serves stakes under granian, eight clients send them, and SIGKILL ends the process at a
random moment, again and again. After each: every stake that was answered is there once, asked again with
its key it gets the same answer from the next process, the audit of the whole site finds nothing wrong, and
the time until the database can be read again. On SQLite; with --database also on PostgreSQL (an address
under which databases may be made). To kill often, processes are forked from one that has everything
imported; they open the database and the port by themselves.

Power cuts: the writer's own code writes through an APSW file system that keeps what was synced and, at
random, parts of the rest, torn and in any order (``powercut.py``). It runs on an APSW connection with the
site's own pragmas in place of Django's; every second cut lets SQLite checkpoint often, so that cuts hit
that too. The control has ``synchronous=NORMAL``, as is often advised: it must lose something.

    python bench/crash.py [--quick] [--json FILE] [--database postgresql://…]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple

from figures import Figures

CLIENTS = 8
CUSTOMERS = 20
KILLS_A_SITE = 20
LONGEST_S = 0.25
"""The longest time that a process lives under load before it is killed."""

REOPENED_S = 2.0
MOST_CALLS = 600
"""The power fails before so many writes and syncs."""


def start_django(folder: Path, database: str = "") -> None:
    """Start Django on a database; SQLite in the folder without another."""
    os.environ.update(COMAKER_DATA=str(folder), COMAKER_DATABASE=database, COMAKER_SECRET_KEY="bench " * 12)
    os.environ["DJANGO_SETTINGS_MODULE"] = "comaker.host.settings"
    import django

    django.setup()


def use(database: str) -> None:
    """Make another database that of this process."""
    from django.db import connections

    from comaker.host.environment import database_of

    connections["default"].close()
    described = {**connections["default"].settings_dict, **database_of(database, Path())}
    connections.databases["default"] = connections.settings["default"] = described
    del connections["default"]


class People(NamedTuple):
    """Who acts on the site: a project, customers with the secrets of their tokens, and staff."""

    project: int
    customers: list[int]
    secrets: list[str]
    staff: int


def populate() -> People:
    """Tables, terms with a goal that is never reached, customers with tokens, one project."""
    from django.core.management import call_command

    from comaker.host.api.stakes import digest_of
    from comaker.host.firm import model_of
    from comaker.host.models import Account, Project, Publication, Token
    from comaker.host.writer import Act, Request, write
    from comaker.model import gallery_text

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    text = gallery_text("my-major-company")
    text = text[: text.index("[[amendment]]")] + text[text.index("[assumption.") :]
    text = text.replace('goal = "70000.00"', 'goal = "70000000.00"')
    text = text.replace('cap = "7000.00" ', 'cap = "7000000.00" ')
    Publication.objects.create(text=text, hash=model_of(text).hash)
    staff = Account.objects.create(email="staff@example.org", is_staff=True)
    customers, secrets = [], [f"secret-{number}" for number in range(CUSTOMERS)]
    for secret in secrets:
        customer = Account.objects.create(email=f"{secret}@example.org")
        customers.append(customer.pk)
        Token.objects.create(
            account=customer, label="bench", digest=digest_of(secret), scopes="stake", expires_us=2**62
        )
    project = Project.objects.create(slug="grace", name="Grace", line="-", story="-", created_by=staff)
    assert write([Request(Act.OPEN, project=project.pk, staff=staff.pk, key="open")])[0].is_done
    return People(project.pk, customers, secrets, staff.pk)


def closed_file(path: Path) -> None:
    """Bring everything into the one file, so that it can be copied."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert path.exists()


# --- power cuts ---------------------------------------------------------------------------------------


@dataclass
class Damage:
    """What crashes did: answers given, of them lost or given otherwise later; what audits found wrong."""

    answered: int = 0
    lost: int = 0
    changed: int = 0
    wrong: list[str] = field(default_factory=list)
    reopened_s: list[float] = field(default_factory=list)
    crashes: int = 0
    crashes_with_loss: int = 0


def new_key(luck: random.Random) -> str:
    return uuid.UUID(int=luck.getrandbits(128)).hex


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


# --- kills --------------------------------------------------------------------------------------------


class Stake(NamedTuple):
    """A stake as it is sent, with the answer where one came: status and body."""

    key: str
    secret: str
    body: bytes
    answer: tuple[int, bytes] | None = None


class Nursery:
    """A process that has everything imported, and forks one that serves whenever it is asked to."""

    def __init__(self, database: str, port: int) -> None:
        command = [sys.executable, __file__, "--serve", str(port)]
        environment = {**os.environ, "COMAKER_DATABASE": database}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = port

    def begin(self) -> tuple[int, float]:
        """A new process that serves: its number, and the seconds until it answered."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("serve\n")
        self.process.stdin.flush()
        number = int(self.process.stdout.readline())
        began = time.monotonic()
        while time.monotonic() - began < 60:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return number, time.monotonic() - began
            except OSError:
                time.sleep(0.002)
        raise RuntimeError("the server does not answer")

    def end(self) -> None:
        """No more of them."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def nurse(port: int) -> None:
    """Fork a serving process for each line that comes in; each is reaped before the next."""
    start_django(Path(os.environ["COMAKER_DATA"]), os.environ["COMAKER_DATABASE"])
    from granian.constants import HTTPModes, Interfaces
    from granian.server.embed import Server

    from comaker.host.gateway.app import application

    # Of libraries that started threads, none is used by the writer or the gateway.
    warnings.filterwarnings(
        "ignore", message="This process .* is multi-threaded", category=DeprecationWarning
    )
    child = 0
    for _ in sys.stdin:
        if child:
            os.waitpid(child, 0)
        child = os.fork()
        if not child:
            server = Server(
                application, port=port, interface=Interfaces.ASGINL, http=HTTPModes.http1, log_enabled=False
            )
            asyncio.run(server.serve())
            os._exit(0)
        print(child, flush=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def send(connection: HTTPConnection, stake: Stake) -> tuple[int, bytes]:
    headers = {
        "Authorization": f"Bearer {stake.secret}",
        "Idempotency-Key": stake.key,
        "Content-Type": "application/json",
    }
    connection.request("POST", "/api/v1/stakes", stake.body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def load(
    port: int, people: People, luck: random.Random, stop: threading.Event
) -> tuple[list[Stake], Callable[[], None]]:
    """Clients that send stakes until the server is gone; what they sent, and how to wait for them."""
    sent: list[Stake] = []

    def client(luck: random.Random) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        while not stop.is_set():
            body = json.dumps({"project": people.project, "shares": luck.randint(1, 5)}).encode()
            stake = Stake(new_key(luck), luck.choice(people.secrets), body)
            try:
                stake = stake._replace(answer=send(connection, stake))
            except (OSError, HTTPException):
                sent.append(stake)
                return
            sent.append(stake)
        connection.close()

    threads = [
        threading.Thread(target=client, args=(random.Random(luck.getrandbits(64)),)) for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()

    def join() -> None:
        for thread in threads:
            thread.join()

    return sent, join


def resend(port: int, sent: list[Stake], damage: Damage) -> None:
    """Ask again, with the same keys: what was answered gets the same answer, what was not gets one."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for stake in sent:
        answer = send(connection, stake)
        if stake.answer is not None and stake.answer != answer:
            damage.changed += 1
        if answer[0] != 201:
            damage.wrong.append(f"asked again, a stake got {answer}")
    connection.close()


def kill(site: str, people: People, kills: int, seed: int, damage: Damage) -> list[float]:
    """Lives of one site, each ended by SIGKILL; seconds from the fork until it listened."""
    from django.db import connection

    from comaker.host.audit import audit
    from comaker.host.models import Contribution, Event

    luck, port = random.Random(seed), free_port()
    nursery = Nursery(site, port)
    sent: list[Stake] = []
    started = []
    use(site)
    try:
        for _ in range(kills):
            number, seconds = nursery.begin()
            started.append(seconds)
            resend(port, sent, damage)
            stop = threading.Event()
            sent, join = load(port, people, luck, stop)
            time.sleep(luck.uniform(0, LONGEST_S))
            os.kill(number, signal.SIGKILL)
            stop.set()
            join()
            connection.close()
            began = time.monotonic()
            Event.objects.count()
            damage.reopened_s.append(time.monotonic() - began)
            answered = [stake for stake in sent if stake.answer is not None]
            stored = list(
                Contribution.objects.filter(key__in=[stake.key for stake in answered]).values_list("key")
            )
            lost = len(answered) - len(stored)
            damage.wrong += [each.line for each in audit()]
            damage.crashes += 1
            damage.answered += len(answered)
            damage.lost += lost
            damage.crashes_with_loss += lost > 0
        number, _ = nursery.begin()
        resend(port, sent, damage)
        os.kill(number, signal.SIGKILL)
        damage.wrong += [each.line for each in audit()]
        done = Event.objects.filter(kind="done").count()
        if done != Contribution.objects.filter(route="stake", status=201).count():
            damage.wrong.append(f"{done} stakes are in the log, not one a key")
    finally:
        nursery.end()
        connection.close()
    return started


# --- the figures --------------------------------------------------------------------------------------


def report(figures: Figures, what: str, damage: Damage) -> None:
    note = f"{damage.answered:,} answers"
    figures.add(f"{what}: crashes", "crashes", [damage.crashes], note=note)
    figures.add(f"{what}: answered and lost", "requests", [damage.lost], at_most=0)
    figures.add(f"{what}: answered otherwise when asked again", "requests", [damage.changed], at_most=0)
    figures.add(
        f"{what}: wrong by the audit",
        "rows",
        [len(damage.wrong)],
        at_most=0,
        note="; ".join(damage.wrong[:1]),
    )
    slowest = max(damage.reopened_s)
    figures.add(f"{what}: until the database was open again, slowest", "s", [slowest], at_most=REOPENED_S)


def cut_many(figures: Figures, folder: Path, people: People, cuts: int) -> None:
    template = folder / "comaker.sqlite3"
    damage = Damage()
    for seed in range(cuts):
        cut_power(template, folder, people, seed, damage, synchronous="FULL")
    report(figures, "power cuts", damage)
    control = Damage()
    tries = max(cuts // 10, 20)
    for seed in range(tries):
        cut_power(template, folder, people, seed, control, synchronous="NORMAL")
    figures.add(
        "power cuts with synchronous=NORMAL: lost something",
        "cuts",
        [control.crashes_with_loss],
        at_least=1,
        note=f"the control, of {tries}; {control.lost:,} of {control.answered:,} answers lost",
    )


def kill_many(figures: Figures, what: str, site_of: Callable[[int], str], people: People, kills: int) -> None:
    damage, started = Damage(), []
    for turn in range(-(-kills // KILLS_A_SITE)):
        started += kill(site_of(turn), people, min(KILLS_A_SITE, kills - turn * KILLS_A_SITE), turn, damage)
    report(figures, f"SIGKILL on {what}", damage)
    figures.add(f"SIGKILL on {what}: from a fork until it listens", "s", started)


def postgresql_sites(address: str) -> tuple[str, Callable[[int], str]]:
    """An empty database for the first site, and copies of it; all are made anew."""
    import psycopg

    def execute(*statements: str) -> None:
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def named(name: str) -> str:
        before, _, after = address.partition("?")
        return f"{before.rpartition('/')[0]}/{name}" + (f"?{after}" if after else "")

    execute("DROP DATABASE IF EXISTS crash_first WITH (FORCE)", "CREATE DATABASE crash_first")

    def copied(turn: int) -> str:
        use(named("crash_first"))
        from django.db import connection

        connection.close()
        execute(
            "DROP DATABASE IF EXISTS crash_copy WITH (FORCE)",
            "CREATE DATABASE crash_copy TEMPLATE crash_first",
        )
        return named("crash_copy")

    return named("crash_first"), copied


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 kills and 40 cuts instead of 1,000 each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure to FILE")
    parser.add_argument(
        "--database", metavar="URL", help="also kill on PostgreSQL: where databases may be made"
    )
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.serve:
        nurse(options.serve)
        return
    kills, cuts = (20, 40) if options.quick else (1_000, 1_000)
    figures = Figures("Crashes", ("comaker", "django", "apsw", "granian", "psycopg"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = folder / "comaker.sqlite3"
        start_django(folder)
        people = populate()
        closed_file(template)
        cut_many(figures, folder, people, cuts)

        def sqlite_site(turn: int) -> str:
            path = folder / f"killed-{turn}.sqlite3"
            shutil.copyfile(template, path)
            return f"sqlite:///{path}"

        kill_many(figures, "SQLite", sqlite_site, people, kills)
        if options.database:
            first, copied = postgresql_sites(options.database)
            use(first)
            people = populate()
            kill_many(figures, "PostgreSQL", copied, people, kills)
        else:
            figures.miss("PostgreSQL: name an address with --database")
    figures.show()
    figures.write(options.json)


if __name__ == "__main__":
    main()
