"""The site's part of the promise that ``test_three_ways.py`` holds: the same decisions, events and postings."""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
from pathlib import Path

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comaker.events import Event as Row
from comaker.events import Kind
from comaker.host.models import Account, Event, Posting, Project, Publication
from comaker.host.writer import Act, Request, write
from comaker.model import gallery_text, load
from comaker.refusals import Refusal

spec = importlib.util.spec_from_file_location("three_ways", Path(__file__).parents[1] / "test_three_ways.py")
three_ways = importlib.util.module_from_spec(spec)
sys.modules["three_ways"] = three_ways
spec.loader.exec_module(three_ways)


def publish(changes: list[str], waits: bool) -> str:
    """Publish the launch terms with changes; returns the model's hash."""
    from comaker.host.firm import model_of

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

    launch = dt.datetime.combine(model_of(text).launched, dt.time(), dt.UTC)
    launch_us = int(launch.timestamp()) * 1_000_000
    sam = Account.objects.filter(is_staff=True).first() or Account.objects.create_user("s@x.org", is_staff=True)
    people = list(Account.objects.filter(is_staff=False).order_by("pk")[: three_ways.CUSTOMERS])
    while len(people) < three_ways.CUSTOMERS:
        people.append(Account.objects.create_user(f"{len(people)}@x.org"))
    count = Project.objects.count()
    projects = [
        Project.objects.create(slug=f"p{count + n}", name="P", line="-", story="-", created_by=sam)
        for n in range(three_ways.PROJECTS)
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


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(three_ways.terms(), three_ways.histories(), st.booleans())
def test_the_site_decides_writes_and_posts_as_replay_and_simulation_do(database, changes, history, waits):
    text = publish(changes, waits)
    changes = [*changes] if waits else changes
    model = load("my-major-company", changes=changes, amendments=False)
    simulated, simulated_events = three_ways.in_simulation(model, history)
    decided, events, postings = in_site(text, history, waits)
    assert decided == simulated
    assert events == three_ways.essentials(simulated_events)
    booked = three_ways.postings(simulated_events, model.currency)
    assert [line[:3] for line in postings] == [line[:3] for line in booked]
