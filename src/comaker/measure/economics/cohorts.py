"""Who of those that joined still comes k months later (F20)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from comaker.measure.economics.customers import WHO, Customers, numbered
from comaker.measure.estimators.intervals import Interval, proportion
from comaker.measure.figures import About, Figure

MONTH_DAYS = 30
"""Months of membership are of 30 days from the day of joining, so that all are equally long."""

MONTHS = (1, 3, 6, 12)

LONGEST = 24
"""Months that the table follows a cohort for."""

_RETENTION = About(
    "retention",
    "share of customers who did something in that month of 30 days, counted from the day they joined (or "
    "first did anything, where joining is not recorded), among those whom the record follows to that "
    "month's end (of customers drawn by number where there are many)",
    "share",
    "customers",
    "F20; Wilson 1927",
)


def cohorts(known: Customers) -> tuple[list[Figure], dict[str, pd.DataFrame]]:
    """Retention at months 1, 3, 6 and 12 of membership, and the table by calendar month of joining.

    A customer is active in a month if she did a task (rows of kind done) in it. Table ``retention``:
    ``cohort`` ("2008-03"), ``period`` (month of membership, 0 to 24), ``customers`` whom the record follows
    that long, ``active``, ``kept_share`` with ``low``, ``high``.
    """
    table = retention(_joined(known), _active(known), known.until)
    figures = []
    for month in MONTHS:
        kept, n = kept_share(table, month)
        of, days = f"month {month}", (month + 1) * MONTH_DAYS
        missing = f"no customer is followed for {days} days: the record is too short"
        figures.append(_RETENTION.estimate(*kept, n=n, of=of) if n else _RETENTION.missing(missing, of=of))
    return figures, {"retention": table}


def kept_share(table: pd.DataFrame, month: int) -> tuple[Interval, int]:
    """The share of all cohorts active in a month of membership, and how many customers are followed so
    long."""
    rows = table[table.period == month]
    followed = int(rows.customers.sum())
    return proportion(int(rows.active.sum()), followed), followed


_COLUMNS = ("cohort", "period", "customers", "active", "kept_share", "low", "high")


def _joined(known: Customers) -> pd.DataFrame:
    """How many customers joined on each day (days since 1970)."""
    start, customers = np.unique(known.each.start.to_numpy(np.int64), return_counts=True)
    return pd.DataFrame({"start": start, "customers": customers})


def _active(known: Customers) -> pd.DataFrame:
    """How many of those who joined on a day were active in each of their months."""
    days = known.days[known.days.done > 0].merge(known.each[[*WHO, "start"]], on=WHO)
    month = (days.day - days.start) // MONTH_DAYS
    rows = np.column_stack([numbered(days), days.start, month])[month.to_numpy() >= 0]
    once = pd.DataFrame(rows, columns=["who", "start", "month"]).drop_duplicates()
    return once.groupby(["start", "month"], as_index=False).agg(active=("who", "size"))


def retention(joined: pd.DataFrame, active: pd.DataFrame, until: int) -> pd.DataFrame:
    """The table of cohorts: who joined by day (``start``, ``customers``), how many of them were ``active`` in
    which ``month`` of membership, and the last day of the record (all in days since 1970)."""
    start = joined.start.to_numpy(np.int64)
    months = np.arange(LONGEST + 1)
    is_followed = start[:, None] + (months + 1) * MONTH_DAYS <= until + 1
    came = np.zeros(is_followed.shape, np.int64)
    shown = active[active.month <= LONGEST]
    place = np.searchsorted(start, shown.start.to_numpy(np.int64))
    came[place, shown.month.to_numpy(np.int64)] = shown.active.to_numpy(np.int64)
    followed = is_followed * joined.customers.to_numpy(np.int64)[:, None]
    names, cohort = np.unique(pd.to_datetime(start, unit="D").strftime("%Y-%m"), return_inverse=True)
    sums = np.zeros((2, len(names), len(months)), np.int64)
    np.add.at(sums[0], cohort, followed)
    np.add.at(sums[1], cohort, came * is_followed)
    rows = [
        (str(names[row]), int(month), int(many), int(some), *proportion(int(some), int(many)))
        for row in range(len(names))
        for month, many, some in zip(months, sums[0, row], sums[1, row], strict=True)
        if many
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)
