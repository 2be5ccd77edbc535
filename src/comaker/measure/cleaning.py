"""Takes what can be measured out of a recorded event table, and counts what cannot, reason by reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir

from comaker import events
from comaker.events import EventsError, Kind
from comaker.measure.bounds import Bound, Facts
from comaker.measure.engine import Engine, Recorded
from comaker.measure.tables import SUMS
from comaker.model import Model

FIRST_US, LAST_US = 0, 4_102_444_800_000_000
"""1970 to 2099: times outside are mistakes of the record."""

LARGEST = 2**53
"""Larger amounts are mistakes of the record, and sums of them would not fit."""

_LARGEST_SUM = 2**62

_ALLOWED = {
    "at": (FIRST_US, LAST_US, "a time before 1970 or after 2099"),
    **{
        name: (0, LARGEST, f"{name} is below zero, or {LARGEST:,} and more")
        for name in (
            "money_minor",
            "seconds",
            "staff_seconds",
            "saved_seconds",
            "items",
            "effort",
            "encounter",
        )
    },
    "run": (0, LARGEST, "run is below zero"),
    "quantity": (-LARGEST, LARGEST, f"quantity is {LARGEST:,} and more"),
    "affect": (-3, 3, "affect is not from -3 to 3"),
    "conduct": (1, 5, "conduct is not from 1 to 5"),
}
"""What each column may hold, and the words under which other rows are counted."""

_NEEDED = {"at": "no time (at)", "event_id": "no event_id", "run": "no run", "kind": "no kind"}
_TWICE = "the same event again (run and event_id)"
_NO_KIND = "a kind that is none of the event table"
_NO_TASK = "a task that the model does not declare"
_LOST = "lost "
"""What the names of columns begin with that say where a number is too large for the event table."""


class Cleaned(NamedTuple):
    """``events``: rows that can be measured, with ``at_us``; ``rows`` read; ``dropped`` rows by reason;
    ``backwards``: rows whose time is before that of the row above; ``simulated``: whether they are of
    simulated runs; ``runs``: how many; ``from_us``, ``until_us``: first and last instant."""

    events: ir.Table
    rows: int
    dropped: Mapping[str, int]
    backwards: int
    simulated: bool
    runs: int
    from_us: int
    until_us: int


def clean(recorded: Recorded, *, model: Model, engine: Engine) -> Cleaned:
    """The rows of an event table that can be measured under a model.

    Raises ``EventsError`` where none is left, where a column's sum would not fit into 64 bits, or where real
    rows (run 0) and simulated ones are mixed.
    """
    facts = recorded.facts
    if not facts.rows:
        raise EventsError("the event table is empty: there is nothing to measure")
    typed = _typed(recorded.table, engine)
    doubts = [*_doubtful_words(typed, model), *_doubtful_values(typed, facts)]
    kept, dropped = _without(typed, doubts)
    kept = kept.drop(*(name for name in kept.columns if name.startswith(_LOST)))
    if not facts.order.rises:
        kept, twice = _once(kept)
        dropped |= {_TWICE: twice} if twice else {}
    left = facts.rows - sum(dropped.values())
    if not left:
        reasons = "; ".join(f"{rows:,} × {reason}" for reason, rows in dropped.items())
        raise EventsError(f"none of the {facts.rows:,} events can be measured: {reasons}")
    _check_sums(kept, facts)
    whole = _extent(kept, facts if not dropped else None)
    if whole["first_run"] == 0 < whole["last_run"]:
        raise EventsError(
            "the events hold real rows (run 0) and simulated ones (run 1 and more), which are never "
            "measured together: keep one of the two"
        )
    return Cleaned(
        kept,
        facts.rows,
        dropped,
        facts.order.backwards,
        simulated=whole["last_run"] > 0,
        runs=whole["runs"],
        from_us=whole["from_us"],
        until_us=whole["until_us"],
    )


def _typed(raw: ir.Table, engine: Engine) -> ir.Table:
    """Every column of the event table with its type, empty where the record lacks it, and ``at_us``."""
    columns = {}
    for name, wanted in _TYPES.items():
        if name == "at":
            columns["at_us"] = engine.micros(raw["at"])
        elif name in raw.columns and _may_overflow(raw[name].type(), wanted):
            columns[name] = raw[name].try_cast(wanted)
            columns[_LOST + name] = raw[name].notnull() & columns[name].isnull()
        elif name in raw.columns:
            columns[name] = raw[name].cast(wanted)
        else:
            columns[name] = ibis.null().cast(wanted)
    return raw.select(**columns)


def _may_overflow(found: Any, wanted: str) -> bool:
    return bool(found.is_integer()) and found.bounds.upper > ibis.dtype(wanted).bounds.upper


def _ibis_type(column: events.Column) -> str:
    name = str(column.type)
    return "string" if "string" in name else "timestamp" if "timestamp" in name else name


_TYPES = {column.name: _ibis_type(column) for column in events.COLUMNS}

type Doubt = tuple[Any, str]
"""A condition that a row meets if it cannot be measured, and the words under which it is counted."""


def _doubtful_words(rows: ir.Table, model: Model) -> Iterator[Doubt]:
    """Kinds and tasks that nobody knows, where there are any."""
    found = rows.group_by(["kind", "task"]).aggregate(rows=rows.count()).to_pyarrow().to_pylist()
    kinds, tasks = ({row[name] for row in found} for name in ("kind", "task"))
    if None in kinds:
        yield rows.kind.isnull(), _NEEDED["kind"]
    if unknown := kinds - {None} - {kind.value for kind in Kind}:
        yield rows.kind.isin(sorted(unknown)), _NO_KIND
    if unknown := tasks - {None} - set(model.task):
        yield rows.task.isin(sorted(unknown)), _NO_TASK


def _doubtful_values(rows: ir.Table, facts: Facts) -> Iterator[Doubt]:
    """Columns of which it is not known that every value can be measured."""
    for name in ("at", "event_id", "run"):
        if (bound := facts.bounds.get(name)) is None or bound.missing:
            yield _column(rows, name).isnull(), _NEEDED[name]
    for name in rows.columns:
        if name.startswith(_LOST):
            yield rows[name], f"{name.removeprefix(_LOST)} is too large for its column"
    for name, (low, high, words) in _ALLOWED.items():
        if not _is_within(facts.bounds.get(name), low, high):
            yield ~_column(rows, name).between(low, high), words


def _column(rows: ir.Table, name: str) -> Any:
    return rows["at_us" if name == "at" else name]


def _is_within(bound: Bound | None, low: int, high: int) -> bool:
    return bound is not None and (bound.low is None or (bound.low >= low and (bound.high or 0) <= high))


def _without(rows: ir.Table, doubts: list[Doubt]) -> tuple[ir.Table, dict[str, int]]:
    """The rows that meet no doubt, and how many do, by reason: the first that holds counts."""
    if not doubts:
        return rows, {}
    judged = rows.mutate(
        dropped=ibis.cases(*((condition.fill_null(False), words) for condition, words in doubts))
    )
    found = judged.group_by("dropped").aggregate(rows=judged.count()).to_pyarrow().to_pylist()
    dropped = {row["dropped"]: row["rows"] for row in found if row["dropped"] is not None}
    if not dropped:
        return rows, {}
    kept = judged.filter(judged.dropped.isnull()).drop("dropped")
    return kept, dict(sorted(dropped.items(), key=lambda item: -item[1]))


def _once(kept: ir.Table) -> tuple[ir.Table, int]:
    """Each event once, the first in time, and how many were repeats."""
    rows, distinct = (
        int(table.count().to_pyarrow().as_py()) for table in (kept, kept.select("run", "event_id").distinct())
    )
    if distinct == rows:
        return kept, 0
    order = ibis.window(group_by=["run", "event_id"], order_by=["at_us", "kind"])
    numbered = kept.mutate(repeat=ibis.row_number().over(order))
    return numbered.filter(numbered.repeat == 0).drop("repeat"), rows - distinct


def _check_sums(kept: ir.Table, facts: Facts) -> None:
    """Refuses amounts that do not add up in 64 bits; looks at rows only where their bounds allow such."""
    doubtful = []
    for name in SUMS:
        bound = facts.bounds.get(name)
        if bound is None or max(abs(bound.low or 0), abs(bound.high or 0)) * facts.rows > _LARGEST_SUM:
            doubtful.append(name)
    if not doubtful:
        return
    sums = {name: kept[name].cast("float64").abs().sum() for name in doubtful}
    found = kept.aggregate(**sums).to_pyarrow().to_pylist()[0]
    if absurd := [name for name, total in found.items() if total and total > _LARGEST_SUM]:
        raise EventsError(
            f"the sum of {' and that of '.join(absurd)} does not fit into 64 bits: look for absurd amounts"
        )


def _extent(kept: ir.Table, facts: Facts | None) -> dict[str, int]:
    """First and last instant and run, and how many runs: from the facts where these hold of every row."""
    bounds = facts.bounds if facts else {}
    at, run = bounds.get("at"), bounds.get("run")
    if at and run and run.low == run.high:
        return {
            "from_us": at.low or 0,
            "until_us": at.high or 0,
            "first_run": run.low or 0,
            "last_run": run.high or 0,
            "runs": 1,
        }
    found = kept.aggregate(
        from_us=kept.at_us.min(),
        until_us=kept.at_us.max(),
        first_run=kept.run.min(),
        last_run=kept.run.max(),
        runs=kept.run.nunique(),
    )
    return dict(found.to_pyarrow().to_pylist()[0])
