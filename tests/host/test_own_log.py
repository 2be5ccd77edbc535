"""A site's own log, exported and replayed: the same decisions, closings and money."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.host.lived import DAY_US, Lived, everything

from comaker import events
from comaker.host.audit import audit
from comaker.host.export import export
from comaker.host.models import Posting, Reservation
from comaker.host.writer import Act
from comaker.replay import replay

DECIDED = ["done", "refused", "withdrawn", "confirmed", "lapsed", "funded", "expired"]
COMPARED = ["model", "kind", "customer", "subject", "refusal", "quantity", "money_minor"]
TERMS = {"goal": "200.00", "cap": "80.00", "open_for": "60 days"}


def log_of_the_site(folder: Path) -> pa.Table:
    export(folder / "events")
    return pa.concat_tables([events.read(path) for path in sorted(folder.glob("events/*.parquet"))])


def stakes_in(table: pa.Table) -> Counter:
    """What was decided of stakes, and how projects were closed."""
    kinds = pc.cast(table["kind"], pa.string())
    of_stakes = pc.or_kleene(
        pc.is_null(table["task"]), pc.equal(pc.cast(table["task"], pa.string()), "stake")
    )
    mine = table.filter(pc.and_(pc.is_in(kinds, pa.array(DECIDED)), of_stakes))
    return Counter(tuple(row.values()) for row in mine.select(COMPARED).to_pylist())


def assert_replays(table: pa.Table, model: object) -> None:
    found = replay(table, model)
    assert found.differences.to_dict("records") == []
    assert found.closing_differences.to_dict("records") == []
    assert stakes_in(found.events) == stakes_in(table)
    moved: Counter = Counter()
    for row in Posting.objects.filter(rule="stake"):
        moved[row.source] -= row.amount_minor
        moved[row.target] += row.amount_minor
    assert {account: amount for (account, _), amount in found.ledger().balances().items()} == dict(moved)


def test_a7_the_log_of_a_site_replays_without_a_difference(database, make_site, model_text, tmp_path):
    life = everything(make_site(model_text(**TERMS)))
    table = log_of_the_site(tmp_path)
    kinds = set(pc.cast(table["kind"], pa.string()).to_pylist())
    assert set(DECIDED) <= kinds
    assert_replays(table, life.site.model)


def test_a7_without_its_confirmations_the_log_would_replay_otherwise(sqlite, make_site, model_text, tmp_path):
    life = everything(make_site(model_text(**TERMS)))
    table = log_of_the_site(tmp_path)
    kinds = pc.cast(table["kind"], pa.string())
    without = table.filter(pc.invert(pc.is_in(kinds, pa.array(["confirmed", "lapsed"]))))
    assert len(replay(without, life.site.model).differences) > 0


def one_more(life: Lived, luck: random.Random, projects: list) -> None:
    """Somebody asks for something, or the clock or staff do what is due."""
    project, person = luck.choice(projects), luck.randrange(len(life.people))
    kind = luck.choice(["stake"] * 5 + ["withdraw"] * 2 + ["confirm"] * 4 + ["lapse", "close"])
    waiting = list(Reservation.objects.filter(project=project.pk, state=0).values_list("event", flat=True))
    if kind == "stake":
        life.stake(project, person, luck.randrange(10), confirmed=False)
    elif kind == "withdraw":
        life.withdraw(project, person, luck.randrange(6))
    elif kind == "close":
        life.ask(Act.CLOSE, project=project)
    elif waiting:
        act = Act.CONFIRM if kind == "confirm" else Act.LAPSE
        staff = {"staff": life.staff.pk} if act is Act.CONFIRM else {}
        life.ask(act, project=project, reference=luck.choice(waiting), **staff)


@pytest.mark.parametrize("closes", ["at goal", "at deadline"])
@pytest.mark.parametrize("partial", ["refuse", "trim"])
def test_a7_random_histories_replay_and_audit_clean(closes, partial, sqlite, make_site, model_text, tmp_path):
    life = Lived(make_site(model_text(**TERMS, closes=closes, partial=partial, reserved_for="5 days")))
    luck = random.Random(f"{closes} {partial}")
    projects = []
    for turn in range(300):
        if turn % 60 == 0:
            projects.append(life.project(f"Artist{turn}"))
        life.now_us += luck.choice([0, 0, 1, DAY_US // 24, DAY_US])
        one_more(life, luck, projects)
    assert [each.line for each in audit()] == []
    assert_replays(log_of_the_site(tmp_path), life.site.model)
