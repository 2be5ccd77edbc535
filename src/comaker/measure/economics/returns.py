"""When customers came and what they spent, brought down to distinct histories inside the engine, and fitted.

An occasion is a day on which a customer bought or staked; where the record has neither, a day on which she
did any task. Time runs in weeks from a customer's first occasion to the end of the record.
"""

from __future__ import annotations

from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import pandas as pd

from comaker.measure.estimators import bgnbd, gamma_gamma
from comaker.measure.estimators.likelihood import Fit, joined
from comaker.measure.log import SAMPLE_ROWS, Log
from comaker.measure.tables import DAY_US, ONE_IN, drawn
from comaker.model.integration import participation_tasks
from comaker.words import Performer, TaskKind

FEWEST_REPEATERS = 20
"""Customers who came back at least once, below which no distribution over customers is fitted."""

TOOK_PART, ONLY_BOUGHT = "took part", "only bought"

_SOLD = (TaskKind.PURCHASE, TaskKind.STAKE)


def occasions(log: Log) -> ir.Table:
    """Days on which customers bought or staked, with ``money_minor``: one row a run, customer and day.

    Money is that of rows of kind done, and of rows of kind income that name a customer.
    """
    sold = [
        name for name, task in log.model.task.items() if task.kind in _SOLD and log.count("done", task=name)
    ]
    days = log.customer_days
    if sold:
        days = days.filter(days.task.isin(sold))
    spent = days.select("run", "customer", "day", "money_minor")
    if log.count("income"):
        rows = log.events.filter(log.events.kind == "income", log.events.customer.notnull())
        day = (rows.at_us // DAY_US).cast("int32")
        money = rows.money_minor.fill_null(0).cast("int64")
        spent = ibis.union(spent, rows.select("run", "customer", day=day, money_minor=money))
    elif len(sold) == 1:
        # Days of a single task are one row each already.
        return spent
    by_day = spent.group_by(["run", "customer", "day"])
    return by_day.aggregate(money_minor=spent.money_minor.sum().cast("int64"))


def by_customer(log: Log, own: ir.Table) -> ir.Table:
    """One row a run and customer of ``occasions``: ``repeats`` (x), ``last`` (t_x) and ``length`` (T) in
    days, ``spent_minor`` on repeats, ``part`` (``TOOK_PART`` or ``ONLY_BOUGHT``), ``arm`` ("" for none)."""
    each = own.group_by(["run", "customer"]).aggregate(
        first=own.day.min(),
        final=own.day.max(),
        repeats=(own.count() - 1).cast("int64"),
        spent_minor=(own.money_minor.sum() - own.money_minor.argmin(own.day)).cast("int64"),
    )
    until = int(log.cleaned.until_us // DAY_US)
    each = each.mutate(last=each.final - each.first, length=until - each.first).drop("first", "final")
    tasks = log.customer_tasks
    beyond = tasks.filter(tasks.task.isin(_participation(log)), tasks.done > 0)
    met = _with(each, beyond.select("run", "customer").distinct().mutate(part=ibis.literal(TOOK_PART)))
    met = met.mutate(part=met.part.fill_null(ONLY_BOUGHT))
    known = log.customers
    if known.arm.count().to_pyarrow().as_py():
        met = _with(met, known.select("run", "customer", "arm"))
        met = met.mutate(arm=met.arm.fill_null(""))
    else:
        met = met.mutate(arm=ibis.literal(""))
    return log.engine.keep(met)


def _with(customers: ir.Table, more: ir.Table) -> ir.Table:
    """Customers with a further column, null for those of whom it says nothing."""
    met = customers.left_join(more, ["run", "customer"])
    return met.select(*customers.columns, *(name for name in more.columns if name not in ("run", "customer")))


def _participation(log: Log) -> list[str]:
    """Tasks by which customers take part beyond buying; [""] where there is none."""
    declared = log.model.task
    by_customers = [name for name, task in declared.items() if task.performer is not Performer.FIRM]
    named = participation_tasks(log.model) or by_customers
    return [name for name in named if declared[name].kind is not TaskKind.PURCHASE] or [""]


class Group(NamedTuple):
    """Some customers: how many, how many came back, how many of these paid (of a sample where there are
    many), their histories in weeks and minor units, and the fits: None where there are too few."""

    customers: int
    repeaters: int
    payers: int
    known: bgnbd.Histories | None
    returning: Fit | None
    spending: Fit | None

    @property
    def both(self) -> Fit | None:
        """Both fits as one: r, alpha, a, b, p, q, v."""
        if self.returning is None or self.spending is None:
            return None
        return joined(self.returning, self.spending)


def counted(log: Log, found: ir.Table, *keys: str) -> pd.DataFrame:
    """The distinct histories of ``by_customer``, apart by ``keys`` such as part: ``customers`` and what they
    spent (``spent_minor``) a row."""
    names = [*keys, "repeats", "last", "length"]
    grouped = found.group_by(names).aggregate(
        customers=found.count(), spent_minor=found.spent_minor.sum().cast("int64")
    )
    return log.frame(grouped).sort_values(names)


def fitted(log: Log, found: ir.Table, rows: pd.DataFrame | None = None) -> Group:
    """Fit those customers of ``by_customer`` that are given, and the same as ``rows`` of ``counted``, if
    known."""
    if rows is None:
        rows = counted(log, found)
    customers, repeaters = int(rows.customers.sum()), int(rows.customers[rows.repeats > 0].sum())
    if repeaters < FEWEST_REPEATERS:
        return Group(customers, repeaters, 0, None, None, None)
    known = bgnbd.histories(rows.repeats, rows["last"] / 7, rows.length / 7, rows.customers, rows.spent_minor)
    payers, spending = _spending(log, found, repeaters)
    return Group(customers, repeaters, payers, known, bgnbd.fit(known), spending)


def _spending(log: Log, found: ir.Table, repeaters: int) -> tuple[int, Fit | None]:
    """How many customers' spending was fitted, of all or of a sample, and the fit."""
    paid = found.filter(found.repeats > 0, found.spent_minor > 0)
    most = SAMPLE_ROWS // 10
    if repeaters > most:
        paid = drawn(paid, "customer", max(ONE_IN * most // repeaters, 1))
    by_amount = paid.group_by(["repeats", "spent_minor"]).aggregate(customers=paid.count())
    amounts = log.frame(by_amount).sort_values(["repeats", "spent_minor"])
    payers = int(amounts.customers.sum())
    if payers < FEWEST_REPEATERS:
        return payers, None
    return payers, gamma_gamma.fit(amounts.repeats, amounts.spent_minor, amounts.customers)
