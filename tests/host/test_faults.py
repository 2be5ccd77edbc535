"""Faults while the writer writes: nothing half done, nothing told that is not there, and on it goes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from tests.host.lived import everything
from tests.host.world import everything_written

from comaker.host.audit import audit
from comaker.host.models import Contribution, Event, Holding, Reservation, Settlement
from comaker.host.payout import payout_of
from comaker.host.writer import Act, Request, store, write, writing

BENCH = Path(__file__).resolve().parents[2] / "bench"


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Statements:
    """Counts the writer's statements; from the ``first`` that fails on, ``times`` of them fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch
        self.counted = 0
        self.failing: range = range(0)
        self.error: BaseException = Killed()
        self.is_kill = False
        kind = store.PostgresqlStore if connection.vendor == "postgresql" else store.SqliteStore
        execute, rollback = kind.execute, kind.rollback

        def counting(mine, sql, values=()):
            self.counted += not sql.startswith("ROLLBACK")
            if self.counted in self.failing and not sql.startswith("ROLLBACK"):
                raise self.error
            return execute(mine, sql, values)

        def rolling_back(mine):
            # A process that is killed sends nothing more; the database ends what it had begun.
            connection.close() if self.is_kill else rollback(mine)

        monkeypatch.setattr(kind, "execute", counting)
        monkeypatch.setattr(kind, "rollback", rolling_back)
        monkeypatch.setattr(writing, "_PAUSE_S", 0)

    def fail(self, first: int, error: BaseException, *, times: int = 1) -> None:
        self.counted, self.failing, self.error = 0, range(first, first + times), error
        self.is_kill = isinstance(error, Killed)

    def count(self, *requests: Request) -> int:
        """How many statements these requests take."""
        self.fail(0, Killed(), times=0)
        write(list(requests))
        return self.counted


@pytest.fixture
def statements(database, monkeypatch):
    return Statements(monkeypatch)


def passing_errors() -> list[Exception]:
    """What the database says when somebody else was in the way."""
    if connection.vendor == "sqlite":
        return [sqlite3.OperationalError("database is locked")]
    from psycopg import errors

    return [errors.DeadlockDetected(), errors.SerializationFailure(), errors.LockNotAvailable()]


def stakes(site, project, key):
    """A batch in which two customers stake, and one takes her shares back."""
    ann, bob = site.ann.pk, site.bob.pk
    return [
        Request(Act.STAKE, project=project.pk, customer=ann, quantity=2, key=f"{key} one"),
        Request(Act.STAKE, project=project.pk, customer=bob, quantity=1, key=f"{key} two"),
        Request(Act.WITHDRAW, project=project.pk, customer=ann, quantity=2, key=f"{key} three"),
    ]


@pytest.fixture
def site(database, make_site):
    made = make_site()
    made.ann, made.bob = made.customer("Ann"), made.customer("Bob")
    return made


def test_b13_a_deadlock_at_any_statement_is_tried_again(site, statements):
    project = site.project()
    last = statements.count(*stakes(site, project, "first"))
    assert last > 8
    for error in passing_errors():
        for nth in range(1, last + 1):
            statements.fail(nth, error)
            answers = write(stakes(site, project, f"{error!r} {nth}"))
            assert [answer.status for answer in answers] == [201, 201, 201], (error, nth)
    assert audit() == []
    assert Contribution.objects.filter(route="withdraw").count() == 1 + last * len(passing_errors())


def test_b13_a_deadlock_that_does_not_end_is_answered_503_and_nothing_is_half_done(site, statements):
    project = site.project()
    last = statements.count(*stakes(site, project, "first"))
    before = everything_written()
    for nth in range(1, last + 1):
        statements.fail(nth, passing_errors()[0], times=10**6)
        answers = write(stakes(site, project, "later"))
        assert [answer.status for answer in answers] == [503, 503, 503], nth
        statements.fail(0, Killed(), times=0)
        assert everything_written() == before
    assert [answer.status for answer in write(stakes(site, project, "later"))] == [201, 201, 201]
    assert audit() == []


