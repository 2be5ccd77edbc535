"""Limitation 1, inappropriate participation: the customer's job is bypassed, repeated or given up (F21.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from comaker.measure.estimators.clustered import Occasions, gap_of_means, share
from comaker.measure.figures import About, Figure
from comaker.measure.limitations.finding import Finding, Sign
from comaker.measure.limitations.patterns import WHO, patterns, total
from comaker.measure.log import Log
from comaker.measure.moves import flag
from comaker.measure.tasks import tasks_of
from comaker.model import Model
from comaker.words import Limitation, Performer, TaskKind

BYPASS_LIMITS, AGAIN_LIMITS, ABANDONED_LIMITS, AT_ONCE_LIMITS = (
    (0.01, 0.05),
    (0.05, 0.2),
    (0.1, 0.3),
    (0.02, 0.1),
)
"""Shares up to which nothing is wrong, and from which the firm should act: ours, no source states them."""

ONCE = (TaskKind.MAKING, TaskKind.SELF_SERVICE, TaskKind.PROPOSAL, TaskKind.TESTING)
"""Kinds of task that a case needs once: doing one again is rework, staking or voting again is not."""

_SOURCE = "F21.1; conformance to the declared job; Wilson 1927 at the effective number, Korn & Graubard 1998"
BYPASS = About(
    "bypassed_share",
    "Share of customers who did a task without having done what the model declares to come before it",
    "share",
    "customers",
    _SOURCE,
)
AGAIN = About(
    "rework_share",
    "Share of cases (a customer and a subject) in which a task was refused or given up and then tried "
    "again, or done again though a case needs it once",
    "share",
    "cases",
    _SOURCE,
)
ABANDONED = About(
    "abandoned_share",
    "Share of attempts at a task (done, refused or abandoned) that customers abandoned",
    "share",
    "attempts",
    _SOURCE,
)
EXTRA = About(
    "staff_time_of_a_case_tried_again",
    "Staff seconds of a case that was tried again, less those of other cases of the task",
    "s",
    "cases",
    "F21.1, F12; difference of means, clustered by customer",
)
COST = About(
    "staff_cost_of_a_case_tried_again",
    "The same at the rate that the model declares for the staff of the task",
    "minor units",
    "cases",
    "F21.1, F12",
)
FELL_BACK = About(
    "passed_on_share",
    "Share of self-service cases that staff took over after the customer's own attempt",
    "share",
    "cases",
    _SOURCE,
)
AT_ONCE = About(
    "staff_at_once_share",
    "Share of self-service cases that came to staff without an attempt of the customer's own",
    "share",
    "cases",
    _SOURCE,
)


def inappropriate(log: Log) -> Finding:
    """Conformance of what customers did with the job that the model declares.

    A case is a customer and a subject: rows without a subject belong to none. Who did the work of a
    self-service case is read from ``performer``: customer, or joint and firm for staff. All of it is known of
    customers drawn by number where there are many events.
    """
    bypass = list(_bypass(log))
    abandoned = list(_abandoned(log))
    again, cost = _again(log)
    served = _self_service(log)
    at_once = [
        figure for figure in served if figure.name == AT_ONCE.name and not _may_bypass(log.model, figure.of)
    ]
    signs = [
        *(Sign(figure, *BYPASS_LIMITS) for figure in bypass),
        *(Sign(figure, *AGAIN_LIMITS) for figure in again),
        *(Sign(figure, *ABANDONED_LIMITS) for figure in abandoned),
        *(Sign(figure, *AT_ONCE_LIMITS) for figure in at_once),
    ]
    figures = [*bypass, *again, *abandoned, *cost, *served]
    return Finding(limitation=Limitation.INAPPROPRIATE, figures=figures, signs=signs)


def _may_bypass(model: Model, task: str) -> bool:
    terms = getattr(model.task.get(task), "terms", None)
    return bool(getattr(terms, "bypass", True))


def _bypass(log: Log) -> Iterator[Figure]:
    """For each task and each customers' task declared to come before it: who did it without."""
    ours = tasks_of(log.model)
    declared = [(name, before) for name in ours for before in log.model.task[name].after if before in ours]
    if not declared:
        yield BYPASS.missing("the model declares no order of customers' tasks (after)")
        return
    rows = log.sampled_tasks
    done = rows[rows.first_done_us.notna()].astype({"first_done_us": "float64"})
    firsts = done.pivot(index=WHO, columns="task", values="first_done_us")
    firsts = firsts.reindex(columns=sorted({name for pair in declared for name in pair}))
    for name, before in declared:
        own, of = firsts[firsts[name].notna()], f"{name} / {before}"
        did, skipped = len(own), int((~(own[before] <= own[name])).sum())
        if not did:
            yield BYPASS.missing(f"nobody did {name}", of=of)
        elif not log.count("done", task=before):
            yield BYPASS.missing(
                f"no row of kind done of task {before} is recorded, for anybody", n=did, of=of
            )
        else:
            found = share(Occasions.of([1, 0], [1, 1], [skipped, did - skipped]))
            yield BYPASS.estimate(*found, n=did, of=of)


