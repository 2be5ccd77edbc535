"""Who of those that joined still comes k months later (F20)."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from comaker.measure.estimators.intervals import proportion
from comaker.measure.figures import About, Figure
from comaker.measure.log import Log
from comaker.measure.tables import DAY_US

MONTH_DAYS = 30
"""Months of membership are of 30 days from the day of joining, so that all are equally long."""

MONTHS = (1, 3, 6, 12)

_RETENTION = About(
    "customers active so many months later",
    "share of customers who did something in that month of 30 days, counted from the day they joined (or "
    "first did anything, where joining is not recorded), among those whom the record follows to that "
    "month's end",
    "share",
    "customers",
    "F20; Wilson 1927",
)


def cohorts(log: Log) -> tuple[list[Figure], dict[str, pd.DataFrame]]:
    """Retention at months 1, 3, 6 and 12 of membership, and the table by calendar month of joining.

    A customer is active in a month if she did a task (rows of kind done) in it. Table ``retention``:
    ``cohort`` ("2008-03"), ``period`` (month of membership, from 0), ``customers`` whom the record follows
    that long, ``active``, ``kept_share`` with ``low``, ``high``.
    """
    joined, active = _joined(log), _active(log)
    until = log.cleaned.until_us // DAY_US
    table = pd.DataFrame(_rows(joined, active, until), columns=_COLUMNS)
    figures = []
    for month in MONTHS:
        of = f"month {month}"
        rows = table[table.period == month]
        followed, came = int(rows.customers.sum()), int(rows.active.sum())
        if not followed:
            figures.append(
                _RETENTION.missing(
                    f"no customer is followed for {(month + 1) * MONTH_DAYS} days: the record is too short",
                    of=of,
                )
            )
            continue
        figures.append(_RETENTION.estimate(*proportion(came, followed), n=followed, of=of))
    return figures, {"retention": table}


_COLUMNS = ("cohort", "period", "customers", "active", "kept_share", "low", "high")


def _joined(log: Log) -> pd.DataFrame:
    """How many customers joined on each day (days since 1970)."""
    customers = log.customers
    start = customers.select(
        start=(customers.joined_us.fill_null(customers.first_us) // DAY_US).cast("int32")
    )
    return log.frame(start.group_by("start").aggregate(customers=start.count())).sort_values("start")


def _active(log: Log) -> pd.DataFrame:
    """How many of those who joined on a day were active in each of their months."""
    customers, days = log.customers, log.customer_days
    start = customers.select(
        "run", "customer", start=(customers.joined_us.fill_null(customers.first_us) // DAY_US).cast("int32")
    )
    met = days.join(start, ["run", "customer"])
    aged = met.select("run", "customer", "start", month=((met.day - met.start) // MONTH_DAYS).cast("int32"))
    once = aged.filter(aged.month >= 0).distinct()
    return log.frame(once.group_by(["start", "month"]).aggregate(active=once.count()))


def _rows(joined: pd.DataFrame, active: pd.DataFrame, until: int) -> Iterator[tuple[object, ...]]:
    if joined.empty:
        return
    months = range(int((until - joined.start.min() + 1) // MONTH_DAYS))
    cohort = pd.to_datetime(joined.start, unit="D").dt.strftime("%Y-%m")
    for name, those in joined.groupby(cohort):
        for month in months:
            followed = those[those.start + (month + 1) * MONTH_DAYS <= until + 1]
            if followed.empty:
                break
            came = active[(active.month == month) & active.start.isin(followed.start)].active.sum()
            customers = int(followed.customers.sum())
            yield (name, month, customers, int(came), *proportion(int(came), customers))
