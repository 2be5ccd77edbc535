"""The firm's revenues and costs as far as the log and the declared rates tell them (F2, F20)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from comaker.events import Kind
from comaker.measure.log import Log
from comaker.model.schema.parts import Cost
from comaker.words import Component, CostCause, RevenueSource, TaskKind

_HOUR_S = 3600


class Entry(NamedTuple):
    """One cause of revenue or cost: the component it arises in, its side, minor units (None: not identified),
    and what it rests on or needs, in words."""

    component: Component
    side: str
    cause: str
    amount_minor: int | None
    rests_on: str


def accounts(log: Log) -> list[Entry]:
    """Revenues and costs by cause. What is declared for others' money (the customers' stakes) counts once the
    project is funded; rates and weekly costs are those that the model declares."""
    return [*_revenues(log), *_recorded_costs(log), *_declared_costs(log), *_staff(log)]


def frame(entries: list[Entry]) -> pd.DataFrame:
    """The accounts as a table: component, side, cause, amount_minor, identified, rests_on."""
    rows = [{**entry._asdict(), "identified": entry.amount_minor is not None} for entry in entries]
    table = pd.DataFrame(rows, columns=[*Entry._fields, "identified"])
    return table.assign(amount_minor=table.amount_minor.astype("Int64"))


def _revenues(log: Log) -> Iterator[Entry]:
    component = Component.VALUE_PROPOSITION
    if log.count(Kind.INCOME):
        turnover, rests = log.total("money_minor", Kind.INCOME), "rows of kind income"
    else:
        sold = [name for name, task in log.model.task.items() if task.kind == TaskKind.PURCHASE]
        turnover = sum(log.total("money_minor", Kind.DONE, task=name) for name in sold)
        rests = "rows of kind done at purchases"
    known = bool(turnover or log.count(Kind.INCOME))
    needs = "no row of kind income and no purchase: record what comes in"
    yield Entry(
        component,
        "revenue",
        RevenueSource.TURNOVER.value,
        turnover if known else None,
        rests if known else needs,
    )
    if any(task.kind == TaskKind.STAKE for task in log.model.task.values()):
        tells = any(log.count(kind) for kind in (Kind.OPENED, Kind.FUNDED, Kind.EXPIRED))
        funded = log.total("money_minor", Kind.FUNDED) if tells else None
        needs = "no row of kind opened, funded or expired: record what became of the projects"
        rests = "rows of kind funded: stakes become the firm's to spend" if tells else needs
        yield Entry(component, "revenue", RevenueSource.ASSETS.value, funded, rests)


def _recorded_costs(log: Log) -> Iterator[Entry]:
    organization, production = Component.ORGANIZATION, CostCause.PRODUCTION.value
    if log.count(Kind.COST):
        spent = log.total("money_minor", Kind.COST)
        yield Entry(organization, "cost", production, spent, "rows of kind cost")
    else:
        yield Entry(organization, "cost", production, None, "no row of kind cost: record what is spent")
    # A log that tells of the firm's money, and of no payment, says that nobody was paid.
    tells = any(log.count(kind) for kind in (Kind.PAID, Kind.INCOME, Kind.COST))
    paid = log.total("money_minor", Kind.PAID) if tells else None
    needs = "no row of kind paid, income or cost: record what is paid"
    rests = "rows of kind paid: customers' and partners' parts" if tells else needs
    yield Entry(Component.RESOURCES, "cost", CostCause.INCENTIVES.value, paid, rests)


def _declared_costs(log: Log) -> Iterator[Entry]:
    weeks, runs = log.weeks, log.cleaned.runs
    weekly_minor = sum(use.cost_per_week_minor for use in log.model.technique.values() if use.on)
    if log.model.technique:
        rests = f"the techniques' declared cost a week, over {weeks:,.0f} weeks"
        cause = CostCause.SOCIALIZATION.value
        yield Entry(Component.RESOURCES, "cost", cause, round(weekly_minor * weeks) * runs, rests)
    recorded = bool(log.count(Kind.COST))
    for name, cost in log.model.cost.items():
        # A record of costs holds what projects, units and customers cost: it is not added a second time.
        if recorded and cost.each in ("project", "unit", "customer"):
            continue
        times = declared_times(log, cost)
        rests = f"declared: [cost.{name}] for each {cost.each}, {times:,.0f} times"
        yield Entry(cost.component, "cost", cost.cause.value, round(cost.amount_minor * times), rests)


def declared_times(log: Log, cost: Cost) -> float:
    """How often a declared cost arose while the log was kept, all runs together."""
    runs, where = log.cleaned.runs, {"task": cost.task} if cost.task else {}
    match cost.each:
        case "week":
            return log.weeks * runs
        case "project":
            return log.count(Kind.OPENED)
        case "unit":
            return log.total("quantity", Kind.DONE, **where)
        case "customer":
            return log.customer_count
        case "encounter":
            return log.count(Kind.DONE if cost.task else Kind.SEEN, **where)
        case "once":
            return runs


def _staff(log: Log) -> Iterator[Entry]:
    seconds = int(log.days.staff_seconds.sum())
    rate = hourly_rate_minor(log)
    component, cause = Component.ORGANIZATION, CostCause.STAFF.value
    if not seconds:
        yield Entry(component, "cost", cause, None, "no row says what staff time it took: staff_seconds")
    elif rate is None:
        yield Entry(component, "cost", cause, None, "the model declares no [staff.*] cost_per_hour")
    else:
        rests = f"{seconds / _HOUR_S:,.0f} hours of staff at the declared rate"
        yield Entry(component, "cost", cause, round(seconds * rate / _HOUR_S), rests)


def hourly_rate_minor(log: Log, task: str | None = None) -> float | None:
    """What an hour of staff costs, in minor units: the mean of those declared for a task, or of all; None
    where the model declares no rate."""
    staff = [each for each in log.model.staff.values() if each.cost_per_hour_minor]
    own = [each for each in staff if task in each.tasks] or staff
    people = sum(each.number for each in own)
    if not people:
        return None
    return sum(each.cost_per_hour_minor * each.number for each in own) / people
