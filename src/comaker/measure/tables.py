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

STEP_BITS = {
    Kind.JOINED: 1,
    Kind.SEEN: 2,
    Kind.STARTED: 4,
    Kind.ABANDONED: 8,
    Kind.WITHDRAWN: 16,
    Kind.REFUSED: 32,
    Kind.DONE: 64,
}
"""What tells how far a customer came with a task, each as a bit: the greater, the further."""

SUMS = ("quantity", "money_minor", "seconds", "items", "effort", "staff_seconds", "saved_seconds")
"""Columns that add up: inputs of customers and staff (F12, F13)."""

ONE_IN = 100_003
"""Customers are drawn into samples in parts of this prime: see ``drawn``."""


def day_of(events: ir.Table) -> Any:
    """Whole days since 1 January 1970 UTC."""
    return (events.at_us // DAY_US).cast("int32")


def _sum(column: Any) -> Any:
    return column.cast("int64").sum().fill_null(0).cast("int64")


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


@ibis.udf.agg.builtin(name="bit_or", signature=(("int8",), "int8"))
def _bit_or(bit: Any) -> int:  # type: ignore[empty-body]  # DuckDB and Spark have it, Ibis for Spark has not
    ...


def acts(events: ir.Table) -> ir.Table:
    """What each customer did at each task: one row a run, customer and task ("" for acts of no task).

    Of rows of kind done: how many (``done``), of how many the seconds are known (``timed``), the sums of
    ``money_minor``, ``seconds``, ``staff_seconds`` and ``saved_seconds``, ``first_us`` and ``last_us``.
    """
    done = events.filter(events.customer.notnull(), events.kind == Kind.DONE.value)
    done = done.mutate(task=done.task.fill_null(""))
    return done.group_by(["run", "customer", "task"]).aggregate(
        done=done.count(),
        timed=done.seconds.count(),
        **{name: _sum(done[name]) for name in ("money_minor", "seconds", "staff_seconds", "saved_seconds")},
        first_us=done.at_us.min(),
        last_us=done.at_us.max(),
    )


def reached(events: ir.Table) -> ir.Table:
    """How far each customer came with each task: one row a run, customer and task ("" for rows of no task).

    ``steps``: which of ``STEP_BITS`` are recorded of her, as the sum of their bits. ``place``: 4 if she did
    the task, 3 if she began and was not refused, 2 if she was refused, 1 if she saw it, 0 if she joined or if
    any of these is recorded without a task, -1 if nothing is.
    """
    own = events.filter(events.customer.notnull())
    bit = ibis.cases(*((own.kind == kind.value, bit) for kind, bit in STEP_BITS.items()), else_=0)
    own = own.select("run", "customer", task=own.task.fill_null(""), bit=bit.cast("int8"))
    found = own.group_by(["run", "customer", "task"]).aggregate(steps=_bit_or(own.bit))
    place = ibis.cases(
        (found.steps == 0, -1),
        ((found.task == "") | (found.steps < STEP_BITS[Kind.SEEN]), 0),
        (found.steps < STEP_BITS[Kind.STARTED], 1),
        (found.steps < STEP_BITS[Kind.REFUSED], 3),
        (found.steps < STEP_BITS[Kind.DONE], 2),
        else_=4,
    )
    return found.mutate(place=place.cast("int8"))


def tries(events: ir.Table) -> ir.Table:
    """What each customer tried at each task: one row a run, customer and task ("" for rows of no task).

    Columns: rows ``done``, ``refused`` and ``abandoned``, ``tried_seconds`` of all rows, ``first_done_us``.
    Give it a sample (``drawn``) where there are many customers.
    """
    done = events.kind == Kind.DONE.value
    return events.group_by(["run", "customer", events.task.fill_null("").name("task")]).aggregate(
        done=events.count(where=done),
        refused=events.count(where=events.kind == Kind.REFUSED.value),
        abandoned=events.count(where=events.kind == Kind.ABANDONED.value),
        tried_seconds=_sum(events.seconds),
        first_done_us=events.at_us.min(where=done),
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
