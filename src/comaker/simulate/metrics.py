"""What a run comes to, in the figures that a decision about terms turns on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from comaker.rules.stake import FUNDED, OPEN
from comaker.simulate.projects import EARLY, FIRST_WEEKS, LATE

MONEY, A_PROJECT = "money", "money a project"
"""Units of metrics in the model's currency; results name the currency instead."""


class Run(NamedTuple):
    """One run: its projects (``PROJECT`` records), those of them that were funded, columns by week, accounts
    by entry.

    Money is in minor units; ``per_major`` minor units make one of the currency.
    """

    opened: np.recarray
    projects: np.recarray
    weekly: Mapping[str, npt.NDArray[Any]]
    accounts: Mapping[tuple[str, str, str], int]
    per_major: int
    settle_weeks: int


class Metric(NamedTuple):
    """A figure of a run: name, unit, meaning in a phrase, and how it is computed (NaN: not identified)."""

    name: str
    unit: str
    meaning: str
    of: Callable[[Run], float]


def gini(amounts: npt.NDArray[np.int64]) -> float:
    """Gini coefficient of amounts that are not negative: 0 all equal, near 1 one has all; NaN if none."""
    ordered = np.sort(amounts)
    count, total = len(ordered), ordered.sum()
    if total <= 0:
        return float("nan")
    ranks = np.arange(1, count + 1)
    return float((2 * ranks - count - 1) @ ordered / (count * total))


# scipy.stats knows the next two, but takes over a second to import: a third of what a comparison takes.


def restricted_mean(times: npt.NDArray[np.float64], observed: npt.NDArray[np.bool_], until: float) -> float:
    """Mean of times cut at ``until`` where those not ``observed`` are known to be longer: the area under the
    Kaplan-Meier curve (Kaplan & Meier 1958)."""
    ends = np.unique(times[observed])
    at_risk = (times[:, None] >= ends).sum(axis=0)
    ended = (times[observed][:, None] == ends).sum(axis=0)
    heights = np.concatenate([[1.0], np.cumprod(1.0 - ended / at_risk)])
    return float(np.diff(np.concatenate([[0.0], ends, [until]])) @ heights)


