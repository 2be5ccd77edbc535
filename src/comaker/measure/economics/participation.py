"""What participation brings and costs, by role and by task (F2, F12, F17, F20)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from comaker.events import Kind
from comaker.measure.accounts import declared_times, hourly_rate_minor
from comaker.measure.economics.lines import (
    COMPONENTS,
    COORDINATION,
    INCENTIVES,
    REVENUE,
    SAVED,
    SEVERAL,
    Line,
    Part,
    amount,
    is_purchase,
    label_of,
    net,
    parts_of,
    table,
    wanted,
)
from comaker.measure.economics.socializing import technique_lines
from comaker.measure.estimators.intervals import Interval, normal
from comaker.measure.figures import About, Figure
from comaker.measure.log import Log
from comaker.words import CostCause, TaskKind

_HOUR_S = 3600
_WHO = ("run", "customer")
_SOURCE = "F2, F17, F20"
_SAID = {
    SAVED: "staff time that customers' acts saved, at the declared cost of an hour",
    REVENUE: "money that customers' acts brought in, less what was given back; stakes count as they come",
    INCENTIVES: "what customers were paid for their part",
    COORDINATION: "what coordination cost: what is declared for it, and the staff time customers' acts took",
    "socialization": "what the techniques cost that bring customers in, while they were on",
}
_ABOUT = {
    name: About(
        name, f"{said}; of those tasks that the record tells of it", "minor units", "acts done", _SOURCE
    )
    for name, said in _SAID.items()
}
_NET = About(
    "net_benefit",
    "cost saved and revenue gained, less incentives, coordination and socialization",
    "minor units",
    "acts done",
    _SOURCE,
)
_KNOWN = About(
    "known_net_benefit",
    "the same of those components alone that the record tells of; plain purchases stand beside it, not in it",
    "minor units",
    "acts done",
    _SOURCE,
)
_EACH = About(
    "net_benefit_per_customer",
    "net benefit, of what is known, divided by the customers who took part; the interval is that of "
    "customers drawn from many like them, what is spent by the week being fixed",
    "minor units",
    "customers",
    _SOURCE,
)


def participation(log: Log) -> tuple[list[Figure], dict[str, pd.DataFrame]]:
    """Components and net of all participation, and by role and task; the tables ``participation`` (a row a
    role and task, a column a component) and ``participation_lines`` (every amount, and what it rests on)."""
    parts = parts_of(log)
    moved = _moved(log)
    lines = list(_lines(log, parts, _money(moved)))
    shared = [SEVERAL] if any(line.of == SEVERAL for line in lines) else []
    labels = [part.label for part in parts]
    joint = [part.label for part in parts if not is_purchase(log, part.task)]
    done = {part.label: part.done for part in parts}
    whole = sum(done[label] for label in joint)
    figures = [*_figures(lines, [*joint, *shared], "", whole), _each(log, moved, lines, [*joint, *shared])]
    for label in labels:
        own = _figures(lines, [label], label, done[label])
        figures += own if label in joint else [each for each in own if each.name == REVENUE]
    tables = {
        "participation": table(lines, [*labels, *shared]),
        "participation_lines": _line_table(lines),
    }
    return figures, tables


def _figures(lines: Sequence[Line], labels: Sequence[str], of: str, n: int) -> list[Figure]:
    if not n:
        needs_acts = (
            "no customer did a task beyond buying: rows of kind done with such a task would identify it"
        )
        return [about.missing(needs_acts, of=of) for about in (*_ABOUT.values(), _NET, _KNOWN)]
    amounts = {name: amount(lines, name, labels) for name in COMPONENTS}
    figures = [
        about.missing(wanted(lines, name, labels), n=n, of=of)
        if (value := amounts[name]) is None
        else about.record(round(value), n=n, of=of)
        for name, about in _ABOUT.items()
    ]
    unknown = [name for name, value in amounts.items() if value is None]
    known = _KNOWN.record(round(net(amounts)), n=n, of=of)
    if len(unknown) == len(amounts):
        known = _KNOWN.missing("none of its components is known", n=n, of=of)
    if unknown:
        return [*figures, _NET.missing(f"not identified of it: {', '.join(unknown)}", n=n, of=of), known]
    return [*figures, _NET.record(round(net(amounts)), n=n, of=of), known]


def _line_table(lines: Sequence[Line]) -> pd.DataFrame:
    rows = [
        (*line[:2], None if line[2] is None else round(line[2]), line[2] is not None, line[3])
        for line in lines
    ]
    found = pd.DataFrame(rows, columns=["of", "component", "amount_minor", "identified", "rests_on"])
    return found.astype({"amount_minor": "Int64"})


def _lines(log: Log, parts: Sequence[Part], sums: Sequence[_Sum]) -> Iterator[Line]:
    rows = _by_kind(log)
    for part in parts:
        yield _saved(log, part, rows)
        yield _staff(log, part, rows)
    yield from _revenue(log, parts, sums, rows)
    yield from _incentives(log, parts, sums)
    yield from _declared(log, parts)
    yield from technique_lines(log, parts)


def _by_kind(log: Log) -> pd.DataFrame:
    """Money and staff time of all days together, by task, role and kind."""
    whole = log.days.groupby(["task", "role", "kind"], as_index=False, sort=False)
    return whole[["money_minor", "saved_seconds", "staff_seconds"]].sum()


def _of(rows: pd.DataFrame, part: Part) -> pd.DataFrame:
    return rows[(rows.task == part.task) & (rows.role == part.role)]


def _saved(log: Log, part: Part, rows: pd.DataFrame) -> Line:
    seconds = int(_of(rows, part).saved_seconds.sum())
    rests = "seconds recorded as saved (saved_seconds)"
    if not seconds:
        seconds = part.done * getattr(getattr(log.model.task[part.task], "terms", None), "saved_s", 0)
        rests = f"{part.done:,} acts done at the seconds declared to be saved by each"
    rate = hourly_rate_minor(log, part.task)
    if not seconds:
        return Line(
            part.label, SAVED, None, f"no row of {part.task} says that it saved staff time (saved_seconds)"
        )
    if rate is None:
        return Line(
            part.label, SAVED, None, "the model declares no cost of staff: cost_per_hour in [staff.*]"
        )
    return Line(part.label, SAVED, seconds * rate / _HOUR_S, f"{rests}, at the declared cost of an hour")


def _staff(log: Log, part: Part, rows: pd.DataFrame) -> Line:
    seconds = int(_of(rows, part).staff_seconds.sum())
    rate = hourly_rate_minor(log, part.task)
    if not seconds:
        needs = f"no row of {part.task} says what staff time it took (staff_seconds)"
        return Line(part.label, COORDINATION, None, needs)
    if rate is None:
        return Line(
            part.label, COORDINATION, None, "the model declares no cost of staff: cost_per_hour in [staff.*]"
        )
    rests = f"{seconds / _HOUR_S:,.1f} hours of staff (staff_seconds) at the declared cost of an hour"
    return Line(part.label, COORDINATION, seconds * rate / _HOUR_S, rests)


def _revenue(log: Log, parts: Sequence[Part], sums: Sequence[_Sum], rows: pd.DataFrame) -> Iterator[Line]:
    """Money of acts done less what was given back, by role and task, and income that names a task or a
    customer."""
    sold = [name for name, task in log.model.task.items() if task.kind is TaskKind.PURCHASE]
    earned: dict[str, int] = {}
    for row in sums:
        if row.kind != Kind.INCOME or (not row.task and not row.by_customer):
            continue
        task = row.task or (sold[0] if len(sold) == 1 else None)
        of = label_of(parts, task, row.role)
        earned[of] = earned.get(of, 0) + row.money_minor
    for part in parts:
        own = _of(rows, part)
        given_back = own.kind.isin([Kind.WITHDRAWN, Kind.LAPSED])
        came_in = int(own.money_minor[own.kind == Kind.DONE].sum() - own.money_minor[given_back].sum())
        value = came_in + earned.pop(part.label, 0)
        if value or own.money_minor[own.kind == Kind.DONE].any():
            yield Line(
                part.label,
                REVENUE,
                value,
                "money of acts done, less withdrawn and lapsed; income of the task",
            )
        else:
            yield Line(
                part.label,
                REVENUE,
                None,
                f"no row of {part.task} tells of money: money_minor, or kind income",
            )
    for of, value in earned.items():
        yield Line(of, REVENUE, value, "income from customers that names no single role and task")


_MOVED = [str(kind) for kind in (Kind.INCOME, Kind.PAID, Kind.WITHDRAWN, Kind.LAPSED)]


def _moved(log: Log) -> ir.Table:
    """Rows that move money beside acts: run, customer, kind, role, task ("" for none), money_minor."""
    rows = log.moves.filter(log.moves.kind.isin(_MOVED))
    return rows.select(
        *_WHO,
        "kind",
        role=rows.role.fill_null(""),
        task=rows.task.fill_null(""),
        money_minor=rows.money_minor.fill_null(0).cast("int64"),
    )


class _Sum(NamedTuple):
    kind: str
    role: str
    task: str
    by_customer: bool
    money_minor: int


def _money(moved: ir.Table) -> list[_Sum]:
    """Money of rows that move some, by kind, role, task and whether they name a customer."""
    summed = moved.group_by(["kind", "role", "task", moved.customer.notnull().name("by_customer")]).aggregate(
        money_minor=moved.money_minor.sum().cast("int64")
    )
    return sorted(_Sum(**row) for row in summed.to_pyarrow().to_pylist())


def _incentives(log: Log, parts: Sequence[Part], sums: Sequence[_Sum]) -> Iterator[Line]:
    """Payments to customers, under the task they name or the one whose shares they are divided by."""
    shared = {task for flow in log.model.sharing.values() for task in flow.by_shares.values()}
    paid = [row for row in sums if row.kind == Kind.PAID and row.by_customer]
    for row in paid:
        task = row.task or (next(iter(shared)) if len(shared) == 1 else None)
        rests = "rows of kind paid that name a customer"
        yield Line(label_of(parts, task, row.role), INCENTIVES, row.money_minor, rests)
    if paid:
        return
    rewards = [name for name, task in log.model.task.items() if getattr(task.terms, "reward_minor", 0)]
    if shared or rewards:
        promised = ", ".join([*sorted(shared), *rewards])
        needs = f"the model promises customers a part ({promised}), but no row of kind paid names a customer"
        yield Line(SEVERAL, INCENTIVES, None, needs)
    elif log.days.money_minor.any():
        yield Line(
            SEVERAL, INCENTIVES, 0, "the model promises customers nothing, and nothing was paid to them"
        )
    else:
        yield Line(SEVERAL, INCENTIVES, None, "the log tells of no money: rows of kind paid are needed")


_CAUSES = {
    CostCause.COORDINATION: COORDINATION,
    CostCause.STAFF: COORDINATION,
    CostCause.INCENTIVES: INCENTIVES,
    CostCause.SOCIALIZATION: "socialization",
}


def _declared(log: Log, parts: Sequence[Part]) -> Iterator[Line]:
    """Costs that the model declares for coordination, staff, incentives and socialization."""
    for name, cost in log.model.cost.items():
        if cost.cause not in _CAUSES:
            continue
        times = declared_times(log, cost)
        rests = f"[cost.{name}]: declared for each {cost.each}, {times:,.0f} times"
        yield Line(label_of(parts, cost.task), _CAUSES[cost.cause], cost.amount_minor * times, rests)


def _each(log: Log, moved: ir.Table, lines: Sequence[Line], labels: Sequence[str]) -> Figure:
    """Net of what is known for each customer who took part, with the interval of a mean over customers."""
    amounts = {name: amount(lines, name, labels) for name in COMPONENTS}
    if all(value is None for value in amounts.values()):
        return _EACH.missing("none of its components is known")
    joint = [part.task for part in parts_of(log) if not is_purchase(log, part.task)]
    spread = _spread(log, moved, joint) if joint else None
    customers = 0 if spread is None else int(spread.customers)
    if spread is None or customers < 2:
        needs = "fewer than two customers took part: rows of kind done with a customer would identify it"
        return _EACH.missing(needs, n=customers)
    found = benefit_each(net(amounts), customers, float(spread.net), float(spread.squares))
    return _EACH.estimate(*found, n=customers)


def benefit_each(net_minor: float, customers: int, brought: float, squares: float) -> Interval:
    """Net benefit a customer, minor units: ``net_minor`` of all, fixed costs included, over so many
    ``customers``.

    ``brought`` and ``squares``: the sum and the sum of squares of what each brought by her own acts, by which
    customers differ. The interval is that of a mean (Student's t is normal for as many as are of interest
    here).
    """
    variance = max(squares / customers - (brought / customers) ** 2, 0.0) / (customers - 1)
    return normal(net_minor / customers, float(np.sqrt(variance)))


def _spread(log: Log, moved: ir.Table, joint: Sequence[str]) -> pd.Series[Any]:
    """Customers who took part, and the sum and the sum of squares of what each brought and cost by her acts.

    Of all customers, since a few may bring so much that a draw would miss how much customers differ.
    """
    acts = log.acts.filter(log.acts.task.isin(joint))
    value = ibis.cases(*((acts.task == task, _brought(log, acts, task)) for task in joint), else_=0.0)
    own = acts.select(*_WHO, value=value, took_part=ibis.literal(1, "int8"))
    other = moved.filter(moved.customer.notnull(), moved.kind != Kind.INCOME.value)
    back = other.select(*_WHO, value=-other.money_minor.cast("float64"), took_part=ibis.literal(0, "int8"))
    both = own.union(back)
    each = both.group_by(_WHO).aggregate(value=both.value.sum(), took_part=both.took_part.max())
    took_part = each.filter(each.took_part > 0)
    counted = took_part.aggregate(
        customers=took_part.count(),
        net=took_part.value.sum().fill_null(0.0),
        squares=(took_part.value * took_part.value).sum().fill_null(0.0),
    )
    return log.frame(counted).iloc[0]


def _brought(log: Log, acts: Any, task: str) -> Any:
    """What a customer's acts at a task brought, less what they cost, before anything was given back or
    paid."""
    rate = (hourly_rate_minor(log, task) or 0.0) / _HOUR_S
    by_act = sum(
        cost.amount_minor
        for cost in log.model.cost.values()
        if cost.cause in _CAUSES and cost.each == "encounter" and cost.task == task
    )
    saved = getattr(log.model.task[task].terms, "saved_s", 0) * rate
    recorded = int(log.days.saved_seconds[log.days.task == task].sum()) > 0
    value = acts.money_minor.cast("float64") - acts.done * float(by_act)
    value = value - acts.staff_seconds * rate
    return value + (acts.saved_seconds * rate if recorded else acts.done * float(saved))
