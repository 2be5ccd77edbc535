"""What several detectors need to know of projects: who holds them, and what they came to on the market."""

from __future__ import annotations

from functools import cached_property

import ibis.expr.types as ir
import pandas as pd
from ibis import _

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.limitations.patterns import WHO, flag, shows, tasks_of
from comaker.measure.log import Log
from comaker.words import TaskKind

PROJECT = ["run", "subject"]

MARKET_DAYS = 91
"""A project's income is that of so many days after its release: an early release gains nothing by it."""

FIRST_DAYS = 14
"""Copies are counted over the first two weeks too, as the paper counts those of Agonie (E6)."""

ROUGH = 2
"""Conduct up to this, judged by staff, counts as a threat."""

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
        Kind.SURVEYED,
    )
]


class Projects:
    """Holders and fates of the projects of a log, each worked out once.

    A holder's stake is what she staked less what she withdrew, what lapsed and what she got back.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        self.stake_tasks = tasks_of(log.model, TaskKind.STAKE)
        self.buying_tasks = tasks_of(log.model, TaskKind.PURCHASE)

    @cached_property
    def notes(self) -> ir.Table:
        """The rows that the detectors ask for again and again, taken out of the events in one pass.

        Of projects' fates and money, of stakes and purchases, of surveys, and threats; ``shown`` of surveys
        alone; ``threat`` and ``concession`` (0 or 1).
        """
        events = self.log.events
        bargains = events.task.isin([*self.stake_tasks, *self.buying_tasks]).fill_null(False)
        wanted = events.kind.isin(_KINDS) | ((events.kind == Kind.DONE.value) & bargains)
        distant = [Kind.SEEN.value, Kind.JOINED.value, Kind.LEFT.value]
        near = events.customer.notnull() & events.kind.notin(distant)
        threat = near & ((events.conduct <= ROUGH).fill_null(False) | shows(events, "threat"))
        concession = (events.kind == Kind.PAID.value) & shows(events, "concession")
        names = ("run", "customer", "subject", "event_id", "at_us", "kind", "task", "stage", "quantity")
        marked = events.select(
            *names,
            "money_minor",
            wanted=wanted,
            threat=flag(threat),
            concession=flag(concession),
            shown=(events.kind == Kind.SURVEYED.value).ifelse(events.shown, None),
        )
        rows = marked.filter(marked.wanted | (marked.threat == 1))
        return self.log.engine.keep(rows.drop("wanted"))

    @cached_property
    def holdings(self) -> ir.Table:
        """One row a run, customer and project with a stake or a payout: ``shares``, ``stake_minor``,
        ``paid_minor`` (payouts that are no concession), ``first_paid_us``, ``bought`` (purchases of it)."""
        notes = self.notes
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
        found = rows.group_by([*WHO, "subject"]).aggregate(
            shares=(rows.quantity.fill_null(0) * sign).sum().cast("int64"),
            stake_minor=(rows.money_minor.fill_null(0) * sign).sum().cast("int64"),
            paid_minor=(is_paid.ifelse(rows.money_minor, 0)).fill_null(0).sum().cast("int64"),
            first_paid_us=is_paid.ifelse(rows.at_us, None).min(),
            bought=flag((rows.kind == Kind.DONE.value) & rows.task.isin(self.buying_tasks)).sum(),
        )
        return self.log.engine.keep(found)

    @cached_property
    def fates(self) -> ir.Table:
        """One row a run and project: ``opened_us``, ``funded_us``, ``released_us``, null where it was not."""
        notes = self.notes
        kinds = (Kind.OPENED, Kind.FUNDED, Kind.RELEASED)
        rows = notes.filter(notes.subject.notnull(), notes.kind.isin([kind.value for kind in kinds]))
        found = rows.group_by(PROJECT).aggregate(
            **{f"{kind.value}_us": (rows.kind == kind.value).ifelse(rows.at_us, None).min() for kind in kinds}
        )
        return self.log.engine.keep(found)

    @cached_property
    def released(self) -> pd.DataFrame:
        """One row a released project: what the crowd gave, and what the market gave later.

        Columns: run, subject; ``holders``, ``stake_minor``, ``votes``, ``days_to_goal`` (NaN: no day known);
        ``copies`` and ``income_minor`` of ``MARKET_DAYS`` after release, ``first_copies`` of ``FIRST_DAYS``,
        ``all_copies``; ``market_days`` since its release. Income before release is no market's.
        """
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
        votes = events.filter(events.subject.notnull(), given).group_by(PROJECT).aggregate(votes=_.count())
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
