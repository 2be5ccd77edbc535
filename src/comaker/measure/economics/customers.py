"""What customers did day by day and what they brought, of customers drawn by number where there are many.

Two passes over the events of drawn customers give everything that is estimated of customers here. Amounts of
all customers are never mixed with theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import ibis.expr.types as ir
import numpy as np
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
_BACK = (Kind.WITHDRAWN, Kind.LAPSED, Kind.PAID)


class Customers(NamedTuple):
    """Customers of the record, or those drawn of them.

    ``each``: a row a ``run`` and ``customer``: ``start`` (the day she joined, or first did anything where
    joining is not recorded), ``arm`` ("" for none), ``took_part`` in a task beyond buying, ``moved_minor``
    (given back or paid to her), and as integers ``done``, ``money_minor``, ``staff_seconds`` and
    ``saved_seconds`` of acts done by task, such as "done stake".
    ``days``: a row a run, customer and ``day``, in that order: acts ``done``, ``occasions`` (acts of buying
    or staking, and income; where the record has neither, acts done), their ``money_minor``.
    ``until``: the last day of the record. Days are counted since 1 January 1970 UTC.
    """

    each: pd.DataFrame
    days: pd.DataFrame
    until: int


WORTH = ("money_minor", "staff_seconds", "saved_seconds")
"""What is summed over acts done, by customer and task."""


def customers_of(log: Log) -> Customers:
    """The customers of a log: all, or a draw that their numbers alone decide."""
    events = log.sampled
    if log.customer_count > MOST_CUSTOMERS:
        parts = max(tables.ONE_IN * MOST_CUSTOMERS // log.customer_count, 1)
        events = tables.drawn(events, "customer", parts)
    each = log.frame(_each(log, events), by=WHO)
    done = [f"done {task}" for task in _participation(log) if f"done {task}" in each]
    each = each.assign(arm=each.arm.fillna("").astype(str), took_part=(each[done] > 0).any(axis=1))
    days = log.frame(_days(log, events), by=[*WHO, "day"])
    return Customers(each, days, int(log.cleaned.until_us // tables.DAY_US))


def _each(log: Log, events: ir.Table) -> ir.Table:
    done = events.kind == Kind.DONE.value
    known = log.days[log.days.kind == Kind.DONE.value].groupby("task")[["events", *WORTH]].sum()
    sums = {}
    for task in known.index[known.index != ""]:
        own = done & (events.task == task)
        sums[f"done {task}"] = events.count(where=own)
        for name in WORTH:
            if known.loc[task, name]:
                sums[f"{name} {task}"] = _sum(events[name], own)
    joined = events.at_us.min(where=events.kind == Kind.JOINED.value)
    return events.group_by(WHO).aggregate(
        start=(joined.fill_null(events.at_us.min()) // tables.DAY_US).cast("int64"),
        arm=events.arm.min(),
        moved_minor=_sum(events.money_minor, events.kind.isin([kind.value for kind in _BACK])),
        **sums,
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
        money_minor=_sum(rows.money_minor, counts),
    )


def _sum(column: ir.Column, where: ir.BooleanValue) -> ir.IntegerScalar:
    return column.cast("int64").sum(where=where).fill_null(0).cast("int64")


def _participation(log: Log) -> Iterable[str]:
    """Tasks by which customers take part beyond buying."""
    declared = log.model.task
    by_customers = [name for name, task in declared.items() if task.performer is not Performer.FIRM]
    named = participation_tasks(log.model) or by_customers
    return [name for name in named if declared[name].kind is not TaskKind.PURCHASE]


def numbered(rows: pd.DataFrame) -> np.ndarray:
    """For rows in the order of run and customer, the place of each row's customer among them, from 0."""
    run, customer = rows.run.to_numpy(), rows.customer.to_numpy()
    is_new = np.ones(len(rows), bool)
    is_new[1:] = (run[1:] != run[:-1]) | (customer[1:] != customer[:-1])
    return np.cumsum(is_new) - 1
