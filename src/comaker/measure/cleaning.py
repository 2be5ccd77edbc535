"""Takes what can be measured out of a recorded event table, and counts what cannot, reason by reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir

from comaker import events
from comaker.events import EventsError, Kind
from comaker.measure.engine import Engine
from comaker.model import Model

FIRST_US, LAST_US = 0, 4_102_444_800_000_000
"""1970 to 2099: times outside are mistakes of the record."""

LARGEST = 2**53
"""Larger amounts are mistakes of the record, and sums of them would not fit."""

_NOT_NEGATIVE = ("money_minor", "seconds", "items", "effort", "encounter", "staff_seconds", "saved_seconds")
_BOUNDS = {"affect": (-3, 3), "conduct": (1, 5)}
_TWICE = "the same event again (run and event_id)"


class Cleaned(NamedTuple):
    """``events``: rows that can be measured, with ``at_us``; ``rows`` read; ``dropped`` rows by reason;
    ``simulated``: whether they are of simulated runs; ``runs``; ``from_us``, ``until_us``: first and last
    instant."""

    events: ir.Table
    rows: int
    dropped: Mapping[str, int]
    simulated: bool
    runs: int
    from_us: int
    until_us: int


def clean(raw: ir.Table, *, model: Model, engine: Engine) -> Cleaned:
    """The rows of an event table that can be measured under a model.

    Raises ``EventsError`` where none is left, or where real rows (run 0) and simulated ones are mixed.
    """
    typed = _typed(raw, engine)
    judged = typed.mutate(dropped=_reason(typed, model))
    kept = judged.filter(judged.dropped.isnull()).drop("dropped")
    counted = _counted(judged)
    dropped = {str(reason): int(rows) for reason, rows in counted["reasons"].items()}
    kept, twice = _once(kept, counted["kept"], counted["distinct"])
    if twice:
        dropped[_TWICE] = twice
    found = Cleaned(
        kept,
        counted["kept"] + sum(counted["reasons"].values()),
        dropped,
        simulated=counted["simulated"] > 0,
        runs=counted["runs"],
        from_us=counted["from_us"],
        until_us=counted["until_us"],
    )
    _check(found, counted)
    return found


def _check(found: Cleaned, counted: Mapping[str, Any]) -> None:
    if not counted["kept"]:
        if not found.rows:
            raise EventsError("the event table is empty: there is nothing to measure")
        reasons = "; ".join(f"{rows:,} × {reason}" for reason, rows in found.dropped.items())
        raise EventsError(f"none of the {found.rows:,} events can be measured: {reasons}")
    if found.simulated and counted["simulated"] < counted["kept"]:
        raise EventsError(
            "the events hold real rows (run 0) and simulated ones (run 1 and more), which are never "
            "measured together: keep one of the two"
        )


def _typed(raw: ir.Table, engine: Engine) -> ir.Table:
    """Every column of the event table with its type, empty where the record lacks it, and ``at_us``."""
    columns = {}
    for name, wanted in _TYPES.items():
        if name == "at":
            columns["at_us"] = engine.micros(raw["at"])
        else:
            columns[name] = raw[name].cast(wanted) if name in raw.columns else ibis.null().cast(wanted)
    return raw.select(**columns)


def _ibis_type(column: events.Column) -> str:
    name = str(column.type)
    return "string" if "string" in name else "timestamp" if "timestamp" in name else name


_TYPES = {column.name: _ibis_type(column) for column in events.COLUMNS}


def _reason(rows: ir.Table, model: Model) -> Any:
    """Why a row cannot be measured; null where it can."""
    absurd = [(rows[name] < 0, f"{name} is below zero") for name in _NOT_NEGATIVE]
    absurd += [
        (~rows[name].between(low, high), f"{name} is not from {low} to {high}")
        for name, (low, high) in _BOUNDS.items()
    ]
    absurd += [
        (rows[name].abs() >= LARGEST, f"{name} is {LARGEST:,} or more")
        for name in ("quantity", "money_minor", "seconds", "staff_seconds", "saved_seconds")
    ]
    kinds = [kind.value for kind in Kind]
    return ibis.cases(
        (rows.at_us.isnull(), "no time (at)"),
        (~rows.at_us.between(FIRST_US, LAST_US), "a time before 1970 or after 2099"),
        (rows.event_id.isnull() | rows.run.isnull(), "no event_id or run"),
        (rows.kind.isnull(), "no kind"),
        (rows.kind.notin(kinds), "a kind that is none of the event table"),
        (rows.task.notnull() & rows.task.notin(sorted(model.task)), "a task that the model does not declare"),
        *absurd,
    )


def _counted(judged: ir.Table) -> dict[str, Any]:
    by_reason = judged.group_by("dropped").aggregate(
        rows=judged.count(),
        distinct=judged.event_id.nunique(),
        simulated=(judged.run != 0).sum().fill_null(0),
        first_run=judged.run.min(),
        last_run=judged.run.max(),
        runs=judged.run.nunique(),
        from_us=judged.at_us.min(),
        until_us=judged.at_us.max(),
    )
    rows = by_reason.to_pyarrow().to_pylist()
    kept = next((row for row in rows if row["dropped"] is None), None)
    reasons = {row["dropped"]: row["rows"] for row in rows if row["dropped"] is not None}
    if kept is None:
        kept = dict.fromkeys(("rows", "distinct", "simulated", "runs", "from_us", "until_us"), 0)
    return {
        "reasons": dict(sorted(reasons.items(), key=lambda item: -item[1])),
        "kept": kept["rows"],
        "distinct": kept["distinct"] if kept["runs"] == 1 else None,
        **{name: int(kept[name]) for name in ("simulated", "runs", "from_us", "until_us")},
    }


def _once(kept: ir.Table, rows: int, distinct: int | None) -> tuple[ir.Table, int]:
    """Each event once, the first in time, and how many were repeats."""
    if distinct is None:
        distinct = int(kept.select("run", "event_id").distinct().count().to_pyarrow().as_py())
    if distinct == rows:
        return kept, 0
    order = ibis.window(group_by=["run", "event_id"], order_by=["at_us", "kind"])
    numbered = kept.mutate(repeat=ibis.row_number().over(order))
    return numbered.filter(numbered.repeat == 0).drop("repeat"), rows - distinct
