"""Ability as it is and as customers believe it is (F15): first-try success, and how far belief is off."""

from __future__ import annotations

import numpy as np
import pandas as pd

from comaker.measure import tables
from comaker.measure.determinants.scales import LEAST_CUSTOMERS, Answers
from comaker.measure.estimators.intervals import mean, proportion, ratio
from comaker.measure.figures import About, Figure
from comaker.measure.log import Log

PERCEIVED = "ability.perceived"

_FIRST_TRY = About(
    "first_try_success",
    "Share of customers' first tries at a task that were done, neither refused nor given up.",
    "share",
    "customers who tried",
    "F15; interval: customers as units (Cochran 1977), Wilson's for one task",
)
_GAP = About(
    "calibration_gap",
    "Ability from 0 to 1 as customers rated it when first asked, less the share of their first tries done.",
    "of 0 to 1",
    "customers who were asked and tried",
    "F15; Student's interval over customers",
)
_NO_FAILURE = (
    "no failed try is recorded, of nobody or by nobody: rows of kind refused or abandoned beside those done"
)


def ability(log: Log, answers: Answers) -> tuple[list[Figure], pd.DataFrame]:
    """First-try success overall and by task, the calibration gap, and both sides of the gap as a table."""
    failed = log.days.kind.isin(["refused", "abandoned"]) & (log.days.task != "")
    failures = sorted(log.days.task[failed].unique())
    figures = [_FIRST_TRY.missing(_NO_FAILURE)] if not failures else _first_tries(log, failures)
    asked = answers.rows[answers.rows.scale == PERCEIVED]
    columns = ["customers", "perceived_0_to_1", "first_try_success_share"]
    nothing = pd.DataFrame(columns=columns)
    if asked.empty:
        needs = f"nobody was asked: rows of kind surveyed whose shown names the scale {PERCEIVED}"
        return [*figures, _GAP.missing(needs)], nothing
    if not failures:
        return [*figures, _GAP.missing(_NO_FAILURE)], nothing
    both = _both(log, asked, failures)
    if len(both) < LEAST_CUSTOMERS:
        needs = f"only {len(both)} customers were asked and tried a task; {LEAST_CUSTOMERS} are needed"
        return [*figures, _GAP.missing(needs, n=len(both))], nothing
    gap = _GAP.estimate(*mean(both.perceived - both.actual), n=len(both))
    row = (len(both), both.perceived.mean(), both.actual.mean())
    return [*figures, gap], pd.DataFrame([row], columns=columns)


def _first_tries(log: Log, tasks: list[str]) -> list[Figure]:
    """Of tasks at which failures are recorded: elsewhere every try seems to succeed."""
    first = log.attempts[(log.attempts.attempt == 1) & log.attempts.task.isin(tasks)]
    first = first.assign(success=(first.kind == "done").astype(int))
    each = first.groupby(["run", "customer"]).success.agg(["sum", "size"])
    figures = [_FIRST_TRY.estimate(*ratio(each["sum"], each["size"]), n=len(each))]
    for task, tries in first.groupby("task", observed=True):
        found = proportion(int(tries.success.sum()), len(tries))
        figures.append(_FIRST_TRY.estimate(*found, n=len(tries), of=str(task)))
    return figures


def _both(log: Log, asked: pd.DataFrame, tasks: list[str]) -> pd.DataFrame:
    """Perceived (when first asked) and actual ability of customers of whom both are known."""
    when = asked.groupby(["run", "customer"]).at_us.transform("min") // tables.DAY_US
    soonest = asked[asked.at_us // tables.DAY_US == when]
    perceived = soonest.groupby(["run", "customer"]).score.mean()
    events = log.events
    surveyed = events.filter(events.kind == "surveyed", events.customer.notnull())
    theirs = events.semi_join(surveyed.select("run", "customer").distinct(), ["run", "customer"])
    tried = tables.attempts(theirs)
    tried = tried.filter(tried.attempt == 1, tried.task.isin(tasks))
    actual = log.frame(
        tried.group_by(["run", "customer"]).aggregate(actual=(tried.kind == "done").cast("float64").mean())
    )
    joined = perceived.rename("perceived").reset_index().astype({"run": np.int64, "customer": np.int64})
    return joined.merge(actual, on=["run", "customer"])
