"""The behavioural funnel: how many customers get how far with each task (F15)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from comaker.events import Kind
from comaker.measure.estimators.intervals import proportion
from comaker.measure.figures import About, Figure
from comaker.measure.log import Log
from comaker.measure.tables import DAY_US, STEP_BITS
from comaker.words import Determinant, Performer


class Step(NamedTuple):
    """A step: its column, the name of its count, the share it is of the step before, whom it counts, and the
    determinant that its share stands for."""

    column: str
    name: str
    share: str
    whom: str
    determinant: Determinant | None


STEPS = (
    Step("reached", "customers_reached", "", "who joined, or saw or did anything", None),
    Step("saw", "customers_who_saw_it", "saw_it_of_those_reached", "who saw the task", Determinant.AWARENESS),
    Step(
        "began",
        "customers_who_started",
        "started_of_those_who_saw_it",
        "who started it, or asked for it and were refused",
        Determinant.WILLINGNESS,
    ),
    Step(
        "let",
        "customers_not_refused",
        "not_refused_of_those_who_started",
        "who started it and were not refused every time",
        Determinant.CLARITY,
    ),
    Step("did", "customers_who_did_it", "did_it_of_those_not_refused", "who did it", Determinant.ABILITY),
    Step(
        "returned",
        "customers_who_came_back",
        "came_back_of_those_who_did_it",
        "who did it on another day too, before the log ends",
        Determinant.WILLINGNESS,
    ),
)
"""The funnel, in order. A customer who got to a step counts at all before it, recorded there or not."""

_KINDS = (Kind.SEEN, Kind.STARTED, Kind.REFUSED, Kind.ABANDONED)


def funnel(log: Log) -> tuple[list[Figure], pd.DataFrame, list[str]]:
    """Figures of each step, overall and of each task the log tells of, the counts as a table, and remarks."""
    at_tasks = log.reached.filter(log.reached.task != "")
    counted = at_tasks.group_by(["task", "place", "steps"]).aggregate(customers=at_tasks.count())
    by_task = log.frame(counted)
    best = log.customers.group_by("place").aggregate(customers=log.customers.count())
    returned = _returned(log)
    whole = _at_steps(log.frame(best), returned[""]) | _told(by_task) | {"joined": log.count("joined")}
    figures, table = [], []
    tasks = sorted(set(by_task.task))
    for task in ["", *tasks]:
        own = by_task[by_task.task == task]
        row = _at_steps(own, returned.get(task, 0)) | _told(own) if task else whole
        row["reached"] = whole["reached"]
        figures += [_count(step, row, task) for step in STEPS[bool(task) :]]
        figures += _shares(row, whole, task)
        table += [
            (task or "any", step.column, str(step.determinant or ""), row[step.column]) for step in STEPS
        ]
    of_customers = {name for name, each in log.model.task.items() if each.performer is not Performer.FIRM}
    untold = sorted(of_customers - set(tasks))
    remarks = [f"The log tells of no customer at the tasks {', '.join(untold)}."] if untold else []
    return figures, pd.DataFrame(table, columns=["task", "step", "determinant", "customers"]), remarks


def _at_steps(found: pd.DataFrame, returned: int) -> dict[str, int]:
    """Customers at each step, from how many came to which ``place``."""
    counts = {
        step.column: int(found.customers[found.place >= place].sum()) for place, step in enumerate(STEPS[:-1])
    }
    return counts | {STEPS[-1].column: returned}


def _told(found: pd.DataFrame) -> dict[str, int]:
    """Whether any row of each kind tells of a customer (0 or 1)."""
    steps = int(np.bitwise_or.reduce(found.steps.to_numpy(np.int64)))
    return {kind.value: int(bool(steps & STEP_BITS[kind])) for kind in _KINDS}


def _returned(log: Log) -> dict[str, int]:
    """How many customers did a task on several days, by task; under "" those who did any."""
    acts = log.acts
    at_tasks = acts.filter(acts.task != "")
    by_task = at_tasks.group_by("task").aggregate(returned=_on_several_days(at_tasks))
    each = acts.group_by(["run", "customer"]).aggregate(
        first_us=acts.first_us.min(), last_us=acts.last_us.max(), task=acts.task.max()
    )
    # The greatest name is "" for customers who did no task.
    whole = each.filter(each.task != "").aggregate(returned=_on_several_days(each).fill_null(0))
    found = log.frame(by_task)
    return dict(zip(found.task, found.returned.astype(int), strict=True)) | {
        "": int(whole.to_pyarrow()["returned"][0].as_py())
    }


def _on_several_days(rows: Any) -> Any:
    return (rows.last_us // DAY_US > rows.first_us // DAY_US).cast("int64").sum()


def _count(step: Step, row: dict[str, int], task: str) -> Figure:
    estimand = f"Customers {step.whom}, each counted once a run."
    about = About(step.name, estimand, "customers", "customers reached", "F15")
    # Nobody at a step is a finding only where the log tells of steps at all.
    if not row["reached"]:
        return about.missing("no row names a customer: the column customer is needed", of=task)
    if step.column != "reached" and not row["saw"]:
        return about.missing("no row of a task names a customer: kinds seen, started, done …", of=task)
    return about.record(row[step.column], n=row["reached"], of=task)


def _shares(row: dict[str, int], whole: dict[str, int], task: str) -> list[Figure]:
    figures = []
    for before, step in pairwise(STEPS):
        estimand = (
            f"Of customers {before.whom}, the share {step.whom}; it stands for {step.determinant} "
            "as what customers do shows it."
        )
        about = About(step.share, estimand, "share", "customers", "F15; interval: Wilson 1927")
        needs = _needs(step.column, row, whole)
        if needs or not row[before.column]:
            figures.append(about.missing(needs or "nobody came to the step before", of=task))
        else:
            found = proportion(row[step.column], row[before.column])
            figures.append(about.estimate(*found, n=row[before.column], of=task))
    return figures


def _needs(column: str, row: dict[str, int], whole: dict[str, int]) -> str:
    """Which rows the log lacks to tell who stopped before a step; "" where it has them."""
    if column == "saw" and not (row["seen"] and (whole["joined"] or row["saw"] < row["reached"])):
        return (
            "who was reached and did not see it is not recorded: rows of kind joined, and seen with the task"
        )
    if column == "began" and not row["seen"]:
        return "who saw it and did not start is not recorded: rows of kind seen with the task"
    if column == "let" and not whole["refused"]:
        return "no refusal is recorded, of nobody or by nobody: rows of kind refused"
    if column == "did" and not row["started"] + row["abandoned"]:
        return "who started and did not finish is not recorded: rows of kind started or abandoned"
    return ""
