"""A recorded log, ready to be measured: the cleaned events, and the heavy tables, each worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.cleaning import Cleaned
from comaker.measure.draws import COLUMNS, Draws
from comaker.measure.engine import Engine
from comaker.measure.moves import moves
from comaker.model import Model

_BY_EVENT = ["run", "event_id"]


class Log:
    """What sections measure: a model, the cleaned events, and tables worked out once.

    Tables that grow with customers (``acts``, ``reached``, ``customers``, ``sampled``) are
    Ibis tables inside the engine: aggregate there, then ``frame``. Those that stay small are pandas
    frames.
    """

    def __init__(self, model: Model, cleaned: Cleaned, engine: Engine) -> None:
        self.model = model
        self.engine = engine
        self.cleaned = cleaned
        self.events = cleaned.events

    def frame(self, expression: ir.Table, *, by: Sequence[str] = ()) -> pd.DataFrame:
        """The result of an Ibis expression as a pandas frame, the same by every engine, row for row.

        Rows are in the order of the columns ``by``, or of all columns.
        """
        found: pd.DataFrame = expression.to_pandas()
        return found.sort_values([*(by or found.columns)], ignore_index=True)

    @property
    def weeks(self) -> float:
        """How long the log is, in weeks."""
        return (self.cleaned.until_us - self.cleaned.from_us) / (7 * tables.DAY_US)

    @cached_property
    def days(self) -> pd.DataFrame:
        """What happened by day (``tables.days``), with "" for words that a row does not have."""
        words = ["role", "task", "stage", "performer", "refusal", "model"]
        found = self.frame(tables.days(self.events), by=["run", "day", "kind", *words])
        found[words] = found[words].fillna("")
        return found

    @cached_property
    def acts(self) -> ir.Table:
        """What each customer did at each task (``tables.acts``)."""
        return self.engine.keep(tables.acts(self.events))

    @cached_property
    def reached(self) -> ir.Table:
        """How far each customer came with each task (``tables.reached``)."""
        return self.engine.keep(tables.reached(self.events))

    @cached_property
    def customers(self) -> ir.Table:
        """One row a run and customer: the furthest ``place`` of ``reached``."""
        reached = self.reached
        return self.engine.keep(reached.group_by(["run", "customer"]).aggregate(place=reached.place.max()))

    @cached_property
    def left(self) -> ir.Table:
        """When customers left for the first time: one row a run and customer who did."""
        rows = self.moves.filter(self.moves.kind == Kind.LEFT.value, self.moves.customer.notnull())
        return self.engine.keep(rows.group_by(["run", "customer"]).aggregate(left_us=rows.at_us.min()))

    @cached_property
    def customer_count(self) -> int:
        """How many customers the log tells of, each run counting its own."""
        return int(self.customers.count().to_pyarrow().as_py())

    @cached_property
    def moves(self) -> ir.Table:
        """Rows by which customers come and go and money moves beside acts (``comaker.measure.moves``)."""
        return self.engine.keep(moves(self.events, has_concessions=self.has_concessions))

    @property
    def has_concessions(self) -> bool:
        """Whether payments say that they are concessions; in a long log, those to drawn customers."""
        return self.may_show(Kind.PAID, "concession")

    @cached_property
    def draws(self) -> Draws:
        """Whose rows are looked at one by one."""
        return Draws(self.model, self.days, self.cleaned.rows)

    @cached_property
    def taken(self) -> ir.Table:
        """All events, or of a long log the rows of all ``draws``."""
        rows = self.events
        if self.draws.is_long:
            rows = rows.filter(ibis.or_(*(draw.holds(rows) for draw in self.draws.every())))
        return self.engine.keep(rows.select(*COLUMNS))

    @cached_property
    def sampled(self) -> ir.Table:
        """The events of all customers, or of drawn ones."""
        return self.draws.customers.of(self.taken)

    @cached_property
    def sampled_tasks(self) -> pd.DataFrame:
        """What each sampled customer tried at each task (``tables.tries``)."""
        return self.frame(tables.tries(self.sampled), by=["run", "customer", "task"])

    @cached_property
    def attempts(self) -> pd.DataFrame:
        """Attempts of sampled customers (``tables.attempts``), by customer and time."""
        return self.frame(tables.attempts(self.sampled), by=["run", "customer", "task", "attempt"])

    @cached_property
    def exposures(self) -> pd.DataFrame:
        """What was shown to sampled customers (``tables.exposures``)."""
        return self.frame(tables.exposures(self.sampled), by=_BY_EVENT)

    @cached_property
    def answers(self) -> pd.DataFrame:
        """Answers to surveys of all customers, or of a sample of them (``tables.answers``)."""
        return self.frame(tables.answers(self.draws.answers.of(self.taken)), by=_BY_EVENT)

    @cached_property
    def meetings(self) -> ir.Table:
        """Which customers met which technique (``tables.meetings``); nobody where ``may_show`` says no."""
        rows = self.events if self.may_show("seen", "technique") else self.taken.limit(0)
        return self.engine.keep(tables.meetings(rows))

    def may_show(self, kind: str, word: str) -> bool:
        """Whether ``shown`` may name a word in rows of a kind; in a long log, whether it does in
        those of sampled customers.

        Reading what every row shows takes longer than all that is worked out from the few that name it.
        """
        if not self.count(kind):
            return False
        if not self.draws.is_long:
            return True
        shown = self.exposures.shown[self.exposures.kind == kind]
        return bool(shown.str.contains(f'"{word}"', regex=False).any())

    def count(self, kind: str, **where: str) -> int:
        """How many events of a kind there are, of a task, role… where named."""
        return int(self.total("events", kind, **where))

    def total(self, column: str, kind: str, **where: Any) -> int:
        """The sum of a column of ``days`` over events of a kind, of a task, role… where named."""
        counted = self.days.kind == kind
        for name, value in where.items():
            counted &= self.days[name] == value
        return int(self.days[column].to_numpy()[counted.to_numpy(bool)].sum())
