"""The product's promise: the rule that is simulated is the rule that ships.

One history of requests goes to the rules as plain functions, to a replay of the log, to the simulator's
compiled site, and to the writer of the hosted site on both databases: decisions, events and postings must be
the same.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.host import conftest as ground

from comaker import events
from comaker.events import Event, Kind
from comaker.ledger import Ledger, postings_of
from comaker.model import Model, gallery_text, load, stake_terms
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

# Fixtures are found by their names.
database, sqlite, postgresql = ground.database, ground.sqlite, ground.postgresql
migrated_sqlite, postgresql_server = ground.migrated_sqlite, ground.postgresql_server

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


def publish(changes: list[str], waits: bool) -> str:
    """Publish the launch terms with changes; returns the text."""
    from comaker.host.firm import model_of
    from comaker.host.models import Publication

    written = tomlkit.parse(gallery_text("my-major-company"))
    written.pop("amendment", None)
    stake = written["task"]["stake"]["terms"]
    for change in changes:
        key, _, value = change.partition("=")
        stake[key.rpartition(".")[2]] = tomlkit.value(value) if value.startswith("[") else value
    if not waits:
        stake.pop("reserved_for")
    text = tomlkit.dumps(written)
    Publication.objects.create(text=text, hash=model_of(text).hash)
    return text


def in_site(text: str, history, waits: bool):
    """The writer, with committed transactions; where stakes wait for money, staff confirm it at once."""
    from comaker.host.firm import model_of
    from comaker.host.models import Account, Event, Project
    from comaker.host.writer import Act, Request, write

    launch = dt.datetime.combine(model_of(text).launched, dt.time(), dt.UTC)
    launch_us = int(launch.timestamp()) * 1_000_000
    sam = Account.objects.filter(is_staff=True).first() or Account.objects.create_user(
        "s@x.org", is_staff=True
    )
    people = list(Account.objects.filter(is_staff=False).order_by("pk")[:CUSTOMERS])
    while len(people) < CUSTOMERS:
        people.append(Account.objects.create_user(f"{len(people)}@x.org"))
    count = Project.objects.count()
    projects = [
        Project.objects.create(slug=f"p{count + n}", name="P", line="-", story="-", created_by=sam)
        for n in range(PROJECTS)
    ]
    before = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for project in projects:
        request = Request(Act.OPEN, project=project.pk, staff=sam.pk, key=f"o{project.pk}", at_us=launch_us)
        assert write([request])[0].is_done
    decided = []
    for number, asked in enumerate(history):
        key, at_us = f"{projects[0].pk} {number}", launch_us + asked.at_us
        act = Act.STAKE if asked.shares > 0 else Act.WITHDRAW
        customer, project = people[asked.customer].pk, projects[asked.project].pk
        request = Request(act, project, customer, quantity=abs(asked.shares), key=key, at_us=at_us)
        answer = write([request])[0]
        decided.append((answer.accepted, answer.refusal))
        if waits and act is Act.STAKE and answer.is_done:
            paid = Request(
                Act.CONFIRM, project, staff=sam.pk, reference=answer.event_id, key=key, at_us=at_us
            )
            assert write([paid])[0].is_done
    numbers = {each.pk: n for n, each in enumerate(people)}
    subjects = {each.pk: n for n, each in enumerate(projects)}
    events = [
        (
            event.kind,
            numbers.get(event.customer),
            subjects[event.subject],
            event.refusal,
            event.quantity,
            event.money_minor,
        )
        for event in Event.objects.filter(pk__gt=before).order_by("pk")
        if event.kind in ("done", "refused", "withdrawn", "funded", "expired")
    ]
    return decided, events, postings_of_site(before, numbers, subjects)


def postings_of_site(before, numbers, subjects):
    """Two lines each, as the ledger has them, with the accounts' numbers of the history."""

    from comaker.host.models import Posting

    def account(name):
        kind, _, number = name.partition(":")
        return f"{kind}:{(numbers if kind == 'customer' else subjects)[int(number)]}"

    return [
        line
        for row in Posting.objects.filter(event_id__gt=before).order_by("event_id")
        for line in (
            (account(row.source), -row.amount_minor, row.rule, row.version),
            (account(row.target), row.amount_minor, row.rule, row.version),
        )
    ]


def model_of_text(text: str) -> Model:
    from comaker.host.firm import model_of

    return model_of(text)


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


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(terms(), histories(), st.booleans())
def test_the_hosted_site_decides_writes_and_posts_as_the_others(database, changes, history, waits):
    text = publish(changes, waits)
    model = model_of_text(text)
    simulated, simulated_events = in_simulation(model, history)
    replayed, replayed_events, ledger = in_replay(model, history)
    decided, written, booked = in_site(text, history, waits)
    assert decided == simulated == replayed
    assert written == essentials(simulated_events) == essentials(replayed_events)
    assert booked == [(line.account, line.amount_minor, line.rule, line.version) for line in ledger]


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
