"""``comaker audit``: the books and the rules recomputed from the log, and any row changed behind them."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import IntegrityError, connection
from tests.host.lived import everything

from comaker.host.audit import Finding, audit, examine
from comaker.host.models import Contribution, Event, Holding, Posting, Reservation, Standing
from comaker.ledger import Ledger, to_beancount
from comaker.ledger import Posting as Line


@pytest.fixture
def life(database, make_site, model_text):
    return everything(make_site(model_text(goal="200.00", cap="80.00", open_for="60 days")))


@pytest.fixture
def unguarded(life):
    """The same site, whose database no longer refuses changes of what may only be added."""
    with connection.cursor() as cursor:
        for table in ("host_event", "host_posting"):
            if connection.vendor == "postgresql":
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            else:
                for verb in ("UPDATE", "DELETE"):
                    cursor.execute(f"DROP TRIGGER {table}_keeps_{verb}")
    return life


def set_column(table: str, column: str, value: object, *, where: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {where}", [value])


def named(findings: list[Finding]) -> set[tuple[str, str, str]]:
    return {(each.table, each.key, each.what) for each in findings}


def changed(value: object, luck: random.Random) -> object:
    """The value with a bit of one byte changed."""
    if isinstance(value, int):
        return value ^ (1 << luck.randrange(8))
    raw = bytearray(value if isinstance(value, bytes) else str(value).encode())
    raw[luck.randrange(len(raw))] ^= 1
    return bytes(raw) if isinstance(value, bytes) else raw.decode()


def test_a2_a_site_on_which_everything_happened_audits_clean(life):
    found = examine()
    assert [each.line for each in found.findings] == []
    assert (found.events, found.postings) == (Event.objects.count(), Posting.objects.count())
    assert found.projects == 3
    assert sum(found.balances.values()) == 0


def test_a2_a_site_on_which_nothing_happened_audits_clean(database, make_site):
    make_site()
    assert audit() == []


def test_a4_a_changed_byte_in_any_posting_is_found_and_the_row_named(unguarded):
    luck = random.Random(4)
    columns = [field.name for field in Posting._meta.concrete_fields if field.name != "id"]
    refused = 0
    for turn in range(5 * len(columns)):
        column = columns[turn % len(columns)]
        row = luck.choice(list(Posting.objects.values("id", column)))
        stored = bytes(row[column]) if column == "hash" else row[column]
        try:
            set_column("host_posting", column, changed(stored, luck), where=f"id = {row['id']}")
        except IntegrityError:
            refused += 1
            continue
        keys = {each.key for each in audit() if each.table == "posting"}
        assert str(row["id"]) in keys, (column, row)
        set_column("host_posting", column, stored, where=f"id = {row['id']}")
    assert audit() == []
    assert refused < 10


def test_a4_a_removed_posting_is_found_by_the_gap_it_leaves(unguarded):
    gone, after = Posting.objects.order_by("chain", "number").filter(chain__gt=0)[3:5]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM host_posting WHERE id = %s", [gone.pk])
    found = audit()
    assert ("posting", str(after.pk), "number") in named(found)
    assert ("event", str(gone.event_id), "its posting") in named(found)


def test_a4_the_last_posting_of_a_chain_cannot_be_removed_unseen(unguarded):
    gone = Posting.objects.filter(chain__gt=0).order_by("-chain", "-number").first()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM host_posting WHERE id = %s", [gone.pk])
    assert ("standing", str(gone.chain), "entries") in named(audit())


def test_a4_two_postings_swapped_are_found(unguarded):
    one, other = Posting.objects.order_by("chain", "number").filter(chain__gt=0)[1:3]
    for number, row in ((10**6, one), (one.number, other), (other.number, one)):
        set_column("host_posting", "number", number, where=f"id = {row.pk}")
    found = audit()
    assert ("posting", str(other.pk), "hash") in named(found)


def test_a4_an_event_cannot_be_removed_unseen(unguarded):
    gone = Event.objects.filter(kind="withdrawn").first()
    posting = Posting.objects.get(event_id=gone.pk)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM host_event WHERE id = %s", [gone.pk])
    found = named(audit())
    assert ("posting", str(posting.pk), "event_id") in found
    assert any(table == "contribution" for table, _, _ in found)


EVENT_CHANGES = {
    "a stake of more shares": ("done", "quantity", 8),
    "another sum": ("done", "money_minor", 1),
    "another customer": ("done", "customer", 999),
    "another project": ("done", "subject", 999),
    "another task": ("done", "task", "buy"),
    "another kind": ("withdrawn", "kind", "done"),
    "no known kind": ("withdrawn", "kind", "gone"),
    "terms never published": ("done", "model", "0123456789abcdef"),
    "another reason": ("refused", "refusal", "deadline_passed"),
    "a payout to another role": ("paid", "role", "label"),
    "another amount paid": ("paid", "money_minor", 1),
    "a cost out of the stakes": ("cost", "stage", "production"),
    "funded with fewer": ("funded", "quantity", 19),
    "confirmed too late": ("confirmed", "at_us", 2**60),
    "lapsed too early": ("lapsed", "at_us", 1),
    "more confirmed than reserved": ("confirmed", "quantity", 50),
    "released before it was produced": ("produced", "kind", "released"),
}


def test_a2_a_changed_event_is_found(unguarded):
    missed = []
    for what, (kind, column, value) in EVENT_CHANGES.items():
        events = Event.objects.filter(kind=kind, subject__isnull=False).order_by("id")
        event = events.filter(stage="delivery", customer=None).last() if kind == "cost" else events.first()
        set_column("host_event", column, value, where=f"id = {event.pk}")
        if not audit():
            missed.append(what)
        set_column("host_event", column, getattr(event, column), where=f"id = {event.pk}")
    assert missed == []
    assert audit() == []


TABLES = {
    Standing: ("standing", lambda row: row.project),
    Holding: ("holding", lambda row: f"{row.project}/{row.customer}"),
    Reservation: ("reservation", lambda row: row.event),
}


def test_a2_what_stands_is_held_against_the_log_in_every_column(unguarded):
    missed = []
    for model, (table, key_of) in TABLES.items():
        for field in model._meta.concrete_fields:
            if field.primary_key or field.name in ("project", "customer"):
                continue
            row = model.objects.filter(**{f"{field.name}__isnull": False}).order_by("pk").last()
            where = f"{model._meta.pk.column} = {row.pk}"
            stored = getattr(row, field.name)
            other = bytes(32) if field.name == "head" else "gone" if field.name == "task" else stored + 1
            try:
                set_column(model._meta.db_table, field.name, other, where=where)
            except IntegrityError:
                continue
            if (table, str(key_of(row)), field.name) not in named(audit()):
                missed.append((table, field.name))
            set_column(model._meta.db_table, field.name, stored, where=where)
    assert missed == []
    assert audit() == []


def test_a2_a_holding_that_is_gone_or_made_up_is_found(unguarded):
    held = Holding.objects.filter(shares__gt=0).order_by("id").first()
    Holding.objects.filter(pk=held.pk).delete()
    Holding.objects.create(project=held.project, customer=999, shares=1)
    found = audit()
    assert ("holding", f"{held.project}/{held.customer}", "row") in named(found)
    assert ("holding", f"{held.project}/999", "shares") in named(found)


def test_d20_an_answer_whose_event_is_not_there_or_says_otherwise_is_found(unguarded):
    rows = list(Contribution.objects.filter(route="stake", status=201).order_by("id"))
    Contribution.objects.filter(pk=rows[0].pk).update(event_id=10**9)
    Contribution.objects.filter(pk=rows[1].pk).update(event_id=rows[2].event_id)
    Contribution.objects.filter(pk=rows[3].pk).update(status=200)
    found = named(audit())
    assert ("contribution", str(rows[0].pk), "event_id") in found
    assert ("event", str(rows[2].event_id), "the requests that it answers") in found
    assert ("contribution", str(rows[3].pk), "status") in found


def test_a3_beancount_comes_to_the_same_balances(life, tmp_path):
    checker = Path(sys.executable).with_name("bean-check")
    program = str(checker) if checker.exists() else shutil.which("bean-check")
    if program is None:
        pytest.skip("bean-check comes with beancount, in the extra `dev`")
    ledger, dates = Ledger(), {}
    for row in Posting.objects.order_by("id"):
        named = {"currency": row.currency, "rule": row.rule, "version": row.version}
        ledger.append(
            [
                Line(row.event_id, row.source, amount_minor=-row.amount_minor, **named),
                Line(row.event_id, row.target, amount_minor=row.amount_minor, **named),
            ]
        )
    for number, at_us in Event.objects.values_list("id", "at_us"):
        dates[number] = dt.datetime.fromtimestamp(at_us / 1_000_000, dt.UTC).date()
    assert ledger.balances() == examine().balances
    lines = list(to_beancount(ledger, minor_digits={"EUR": 2}, dates=dates))
    book = tmp_path / "site.beancount"
    book.write_text("\n".join(lines), "utf-8")
    assert subprocess.run([program, str(book)], capture_output=True, check=False).returncode == 0
    place = next(place for place, line in enumerate(lines) if " balance " in line)
    lines[place] = lines[place].replace(" EUR", "1 EUR")
    book.write_text("\n".join(lines), "utf-8")
    assert subprocess.run([program, str(book)], capture_output=True, check=False).returncode != 0


def comaker(*parts: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from comaker.cli import main; main()"]
    return subprocess.run([*program, *parts], capture_output=True, text=True, check=False)


def test_the_command_says_that_all_is_right_or_names_the_wrong_row(unguarded, database, tmp_path):
    where = ("--data", str(tmp_path), "--database", database)
    right = comaker("audit", *where)
    assert right.stderr == ""
    assert right.returncode == 0
    assert right.stdout.startswith(f"Everything is as the log tells: {Event.objects.count()} events, ")
    row = Posting.objects.filter(amount_minor=1_001).get()
    set_column("host_posting", "amount_minor", 1_002, where=f"id = {row.pk}")
    wrong = comaker("audit", *where)
    assert wrong.returncode == 1
    assert f"posting {row.pk}: amount_minor is 1002; right is 1001" in wrong.stdout.splitlines()
    plain = comaker("audit", *where, "--json")
    assert plain.returncode == 1
    assert json.loads(plain.stdout)["right"] is False


def test_the_command_says_where_no_site_is(tmp_path):
    absent = comaker("audit", "--data", str(tmp_path / "nothing"))
    assert absent.returncode == 1
    assert "start a site" in absent.stderr
    assert "Traceback" not in absent.stderr
