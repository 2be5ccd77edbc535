"""The product's promise: the rule that is simulated is the rule that ships.

One history of requests goes to the rules as a site calls them, to a replay of the log, and to the simulator's
compiled site: decisions, events and postings must be the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from comaker import events
from comaker.events import Event, Kind
from comaker.ledger import Ledger, postings_of
from comaker.model import Model, load, stake_terms
from comaker.refusals import Refusal
from comaker.replay import replay
from comaker.rules.stake import OPEN, ProjectState, decide_stake, decide_withdrawal, status_after
from comaker.simulate.advance import week_of
from comaker.simulate.projects import open_projects
from comaker.simulate.run import Outcome, new_site, plan_of
from comaker.simulate.site import Request, request_stake, request_withdrawal
from comaker.simulate.tables import event_table
from comaker.simulate.week import Week
from comaker.words import TaskKind

CUSTOMERS, PROJECTS = 5, 2
DAY_US = 86_400_000_000
KINDS = {"stake": TaskKind.STAKE}
COMPARED = ("kind", "customer", "subject", "refusal", "quantity", "money_minor")


class Asked(NamedTuple):
    """A request of the history; shares below zero are wanted back."""

    customer: int
    project: int
    shares: int
    at_us: int


@st.composite
def terms(draw: st.DrawFn) -> list[str]:
    """Changes to the launch terms: goal, cap in steps, what happens to a stake too large, an end."""
    goal = draw(st.integers(20, 120))
    starts = sorted({0, *draw(st.lists(st.integers(1, goal), max_size=3))})
    caps = [draw(st.integers(1, goal)) for _ in starts]
    steps = ", ".join(
        f'{{ from = "{start * 10}.00", cap = "{cap * 10}.00" }}'
        for start, cap in zip(starts, caps, strict=True)
    )
    changes = [
        f"task.stake.terms.goal={goal * 10}.00",
        f"task.stake.terms.cap=[{steps}]",
        f"task.stake.terms.partial={draw(st.sampled_from(['refuse', 'trim']))}",
    ]
    return changes


@st.composite
def histories(draw: st.DrawFn) -> list[Asked]:
    """Requests in order of time, on whole seconds."""
    requests = draw(
        st.lists(
            st.tuples(
                st.integers(0, CUSTOMERS - 1),
                st.integers(0, PROJECTS - 1),
                st.one_of(st.integers(1, 60), st.integers(-30, -1)),
                st.integers(1, 5 * 86_400),
            ),
            min_size=1,
            max_size=40,
        )
    )
    at_us, history = 0, []
    for customer, project, shares, gap_s in requests:
        at_us += gap_s * 1_000_000
        history.append(Asked(customer, project, shares, at_us))
    return history


def in_python(model: Model, history: list[Asked]) -> list[tuple[int, Refusal]]:
    """The rules called as they are, with the state in dictionaries: what a site's writer does."""
    rules = stake_terms(model)
    states = {project: ProjectState(OPEN, 0, rules.goal_shares, 0) for project in range(PROJECTS)}
    held: dict[tuple[int, int], int] = {}
    decided = []
    for asked in history:
        state, key = states[asked.project], (asked.customer, asked.project)
        if asked.shares > 0:
            got, refusal = decide_stake(
                asked.shares, held.get(key, 0), state, rules, asked.at_us // 1_000_000
            )
            change = got
        else:
            now_s = asked.at_us // 1_000_000
            got, refusal = decide_withdrawal(-asked.shares, held.get(key, 0), state, rules, now_s)
            change = -got
        held[key] = held.get(key, 0) + change
        state = state._replace(collected_shares=state.collected_shares + change)
        status = status_after(state, rules, asked.at_us // 1_000_000)
        states[asked.project] = state._replace(status=status)
        decided.append((got, refusal))
    return decided


def in_simulation(model: Model, history: list[Asked]) -> tuple[list[tuple[int, Refusal]], pa.Table]:
    """The simulator's compiled site, which holds state, accounts and events of its own."""
    plan = plan_of(model)
    site = new_site(plan, customers=CUSTOMERS, weeks=60, events=True)
    open_projects(site.market, site.books, week(plan, 0))
    decided = []
    for asked in history:
        request = Request(asked.customer, asked.project, abs(asked.shares), asked.at_us)
        take = request_stake if asked.shares > 0 else request_withdrawal
        got, refusal = take(site, week(plan, asked.at_us), request)
        decided.append((int(got), Refusal(refusal)))
    return decided, event_table(model, Outcome(0, site.crowd, site.market, site.books))


def week(plan: object, at_us: int) -> Week:
    """The week of an instant, made in Python as the compiled step makes it."""
    return week_of.py_func(plan, at_us // (7 * DAY_US), at_us)


def in_replay(model: Model, history: list[Asked]) -> tuple[list[tuple[int, Refusal]], pa.Table, Ledger]:
    """The recorded log decided again; the record says only who asked for what."""
    launch = int(np.datetime64(model.launched, "us").astype(np.int64))
    opened = [(Kind.OPENED, None, project, None, launch) for project in range(PROJECTS)]
    asked = [
        (
            Kind.DONE if each.shares > 0 else Kind.WITHDRAWN,
            each.customer,
            each.project,
            abs(each.shares),
            launch + each.at_us,
        )
        for each in history
    ]
    kind, customer, subject, quantity, at = zip(*opened, *asked, strict=True)
    recorded = events.table(
        {
            "event_id": np.arange(1, len(kind) + 1),
            "at": pa.array(at, pa.timestamp("us", tz="UTC")),
            "run": np.zeros(len(kind), np.int32),
            "kind": pa.array([str(each) for each in kind]),
            "customer": pa.array(customer, pa.int64()),
            "task": pa.array([None] * PROJECTS + ["stake"] * len(history), pa.string()),
            "subject": pa.array(subject, pa.int64()),
            "quantity": pa.array(quantity, pa.int64()),
        }
    )
    found = replay(recorded, model)
    decided = [
        (int(got), Refusal(refusal))
        for got, refusal in zip(found.decided.accepted, found.decided.refusal, strict=True)
    ]
    return decided[PROJECTS:], found.events, found.ledger()


def postings(table: pa.Table, currency: str) -> list[tuple[str, int]]:
    """What the events of a table move, account by account."""
    booked = []
    for row in table.to_pylist():
        fields = {name: row[name] for name in Event._fields if name != "at_us"}
        fields["kind"] = Kind(fields["kind"])
        event = Event(**fields, at_us=0)
        lines = postings_of(event, currency=currency, kinds=KINDS)
        booked += [(line.account, line.amount_minor, line.rule, line.version) for line in lines]
    return booked


def essentials(table: pa.Table) -> list[tuple[object, ...]]:
    """Decided requests and closings, without what only one of the three knows."""
    wanted = {"done", "refused", "withdrawn", "funded", "expired"}
    return [tuple(row[name] for name in COMPARED) for row in table.to_pylist() if row["kind"] in wanted]


@settings(max_examples=60)
@given(terms(), histories())
def test_site_replay_and_simulation_decide_write_and_post_the_same(changes, history):
    model = load("my-major-company", changes=changes, amendments=False)
    plain = in_python(model, history)
    simulated, simulated_events = in_simulation(model, history)
    replayed, replayed_events, ledger = in_replay(model, history)
    assert plain == simulated == replayed
    assert essentials(simulated_events) == essentials(replayed_events)
    booked = postings(simulated_events, model.currency)
    assert booked == postings(replayed_events, model.currency)
    assert booked == [(line.account, line.amount_minor, line.rule, line.version) for line in ledger]
    assert sum(amount for _, amount, _, _ in booked) == 0


def test_a_simulated_year_with_amendments_replays_without_a_difference():
    from comaker.simulate import simulate

    found = simulate(
        "my-major-company",
        changes=["assumption.visits_weekly=1", "task.stake.terms.open_for=200 days"],
        customers=20_000,
        weeks=80,
        runs=1,
        events=True,
    )
    kinds = found.events["kind"].to_pandas().value_counts()
    assert {"done", "refused", "withdrawn", "funded", "expired"} <= set(kinds[kinds > 0].index)
    model = load("my-major-company", changes=["task.stake.terms.open_for=200 days"])
    again = replay(found.events, model)
    assert len(again.differences) == 0
