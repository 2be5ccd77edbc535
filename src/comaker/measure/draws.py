"""Which rows of a long log are looked at one by one: those of customers and projects drawn by their number.

All draws are taken out of the events in one pass (``Log.taken``), because reading them takes longer than what
is done with the few that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
import pandas as pd

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.tasks import tasks_of
from comaker.model import Model
from comaker.words import TaskKind

SAMPLE_ROWS = 300_000
"""About how many rows a sample of customers or projects has: enough for intervals, little for time."""

FEWEST_DRAWN = 200
"""Of so many projects at least all are looked at, however long the log: fewer say too little."""

REPLAYED_ROWS = 60_000
"""About how many rows are replayed: of a longer log some projects are drawn, each with all its requests."""

COLUMNS = (
    *("event_id", "at_us", "run", "kind", "customer", "role", "task", "stage", "performer", "subject"),
    *("refusal", "quantity", "money_minor", "seconds", "affect", "conduct", "encounter", "staff_seconds"),
    *("arm", "shown"),
)
"""What is looked at of single rows."""

DECIDED = [str(kind) for kind in (Kind.DONE, Kind.REFUSED, Kind.WITHDRAWN, Kind.CONFIRMED, Kind.LAPSED)]
"""What becomes of requests."""

_CLOSED = [str(kind) for kind in (Kind.OPENED, Kind.FUNDED, Kind.EXPIRED)]
_GIVEN = [str(kind) for kind in (Kind.PAID, Kind.WITHDRAWN, Kind.LAPSED)]
_FATES = [
    *(str(kind) for kind in (Kind.OPENED, Kind.FUNDED, Kind.RELEASED, Kind.INCOME, Kind.COST)),
    *_GIVEN,
]


class Draw(NamedTuple):
    """Rows that meet a condition, of customers or projects (``column``) of which ``parts`` in
    ``tables.ONE_IN`` are drawn."""

    column: str
    parts: int
    condition: Callable[[ir.Table], Any]

    def of(self, events: ir.Table) -> ir.Table:
        """These rows of an event table."""
        return events.filter(self.holds(events))

    def holds(self, events: ir.Table) -> Any:
        """Whether a row is one of these; null for one of no customer or project."""
        number = events[self.column]
        # Numbers are compared first: that rules most rows out, and takes less time than words.
        drawn = number.notnull() if self.parts >= tables.ONE_IN else tables.is_drawn(number, self.parts)
        return drawn & self.condition(events)


class Draws:
    """The draws of a log of so many ``rows``; ``days`` (``tables.days``) tells how many of each kind."""

    def __init__(self, model: Model, days: pd.DataFrame, rows: int) -> None:
        self.model = model
        self.days = days
        self.rows = rows

    @property
    def is_long(self) -> bool:
        """Whether what is told of single customers is that of drawn ones."""
        return self.rows > SAMPLE_ROWS

    def every(self) -> Iterator[Draw]:
        """All draws."""
        yield from (self.customers, self.answers, self.notes)
        yield from (self.requests(task) for task in tasks_of(self.model, TaskKind.STAKE))

    @cached_property
    def customers(self) -> Draw:
        """All rows of drawn customers."""
        return Draw("customer", _parts(self.rows, SAMPLE_ROWS), lambda rows: ibis.literal(True))

    @cached_property
    def answers(self) -> Draw:
        """Answers to surveys, of more customers, since few rows are answers."""
        parts = _parts(self._count([Kind.SURVEYED]), SAMPLE_ROWS)
        return Draw("customer", parts, lambda rows: rows.kind == Kind.SURVEYED.value)

    @cached_property
    def notes(self) -> Draw:
        """Rows of drawn projects that tell of their fates and money, of stakes, purchases and votes."""
        bargains = tasks_of(self.model, TaskKind.STAKE, TaskKind.PURCHASE)
        votes = tasks_of(self.model, TaskKind.BALLOT, TaskKind.RATING, TaskKind.REVIEW)

        def told(rows: ir.Table) -> Any:
            acts = (rows.kind == Kind.DONE.value) & rows.task.isin([*bargains, *votes])
            rates = (rows.kind == Kind.RATED.value) & rows.task.isin(votes)
            return rows.kind.isin(_FATES) | (acts | rates).fill_null(False)

        found = self._count(_GIVEN) + self._count([Kind.DONE], bargains)
        # Without rows of kind opened nobody knows how many projects there are: all are taken then.
        enough = FEWEST_DRAWN / max(self._count([Kind.OPENED]), 1)
        parts = int(tables.ONE_IN * max(SAMPLE_ROWS / max(found, 1), enough))
        return Draw("subject", min(parts, tables.ONE_IN), told)

    def requests(self, task: str) -> Draw:
        """Requests at a stake task, and what became of the projects."""

        def asked(rows: ir.Table) -> Any:
            at_task = (rows.task == task).fill_null(True)
            return (rows.kind.isin(DECIDED) & at_task) | rows.kind.isin(_CLOSED)

        return Draw("subject", _parts(self.requested(task), REPLAYED_ROWS), asked)

    def requested(self, task: str) -> int:
        """How many rows tell of requests at a task and of what became of projects, drawn or not."""
        return self._count(DECIDED, [task, ""]) + self._count(_CLOSED)

    def _count(self, kinds: Sequence[str], tasks: Sequence[str] | None = None) -> int:
        rows = self.days[self.days.kind.isin(kinds)]
        return int(rows.events[rows.task.isin(tasks)].sum() if tasks is not None else rows.events.sum())


def _parts(rows: int, wanted: int) -> int:
    """Parts in ``tables.ONE_IN`` that leave about ``wanted`` of so many rows."""
    return tables.ONE_IN if rows <= wanted else max(tables.ONE_IN * wanted // rows, 1)
