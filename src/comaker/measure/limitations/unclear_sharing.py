"""Limitation 5, unclear sharing: can payouts be traced, how are they divided, who leaves over it (F21.5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from comaker.events import Kind
from comaker.measure.estimators.gini import gini
from comaker.measure.estimators.intervals import Interval, ratio
from comaker.measure.figures import About, Figure
from comaker.measure.limitations.finding import Finding, Sign
from comaker.measure.limitations.leavers import leaving
from comaker.measure.limitations.patterns import WHO
from comaker.measure.limitations.projects import PROJECT, Projects
from comaker.measure.limitations.traces import traces
from comaker.words import Limitation

LEAVING_LIMITS, UNTRACED_LIMITS = (1.0, 1.25), (0.0, 0.5)
"""Nobody leaves over it, or a step less fair makes leaving a quarter more likely; no payout may be untraced.
Ours: no source states them."""

UNTRACED = About(
    "payouts_not_traced",
    "Projects with payouts that their recorded income and the declared sharing do not come to, within one "
    "minor unit a holder",
    "projects",
    "projects with payouts",
    "F21.5, E2; exact, by the rules of sharing",
)
PER_STAKE = About(
    "payout_for_what_was_staked",
    "What holders of projects that paid were paid so far, for each unit of money they staked on them",
    "",
    "customers",
    "F21.5, E6; ratio estimator, Cochran 1977 section 6.4",
)
PER_HOUR = About(
    "payout_for_an_hour",
    "What customers of projects that paid were paid so far, for each hour that they recorded at tasks",
    "minor units an hour",
    "customers",
    "F21.5, F13; ratio estimator, Cochran 1977 section 6.4",
)
GINI_PAID = About(
    "gini_of_payouts",
    "How unequally payouts are divided among holders of projects that paid: 0 all the same, 1 one has all",
    "",
    "customers",
    "F21.5; Davidson 2009",
)
GINI_STAKED = GINI_PAID._replace(
    name="gini_of_stakes",
    estimand="How unequally what is staked on projects that paid is divided among their holders",
)


def unclear_sharing(projects: Projects) -> Finding:
    """Whether payouts follow from what was earned, whom they reach, and whether customers leave over them.

    Where there are many events, payouts are traced for projects drawn by number; the rest is of customers
    drawn by number.
    """
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
    log = projects.log
    needs = "rows of kind paid to customers, with the project (subject) that they are paid for, are needed"
    nothing = [about.missing(needs) for about in (PER_STAKE, PER_HOUR, GINI_PAID, GINI_STAKED)]
    if not log.count(Kind.PAID.value) or projects.paying.empty:
        return nothing
    held = projects.own
    held = held[(held.shares > 0) | (held.paid_minor > 0)].merge(projects.paying, on=PROJECT)
    if held.empty:
        return nothing
    found = held.groupby(WHO)[["paid_minor", "stake_minor"]].sum()
    seconds = log.sampled_tasks.groupby(WHO).tried_seconds.sum()
    hours = seconds.reindex(found.index, fill_value=0).astype("float64") / 3600
    paid, staked = found.paid_minor.astype("float64"), found.stake_minor.astype("float64")
    few = "at least thirty customers who were not all given the same are needed"
    return [
        _estimate(PER_STAKE, ratio(paid, staked), len(found), "stakes of those who were paid are needed"),
        _estimate(PER_HOUR, ratio(paid, hours), len(found), "seconds of those who were paid are needed"),
        _estimate(GINI_PAID, gini(paid), len(found), few),
        _estimate(GINI_STAKED, gini(np.maximum(staked, 0)), len(found), few),
    ]


def _estimate(about: About, found: Interval | Sequence[float], n: int, needs: str) -> Figure:
    return about.estimate(*found, n=n) if np.isfinite(found).all() else about.missing(needs, n=n)
