"""What several detectors need to know of projects: who holds them, and what they came to on the market."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.limitations.patterns import WHO, flag, shows, tasks_of
from comaker.measure.log import SAMPLE_ROWS, Log
from comaker.words import TaskKind

PROJECT = ["run", "subject"]

MARKET_DAYS = 91
"""A project's income is that of so many days after its release: an early release gains nothing by it."""

FIRST_DAYS = 14
"""Copies are counted over the first two weeks too, as the paper counts those of Agonie (E6)."""

FEWEST_DRAWN = 200
"""Of so many projects at least all are looked at, however long the log: fewer say too little."""

_KINDS = [
    kind.value
    for kind in (
        Kind.OPENED,
        Kind.FUNDED,
        Kind.RELEASED,
        Kind.INCOME,
        Kind.COST,
        Kind.PAID,
        Kind.WITHDRAWN,
        Kind.LAPSED,
    )
]


_RELEASED = (
    *PROJECT,
    "holders",
    "stake_minor",
    "votes",
    "copies",
    "first_copies",
    "all_copies",
    "income_minor",
    "days_to_goal",
    "market_days",
)
_COLUMNS = (
    "run",
    "customer",
    "subject",
    "event_id",
    "at_us",
    "kind",
    "task",
    "stage",
    "quantity",
    "money_minor",
)


