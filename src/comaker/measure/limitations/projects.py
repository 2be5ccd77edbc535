"""What several detectors need to know of projects: who holds them, and what they came to on the market."""

from __future__ import annotations

from functools import cached_property

import ibis.expr.types as ir
import pandas as pd

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.limitations.patterns import WHO
from comaker.measure.log import Log
from comaker.measure.moves import flag, is_concession
from comaker.measure.tasks import tasks_of
from comaker.words import TaskKind

PROJECT = ["run", "subject"]

MARKET_DAYS = 91
"""A project's income is that of so many days after its release: an early release gains nothing by it."""

FIRST_DAYS = 14
"""Copies are counted over the first two weeks too, as the paper counts those of Agonie (E6)."""

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
    (``Log.draws``), and whatever needs every project of a customer of customers drawn by number.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        self.stake_tasks = tasks_of(log.model, TaskKind.STAKE)
        self.buying_tasks = tasks_of(log.model, TaskKind.PURCHASE)

    @property
    def is_drawn(self) -> bool:
        """Whether some projects only are looked at."""
        return self.log.draws.notes.parts < tables.ONE_IN

    @cached_property
    def notes(self) -> ir.Table:
        """Rows of drawn projects (``Draws.notes``); ``concession`` (0 or 1)."""
        rows = self.log.draws.notes.of(self.log.taken)
        return self.log.engine.keep(
            rows.select(*_COLUMNS, concession=is_concession(rows, known=self.log.has_concessions))
        )

    @cached_property
    def holdings(self) -> ir.Table:
        """Holdings (``_holdings``) in drawn projects, of all their holders."""
        return self.log.engine.keep(self._holdings(self.notes))

    @cached_property
    def own(self) -> pd.DataFrame:
        """Holdings (``_holdings``) of drawn customers, in any project."""
        return self.log.frame(self._holdings(self._marked(self.log.sampled)), by=[*WHO, "subject"])

    @cached_property
    def paying(self) -> pd.DataFrame:
        """Run and number (subject) of every project that paid its holders."""
        rows = self.log.moves
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
        moves = self.log.moves
        rows = moves.filter(moves.kind == Kind.RELEASED.value, moves.subject.notnull())
        return self.log.frame(rows.select(*PROJECT).distinct())

    def _marked(self, rows: ir.Table) -> ir.Table:
        """Columns in use, and ``concession`` (``is_concession``)."""
        return rows.select(*_COLUMNS, concession=is_concession(rows, known=self.log.has_concessions))

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
        notes = self.notes
        given = notes.filter(notes.kind.isin([Kind.DONE.value, Kind.RATED.value]), notes.task.isin(names))
        return given.group_by(PROJECT).aggregate(votes=given.count()).semi_join(fates, PROJECT)

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
