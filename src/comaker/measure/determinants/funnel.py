"""The behavioural funnel: how many customers get how far with each task (F15)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
import pandas as pd

from comaker.measure.estimators.intervals import proportion
from comaker.measure.figures import About, Figure
from comaker.measure.log import Log
from comaker.measure.tables import DAY_US
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

_ROWS = ("seen", "started", "refused", "abandoned")


def funnel(log: Log) -> tuple[list[Figure], pd.DataFrame, list[str]]:
    """Figures of each step, overall and of each task the log tells of, the counts as a table, and remarks."""
    by_task = log.frame(_counted(log.customer_tasks)).sort_values("task", ignore_index=True)
    tasks = [str(task) for task in by_task.pop("task")]
    (whole,) = _integers(log.frame(_overall(log.customer_tasks)))
    whole |= {name: int(by_task[name].sum()) for name in _ROWS} | {"joined": log.count("joined")}
    figures, table = [], []
    for task, found in zip(["", *tasks], [whole, *_integers(by_task)], strict=True):
        row = found | {"reached": whole["reached"]}
        figures += [_count(step, row, task) for step in STEPS[bool(task) :]]
        figures += _shares(row, whole, task)
        table += [
            (task or "any", step.column, str(step.determinant or ""), row[step.column]) for step in STEPS
        ]
    of_customers = {name for name, each in log.model.task.items() if each.performer is not Performer.FIRM}
    untold = sorted(of_customers - set(tasks))
    remarks = [f"The log tells of no customer at the tasks {', '.join(untold)}."] if untold else []
    return figures, pd.DataFrame(table, columns=["task", "step", "determinant", "customers"]), remarks


def _integers(rows: pd.DataFrame) -> list[dict[str, int]]:
    """The rows of a table of counts; sums of nothing are 0."""
    return [
        {str(name): int(count) for name, count in row.items()} for row in rows.fillna(0).to_dict("records")
    ]


def _place(rows: Any) -> Any:
    """How far somebody got, as the place in ``STEPS`` up to having done it; -1: not even reached."""
    began = rows.started + rows.done + rows.refused + rows.abandoned + rows.withdrawn > 0
    at_task = rows.task != ""
    return ibis.cases(
        (at_task & (rows.done > 0), 4),
        (at_task & began & (rows.refused == 0), 3),
        (at_task & began, 2),
        (at_task & (rows.seen > 0), 1),
        ((rows.joined > 0) | (rows.seen > 0) | began, 0),
        else_=-1,
    )


def _steps(rows: Any) -> dict[str, Any]:
    """Customers at each step, from how far each got and when she first and last did it."""
    counts = {step.column: (rows.place >= place).cast("int64").sum() for place, step in enumerate(STEPS[:-1])}
    returned = rows.last_done_us // DAY_US > rows.first_done_us // DAY_US
    did = rows.place == len(STEPS) - 2
    return counts | {STEPS[-1].column: (did & returned).cast("int64").sum()}


def _counted(per_task: ir.Table) -> ir.Table:
    """Customers at each step, and rows that tell of one, by task."""
    rows = per_task.filter(per_task.task != "")
    rows = rows.mutate(place=_place(rows))
    return rows.group_by("task").aggregate(**_steps(rows), **{name: rows[name].sum() for name in _ROWS})


def _overall(per_task: ir.Table) -> ir.Table:
    """Customers at each step of any task, each as far as she got at best, in one row."""
    placed = per_task.mutate(place=_place(per_task))
    rows = placed.group_by(["run", "customer"]).aggregate(
        place=placed.place.max(),
        first_done_us=placed.first_done_us.min(),
        last_done_us=placed.last_done_us.max(),
    )
    return rows.aggregate(**_steps(rows))


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
