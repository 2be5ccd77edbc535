"""Replays of histories that a small simulator of its own made: what must hold for any of them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comaker import events
from comaker.model import Model, load, stake_terms
from comaker.refusals import Refusal
from comaker.replay import replay
from comaker.replay.results import Replayed
from comaker.rules.stake import (
    EXPIRED,
    FUNDED,
    OPEN,
    ProjectState,
    StakeTerms,
    decide_stake,
    decide_withdrawal,
)

MODEL = """
name = "Projects"
slogan = "Together"
currency = "EUR"
launched = 1970-01-01
[offer.part]
kind = "access"
price = "0.00"
[role.holder]
tasks = ["stake"]
[task.stake]
kind = "stake"
stage = "production"
performer = "customer"
[task.stake.terms]
share_price = "5.00"
goal = "100.00"
"""
GOALS = (5, 20, 60)
STEPS = (None, '"25.00"', '[{ from = "0.00", cap = "25.00" }, { from = "15.00", cap = "10.00" }]')


class Ask(NamedTuple):
    wait_s: int
    customer: int | None
    project: int
    shares: int
    back: bool


ASKS = st.lists(
    st.builds(
        Ask,
        wait_s=st.sampled_from([0, 1, 3_600, 86_400]),
        customer=st.one_of(st.none(), st.integers(0, 3)),
        project=st.integers(0, 2),
        shares=st.integers(0, 9),
        back=st.booleans(),
    ),
    min_size=1,
    max_size=60,
)


@st.composite
def changes(draw: st.DrawFn) -> list[str]:
    """Changes of the terms: goal, cap, deadline, what closes, what happens to a stake too large."""
    keys = {"goal": f"{5 * draw(st.sampled_from(GOALS))}.00"}
    cap = draw(st.sampled_from(STEPS))
    if cap:
        keys["cap"] = cap
    keys["partial"] = draw(st.sampled_from(["refuse", "trim"]))
    days = draw(st.sampled_from([0, 1, 7]))
    if days:
        keys["open_for"] = f"{days} days"
        keys["closes"] = draw(st.sampled_from(["at goal", "at deadline"]))
    return [f"task.stake.terms.{key}={value}" for key, value in keys.items()]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.toml"
    path.write_text(MODEL, encoding="utf-8")
    return path


class Site:
    """A simulator of the smallest kind: it takes requests as they come and writes the log."""

    def __init__(self, terms: StakeTerms) -> None:
        self.terms = terms
        self.now_s = 0
        self.rows: list[dict[str, Any]] = []
        self.project: dict[int, dict[str, int]] = {}
        self.held: dict[tuple[int, int], int] = defaultdict(int)

    def write(
        self, kind: str, project: int, shares: int, customer: int | None = None, why: str | None = None
    ) -> None:
        self.rows.append(
            {"at": self.now_s * 1_000_000, "kind": kind, "subject": project, "customer": customer,
             "quantity": shares, "refusal": why}
        )  # fmt: skip

    def close_what_is_over(self) -> None:
        for number, project in self.project.items():
            over = self.terms.open_seconds and self.now_s >= project["opened_s"] + self.terms.open_seconds
            full = project["shares"] >= self.terms.goal_shares
            if project["status"] == OPEN and (over or (full and self.terms.closes_at_goal)):
                project["status"] = FUNDED if full else EXPIRED
                self.write("funded" if full else "expired", number, project["shares"])

    def ask(self, ask: Ask) -> None:
        self.now_s += ask.wait_s
        self.close_what_is_over()
        if ask.project not in self.project:
            self.project[ask.project] = {"status": OPEN, "shares": 0, "opened_s": self.now_s}
            self.write("opened", ask.project, self.terms.goal_shares)
        project = self.project[ask.project]
        state = ProjectState(
            project["status"], project["shares"], self.terms.goal_shares, project["opened_s"]
        )
        held = 0 if ask.customer is None else self.held[ask.customer, ask.project]
        if ask.back:
            got, refusal = decide_withdrawal(ask.shares, held, state, self.terms, self.now_s)
        else:
            got, refusal = decide_stake(ask.shares, held, state, self.terms, self.now_s)
        if refusal is not Refusal.NONE:
            asked = -ask.shares if ask.back else ask.shares
            self.write("refused", ask.project, asked, ask.customer, refusal.name.lower())
            return
        change = -got if ask.back else got
        project["shares"] += change
        if ask.customer is not None:
            self.held[ask.customer, ask.project] += change
        self.write("withdrawn" if ask.back else "done", ask.project, got, ask.customer)
        self.close_what_is_over()


def history(model: Model, asks: list[Ask]) -> pa.Table:
    site = Site(stake_terms(model))
    for ask in asks:
        site.ask(ask)
    columns: dict[str, object] = {name: [row[name] for row in site.rows] for name in site.rows[0]}
    ids = np.arange(1, len(site.rows) + 1)
    columns |= {
        "customer": pa.array(columns["customer"], pa.int64()),
        "refusal": pa.array(columns["refusal"], pa.string()),
    }
    return events.table({**columns, "event_id": ids, "run": np.zeros(len(ids), np.int32)})


def decided(replayed: Replayed) -> list[tuple[object, ...]]:
    table = replayed.events
    names = ("at", "kind", "subject", "customer", "quantity", "refusal")
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


@settings(max_examples=150)
@given(asks=ASKS, terms=changes())
def test_under_the_recorded_terms_nothing_differs(
    model_file: Path, asks: list[Ask], terms: list[str]
) -> None:
    model = load(model_file, changes=terms)
    table = history(model, asks)
    if not set(table["kind"].to_pylist()) & {"done", "refused", "withdrawn"}:
        return
    replayed = replay(table, model)
    assert replayed.differences.empty, replayed.differences
    assert replayed.closing_differences.empty, replayed.closing_differences


@settings(max_examples=100)
@given(asks=ASKS, recorded=changes(), other=changes())
def test_no_rule_takes_more_than_its_cap_or_its_goal(
    model_file: Path, asks: list[Ask], recorded: list[str], other: list[str]
) -> None:
    model = load(model_file, changes=other)
    terms = stake_terms(model)
    replayed = replay(history(load(model_file, changes=recorded), asks), model)
    held: dict[tuple[object, object], int] = defaultdict(int)
    collected: dict[object, int] = defaultdict(int)
    for _, kind, project, customer, shares, _ in decided(replayed):
        assert isinstance(shares, int)
        change = {"done": shares, "withdrawn": -shares}.get(str(kind), 0)
        collected[project] += change
        assert change <= max(terms.cap_shares)
        if customer is not None:
            held[customer, project] += change
            assert 0 <= held[customer, project] <= max(terms.cap_shares)
        if terms.closes_at_goal:
            assert collected[project] <= terms.goal_shares
    money = replayed.projects.set_index("project")["collected_minor"].to_dict()
    assert money == {project: collected[project] * terms.share_price_minor for project in money}
    assert sum(replayed.ledger().balances().values()) == 0


@settings(max_examples=100)
@given(asks=ASKS, recorded=changes(), other=changes(), seed=st.integers(0, 2**32 - 1))
def test_neither_the_order_of_rows_nor_names_nor_other_projects_matter(
    model_file: Path, asks: list[Ask], recorded: list[str], other: list[str], seed: int
) -> None:
    model = load(model_file, changes=other)
    table = history(load(model_file, changes=recorded), asks)
    whole = decided(replay(table, model))

    shuffled = table.take(pa.array(np.random.default_rng(seed).permutation(table.num_rows)))
    assert decided(replay(shuffled, model)) == whole

    renamed = {name: table[name] for name in table.schema.names}
    renamed["customer"] = pc.subtract(1_000, table["customer"])
    renamed["subject"] = pc.subtract(9, table["subject"])
    back = [
        (at, kind, 9 - int(str(project)), None if who is None else 1_000 - int(str(who)), *rest)
        for at, kind, project, who, *rest in decided(replay(events.table(renamed), model))
    ]
    assert sorted(map(repr, back)) == sorted(map(repr, whole))

    requests = {row[2] for row in whole if row[1] in {"done", "refused", "withdrawn"}}
    for project in requests:
        # Another project may end the log later: only what a project's own requests decided is compared.
        alone = decided(replay(table.filter(pc.equal(table["subject"], project)), model))
        mine = [row for row in whole if row[2] == project]
        assert [row for row in mine if row[1] != "expired" and row[1] != "funded"] == [
            row for row in alone if row[1] != "expired" and row[1] != "funded"
        ]


@settings(max_examples=50)
@given(asks=ASKS, recorded=changes(), other=changes())
def test_replaying_a_replay_changes_nothing(
    model_file: Path, asks: list[Ask], recorded: list[str], other: list[str]
) -> None:
    model = load(model_file, changes=other)
    first = replay(history(load(model_file, changes=recorded), asks), model)
    again = replay(first.events, model)
    assert again.differences.empty
    assert again.closing_differences.empty
