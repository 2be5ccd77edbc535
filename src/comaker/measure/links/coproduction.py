"""Link 5, coproduction (F4.5): customers specify, make and deliver, and what that costs and saves the firm.

Staff time becomes money by the rates that the model declares ([staff.*] cost_per_hour), coordination by its
declared costs ([cost.*] of the cause coordination, of the task): these are assumptions, not measurements.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import ibis
import numpy as np
import pandas as pd

from comaker.events import Kind
from comaker.measure.accounts import declared_times, hourly_rate_minor
from comaker.measure.estimators import serial
from comaker.measure.estimators.intervals import Interval, Moments, ratio_of
from comaker.measure.figures import About, Figure
from comaker.measure.links.part import Part
from comaker.measure.log import Log
from comaker.measure.ratios import moments
from comaker.words import CostCause

TASKS = 6
"""Tasks whose costs are told: those done most often."""

_HOUR_S, _WEEK_DAYS, _FEWEST = 3600, 7, 8

_LABOUR = About(
    "customer_labour_share",
    "Customers' part of all the time that the acts of a stage take, the firm's own steps included.",
    "share",
    "customers",
    "F4.5, F14",
)
_COST = About(
    "cost_per_act",
    "What one act done costs the firm: all staff time at the task (acts refused or helped along included) at "
    "the declared rate, recorded costs of the task, its declared interface and coordination.",
    "minor units",
    "acts done",
    "F4.5, F12, F20",
)
_TIME_SAVED = About(
    "staff_time_saved_per_act",
    "Staff time that one act done by a customer replaces, less the staff time that it takes.",
    "s",
    "customers",
    "F4.5, F12",
)
_COST_SAVED = About(
    "cost_saved_per_act",
    "Staff time saved by one act done, less the staff time that it takes, at the declared rate, less the "
    "declared coordination.",
    "minor units",
    "customers",
    "F4.5, F20",
)
_ALL = (_LABOUR, _COST, _TIME_SAVED, _COST_SAVED)

_NOTHING_DONE = "no act was done: rows of kind done with customer and task are needed"
_NO_RATE = "the model declares no cost of staff: [staff.*] cost_per_hour, with the task among its tasks"
_NO_COST = "no act says what staff time it took (staff_seconds), and no row of kind cost has the task"
_NO_SAVED = "no act says what staff time it saved: record the column saved_seconds"


class _Place(NamedTuple):
    """Acts of a task, of one performer or ("") of all."""

    task: str
    performer: str

    @property
    def label(self) -> str:
        return f"{self.task} / {self.performer}" if self.performer else self.task


def measured(log: Log) -> Part:
    """Who does how much of the work, what an act costs, and what it saves."""
    done = log.days[(log.days.kind == Kind.DONE) & (log.days.task != "")]
    if done.empty:
        return Part([about.missing(_NOTHING_DONE) for about in _ALL], {}, [])
    places = _places(done)
    weekly = _weekly(log)
    figures = [*_labour(log, done), *(_cost(log, weekly, place) for place in places), *_saved(log, done)]
    return Part(figures, {"costs by task": _table(log, weekly, places)}, _remarks(log, done))


def _places(done: pd.DataFrame) -> list[_Place]:
    most = done.groupby("task").events.sum().sort_values(ascending=False, kind="stable").index[:TASKS]
    places = []
    for task in sorted(most):
        performers = sorted(set(done[done.task == task].performer) - {""})
        places += [_Place(task, ""), *(_Place(task, each) for each in performers if len(performers) > 1)]
    return places


# --- Who does the work


def _labour(log: Log, done: pd.DataFrame) -> Iterator[Figure]:
    stages = sorted(set(done.stage) - {""})
    if not stages:
        yield _LABOUR.missing("no act done has a stage: record the column stage")
    known = {stage: done[done.stage == stage] for stage in stages}
    told = {stage for stage, rows in known.items() if rows.timed.any() and rows.staffed.any()}
    sums = _by_stage(log, told, set(done.task))
    for stage, rows in known.items():
        if stage in told and stage in sums:
            own = sums[stage]
            firm_s = max(float(rows.seconds.sum() + rows.staff_seconds.sum()) - own.y, 0.0)
            yield _LABOUR.estimate(*ratio_of(_with_firm(own, firm_s)), n=own.customers, of=stage)
            continue
        needs = [] if rows.timed.any() else ["how long they took the customer (column seconds)"]
        needs += [] if rows.staffed.any() else ["how long they took the staff (column staff_seconds)"]
        yield _LABOUR.missing(f"acts done do not say {' nor '.join(needs) or 'whose they were'}", of=stage)


def _by_stage(log: Log, stages: set[str], tasks: set[str]) -> dict[str, Moments]:
    """Sums over customers of their time (x) and of all time (y) on acts done, by the tasks' stage."""
    named = {
        stage: [name for name, task in log.model.task.items() if task.stage == stage and name in tasks]
        for stage in sorted(stages)
    }
    return {stage: sums for stage, names in named.items() if names and (sums := _of_customers(log, names))}


