"""Limitation 5, unclear sharing: can payouts be traced, how are they divided, who leaves over it (F21.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from comaker.measure.estimators.gini import gini
from comaker.measure.estimators.intervals import Interval, ratio
from comaker.measure.figures import About, Figure
from comaker.measure.limitations.finding import Finding, Sign
from comaker.measure.limitations.leavers import leaving
from comaker.measure.limitations.patterns import WHO
from comaker.measure.limitations.projects import Projects
from comaker.measure.limitations.traces import traces
from comaker.words import Limitation

LEAVING_LIMITS, UNTRACED_LIMITS = (1.0, 1.25), (0.0, 0.5)
"""Nobody leaves over it, or a step less fair makes leaving a quarter more likely; no payout may be untraced.
Ours: no source states them."""

MOST_ROWS = 200_000
"""Figures that need the amounts of each customer take so many of them at most, evenly."""

UNTRACED = About(
    "payouts not traced",
    "Projects with payouts that their recorded income and the declared sharing do not come to, within one "
    "minor unit a holder",
    "projects",
    "projects with payouts",
    "F21.5, E2; exact, by the rules of sharing",
)
PER_STAKE = About(
    "payout for what was staked",
    "What holders of projects that paid were paid so far, for each unit of money they staked on them",
    "",
    "customers",
    "F21.5, E6; ratio estimator, Cochran 1977 section 6.4",
)
PER_HOUR = About(
    "payout for an hour",
    "What customers of projects that paid were paid so far, for each hour that they recorded at tasks",
    "minor units an hour",
    "customers",
    "F21.5, F13; ratio estimator, Cochran 1977 section 6.4",
)
GINI_PAID = About(
    "gini of payouts",
    "How unequally payouts are divided among holders of projects that paid: 0 all the same, 1 one has all",
    "",
    "customers",
    "F21.5; Davidson 2009",
)
GINI_STAKED = GINI_PAID._replace(
    name="gini of stakes",
    estimand="How unequally what is staked on projects that paid is divided among their holders",
)


def unclear_sharing(projects: Projects) -> Finding:
    """Whether payouts follow from what was earned, whom they reach, and whether customers leave over them."""
    traced, table = _traced(projects)
    left = leaving(projects)
    divided = _divided(projects)
    signs = [Sign(traced, *UNTRACED_LIMITS)]
    signs += [Sign(figure, *LEAVING_LIMITS) for figure in left]
    return Finding(
        limitation=Limitation.UNCLEAR_SHARING,
        figures=[traced, *divided, *left],
        signs=signs,
        tables={"payouts": table},
    )


def _traced(projects: Projects) -> tuple[Figure, pd.DataFrame]:
    table = traces(projects)
    if table.empty:
        needs = (
            "rows of kind paid to customers with a project (subject), and in the model a [sharing] of net "
            "income or revenue that divides by shares (by_shares)"
        )
        return UNTRACED.missing(needs), table
    return UNTRACED.record(int((~table.is_traced).sum()), n=len(table)), table


def _divided(projects: Projects) -> list[Figure]:
    """How payouts and stakes of projects that paid are divided among their holders."""
    log, held = projects.log, projects.holdings
    paid_projects = held.filter(held.paid_minor > 0).select("run", "subject").distinct()
    rows = held.filter((held.shares > 0) | (held.paid_minor > 0)).semi_join(paid_projects, ["run", "subject"])
    per_customer = rows.group_by(WHO).aggregate(
        paid_minor=rows.paid_minor.sum(), stake_minor=rows.stake_minor.sum()
    )
    customers = int(log.frame(per_customer.aggregate(n=per_customer.count())).n.iloc[0])
    needs = "rows of kind paid to customers, with the project (subject) that they are paid for, are needed"
    if not customers:
        return [about.missing(needs) for about in (PER_STAKE, PER_HOUR, GINI_PAID, GINI_STAKED)]
    if customers > MOST_ROWS:
        step = -(-customers // MOST_ROWS)
        per_customer = per_customer.filter(per_customer.customer % step == 0)
    found = log.frame(_with_seconds(projects, per_customer)).sort_values(WHO)
    found = found.assign(seconds=found.seconds.fillna(0))
    paid, staked = found.paid_minor.astype("float64"), found.stake_minor.astype("float64")
    hours = found.seconds.astype("float64") / 3600
    few = "at least thirty customers who were not all given the same are needed"
    return [
        _estimate(PER_STAKE, ratio(paid, staked), len(found), "stakes of those who were paid are needed"),
        _estimate(PER_HOUR, ratio(paid, hours), len(found), "seconds of those who were paid are needed"),
        _estimate(GINI_PAID, gini(paid), len(found), few),
        _estimate(GINI_STAKED, gini(np.maximum(staked, 0)), len(found), few),
    ]


def _with_seconds(projects: Projects, per_customer: ir.Table) -> ir.Table:
    rows: Any = projects.log.customer_tasks
    seconds = rows.group_by(WHO).aggregate(seconds=rows.tried_seconds.sum())
    return per_customer.left_join(seconds, WHO).drop("run_right", "customer_right")


def _estimate(about: About, found: Interval | Sequence[float], n: int, needs: str) -> Figure:
    return about.estimate(*found, n=n) if np.isfinite(found).all() else about.missing(needs, n=n)
