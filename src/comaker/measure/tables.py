"""The heavy tables of a measurement: each one pass over the events, as Ibis expressions for any engine.

They take a cleaned event table (``comaker.measure.cleaning``) and give counts and integer sums, so every
engine comes to the same numbers to the last digit. Everything else is worked out from their results.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from comaker.events import Kind

DAY_US = 86_400_000_000

STEPS = (Kind.SEEN, Kind.STARTED, Kind.DONE, Kind.REFUSED, Kind.ABANDONED, Kind.WITHDRAWN)
"""The acts that are counted for each customer and task."""

WORK = ("money_minor", "seconds", "staff_seconds", "saved_seconds")
"""Inputs that are summed for each customer and task."""

SUMS = ("quantity", "money_minor", "seconds", "items", "effort", "staff_seconds", "saved_seconds")
"""Columns that add up: inputs of customers and staff (F12, F13)."""

ONE_IN = 100_003
"""Customers are drawn into samples in parts of this prime: see ``drawn``."""


def day_of(events: ir.Table) -> Any:
    """Whole days since 1 January 1970 UTC."""
    return (events.at_us // DAY_US).cast("int32")


def _count(events: ir.Table, kind: Kind) -> Any:
    return events.count(where=events.kind == kind.value)


def _sum(column: Any, where: Any = None) -> Any:
    return column.cast("int64").sum(where=where).fill_null(0).cast("int64")


def days(events: ir.Table) -> ir.Table:
    """What happened by day: one row a run, day, kind, role, task, stage, performer, refusal and terms.

    Columns: ``events``; the ``SUMS``; ``affect`` and ``conduct`` (sums) with ``affects`` and ``conducts``
    (how many rows have one); ``timed`` and ``staffed`` (how many rows have seconds, staff_seconds);
    ``referred`` (rows with a referrer).
    """
    keys = ["run", "kind", "role", "task", "stage", "performer", "refusal", "model"]
    grouped = events.group_by([*keys, day_of(events).name("day")])
    return grouped.aggregate(
        events=events.count(),
        **{name: _sum(events[name]) for name in (*SUMS, "affect", "conduct")},
        affects=events.affect.count(),
        conducts=events.conduct.count(),
        timed=events.seconds.count(),
        staffed=events.staff_seconds.count(),
        referred=events.referrer.count(),
    )


def customer_tasks(events: ir.Table) -> ir.Table:
    """What each customer did at each task: one row a run, customer and task ("" for rows of no task).

    Columns: ``arm`` (the first by name); a count for each of ``STEPS`` and ``joined``; ``done_<sum>`` for
    each of ``WORK`` over rows of kind done, ``tried_seconds`` over all; ``timed``: acts done with seconds;
    ``first_us`` of any row, ``first_done_us``, ``last_done_us``, ``joined_us``, ``left_us`` (null: never).
    """
    one = events.filter(events.customer.notnull()).mutate(task=events.task.fill_null(""))
    done = one.kind == Kind.DONE.value
    return one.group_by(["run", "customer", "task"]).aggregate(
        arm=one.arm.min(),
        **{kind.value: _count(one, kind) for kind in (*STEPS, Kind.JOINED)},
        **{f"done_{name}": _sum(one[name], done) for name in WORK},
        tried_seconds=_sum(one.seconds),
        timed=one.seconds.count(where=done),
        first_us=one.at_us.min(),
        first_done_us=one.at_us.min(where=done),
        last_done_us=one.at_us.max(where=done),
        joined_us=one.at_us.min(where=one.kind == Kind.JOINED.value),
        left_us=one.at_us.min(where=one.kind == Kind.LEFT.value),
    )


def customer_manners(events: ir.Table) -> ir.Table:
    """How each customer felt, behaved and came back: one row a run and customer.

    Columns: ``affect``, ``conduct`` (sums) with ``affects``, ``conducts`` (rows that have one);
    ``encounters``: acts done that have an encounter number, ``returns``: those whose number is above 1.
    Give it a sample (``drawn``) where there are many customers.
    """
    done = events.kind == Kind.DONE.value
    return events.group_by(["run", "customer"]).aggregate(
        affect=_sum(events.affect),
        affects=events.affect.count(),
        conduct=_sum(events.conduct),
        conducts=events.conduct.count(),
        encounters=events.encounter.count(where=done),
        returns=events.count(where=done & (events.encounter > 1)),
    )


def drawn(events: ir.Table, column: str, parts: int) -> ir.Table:
    """Rows of a sample of customers or projects: about ``parts`` in ``ONE_IN`` of them.

    Whoever is drawn comes with all her rows; her number alone decides, so every engine draws the same.
    """
    if parts >= ONE_IN:
        return events.filter(events[column].notnull())
    return events.filter(events[column].notnull(), is_drawn(events[column], parts))


def is_drawn(number: Any, parts: int) -> Any:
    """Whether a customer or project of this number is in a sample of ``parts`` in ``ONE_IN`` of them."""
    return (number % 1_000_003 * 7_919 + 12_345) % ONE_IN < parts


def attempts(events: ir.Table) -> ir.Table:
    """Every attempt of a customer at a task, numbered from 1 in order of time.

    One row of kind done, refused or abandoned: run, customer, task, event_id, at_us, kind, subject, seconds,
    staff_seconds, ``attempt``. Give it a sample (``drawn``) where there are many customers.
    """
    tried = events.filter(
        events.customer.notnull(),
        events.task.notnull(),
        events.kind.isin([Kind.DONE.value, Kind.REFUSED.value, Kind.ABANDONED.value]),
    )
    order = ibis.window(group_by=["run", "customer", "task"], order_by=["at_us", "event_id"])
    numbered = tried.mutate(attempt=ibis.row_number().over(order) + 1)
    columns = (
        "run",
        "customer",
        "task",
        "event_id",
        "at_us",
        "kind",
        "subject",
        "seconds",
        "staff_seconds",
        "attempt",
    )
    return numbered.select(*columns)


def exposures(events: ir.Table) -> ir.Table:
    """Every row that says what was shown, such as a look at a project; without amounts.

    Give it a sample (``drawn``) where there are many customers.
    """
    seen = events.filter(events.shown.notnull())
    return seen.select("run", "customer", "subject", "task", "event_id", "at_us", "kind", "arm", "shown")


def answers(events: ir.Table) -> ir.Table:
    """Every answer to a survey: rows surveyed, with ``quantity`` (the answer), ``shown`` (the item)."""
    asked = events.filter(events.kind == Kind.SURVEYED.value)
    columns = ("run", "customer", "role", "task", "event_id", "at_us", "encounter", "quantity", "affect")
    return asked.select(*columns, "arm", "shown")


def meetings(events: ir.Table) -> ir.Table:
    """Customers who met a technique (F16): a row a run, customer and technique: ``times``, ``first_us``.

    A meeting is a row of kind seen whose ``shown`` has {"technique": "faq"}.
    """
    met = events.filter(
        events.kind == Kind.SEEN.value, events.customer.notnull(), events.shown.contains('"technique"')
    )
    named = met.mutate(technique=met.shown.re_extract(r'"technique"\s*:\s*"([^"]+)"', 1))
    named = named.filter(named.technique != "")
    return named.group_by(["run", "customer", "technique"]).aggregate(
        times=named.count(), first_us=named.at_us.min()
    )