def _abandoned(log: Log) -> Iterator[Figure]:
    rows = log.sampled_tasks
    rows = rows.assign(tried=rows.done + rows.refused + rows.abandoned)
    rows = rows[rows.task.isin(tasks_of(log.model)) & (rows.tried > 0)]
    if not rows.abandoned.sum():
        yield ABANDONED.missing(
            "no row of kind abandoned is recorded: attempts that were given up are needed"
        )
        return
    for task, part in rows.groupby("task"):
        found = share(Occasions.of(part.abandoned, part.tried))
        yield ABANDONED.estimate(*found, n=int(part.tried.sum()), of=str(task))


def _again(log: Log) -> tuple[list[Figure], list[Figure]]:
    """How many cases were tried again, and what that cost staff; of a sample of customers."""
    cases = _cases(log)
    needs = "attempts (done, refused, abandoned) with a subject, the case they belong to, are needed"
    if cases.empty:
        return [AGAIN.missing(needs)], [EXTRA.missing(needs), COST.missing(needs)]
    again, cost = [], []
    for task, part in cases.groupby("task"):
        by_customer = part.groupby(WHO, sort=False).again.agg(["sum", "size"])
        found = share(Occasions.of(by_customer["sum"], by_customer["size"]))
        again.append(AGAIN.estimate(*found, n=len(part), of=str(task)))
        cost += _extra(log.model, str(task), part)
    return again, cost


def _cases(log: Log) -> pd.DataFrame:
    tried = log.attempts
    tried = tried[tried.subject.notna() & tried.task.isin(tasks_of(log.model))]
    keys = [*WHO, "task", "subject"]
    failed = tried.kind != "done"
    # An attempt is in order of time, so a failure that is not the last of its case was tried again.
    last = ~tried.duplicated(keys, keep="last")
    once = tried.task.isin(tasks_of(log.model, *ONCE))
    marked = tried.assign(again=(failed | once) & ~last, staffed=tried.staff_seconds.notna())
    return marked.groupby(keys, as_index=False, sort=False).agg(
        again=("again", "any"), staffed=("staffed", "any"), staff_seconds=("staff_seconds", "sum")
    )


def _extra(model: Model, task: str, cases: pd.DataFrame) -> list[Figure]:
    known = cases[cases.staffed]
    if known.empty:
        needs = "staff_seconds of its attempts are needed"
        return [EXTRA.missing(needs, of=task), COST.missing(needs, of=task)]
    whose = known.groupby(WHO, sort=False).ngroup()
    found = gap_of_means(known.staff_seconds.astype("float64"), known.again, whose)
    if not np.isfinite(found.value):
        needs = "at least two customers with a case tried again, and two with another, are needed"
        return [about.missing(needs, n=len(known), of=task) for about in (EXTRA, COST)]
    extra = EXTRA.estimate(*found, n=len(known), of=task)
    rate = hourly_rate_minor(model, task)
    if rate is None:
        return [extra, COST.missing("a cost_per_hour of the staff of the task", n=len(known), of=task)]
    cost = COST.estimate(*(end * rate / 3600 for end in found), n=len(known), of=task)
    return [extra, cost]


def hourly_rate_minor(model: Model, task: str) -> float | None:
    """What an hour of the staff of a task costs: of those its interfaces name, of those who have the task,
    or by the minute of an interface where the firm does the work; None where nothing is declared."""
    ways = [way for way in model.task[task].interface.values() if way.performer != Performer.CUSTOMER]
    names = [way.staff for way in ways if way.staff]
    names += [name for name, staff in model.staff.items() if task in staff.tasks]
    rates = [model.staff[name].cost_per_hour_minor for name in names if name in model.staff]
    rates += [way.cost_per_minute_minor * 60 for way in ways]
    return next((float(rate) for rate in rates if rate), None)


def _self_service(log: Log) -> Sequence[Figure]:
    names = tasks_of(log.model, TaskKind.SELF_SERVICE)
    if not names:
        needs = "the model declares no task of self-service"
        return [FELL_BACK.missing(needs), AT_ONCE.missing(needs)]
    events = log.sampled
    kinds = ["started", "done", "refused", "abandoned", "helped"]
    rows = events.filter(
        events.customer.notnull(),
        events.subject.notnull(),
        events.performer.notnull(),
        events.task.isin(names),
        events.kind.isin(kinds),
    )
    cases = rows.group_by([*WHO, "task", "subject"]).aggregate(
        own=(rows.performer == Performer.CUSTOMER.value).any(),
        staff=(rows.performer != Performer.CUSTOMER.value).any(),
    )
    per_customer = cases.group_by([*WHO, "task"]).aggregate(
        fell_back=flag(cases.own & cases.staff).sum(),
        at_once=flag(~cases.own & cases.staff).sum(),
        total=cases.count(),
    )
    found = patterns(log, per_customer, ["task", "fell_back", "at_once", "total"])
    needs = "rows of its attempts with subject (the case) and performer (customer, joint or firm) are needed"
    figures = []
    for about, column in ((FELL_BACK, "fell_back"), (AT_ONCE, "at_once")):
        for task in names:
            part = found[found.task == task]
            if part.empty:
                figures.append(about.missing(needs, of=task))
                continue
            occasions = Occasions.of(part[column], part.total, part.customers)
            cases_n = total(part, "total")
            figures.append(about.estimate(*share(occasions), n=cases_n, of=task))
    return figures