def _of_customers(log: Log, tasks: list[str]) -> Moments | None:
    """The same of the acts at some tasks; None where no customer's took any time."""
    own = log.acts.filter(log.acts.task.isin(tasks))
    customer_s, staff_s = own.seconds, own.staff_seconds
    if len(tasks) > 1:
        own = own.group_by(["run", "customer"]).aggregate(customer_s=customer_s.sum(), staff_s=staff_s.sum())
        customer_s, staff_s = own.customer_s, own.staff_s
    every = own.mutate(all=ibis.literal("all"), customer_s=customer_s, staff_s=staff_s)
    return moments(every, every.customer_s, every.customer_s + every.staff_s, by="all").get("all")


def _with_firm(sums: Moments, firm_s: float) -> Moments:
    """The same with staff time that belongs to no customer, as an even part of everybody's."""
    each = firm_s / sums.customers
    return sums._replace(
        y=sums.y + firm_s,
        yy=sums.yy + 2 * each * sums.y + each * firm_s,
        xy=sums.xy + each * sums.x,
    )


# --- What an act costs


def _weekly(log: Log) -> pd.DataFrame:
    """Days with ``bin``: whole weeks of the log (the rest is cut off), or its days where it is short."""
    # Staff time goes into acts that were refused, abandoned or helped along, too.
    days = log.days[log.days.kind.isin([Kind.DONE, Kind.COST]) | (log.days.staffed > 0)]
    first, last = int(log.days.day.min()), int(log.days.day.max())
    wide = _WEEK_DAYS if last - first + 1 >= _FEWEST * _WEEK_DAYS else 1
    binned = days.assign(bin=(days.day - first) // wide)
    return binned[binned.bin < max((last - first + 1) // wide, 1)]


def _cost(log: Log, weekly: pd.DataFrame, place: _Place) -> Figure:
    rows = _at(weekly, place)
    done = rows[rows.kind == Kind.DONE]
    acts = int(done.events.sum())
    rate_minor = hourly_rate_minor(log, place.task)
    recorded_minor = int(rows[rows.kind == Kind.COST].money_minor.sum())
    coordination_minor = _coordination(log, place.task)
    if not acts:
        return _COST.missing(_NOTHING_DONE, of=place.label)
    if rows.staffed.any() and rate_minor is None:
        return _COST.missing(_NO_RATE, n=acts, of=place.label)
    if not rows.staffed.any() and not recorded_minor:
        known = (
            f"; declared coordination alone is {coordination_minor:,.0f} an act" if coordination_minor else ""
        )
        needs = f"{_NO_COST}{known}"
        return _COST.missing(needs, n=acts, of=place.label)
    found = serial.ratio(*_series(log, rows, place))
    if not np.isfinite(found).all():
        needs = f"the log is too short for an interval: {_FEWEST} weeks or days are needed"
        return _COST.missing(needs, n=acts, of=place.label)
    return _COST.estimate(*(each + coordination_minor for each in found), n=acts, of=place.label)


def _at(weekly: pd.DataFrame, place: _Place) -> pd.DataFrame:
    own = weekly[weekly.task == place.task]
    return own[own.performer == place.performer] if place.performer else own


def _series(log: Log, rows: pd.DataFrame, place: _Place) -> tuple[pd.Series[float], pd.Series[int]]:
    """Cost (minor units, without coordination) and acts done, by bin; all runs together."""
    is_done, is_cost = rows.kind == Kind.DONE, rows.kind == Kind.COST
    rate_minor = hourly_rate_minor(log, place.task) or 0.0
    minute_minor, act_minor = _interface(log, place)
    cost_minor = (
        rows.staff_seconds.where(~is_cost, 0) * (rate_minor / _HOUR_S)
        + rows.money_minor.where(is_cost, 0)
        + rows.seconds.where(is_done, 0) * (minute_minor / 60)
        + rows.events.where(is_done, 0) * act_minor
    )
    binned = pd.DataFrame({"cost": cost_minor, "acts": rows.events.where(is_done, 0)}).groupby(rows.bin).sum()
    every = range(int(rows.bin.min()), int(rows.bin.max()) + 1)
    binned = binned.reindex(every, fill_value=0)
    return binned.cost.astype(float), binned.acts.astype(int)


def _interface(log: Log, place: _Place) -> tuple[int, int]:
    """What a minute and an act cost by the declared interface; 0 where the log does not tell which it was."""
    declared = log.model.task[place.task].interface.values()
    own = [each for each in declared if not place.performer or each.performer == place.performer]
    return (own[0].cost_per_minute_minor, own[0].cost_per_encounter_minor) if len(own) == 1 else (0, 0)


def _coordination(log: Log, task: str) -> float:
    """Declared coordination of a task an act done, in minor units: the same for every act."""
    acts = log.count(Kind.DONE, task=task)
    own = [each for each in log.model.cost.values() if each.task == task]
    costs = [each for each in own if each.cause == CostCause.COORDINATION]
    return sum(each.amount_minor * declared_times(log, each) for each in costs) / acts if acts else 0.0


def _table(log: Log, weekly: pd.DataFrame, places: list[_Place]) -> pd.DataFrame:
    """What the costs consist of: hours, money and acts of each place."""
    rows = []
    for place in places:
        own = _at(weekly, place)
        done = own[own.kind == Kind.DONE]
        rows.append(
            {
                "task": place.task,
                "performer": place.performer,
                "acts": int(done.events.sum()),
                "customer_hours": float(done.seconds.sum()) / _HOUR_S,
                "staff_hours": float(own[own.kind != Kind.COST].staff_seconds.sum()) / _HOUR_S,
                "saved_hours": float(done.saved_seconds.sum()) / _HOUR_S,
                "recorded_cost_minor": int(own[own.kind == Kind.COST].money_minor.sum()),
                "declared_coordination_minor": round(_coordination(log, place.task) * int(done.events.sum())),
            }
        )
    return pd.DataFrame(rows)


# --- What an act saves


def _saved(log: Log, done: pd.DataFrame) -> Iterator[Figure]:
    saving = done.groupby("task").saved_seconds.sum()
    tasks = sorted(saving[saving > 0].index)
    if not tasks:
        yield _TIME_SAVED.missing(_NO_SAVED)
        yield _COST_SAVED.missing(_NO_SAVED)
        return
    acts = log.acts.filter(log.acts.task != "")
    sums = moments(acts, acts.saved_seconds - acts.staff_seconds, acts.done, by="task")
    for task in tasks:
        if task not in sums:
            yield from (about.missing(_NOTHING_DONE, of=task) for about in (_TIME_SAVED, _COST_SAVED))
            continue
        customers, found = sums[task].customers, ratio_of(sums[task])
        yield _TIME_SAVED.estimate(*found, n=customers, of=task)
        rate_minor = hourly_rate_minor(log, task)
        if rate_minor is None:
            yield _COST_SAVED.missing(_NO_RATE, n=customers, of=task)
        else:
            paid = _paid(found, rate_minor, _coordination(log, task))
            yield _COST_SAVED.estimate(*paid, n=customers, of=task)


def _paid(saved_s: Interval, rate_minor: float, coordination_minor: float) -> Interval:
    return Interval(*(each * rate_minor / _HOUR_S - coordination_minor for each in saved_s))


def _remarks(log: Log, done: pd.DataFrame) -> list[str]:
    remarks = []
    if done.staffed.any() and (rate_minor := hourly_rate_minor(log)) is not None:
        remarks.append(
            f"Staff time is turned into money at declared rates ({rate_minor:,.0f} minor units an hour "
            "over all staff): an assumption of the model file."
        )
    elsewhere = [
        name
        for name, cost in log.model.cost.items()
        if cost.cause == CostCause.COORDINATION and cost.task is None
    ]
    if elsewhere:
        remarks.append(
            f"Coordination that the model declares for no single task ({', '.join(elsewhere)}) is in no "
            "cost an act."
        )
    crowded = [
        name for name, task in log.model.task.items() if len(task.interface) > 1 and (done.task == name).any()
    ]
    if crowded:
        remarks.append(
            f"{', '.join(crowded)} can be done through several interfaces; the log tells them apart by "
            "performer only, so interfaces that share one add no declared cost."
        )
    return remarks
