"""64 clients at once on one contested thing, on both databases; with the lock off the same must fail.

Both runs dawdle between reading and writing, so that whatever could go wrong does.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
from django.db import connection, connections
from django.db.models import Sum

from comaker.host.models import Event, Holding, Posting, Reservation, Settlement, Standing
from comaker.host.payout import payout_of
from comaker.host.writer import Act, Answer, Request, store, write, writing

CLIENTS = 64
PRICE = 1_000
CONTROL_STORMS = 5


@pytest.fixture(autouse=True)
def dawdle(monkeypatch):
    """Between what is read and what is written others get their turn."""
    read = writing.read

    def slowly(*args):
        batch = read(*args)
        time.sleep(0.002)
        return batch

    monkeypatch.setattr(writing, "read", slowly)


def switch_the_lock_off(monkeypatch):
    """No transaction holds anything, numbers are handed out without asking, no constraint stands behind."""
    numbers = itertools.count(10**6, 1_000)
    for kind in (store.SqliteStore, store.PostgresqlStore):
        monkeypatch.setattr(kind, "turn", lambda self: nullcontext())
        monkeypatch.setattr(kind, "begin", lambda self, projects: None)
        monkeypatch.setattr(kind, "first_event", lambda self: next(numbers))
        monkeypatch.setattr(kind, "number_events", lambda self, following: None)
        monkeypatch.setattr(kind, "commit", lambda self: None)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table, name in (
                ("posting", "posting_chain_number"),
                ("standing", "standing_within_goal"),
                ("standing", "standing_reserved_within_collected"),
                ("holding", "holding_not_negative"),
            ):
                cursor.execute(f"ALTER TABLE host_{table} DROP CONSTRAINT {name}")
        else:
            for table in ("posting", "standing", "holding"):
                drop_constraints(cursor, f"host_{table}")


def drop_constraints(cursor, table):
    """Make a SQLite table again without what its constraints forbid."""
    cursor.execute(f"SELECT group_concat(name) FROM pragma_table_info('{table}')")
    (columns,) = cursor.fetchone()
    cursor.execute(f"CREATE TABLE free_{table} AS SELECT * FROM {table}")
    cursor.execute(f"DROP TABLE {table}")
    cursor.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    for name in columns.split(","):
        if name != "id":
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN {name}")
    cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM free_{table}")
    key = {"host_holding": "project, customer", "host_standing": "project"}.get(table)
    if key:
        cursor.execute(f"CREATE UNIQUE INDEX once_{table} ON {table} ({key})")


def storm(requests: list[tuple[Request, int | None]]) -> list[Answer]:
    """Send every request at the same moment, each from a client with a connection of its own."""
    ready = threading.Barrier(len(requests))

    def client(asked: tuple[Request, int | None]) -> Answer:
        request, now_us = asked
        try:
            connections["default"].ensure_connection()
            ready.wait(timeout=60)
            return write([request], now_us=now_us)[0]
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(len(requests)) as clients:
        return list(clients.map(client, requests))


def wrong_books(project: int) -> list[str]:
    """What does not agree between the standing, the holdings, the events and the postings of a project."""
    standing = Standing.objects.get(pk=project)
    held = Holding.objects.filter(project=project).aggregate(Sum("shares"))["shares__sum"] or 0
    moved = Posting.objects.filter(chain=project)
    found = []
    if standing.collected_shares != held:
        found.append(f"collected {standing.collected_shares}, held {held}")
    if standing.collected_shares > standing.goal_shares:
        found.append(f"collected {standing.collected_shares} of {standing.goal_shares}")
    if held > standing.goal_shares:
        found.append(f"sold {held} of {standing.goal_shares}")
    stakes, owned = f"stakes:{project}", f"project:{project}"
    into = {
        name: moved.filter(target=name).aggregate(Sum("amount_minor"))["amount_minor__sum"] or 0
        for name in (stakes, owned)
    }
    out = moved.filter(source=stakes).aggregate(Sum("amount_minor"))["amount_minor__sum"] or 0
    if into[stakes] - out + into[owned] != standing.collected_shares * PRICE:
        found.append(
            f"{into[stakes] - out + into[owned]} in the books for {standing.collected_shares} shares"
        )
    if Event.objects.filter(subject=project, kind="funded").count() != (standing.status == 1):
        found.append("funded not once")
    if moved.count() != standing.entries:
        found.append(f"{moved.count()} postings, {standing.entries} counted")
    return found


Storm = Callable[[int], list[str]]


def b10_the_goal(make_site, model_text) -> Storm:
    small = make_site(model_text(goal="500.00", cap="500.00", reserved_for=None))
    customers = [small.customer(f"C{number}") for number in range(CLIENTS)]

    def run(number: int) -> list[str]:
        project = small.project(f"Goal{number}").pk
        answers = storm(
            [(Request(Act.STAKE, project, each.pk, quantity=1, key=f"g{number}"), None) for each in customers]
        )
        sold = sum(answer.is_done for answer in answers)
        return wrong_books(project) + ([] if sold == 50 else [f"{sold} of 50 sold"])

    return run


def b11_the_cap(make_site, model_text) -> Storm:
    site = make_site(model_text(goal="5000.00", cap="50.00", reserved_for=None))
    ann = site.customer()

    def run(number: int) -> list[str]:
        project = site.project(f"Cap{number}").pk
        tabs = [
            (Request(Act.STAKE, project, ann.pk, quantity=1, key=f"c{number} {n}"), None)
            for n in range(CLIENTS)
        ]
        sold = sum(answer.is_done for answer in storm(tabs))
        held = Holding.objects.get(project=project).shares
        return wrong_books(project) + ([] if sold == held == 5 else [f"{sold} sold, {held} held, 5 allowed"])

    return run


def b11_withdrawal_against_closing(make_site, model_text) -> Storm:
    small = make_site(model_text(goal="500.00", cap="500.00", reserved_for=None))
    ann = small.customer()
    others = [small.customer(f"C{number}") for number in range(CLIENTS // 2)]

    def run(number: int) -> list[str]:
        project = small.project(f"Back{number}").pk
        write([Request(Act.STAKE, project, ann.pk, quantity=40, key=f"w{number}")])
        back = [
            Request(Act.WITHDRAW, project, ann.pk, quantity=3, key=f"w{number} {n}")
            for n in range(CLIENTS // 2)
        ]
        more = [Request(Act.STAKE, project, each.pk, quantity=2, key=f"w{number}") for each in others]
        mixed = [each for pair in zip(back, more, strict=True) for each in pair]
        storm([(each, None) for each in mixed])
        return wrong_books(project)

    return run


def b11_settlement_against_a_late_stake(make_site, model_text) -> Storm:
    small = make_site(model_text(goal="500.00", cap="500.00", reserved_for=None))
    ann, bob = small.customer(), small.customer("Bob")
    staff = [small.staff(f"S{number}") for number in range(CLIENTS // 2)]

    def run(number: int) -> list[str]:
        project = small.project(f"Pay{number}").pk
        for act, fields in (
            (Act.STAKE, {"customer": ann.pk, "quantity": 50}),
            (Act.PRODUCE, {"staff": staff[0].pk}),
            (Act.RELEASE, {"staff": staff[0].pk}),
            (Act.INCOME, {"staff": staff[0].pk, "money_minor": 100_000}),
        ):
            assert write([Request(act, project, key=f"p{number}", **fields)])[0].is_done
        due = payout_of(project)
        proposal = Settlement.objects.create(
            project=project, earned_minor=100_000, total_minor=due.total_minor, proposed_by_id=staff[0].pk
        )
        approvals = [
            Request(Act.SETTLE, project, staff=each.pk, reference=proposal.pk, key=f"a{number}")
            for each in staff[1:]
        ]
        late = [
            Request(Act.STAKE, project, bob.pk, quantity=1, key=f"l{number} {n}") for n in range(CLIENTS // 2)
        ]
        answers = storm([(each, None) for each in approvals + late])
        booked = sum(answer.is_done for answer in answers[: len(approvals)])
        taken = sum(answer.is_done for answer in answers[len(approvals) :])
        paid = Holding.objects.get(project=project, customer=ann.pk).paid_minor
        sent = Posting.objects.filter(chain=project, target=f"customer:{ann.pk}").aggregate(
            Sum("amount_minor")
        )["amount_minor__sum"]
        is_right = (booked, taken, paid, sent) == (1, 0, 30_000, 30_000)
        return wrong_books_of_payout(project) + ([] if is_right else [f"{booked=} {taken=} {paid=} {sent=}"])

    return run


def wrong_books_of_payout(project: int) -> list[str]:
    standing = Standing.objects.get(pk=project)
    count = Posting.objects.filter(chain=project).count()
    return [] if count == standing.entries else [f"{count} postings, {standing.entries} counted"]


def b11_expiry_against_confirmation(make_site, model_text) -> Storm:
    site = make_site(model_text(goal="500.00", cap="500.00"))
    ann, sam = site.customer(), site.staff()

    def run(number: int) -> list[str]:
        project = site.project(f"Late{number}").pk
        taken = write([Request(Act.STAKE, project, ann.pk, quantity=2, key=f"e{number}")])[0]
        lapses_us = taken.lapses_us or 0
        confirming = [
            (
                Request(Act.CONFIRM, project, staff=sam.pk, reference=taken.event_id, key=f"e{number} {n}"),
                lapses_us - 1,
            )
            for n in range(CLIENTS // 2)
        ]
        lapsing = [
            (Request(Act.LAPSE, project, reference=taken.event_id), lapses_us) for _ in range(CLIENTS // 2)
        ]
        mixed = [each for pair in zip(confirming, lapsing, strict=True) for each in pair]
        done = sum(answer.is_done for answer in storm(mixed))
        state = Reservation.objects.get(pk=taken.event_id).state
        held = Holding.objects.get(project=project).shares
        facts = Event.objects.filter(subject=project, kind__in=("confirmed", "lapsed")).count()
        is_right = done == facts == 1 and (state, held) in ((1, 2), (2, 0))
        return wrong_books(project) + ([] if is_right else [f"{done=} {facts=} {state=} {held=}"])

    return run


SCENES = [
    b10_the_goal,
    b11_the_cap,
    b11_withdrawal_against_closing,
    b11_settlement_against_a_late_stake,
    b11_expiry_against_confirmation,
]
each_scene = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)


@each_scene
@pytest.mark.usefixtures("database")
def test_a_storm_of_64_never_goes_over_and_the_last_share_sells(scene, make_site, model_text):
    run: Storm = scene(make_site, model_text)
    for number in range(2):
        assert run(number) == []


@each_scene
@pytest.mark.usefixtures("database")
def test_the_same_storm_fails_with_the_lock_off(scene, make_site, model_text, monkeypatch):
    run: Storm = scene(make_site, model_text)
    switch_the_lock_off(monkeypatch)
    assert any(run(number) for number in range(CONTROL_STORMS))