def test_b13_it_is_tried_three_times_again_and_no_more(site, statements):
    project = site.project()
    one = Request(Act.STAKE, project=project.pk, customer=site.ann.pk, quantity=1, key="one")
    statements.fail(1, passing_errors()[0], times=3)
    assert write([one])[0].is_done
    statements.fail(1, passing_errors()[0], times=4)
    assert write([one._replace(key="two")])[0].status == 503


def test_d20_the_key_and_what_it_did_come_together_or_not_at_all(site, statements):
    project = site.project()
    last = statements.count(*stakes(site, project, "first"))
    before = everything_written()
    for nth in range(1, last + 1):
        statements.fail(nth, Killed())
        with pytest.raises(Killed):
            write(stakes(site, project, "killed"))
        assert everything_written() == before, nth
    statements.fail(0, Killed(), times=0)
    first = write(stakes(site, project, "killed"))
    assert [answer.status for answer in first] == [201, 201, 201]
    assert write(stakes(site, project, "killed")) == first
    assert audit() == []


def test_c18_a_settlement_killed_at_any_statement_ends_the_same(database, make_site, model_text, monkeypatch):
    life = everything(make_site(model_text(goal="200.00", cap="80.00", open_for="60 days")))
    grace = Event.objects.filter(kind="released").values_list("subject", flat=True).get()
    income = Request(Act.INCOME, project=grace, staff=life.staff.pk, money_minor=12_345, key="more")
    assert write([income], now_us=life.now_us)[0].is_done
    due = payout_of(grace)
    proposal = Settlement.objects.create(
        project=grace, earned_minor=0, total_minor=due.total_minor, proposed_by=life.staff
    )
    settling = Request(Act.SETTLE, project=grace, staff=life.second.pk, reference=proposal.pk, key="pay")
    statements, before = Statements(monkeypatch), everything_written()
    nth = killed = 0
    while True:
        nth += 1
        statements.fail(nth, Killed())
        try:
            answer = write([settling], now_us=life.now_us)[0]
        except Killed:
            killed += 1
            assert everything_written() == before
            continue
        break
    assert killed > 8
    assert (answer.status, answer.money_minor) == (201, due.total_minor)
    paid = Event.objects.filter(pk__gte=answer.event_id, customer__isnull=False)
    assert dict(paid.values_list("customer", "money_minor")) == {
        customer: amount
        for customer, amount in zip(due.holders.customers.tolist(), due.payments_minor.tolist(), strict=True)
        if amount
    }
    statements.fail(0, Killed(), times=0)
    assert audit() == []
    assert write([settling], now_us=life.now_us)[0] == answer


def test_two_withdrawals_may_stand_in_the_batch_of_their_stake(site):
    project = site.project()
    of_ann = {"project": project.pk, "customer": site.ann.pk}
    batch = [
        Request(Act.STAKE, key="one", **of_ann, quantity=5),
        Request(Act.WITHDRAW, key="two", **of_ann, quantity=2),
        Request(Act.WITHDRAW, key="three", **of_ann, quantity=2),
    ]
    assert [answer.status for answer in write(batch)] == [201, 201, 201]
    assert (Holding.objects.get().shares, Reservation.objects.get().quantity) == (1, 1)
    assert audit() == []


@pytest.mark.parametrize("what", ["full", "broken"])
def test_c17_a_disk_that_fails_at_any_call_does_nothing_by_halves(what, sqlite, make_site, monkeypatch):
    apsw = pytest.importorskip("apsw", reason="failing disks need the extra `dev`")
    monkeypatch.syspath_prepend(str(BENCH))
    import powercut
    from crashing.cuts import writing_through
    from crashing.site import closed_file

    site = make_site()
    site.ann, site.bob = site.customer("Ann"), site.customer("Bob")
    project = site.project()
    path = Path(sqlite.removeprefix("sqlite:///"))
    closed_file(path)
    disk = powercut.Disk()
    files = powercut.FaultyFiles(f"files-{what}-{path}", disk)
    raw = powercut.Raw(path, files)
    raw.execute("PRAGMA wal_autocheckpoint=20").fetchall()
    failed, nth = 0, 0

    def fail(_: str) -> None:
        if disk.calls == nth:
            raise apsw.FullError("no space left") if what == "full" else apsw.IOError("broken")

    disk.fault = fail
    with writing_through(raw):
        for nth in range(1, 80):
            disk.calls = 0
            try:
                answers = write(stakes(site, project, f"disk {nth}"))
            except apsw.Error:
                failed += 1
                disk.calls = nth + 1
                answers = write(stakes(site, project, f"disk {nth}"))
            assert [answer.status for answer in answers] == [201, 201, 201]
    raw.vanish()
    assert failed > 5
    assert audit() == []
    assert Contribution.objects.filter(key__startswith="disk").count() == 3 * 79
    assert Event.objects.filter(kind="withdrawn").count() == 79


