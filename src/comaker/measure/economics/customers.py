"""What customers did day by day and what they brought, of customers drawn by number where there are many.

Two passes over their events give everything that is estimated of customers here; amounts of all customers are
never mixed with theirs.
"""

from __future__ import annotations

from typing import NamedTuple

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.log import Log
from comaker.model.integration import participation_tasks
from comaker.words import Performer, TaskKind

MOST_CUSTOMERS = 30_000
"""Of more, about so many are drawn."""

WHO = ["run", "customer"]

_SOLD = (TaskKind.PURCHASE, TaskKind.STAKE)


class Customers(NamedTuple):
    """Customers of the record, or those drawn of them.

    ``each``: a row a ``run`` and ``customer``: ``start`` (the day she joined, or first did anything where
    joining is not recorded), ``arm`` ("" for none), ``took_part`` in a task beyond buying.
    ``days``: a row a run, customer and ``day``, in that order: acts ``done``, ``occasions`` (acts of buying
    or staking, and income; where the record has neither, acts done), their ``money_minor``.
    ``until``: the last day of the record. Days are counted since 1 January 1970 UTC.
    """

    each: pd.DataFrame
    days: pd.DataFrame
    until: int


def customers_of(log: Log) -> Customers:
    """The customers of a log: all, or a draw that their numbers alone decide."""
    events = log.sampled
    if log.customer_count > MOST_CUSTOMERS:
        parts = max(tables.ONE_IN * MOST_CUSTOMERS // log.customer_count, 1)
        events = tables.drawn(events, "customer", parts)
    each = log.frame(_each(log, events), by=WHO)
    days = log.frame(_days(log, events), by=[*WHO, "day"])
    return Customers(each, days, int(log.cleaned.until_us // tables.DAY_US))


def _each(log: Log, events: ir.Table) -> ir.Table:
    joined = events.at_us.min(where=events.kind == Kind.JOINED.value)
    beyond = (events.kind == Kind.DONE.value) & events.task.isin(_participation(log))
    return events.group_by(WHO).aggregate(
        start=(joined.fill_null(events.at_us.min()) // tables.DAY_US).cast("int64"),
        arm=events.arm.min().fill_null(""),
        took_part=events.count(where=beyond) > 0,
    )


def _days(log: Log, events: ir.Table) -> ir.Table:
    sold = [
        name for name, task in log.model.task.items() if task.kind in _SOLD and log.count("done", task=name)
    ]
    rows = events.filter(events.kind.isin([Kind.DONE.value, Kind.INCOME.value]))
    done, income = rows.kind == Kind.DONE.value, rows.kind == Kind.INCOME.value
    counts = income | (done & rows.task.isin(sold) if sold else done)
    return rows.group_by([*WHO, tables.day_of(rows).cast("int64").name("day")]).aggregate(
        done=rows.count(where=done),
        occasions=rows.count(where=counts),
        money_minor=rows.money_minor.cast("int64").sum(where=counts).fill_null(0).cast("int64"),
    )


def _participation(log: Log) -> list[str]:
    """Tasks by which customers take part beyond buying; [""] where there is none."""
    declared = log.model.task
    by_customers = [name for name, task in declared.items() if task.performer is not Performer.FIRM]
    named = participation_tasks(log.model) or by_customers
    return [name for name in named if declared[name].kind is not TaskKind.PURCHASE] or [""]


def numbered(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """For rows in the order of run and customer, the place of each row's customer among them, from 0."""
    run, customer = rows.run.to_numpy(), rows.customer.to_numpy()
    is_new = np.ones(len(rows), bool)
    is_new[1:] = (run[1:] != run[:-1]) | (customer[1:] != customer[:-1])
    return np.cumsum(is_new) - 1
