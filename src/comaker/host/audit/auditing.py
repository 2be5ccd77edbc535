"""Walks once through events and postings, project by project, and holds every table against them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import Count

from comaker.events import Kind
from comaker.host.audit import rows
from comaker.host.audit.books import Books
from comaker.host.audit.findings import Finding, Findings
from comaker.host.audit.project import Recomputed
from comaker.host.audit.rows import EventRow
from comaker.host.models import Contribution, Event
from comaker.host.writer.chain import NO_PROJECT
from comaker.host.writer.requests import Act
from comaker.host.writer.terms import Terms
from comaker.rules.stake import FUNDED as _FUNDED

Progress = Callable[[int, int], None]
STEP = 1_000
_KINDS = frozenset(Kind)
_NOTED = {Act.JOIN.value, Act.SEE.value, Act.START.value}
"""Acts of customers that accept nothing."""
_OF_CUSTOMERS = {Act.STAKE.value, Act.WITHDRAW.value, Act.BUY.value} | _NOTED


@dataclass(frozen=True, kw_only=True)
class Audited:
    """What an audit came to: the first wrong row of each kind, and how much was read.

    ``balances``: what stands in each account by (account, currency), in minor units.
    """

    findings: list[Finding]
    events: int
    postings: int
    projects: int
    seconds: float
    balances: dict[tuple[str, str], int]


def audit(progress: Progress | None = None) -> list[Finding]:
    """Recompute the site's books and standings from its log; the first wrong row of each kind."""
    return examine(progress).findings


def examine(progress: Progress | None = None) -> Audited:
    """As ``audit``, with what was read. It reads one state of the database while others go on writing, and
    keeps one project in memory at a time, and the balances of all accounts."""
    began = time.monotonic()
    with rows.snapshot():
        walk = _Walk(progress)
        walk.through()
        _contributions(walk.findings)
    return Audited(
        findings=list(walk.findings),
        events=walk.counted,
        postings=walk.books.counted,
        projects=walk.projects,
        seconds=time.monotonic() - began,
        balances=walk.books.balances,
    )


class _Walk:
    def __init__(self, progress: Progress | None) -> None:
        self.findings = Findings()
        self.terms: Mapping[str, Terms] = rows.published_terms()
        self.books = Books(rows.postings(), self.terms, self.findings)
        self.standings = rows.standings()
        self.progress = progress
        self.total = Event.objects.count()
        self.counted = self.projects = 0

    def through(self) -> None:
        """All projects that have events, then what stands of any that has none."""
        seen = set()
        for project, events in groupby(rows.events(), key=attrgetter("project")):
            seen.add(project)
            self._project(project, events)
        self.books.finish()
        for project in sorted((self.standings.keys() | rows.projects_with_rows()) - seen - {NO_PROJECT}):
            self.findings.add("standing", project, "project", says=project, right="a project with events")
        if NO_PROJECT not in seen and NO_PROJECT in self.standings:
            self.findings.check(
                "standing", NO_PROJECT, "entries", says=self.standings[NO_PROJECT]["entries"], right=0
            )

    def _project(self, project: int, events: Any) -> None:
        self.books.open(project)
        found = Recomputed(project, rows.reservations_of(project), self.terms, self.findings)
        for event in events:
            self._event(event)
            found.follow(event)
            self.books.event(event)
        self.books.close(project)
        found.payouts.end()
        found.reservations.compare()
        self._compare(found)

    def _event(self, event: EventRow) -> None:
        self.counted += 1
        if self.progress and self.counted % STEP == 0:
            self.progress(self.counted, self.total)
        if event.kind not in _KINDS:
            self.findings.add("event", event.id, "kind", says=event.kind, right="a kind of the event table")

    def _compare(self, found: Recomputed) -> None:
        """The standing of a project and what its holders hold."""
        row, project = self.standings.get(found.project), found.project
        needs_row = found.is_open or self.books.entries
        if row is None:
            if needs_row:
                self.findings.add("standing", project, "project", says="missing", right=project)
            return
        right = {"entries": self.books.entries, "head": self.books.head, "earned_minor": found.earned_minor}
        if project != NO_PROJECT:
            self.projects += 1
            names = (
                "status", "goal_shares", "most_shares", "collected_shares", "reserved_shares", "holders",
                "opened_us", "closed_us", "produced_us", "released_us",
            )  # fmt: skip
            right |= {name: getattr(found, name) for name in names}
            self._compare_holdings(found)
            self._compare_stakes(found)
        for name, value in right.items():
            self.findings.check("standing", project, name, says=row[name], right=value)

    def _compare_holdings(self, found: Recomputed) -> None:
        missing = {customer for customer, one in found.held.items() if one.shares or one.paid_minor}
        for customer, shares, reserved_shares, paid_minor in rows.holdings_of(found.project):
            key = f"{found.project}/{customer}"
            missing.discard(customer)
            one = found.holding(customer)
            said = {"shares": shares, "reserved_shares": reserved_shares, "paid_minor": paid_minor}
            for name, value in said.items():
                self.findings.check("holding", key, name, says=value, right=getattr(one, name))
        for customer in sorted(missing):
            one = found.held[customer]
            right = f"{one.shares} shares, {one.paid_minor} minor units paid"
            self.findings.add("holding", f"{found.project}/{customer}", "row", says="missing", right=right)

    def _compare_stakes(self, found: Recomputed) -> None:
        """The stakes' account holds the price of all shares until they are handed over."""
        terms = found.payouts.terms
        if terms is None:
            return
        shares = 0 if found.status == _FUNDED else found.collected_shares
        key = (f"stakes:{found.project}", terms.currency)
        right = shares * terms.stake.share_price_minor
        self.findings.check(
            "account", key[0], "its balance", says=self.books.balances.get(key, 0), right=right
        )


def _contributions(findings: Findings) -> None:
    """Every answered request names an event that says the same, and no two name the same."""
    for twice in (
        Contribution.objects.exclude(event_id=None)
        .values("event_id")
        .annotate(times=Count("id"))
        .filter(times__gt=1)
        .order_by("event_id")[:1]
    ):
        findings.add("event", twice["event_id"], "the requests that it answers", says=twice["times"], right=1)
    names = ("id", "account", "route", "key", "event_id", "status", "answer")
    batch: list[tuple[Any, ...]] = []
    for row in Contribution.objects.order_by("id").values_list(*names).iterator(rows.CHUNK):
        batch.append(row)
        if len(batch) == STEP:
            _contributions_of(batch, findings)
            batch = []
    _contributions_of(batch, findings)


def _contributions_of(batch: list[tuple[Any, ...]], findings: Findings) -> None:
    wanted = [row[4] for row in batch if row[4] is not None]
    columns = ("id", "kind", "customer", "quantity", "refusal")
    known = {row[0]: row[1:] for row in Event.objects.filter(id__in=wanted).values_list(*columns)}
    for number, account, route, _, event_id, status, answer in batch:
        said = json.loads(answer)
        findings.check("contribution", number, "the event in its answer", says=said[1], right=event_id)
        if event_id is None:
            continue
        if event_id not in known:
            findings.add("contribution", number, "event_id", says=event_id, right="an event that exists")
            continue
        kind, customer, quantity, refusal = known[event_id]
        right = 200 if kind == Kind.REFUSED else 201
        findings.check("contribution", number, "status", says=status, right=right)
        if route in _OF_CUSTOMERS:
            findings.check("contribution", number, "account", says=account, right=customer)
            if not refusal and route not in _NOTED:
                findings.check(
                    "contribution", number, "accepted shares or copies", says=said[2], right=quantity
                )