def stake_until_it_fails(site, project, answered):
    for turn in range(10_000):
        answered += write(stakes(site, project, str(turn)))


def test_c17_a_full_disk_refuses_a_stake_and_takes_it_when_there_is_room(sqlite, make_site):
    site = make_site()
    site.ann, site.bob = site.customer("Ann"), site.customer("Bob")
    project = site.project()
    before = everything_written()
    with connection.cursor() as cursor:
        (pages,) = cursor.execute("PRAGMA page_count").fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    answered: list[object] = []
    with pytest.raises(sqlite3.OperationalError, match="full"):
        stake_until_it_fails(site, project, answered)
    assert all(answer.status == 201 for answer in answered)
    assert Contribution.objects.filter(route="stake").count() == len(answered) // 3 * 2
    assert len(everything_written()["host_event"]) == len(before["host_event"]) + len(answered)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1000000000").fetchone()
    assert [answer.status for answer in write(stakes(site, project, "room"))] == [201, 201, 201]
    assert audit() == []


def test_i43_while_another_holds_the_file_stakes_are_refused_and_pages_read(sqlite, make_site):
    site = make_site()
    project, ann = site.project(), site.customer("Ann")
    stake = Request(Act.STAKE, project=project.pk, customer=ann.pk, quantity=1, key="one")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 1").fetchone()
    other = sqlite3.connect(sqlite.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert write([stake])[0].status == 503
    assert Client().get(f"/projects/{project.slug}/").status_code == 200
    other.execute("ROLLBACK")
    other.close()
    assert write([stake])[0].is_done
    assert audit() == []


def test_i43_a_lost_connection_to_postgresql_is_opened_again(postgresql, make_site):
    import psycopg

    site = make_site()
    project, ann = site.project(), site.customer("Ann")
    stake = Request(Act.STAKE, project=project.pk, customer=ann.pk, quantity=1, key="one")
    assert write([stake])[0].is_done
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (number,) = cursor.fetchone()
    with psycopg.connect(postgresql, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [number])
    assert write([stake._replace(key="two")])[0].is_done
    assert audit() == []


def test_a_payout_that_is_being_booked_cannot_be_dropped(postgresql, make_site, model_text, monkeypatch):
    site = make_site(model_text(goal="100.00", cap="100.00", reserved_for=None))
    project, ann = site.project().pk, site.customer("Ann")
    sam, tom = site.staff("Sam"), site.staff("Tom")
    write([Request(Act.STAKE, project, ann.pk, quantity=10, key="stake")])
    write([Request(Act.INCOME, project, staff=sam.pk, money_minor=9_000, key="income")])
    due = payout_of(project)
    proposed = Settlement.objects.create(
        project=project, earned_minor=9_000, total_minor=due.total_minor, proposed_by=sam
    )

    def drop_meanwhile(number):
        import psycopg

        with psycopg.connect(postgresql, autocommit=True) as other:
            other.execute("SET lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute("UPDATE host_settlement SET state = 'dropped' WHERE state = 'proposed'")
        return payout_of(number)

    monkeypatch.setattr("comaker.host.payout.payout_of", drop_meanwhile)
    asked = Request(Act.SETTLE, project, staff=tom.pk, reference=proposed.pk, key="settle")
    assert write([asked])[0].is_done
    proposed.refresh_from_db()
    assert proposed.state == Settlement.State.BOOKED
    assert audit() == []
