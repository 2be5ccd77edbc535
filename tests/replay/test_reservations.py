"""Replays of a site's log, in which money comes later than its stake, or not at all."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from comaker import events
from comaker.model import load
from comaker.replay import replay

HOUR_US = 3_600_000_000


@pytest.fixture
def model():
    """A goal of ten shares at 10.00, of which one customer may hold six."""
    terms = {"goal": "100.00", "cap": "60.00", "reserved_for": "14 days"}
    changes = [f"task.stake.terms.{key}={value}" for key, value in terms.items()]
    return load("my-major-company", changes=changes, amendments=False)


def log(model, *rows):
    """Rows of one project, an hour apart: kind, customer, shares, and the refusal where there is one."""
    launch = int(np.datetime64(model.launched, "us").astype(np.int64))
    full = [("opened", None, None, None), *((*row, None)[:4] for row in rows)]
    kind, customer, shares, refusal = zip(*full, strict=True)
    closings = {"opened", "funded", "expired"}
    return events.table(
        {
            "event_id": np.arange(len(full)),
            "at": pa.array(launch + HOUR_US * np.arange(len(full)), pa.timestamp("us", tz="UTC")),
            "run": np.zeros(len(full), np.int32),
            "kind": pa.array(kind),
            "customer": pa.array(customer, pa.int64()),
            "task": pa.array([None if each in closings else "stake" for each in kind]),
            "subject": np.ones(len(full), np.int64),
            "refusal": pa.array(refusal, pa.string()),
            "quantity": pa.array(shares, pa.int64()),
            "money_minor": pa.array([each and 1_000 * abs(each) for each in shares], pa.int64()),
        }
    )


def test_a_project_is_funded_when_the_last_money_is_there_not_when_the_last_share_is_reserved(model):
    table = log(
        model,
        ("done", 1, 6),
        ("done", 2, 4),
        ("refused", 3, 1, "goal_reached"),
        ("confirmed", 1, 6),
        ("lapsed", 2, 4),
        ("done", 3, 4),
        ("confirmed", 3, 4),
        ("funded", None, 10),
        ("refused", 1, -1, "goal_reached"),
    )
    found = replay(table, model)
    assert found.differences.empty
    assert found.closing_differences.empty
    (project,) = found.projects.to_dict("records")
    assert (project["status"], project["days_to_goal"], project["requests"]) == ("funded", 7 / 24, 5)
    assert found.ledger().balance("project:1", currency="EUR") == 10_000
    assert found.ledger().balance("customer:2", currency="EUR") == 0


def test_shares_taken_back_are_first_those_that_wait(model):
    table = log(
        model,
        ("done", 1, 3),
        ("confirmed", 1, 3),
        ("done", 1, 3),
        ("withdrawn", 1, 4),
        ("done", 2, 6),
        ("confirmed", 2, 6),
        ("done", 3, 2),
        ("confirmed", 3, 2),
        ("funded", None, 10),
    )
    found = replay(table, model)
    assert found.differences.empty
    assert found.closing_differences.empty


def test_what_was_refused_under_another_rule_is_neither_confirmed_nor_lapsed(model):
    table = log(model, ("done", 1, 5), ("confirmed", 1, 5), ("done", 2, 5), ("lapsed", 2, 5))
    changed = load(
        "my-major-company",
        changes=["task.stake.terms.goal=100.00", "task.stake.terms.cap=40.00"],
        amendments=False,
    )
    found = replay(table, changed)
    assert found.differences["recomputed"].tolist() == ["over_cap", "over_cap"]
    assert found.projects["collected_minor"].tolist() == [0]
    assert set(found.ledger().balances().values()) <= {0}


def test_a_stake_by_staff_stays_refused(model):
    table = log(model, ("refused", 1, 5, "role_not_allowed"), ("done", 2, 5), ("confirmed", 2, 5))
    found = replay(table, model)
    assert found.differences.empty
    assert found.outcomes.set_index("refusal")["requests"].to_dict() == {"none": 1, "role_not_allowed": 1}


def test_an_expired_project_is_written_with_what_it_had_collected_then(model):
    terms = {"goal": "100.00", "cap": "60.00", "open_for": "1 days"}
    changes = [f"task.stake.terms.{key}={value}" for key, value in terms.items()]
    short = load("my-major-company", changes=changes, amendments=False)
    waits = [("refused", 3, 0, "not_whole")] * 24
    table = log(short, ("done", 1, 5), ("confirmed", 1, 5), *waits, ("expired", None, 5), ("withdrawn", 1, 5))
    found = replay(table, short)
    assert found.differences.empty
    (closed,) = [row for row in found.events.to_pylist() if row["kind"] == "expired"]
    assert (closed["quantity"], closed["money_minor"]) == (5, 5_000)
