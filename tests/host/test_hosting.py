"""``comaker host`` as an operator meets it: one command, clear messages, nothing lost when it stops."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connections

from comaker.host import clock, environment
from comaker.host.audit import audit
from comaker.host.models import Contribution, Event, Reservation, Standing, Token
from comaker.host.writer import Act, Request, write
from comaker.model import gallery_text

ROOT = Path(__file__).resolve().parents[2]
DAY_US = 86_400_000_000
START_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COMAKER_", "DJANGO_"))}
    return {**kept, "PYTHONPATH": str(ROOT / "src")}


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "comaker", *args]


def refused(*args: str, cwd: Path) -> str:
    """What is said in one message when the command is refused."""
    done = subprocess.run(
        command(*args), cwd=cwd, env=clean_environment(), capture_output=True, text=True, timeout=START_S
    )
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


class Running:
    """A site that was started in a process of its own."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            command("host", "model.toml", "--port", str(self.port), *args),
            cwd=folder,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.said = self.process.stdout.readline()
        assert f"http://127.0.0.1:{self.port}" in self.said, (self.said, self.process.stderr.read())

    def request(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Signals the site to stop (Ctrl-C reaches the whole group); exit status and what it said."""
        (os.killpg if number == signal.SIGINT else os.kill)(self.process.pid, number)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, a published site and its static files; started and stopped once."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "model.toml").write_text(gallery_text("my-major-company"), "utf-8")
    site = Running(folder)
    assert site.stop()[0] == 0
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared, tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(*args: str) -> Running:
        started.append(Running(folder, *args))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.communicate()


def test_it_answers_where_it_says_and_ctrl_c_stops_it_with_status_0(start):
    site = start()
    status, page = site.request("GET", "/")
    assert (status, b"My Major Company" in page) == (200, True)
    assert site.stop(signal.SIGINT) == (0, "")


def test_a_link_for_staff_is_printed_and_works_and_term_stops_it_with_status_0(start, folder):
    asked = ("staff", "add", "Sam@example.org", "--name", "Sam", "--json")
    done = subprocess.run(
        command(*asked), cwd=folder, env=clean_environment(), capture_output=True, text=True, check=True
    )
    path = json.loads(done.stdout)["link"].removeprefix("http://127.0.0.1:8000")
    site = start()
    status, _ = site.request("GET", path)
    assert status == 302, "the page behind the link keeps the key out of the address"
    assert site.stop(signal.SIGTERM) == (0, "")
    with sqlite3.connect(folder / "comaker-data" / "comaker.sqlite3") as database:
        rows = database.execute("SELECT email, name, is_staff, is_superuser FROM host_account").fetchall()
        acts = database.execute("SELECT act, subject FROM host_staffact").fetchall()
    assert rows == [("sam@example.org", "Sam", 1, 0)]
    assert acts == [("staff log-in", "sam@example.org")]


def test_the_terms_are_published_once_and_govern_from_then_on(start, folder):
    changed = gallery_text("my-major-company").replace('cap = "7000.00"', 'cap = "500.00"', 1)
    (folder / "model.toml").write_text(changed, "utf-8")
    site = start()
    status, said = site.stop()
    assert status == 0
    assert "what is published governs" in said
    assert "/desk/terms/" in said
    with sqlite3.connect(folder / "comaker-data" / "comaker.sqlite3") as database:
        texts = database.execute("SELECT text FROM host_publication").fetchall()
    assert texts == [(gallery_text("my-major-company"),)]


def stake_ready(folder: Path, make_site):
    """An open project and a customer's token, in the database of the folder."""
    described = environment.database_of(f"sqlite:///{folder / 'comaker-data' / 'comaker.sqlite3'}", folder)
    connections["default"].close()
    described = {**connections["default"].settings_dict, **described}
    connections.databases["default"] = connections.settings["default"] = described
    del connections["default"]
    site = make_site()
    customer, project = site.customer(), site.project()
    expires_us = time.time_ns() // 1000 + DAY_US
    digest = hashlib.sha256(b"secret").digest()
    Token.objects.create(account=customer, label="t", digest=digest, scopes="stake", expires_us=expires_us)
    return project


def send_stake(site: Running, project, key: str) -> tuple[int, dict[str, object]]:
    status, body = site.request(
        "POST",
        "/api/v1/stakes",
        json.dumps({"project": project.pk, "shares": 1}),
        Authorization="Bearer secret",
        Idempotency_Key=key,
        Content_Type="application/json",
    )
    return status, json.loads(body)


def test_a_stake_under_way_is_answered_before_the_site_stops(start, folder, sqlite, make_site):
    project = stake_ready(folder, make_site)
    site = start()
    answers: list[tuple[int, dict[str, object]]] = []
    with sqlite3.connect(folder / "comaker-data" / "comaker.sqlite3", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        thread = threading.Thread(target=lambda: answers.append(send_stake(site, project, "late")))
        thread.start()
        time.sleep(0.5)
        os.kill(site.process.pid, signal.SIGTERM)
        time.sleep(0.5)
        other.execute("ROLLBACK")
    thread.join()
    site.process.communicate(timeout=60)
    assert site.process.returncode == 0
    assert [status for status, _ in answers] == [201]
    assert Event.objects.filter(kind="done").count() == 1


def test_c15_whatever_was_acknowledged_before_a_stop_is_there(start, folder, sqlite, make_site):
    project = stake_ready(folder, make_site)
    site = start()
    acknowledged: list[str] = []

    def storm(place: int) -> None:
        for number in range(10_000):
            key = f"{place}-{number}"
            try:
                status, _ = send_stake(site, project, key)
            except (OSError, http.client.HTTPException, ValueError):
                return
            if status == 201:
                acknowledged.append(key)

    threads = [threading.Thread(target=storm, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 30:
        time.sleep(0.01)
    assert site.stop()[0] == 0
    for thread in threads:
        thread.join()
    assert Standing.objects.get(project=project.pk).collected_shares >= len(acknowledged)
    known = set(Contribution.objects.values_list("key", flat=True))
    assert set(acknowledged) <= known
    assert audit() == []


def answers(site: Running) -> bool:
    try:
        return site.request("GET", "/health/")[0] == 200
    except OSError:
        return False


def eventually(what: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.1)
    return False


def processes(site: Running) -> list[int]:
    """Its workers and the process that writes."""
    listed = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(site.process.pid)]
    children = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.splitlines()
    return [int(line.split()[0]) for line in children if "spawn_main" in line]


def lives(number: int) -> bool:
    return subprocess.run(["ps", "-p", str(number)], capture_output=True, check=False).returncode == 0


def test_a_process_that_dies_is_started_again_and_none_outlives_the_site(start, folder, sqlite, make_site):
    project = stake_ready(folder, make_site)
    site = start("--workers", "2")
    assert eventually(lambda: len(processes(site)) == 3)
    for number in processes(site):
        os.kill(number, signal.SIGKILL)
        assert eventually(lambda: answers(site))
        assert send_stake(site, project, f"after-{number}")[0] == 201
    running = processes(site)
    assert len(running) == 3
    site.process.kill()
    site.process.wait()
    assert eventually(lambda: not any(map(lives, running)))


def test_a_port_in_use_is_refused(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = refused("host", "model.toml", "--port", str(taken.getsockname()[1]), cwd=folder)
    assert "this port is in use: stop what uses it, or choose another (--port)" in said


def test_a_model_that_is_missing_or_wrong_is_refused(tmp_path):
    assert "nope.toml: no such file" in refused("host", "nope.toml", cwd=tmp_path)
    (tmp_path / "bad.toml").write_text('name = "x"\n[', "utf-8")
    assert "bad.toml" in refused("host", "bad.toml", cwd=tmp_path)
    assert not (tmp_path / "comaker-data").exists(), "nothing is made for a model that is refused"


def _text_file(path: Path) -> None:
    path.write_text("hello, this is a letter and no database" * 100)


def _other_program(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE invoices (number)")


def _newer(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE django_migrations (id integer primary key, app, name, applied)")
        database.execute("INSERT INTO django_migrations VALUES (1, 'host', '9999_later', '2030-01-01')")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_text_file, "this file is no SQLite database"),
        (_other_program, "holds another program's tables (invoices)"),
        (_newer, "a newer version of comaker made these tables (9999_later"),
        (Path.mkdir, "this is a folder: name the database's file"),
        (lambda path: None, "the folder missing does not exist"),
    ],
    ids=["text", "other program", "newer", "folder", "missing folder"],
)
def test_a_database_that_cannot_be_used_is_refused(make, said, tmp_path):
    make(tmp_path / "x.sqlite3")
    path = "missing/x.sqlite3" if "missing" in said else "x.sqlite3"
    before = sorted(each.name for each in tmp_path.iterdir())
    assert said in refused("host", "my-major-company", "--database", f"sqlite:///{path}", cwd=tmp_path)
    after = sorted(each.name for each in tmp_path.iterdir())
    assert set(after) - set(before) <= {"comaker-data"}


def test_a_postgresql_that_cannot_be_reached_is_refused_without_its_password(tmp_path):
    address = f"postgresql://ann:very-secret@127.0.0.1:{free_port()}/site"
    said = refused("host", "my-major-company", "--database", address, cwd=tmp_path)
    assert "no PostgreSQL server answers there: is it running, are host and port right?" in said
    assert "very-secret" not in said


def test_a_postgresql_database_that_does_not_exist_is_refused(postgresql, tmp_path):
    there = re.sub(r"/(site_\w+)", "/no_such_database", postgresql)
    assert there != postgresql
    said = refused("host", "my-major-company", "--database", there, cwd=tmp_path)
    assert "PostgreSQL has no such role or database: create it" in said


def test_nothing_is_made_for_a_backup_that_is_none(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"PK and nothing else")
    said = refused("restore", "x.zip", "--data", "drill", cwd=tmp_path)
    assert "x.zip: this backup is cut short, damaged, or no backup at all" in said
    assert "name the file of a backup" in refused("restore", "y.zip", "--data", "drill", cwd=tmp_path)
    assert not (tmp_path / "drill").exists()


def test_a_demonstration_never_empties_a_folder_of_something_else(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear Ann")
    said = refused("demo", "--port", str(free_port()), "--data", "mine", cwd=tmp_path)
    assert "mine: this folder holds something else: name one of its own (--data)" in said
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear Ann"


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    said = refused("host", "my-major-company", "--data", "file/data", cwd=tmp_path)
    assert "file/data: Not a directory: the site keeps its data here" in said


@pytest.mark.parametrize("asked", ["backup x.zip", "export --out events", "staff add a@b.org"])
def test_where_there_is_no_site_none_is_made(asked, tmp_path):
    said = refused(*asked.split(), cwd=tmp_path)
    assert "there is no such folder: start a site (comaker host MODEL), or say where it is" in said
    assert list(tmp_path.iterdir()) == []


# --- the clock ------------------------------------------------------------------------------------------


def test_the_clock_gives_back_what_was_not_paid_in_time(database, make_site):
    site = make_site()
    ann, project = site.customer(), site.project()
    answer = write([Request(Act.STAKE, project=project.pk, customer=ann.pk, quantity=5, key="a")])[0]
    assert clock.tick(answer.lapses_us - 1) == 0
    assert clock.tick(answer.lapses_us) == 1
    assert Reservation.objects.get().state == Reservation.State.LAPSED
    assert Standing.objects.get(project=project.pk).collected_shares == 0
    assert clock.tick(answer.lapses_us) == 0, "twice is once"


def test_d22_the_clock_closes_a_project_once(database, make_site):
    text = gallery_text("my-major-company").replace(
        'partial = "refuse"', 'partial = "refuse"\nopen_for = "30 days"', 1
    )
    site = make_site(text)
    project = site.project()
    opened_us = Standing.objects.get(project=project.pk).opened_us
    assert clock.tick(opened_us + 29 * DAY_US) == 0
    clock.tick(opened_us + 30 * DAY_US)
    clock.tick(opened_us + 30 * DAY_US)
    assert Event.objects.filter(kind="expired", subject=project.pk).count() == 1


def test_a_clock_that_fails_tries_again(site, monkeypatch):
    ticks = threading.Semaphore(0)

    def fail() -> int:
        ticks.release()
        raise OSError("the database is away")

    monkeypatch.setattr(clock, "tick", fail)
    running = clock.Clock(every_s=0.01)
    running.start()
    assert ticks.acquire(timeout=30)
    assert ticks.acquire(timeout=30)
    running.stop()
