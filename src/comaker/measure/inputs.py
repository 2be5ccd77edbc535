"""What both parties put in: the customers' seven inputs (F13), their time beside the staff's (F18)."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import pandas as pd

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.estimators.intervals import Moments, ratio_of
from comaker.measure.figures import About, Figure, Section
from comaker.measure.log import Log
from comaker.measure.ratios import moments
from comaker.words import Input

MEASURED_BY = {
    Input.MENTAL: ("items", "items"),
    Input.PHYSICAL: ("effort", "handlings"),
    Input.FINANCIAL: ("money_minor", "minor units"),
    Input.TEMPORAL: ("seconds", "s"),
}
"""Inputs that add up: their column of the event table and its unit (F13)."""

_TOTALS = {
    each: About(
        f"{each.value}_input",
        f"all that customers put in on acts that were done: {each.meaning}",
        unit,
        "acts done",
        "F13",
    )
    for each, (_, unit) in MEASURED_BY.items()
}
_MEANS = {
    Input.EMOTIONAL: (
        About("emotional_input", "mean feeling while taking part", "-3 to 3", "customers", "F13"),
        ("affect", "affects"),
        "no act says how it felt: ask after the act and record the column affect",
    ),
    Input.BEHAVIORAL: (
        About("behavioral_input", "mean conduct, as the other party judged it", "1 to 5", "customers", "F13"),
        ("conduct", "conducts"),
        "nobody judged a customer's conduct: let staff rate it and record the column conduct",
    ),
    Input.RELATIONAL: (
        About(
            "relational_input",
            "share of acts done by customers who had met the firm before",
            "share",
            "customers",
            "F13",
        ),
        ("returns", "encounters"),
        "no act has the number of the encounter: record the column encounter",
    ),
}
_PER_ACT = About(
    "customer_time_per_act", "mean time that an act done takes the customer", "s", "customers", "F13, F18"
)
_LABOUR = About(
    "customer_labour_share",
    "customers' part of all the time that acts done take, theirs and the staff's together",
    "share",
    "customers",
    "F14",
)
_CUSTOMER_HOURS = About(
    "customer_hours", "hours that customers spent, whether or not the act was done", "hours", "events", "F18"
)
_STAFF_HOURS = About("staff_hours", "hours that staff spent on customers' acts", "hours", "events", "F18")
_STAFF_SAVED = About(
    "staff_hours_saved",
    "hours of staff that customers' acts replaced, as recorded with each act",
    "hours",
    "events",
    "F12",
)
_NO_SECONDS = "no act says how long it took the customer: record the column seconds"
_NO_STAFF = "no act says how long it took the staff: record the column staff_seconds"


def section(log: Log) -> Section:
    """The inputs by role, task, stage and performer, and who does how much of the work."""
    done = log.days[log.days.kind == Kind.DONE]
    by_place = _sums(done, ["role", "task", "stage", "performer"])
    return Section(
        key="inputs",
        title="What customers and staff put in",
        question="Which of the seven inputs do customers bring, where, and how much do staff add?",
        figures=[*_totals(done), *_means(log), *_commitment(log), *_by_task(log)],
        tables={"inputs": by_place, "commitment": _sums(log.days[log.days.task != ""], ["task", "kind"])},
        remarks=_undeclared(log, done),
    )


def _totals(done: pd.DataFrame) -> Iterator[Figure]:
    for each, (column, _) in MEASURED_BY.items():
        total = int(done[column].sum())
        if total:
            yield _TOTALS[each].record(total, n=int(done.events.sum()))
        else:
            yield _TOTALS[each].missing(f"no act done has a value in the column {column}")


def _means(log: Log) -> Iterator[Figure]:
    manners = tables.customer_manners(log.sampled)
    everybody = log.engine.keep(manners.mutate(place=ibis.literal("everywhere")))
    for about, (above, below), needs in _MEANS.values():
        found = moments(everybody, everybody[above], everybody[below], by="place")
        yield _ratio(about, found.get("everywhere"), needs)


def _ratio(about: About, sums: Moments | None, needs: str, of: str = "") -> Figure:
    if sums is None:
        return about.missing(needs, of=of)
    return about.estimate(*ratio_of(sums), n=sums.customers, of=of)


def _commitment(log: Log) -> Iterator[Figure]:
    days, events = log.days, int(log.days.events.sum())
    for about, column, needs in (
        (_CUSTOMER_HOURS, "seconds", _NO_SECONDS),
        (_STAFF_HOURS, "staff_seconds", _NO_STAFF),
        (_STAFF_SAVED, "saved_seconds", "no act says what staff time it saved: record saved_seconds"),
    ):
        total_s = int(days[column].sum())
        yield about.record(total_s / 3600, n=events) if total_s else about.missing(needs)


def _by_task(log: Log) -> Iterator[Figure]:
    acts = log.acts.filter(log.acts.task != "")
    time = moments(acts, acts.seconds, acts.timed, by="task")
    work_s = acts.seconds + acts.staff_seconds
    labour = moments(acts, acts.seconds, work_s, by="task") if log.days.staffed.any() else {}
    done = log.days[(log.days.kind == Kind.DONE) & (log.days.task != "")]
    for task in sorted(done.task.unique()):
        yield _ratio(_PER_ACT, time.get(task), _NO_SECONDS, task)
        yield _ratio(_LABOUR, labour.get(task), f"{_NO_SECONDS}, and staff_seconds beside it", task)


def _sums(days: pd.DataFrame, places: list[str]) -> pd.DataFrame:
    """Events and the inputs of both parties at each place; seconds and money as whole numbers."""
    columns = [
        *("events", "quantity", "money_minor", "seconds", "items", "effort"),
        *("staff_seconds", "saved_seconds"),
    ]
    return days.groupby(places, as_index=False)[columns].sum()


def _undeclared(log: Log, done: pd.DataFrame) -> list[str]:
    """Where the model and the log disagree about what tasks ask for, an input at a time."""
    recorded_at = {str(name): rows for name, rows in done.groupby("task") if name in log.model.task}
    remarks = []
    for each, (column, _) in MEASURED_BY.items():
        put = {name for name, rows in recorded_at.items() if rows[column].sum()}
        asked = {name for name in recorded_at if each in log.model.task[name].asks}
        if put - asked:
            tasks = ", ".join(sorted(put - asked))
            remarks.append(f"Customers put {each.value} input into {tasks}; the model does not ask for it.")
        if asked - put:
            tasks = ", ".join(sorted(asked - put))
            remarks.append(f"The model asks for {each.value} input at {tasks}; the log has none ({column}).")
    return remarks