class Projects:
    """Holders and fates of the projects of a log, each worked out once.

    A holder's stake is what she staked less what she withdrew, what lapsed and what she got back. Where there
    are many events, whatever needs every holder of a project is known of projects drawn by number
    (``log.sample``), and whatever needs every project of a customer of customers drawn by number.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        self.stake_tasks = tasks_of(log.model, TaskKind.STAKE)
        self.buying_tasks = tasks_of(log.model, TaskKind.PURCHASE)

    @cached_property
    def parts(self) -> int:
        """How many projects in ``tables.ONE_IN`` are drawn: all, where they have few rows or are few."""
        log = self.log
        rows = sum(log.count(kind) for kind in (Kind.PAID, Kind.WITHDRAWN, Kind.LAPSED))
        rows += sum(log.count(Kind.DONE, task=name) for name in (*self.stake_tasks, *self.buying_tasks))
        # Without rows of kind opened nobody knows how many projects there are: all are taken then.
        enough = FEWEST_DRAWN / max(log.count(Kind.OPENED), 1)
        return min(int(tables.ONE_IN * max(SAMPLE_ROWS / max(rows, 1), enough)), tables.ONE_IN)

    @property
    def is_drawn(self) -> bool:
        """Whether some projects only are looked at."""
        return self.parts < tables.ONE_IN

    @cached_property
    def _taken(self) -> ir.Table:
        """``notes``, and the payments of all projects, taken out of the events in one pass."""
        events = self.log.events
        bargains = events.task.isin([*self.stake_tasks, *self.buying_tasks]).fill_null(False)
        wanted = events.kind.isin(_KINDS) | ((events.kind == Kind.DONE.value) & bargains)
        drawn = events.subject.notnull() & tables.is_drawn(events.subject, self.parts)
        rows = events.filter(wanted, drawn | (events.kind == Kind.PAID.value))
        return self.log.engine.keep(rows.select(*_COLUMNS, concession=self._concession(rows)))

    @property
    def notes(self) -> ir.Table:
        """Rows of drawn projects that tell of their fates and money, of stakes and of purchases;
        ``concession`` (0 or 1)."""
        return tables.drawn(self._taken, "subject", self.parts)

    @cached_property
    def holdings(self) -> ir.Table:
        """Holdings (``_holdings``) in drawn projects, of all their holders."""
        return self.log.engine.keep(self._holdings(self.notes))

    @cached_property
    def own(self) -> pd.DataFrame:
        """Holdings (``_holdings``) of drawn customers, in any project."""
        rows = self.log.sampled
        marked = rows.select(*_COLUMNS, concession=self._concession(rows))
        return self.log.frame(self._holdings(marked), by=[*WHO, "subject"])

    @cached_property
    def paying(self) -> pd.DataFrame:
        """Run and number (subject) of every project that paid its holders."""
        rows = self._taken
        paid = rows.filter(
            rows.kind == Kind.PAID.value,
            rows.customer.notnull(),
            rows.subject.notnull(),
            rows.concession == 0,
            rows.money_minor > 0,
        )
        return self.log.frame(paid.select(*PROJECT).distinct())

    @cached_property
    def out(self) -> pd.DataFrame:
        """Run and number (subject) of every released project."""
        events = self.log.events
        rows = events.filter(events.kind == Kind.RELEASED.value, events.subject.notnull())
        return self.log.frame(rows.select(*PROJECT).distinct())

    def _concession(self, rows: ir.Table) -> Any:
        """1 for a payment that is a concession; in a log where none is known of drawn customers, none is."""
        if not self.log.may_show(Kind.PAID, "concession"):
            return ibis.literal(0, "int64")
        return flag((rows.kind == Kind.PAID.value) & shows(rows, "concession"))

    def _holdings(self, notes: ir.Table) -> ir.Table:
        """One row a run, customer and project with a stake or a payout: ``shares``, ``stake_minor``,
        ``paid_minor`` (payouts that are no concession), ``first_paid_us``, ``bought`` (purchases of it)."""
        given = notes.kind.isin([Kind.DONE.value, Kind.WITHDRAWN.value, Kind.LAPSED.value])
        staked = given & notes.task.isin(self.stake_tasks)
        bought = (notes.kind == Kind.DONE.value) & notes.task.isin(self.buying_tasks)
        paid = (notes.kind == Kind.PAID.value) & (notes.concession == 0)
        rows = notes.filter(notes.customer.notnull(), notes.subject.notnull(), staked | bought | paid)
        is_paid = rows.kind == Kind.PAID.value
        # A purchase adds nothing to what is held.
        sign = (rows.kind == Kind.DONE.value).ifelse(1, -1)
        sign = rows.task.isin(self.stake_tasks).fill_null(False).ifelse(sign, 0)
        sign = is_paid.ifelse(0, sign)
        return rows.group_by([*WHO, "subject"]).aggregate(
            shares=(rows.quantity.fill_null(0) * sign).sum().cast("int64"),
            stake_minor=(rows.money_minor.fill_null(0) * sign).sum().cast("int64"),
            paid_minor=(is_paid.ifelse(rows.money_minor, 0)).fill_null(0).sum().cast("int64"),
            first_paid_us=is_paid.ifelse(rows.at_us, None).min(),
            bought=flag((rows.kind == Kind.DONE.value) & rows.task.isin(self.buying_tasks)).sum(),
        )

    @cached_property
    def fates(self) -> ir.Table:
        """One row a run and drawn project: ``opened_us``, ``funded_us``, ``released_us``, null where it was
        not."""
        notes = self.notes
        kinds = (Kind.OPENED, Kind.FUNDED, Kind.RELEASED)
        rows = notes.filter(notes.subject.notnull(), notes.kind.isin([kind.value for kind in kinds]))
        found = rows.group_by(PROJECT).aggregate(
            **{f"{kind.value}_us": (rows.kind == kind.value).ifelse(rows.at_us, None).min() for kind in kinds}
        )
        return self.log.engine.keep(found)

    @cached_property
    def released(self) -> pd.DataFrame:
        """One row a released project that is drawn: what the crowd gave, and what the market gave later.

        Columns: run, subject; ``holders``, ``stake_minor``, ``votes``, ``days_to_goal`` (NaN: no day known);
        ``copies`` and ``income_minor`` of ``MARKET_DAYS`` after release, ``first_copies`` of ``FIRST_DAYS``,
        ``all_copies``; ``market_days`` since its release. Income before release is no market's.
        """
        if not self.log.count(Kind.RELEASED):
            return pd.DataFrame({name: [] for name in _RELEASED}, dtype="int64")
        fates = self.fates.filter(self.fates.released_us.notnull())
        found = self.log.frame(fates)
        for part in (self._crowd(fates), self._votes(fates), self._market(fates)):
            found = found.merge(self.log.frame(part), how="left", on=PROJECT)
        counts = ["holders", "stake_minor", "votes", "copies", "first_copies", "all_copies", "income_minor"]
        found[counts] = found[counts].fillna(0).astype("int64")
        found["days_to_goal"] = (found.funded_us - found.opened_us).astype("float64") / tables.DAY_US
        until = self.log.cleaned.until_us
        found["market_days"] = (until - found.released_us).astype("float64") / tables.DAY_US
        return found.sort_values(PROJECT, ignore_index=True)

    def _crowd(self, fates: ir.Table) -> ir.Table:
        held = self.holdings.filter(self.holdings.shares > 0).semi_join(fates, PROJECT)
        return held.group_by(PROJECT).aggregate(holders=held.count(), stake_minor=held.stake_minor.sum())

    def _votes(self, fates: ir.Table) -> ir.Table:
        names = tasks_of(self.log.model, TaskKind.BALLOT, TaskKind.RATING, TaskKind.REVIEW)
        events = self.log.events
        given = events.kind.isin([Kind.DONE.value, Kind.RATED.value]) & events.task.isin(names)
        votes = (
            tables.drawn(events.filter(given), "subject", self.parts)
            .group_by(PROJECT)
            .aggregate(votes=_.count())
        )
        return votes.semi_join(fates, PROJECT)

    def _market(self, fates: ir.Table) -> ir.Table:
        notes = self.notes
        income = notes.filter(notes.kind == Kind.INCOME.value, notes.subject.notnull())
        income = income.select(*PROJECT, "at_us", "quantity", "money_minor")
        rows = income.join(fates.select(*PROJECT, "released_us"), PROJECT)
        rows = rows.filter(rows.at_us >= rows.released_us)
        age = rows.at_us - rows.released_us
        soon = age <= FIRST_DAYS * tables.DAY_US
        within = age <= MARKET_DAYS * tables.DAY_US
        sold = rows.quantity.fill_null(0)
        return rows.group_by(PROJECT).aggregate(
            copies=within.ifelse(sold, 0).sum(),
            first_copies=soon.ifelse(sold, 0).sum(),
            all_copies=sold.sum(),
            income_minor=within.ifelse(rows.money_minor.fill_null(0), 0).sum(),
        )