def ranks(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Ranks from 1, equal values sharing their mean rank (as Spearman's correlation needs them)."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((counts.cumsum() - (counts - 1) / 2.0)[inverse], np.float64)


def _average(values: npt.NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _median(values: npt.NDArray[Any]) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _released(run: Run) -> np.recarray:
    released: np.recarray = run.projects[run.projects.released_week >= 0]
    return released


def _weeks(run: Run) -> int:
    return len(run.weekly["aware"])


def _weeks_to_fund(run: Run) -> float:
    """Area under the Kaplan-Meier curve of all projects up to the end of the run: those not yet funded count
    for as long as they were open, or slow terms would look quick because only quick projects are seen."""
    opened = run.opened
    funded = opened.status == FUNDED
    if not funded.any():
        return float("nan")
    ended = np.select([funded, opened.status == OPEN], [opened.passed_goal, _weeks(run)], opened.expired_week)
    lasted = np.maximum(ended - opened.opened_week, 0.0)
    return restricted_mean(lasted, funded, float(_weeks(run)))


def _speed_near_goal(run: Run) -> float:
    early, late, goal = run.projects.passed_early, run.projects.passed_late, run.projects.passed_goal
    timed = (late > early) & (early > 0) & (goal > late)
    near, before = (1.0 - LATE) / (goal - late)[timed], (LATE - EARLY) / (late - early)[timed]
    return _median(near / before)


def _sold(run: Run) -> np.recarray:
    """Releases that were sold for the first weeks, by which those of different age compare."""
    released = _released(run)
    sold: np.recarray = released[released.released_week + FIRST_WEEKS < _weeks(run)]
    return sold


def _vote_sales_gap(run: Run) -> float:
    """Producers' votes are stakes relative to those of other projects open at the time; sales are those of
    the first weeks, so that releases of different age compare (E6)."""
    sold = _sold(run)
    if len(sold) < 5 or len(np.unique(sold.first_copies)) < 2:
        return float("nan")
    popularity = sold.votes / np.maximum(sold.fair_votes, 1e-9)
    return 1.0 - float(np.corrcoef(ranks(popularity), ranks(sold.first_copies))[0, 1])


def _margin(run: Run) -> float:
    booked = sum(amount if side == "revenue" else -amount for (_, side, _), amount in run.accounts.items())
    return float(booked - run.projects.owed_minor.sum()) / run.per_major


def _cash_lowest(run: Run) -> float:
    return float(run.weekly["cash_minor"].min()) / run.per_major


def _largest_stake(run: Run) -> float:
    return _median(run.projects.largest_minor) / run.per_major


def _money_staked(run: Run) -> float:
    return float(run.projects.collected_minor.sum()) / run.per_major


def _copies_per_project(run: Run) -> float:
    return _average(_sold(run).first_copies)


def _total(column: str) -> Callable[[Run], float]:
    return lambda run: float(run.weekly[column].sum())


def _last(column: str) -> Callable[[Run], float]:
    return lambda run: float(run.weekly[column][-1])


def _promotion_cost(run: Run) -> float:
    return _average(_released(run).promotion_minor) / run.per_major


def _promotion_saved(run: Run) -> float:
    return _average(_released(run).saved_minor) / run.per_major


def _return_multiple(run: Run) -> float:
    released = _released(run)
    settled = released[released.released_week + run.settle_weeks < _weeks(run)]
    return _average(settled.first_paid_minor / settled.collected_minor)


def _refused_share(run: Run) -> float:
    requests = run.weekly["requests"].sum()
    return float(run.weekly["refused"].sum() / requests) if requests else float("nan")


def _mean(column: str) -> Callable[[Run], float]:
    return lambda run: _average(run.projects[column])


def _speculators_share(run: Run) -> float:
    collected = run.projects.collected_shares.sum()
    return float(run.projects.speculated_shares.sum() / collected) if collected else float("nan")


METRICS = (
    Metric("projects_funded", "projects", "that reached their goal", lambda run: float(len(run.projects))),
    Metric("producers_per_project", "customers", "holders of a funded project, mean", _mean("producers")),
    Metric("weeks_to_fund", "weeks", "open without the goal, mean up to the end of the run", _weeks_to_fund),
    Metric("promotion_cost", A_PROJECT, "what the firm pays to promote a release, mean", _promotion_cost),
    Metric("promotion_saved", A_PROJECT, "promotion that customers replaced, mean", _promotion_saved),
    Metric("largest_stake", A_PROJECT, "largest holder of a funded project, median", _largest_stake),
    Metric("gini", "0 to 1", "concentration of stakes within a funded project, mean", _mean("gini")),
    Metric("speculators_share", "share", "of the money in funded projects", _speculators_share),
    Metric("money_staked", MONEY, "collected by funded projects, in all", _money_staked),
    Metric("margin", MONEY, "revenues less costs over the whole time, what is owed included", _margin),
    Metric("cash_lowest", MONEY, "lowest cash at the end of a week", _cash_lowest),
    Metric(
        "copies_per_project", "copies", "sold of a release in its first 8 weeks, mean", _copies_per_project
    ),
    Metric(
        "return_multiple",
        "times the stake",
        "paid to producers at the first settlement, mean",
        _return_multiple,
    ),
    Metric("vote_sales_gap", "0 to 2", "1 less the rank correlation of votes and sales", _vote_sales_gap),
    Metric("speed_near_goal", "times", "speed of the last fifth over that before", _speed_near_goal),
    Metric("aware_customers", "customers", "who know of the firm at the end", _last("aware")),
    Metric("participants", "customers", "who staked for the first time", _total("participants")),
    Metric("promoters", "customers", "who promote a project at the end", _last("promoters")),
    Metric("refused_share", "share", "of the requests, refused by a rule", _refused_share),
    Metric("satisfaction", "0 to 1", "of those who took part, at the end", _last("satisfaction")),
    Metric("fairness", "0 to 1", "of the sharing as participants see it, at the end", _last("fairness")),
)
"""The figures of a run, the most asked for first."""


def interval(values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Median and the bounds between which the middle 95 % of runs lie; NaN where no run identifies it."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan"), float("nan")
    low, median, high = np.percentile(known, [2.5, 50, 97.5])
    return float(median), float(low), float(high)


def paired(now: npt.NDArray[np.float64], changed: npt.NDArray[np.float64]) -> tuple[float, float, float, int]:
    """Mean difference over runs that share their luck, its 95 % interval (Student's t), and how many runs
    identify it. The interval is NaN with fewer than two."""
    differences = (changed - now)[np.isfinite(changed - now)]
    count = len(differences)
    if not count:
        return float("nan"), float("nan"), float("nan"), 0
    mean = float(differences.mean())
    if count < 2:
        return mean, float("nan"), float("nan"), count
    half = float(special.stdtrit(count - 1, 0.975) * differences.std(ddof=1) / np.sqrt(count))
    return mean, mean - half, mean + half, count
