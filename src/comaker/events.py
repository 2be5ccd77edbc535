"""The event table: the one thing that hosting, measuring and simulating share.

One row is one fact: something that a customer or the firm did, asked for, was refused or was paid. Refusals
and what was *shown* are rows too: without them awareness, clarity and herding cannot be measured.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq


class Kind(StrEnum):
    """What happened."""

    JOINED = "joined"
    LEFT = "left"
    SEEN = "seen"
    STARTED = "started"
    DONE = "done"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    WITHDRAWN = "withdrawn"
    CONFIRMED = "confirmed"
    LAPSED = "lapsed"
    HELPED = "helped"
    RATED = "rated"
    OPENED = "opened"
    FUNDED = "funded"
    EXPIRED = "expired"
    PRODUCED = "produced"
    RELEASED = "released"
    INCOME = "income"
    COST = "cost"
    PAID = "paid"
    SURVEYED = "surveyed"
    AMENDED = "amended"


class EventsError(Exception):
    """A table that is not an event table; the message says what is wrong and what would be right."""


class Column(NamedTuple):
    """A column of the event table: its name, Arrow type, unit and meaning."""

    name: str
    type: pa.DataType
    unit: str
    meaning: str


_WORD = pa.dictionary(pa.int32(), pa.string())

COLUMNS = (
    Column("event_id", pa.int64(), "", "unique within a run, in order of time"),
    Column("at", pa.timestamp("us", tz="UTC"), "µs UTC", "when it happened"),
    Column("run", pa.int32(), "", "replicate of a simulation; 0 is real"),
    Column("model", _WORD, "", "hash of the terms in force"),
    Column("kind", _WORD, "", "what happened"),
    Column("customer", pa.int64(), "", "account number, never a name"),
    Column("role", _WORD, "", "in which role"),
    Column("task", _WORD, "", "which task of the model"),
    Column("stage", _WORD, "", "stage of the making (F11)"),
    Column("performer", _WORD, "", "who did the work (F14)"),
    Column("subject", pa.int64(), "", "project, order, listing, idea or case"),
    Column("refusal", _WORD, "", "why it was refused"),
    Column("quantity", pa.int64(), "units", "shares, copies, items; below 0: wanted back and refused"),
    Column("money_minor", pa.int64(), "minor units", "money input (F13)"),
    Column("seconds", pa.int64(), "s", "customer's time input (F13)"),
    Column("items", pa.int32(), "items", "mental input (F13)"),
    Column("effort", pa.int32(), "handlings", "physical input (F13)"),
    Column("affect", pa.int8(), "-3 to 3", "emotional input (F13)"),
    Column("conduct", pa.int8(), "1 to 5", "behavioral input, judged by the other party (F13)"),
    Column("encounter", pa.int32(), "", "which encounter of this customer: relational input (F13)"),
    Column("staff_seconds", pa.int64(), "s", "staff time it took (F12)"),
    Column("saved_seconds", pa.int64(), "s", "staff time it saved (F12)"),
    Column("referrer", pa.int64(), "", "the customer who brought this one (F12)"),
    Column("arm", _WORD, "", "arm of an experiment"),
    Column("shown", pa.string(), "JSON", "what the customer saw: counts, caps, wording"),
)

SCHEMA = pa.schema([pa.field(column.name, column.type) for column in COLUMNS])

REQUIRED = ("event_id", "at", "run", "kind")
"""Columns without which a row says nothing."""


class Event(NamedTuple):
    """One row in plain Python, for code that handles one fact at a time; ``at_us`` is µs since 1970 UTC."""

    event_id: int
    at_us: int
    kind: Kind
    run: int = 0
    model: str = ""
    customer: int | None = None
    role: str | None = None
    task: str | None = None
    subject: int | None = None
    refusal: str | None = None
    quantity: int | None = None
    money_minor: int | None = None


def table(columns: Mapping[str, object]) -> pa.Table:
    """An event table from columns (NumPy or Arrow arrays, lists); columns not given are empty.

    Raises ``EventsError`` for an unknown or missing column, unequal lengths or a wrong type.
    """
    unknown = sorted(set(columns) - set(SCHEMA.names))
    missing = [name for name in REQUIRED if name not in columns]
    if unknown or missing:
        raise EventsError(f"not an event table: unknown columns {unknown}, missing columns {missing}")
    try:
        given = {name: _as_array(value, SCHEMA.field(name).type) for name, value in columns.items()}
        rows = len(next(iter(given.values())))
        arrays = [given.get(field.name, pa.nulls(rows, field.type)) for field in SCHEMA]
        return pa.Table.from_arrays(arrays, schema=SCHEMA)
    except pa.ArrowException as error:
        raise EventsError(f"not an event table: {error}") from error


def _as_array(values: object, wanted: pa.DataType) -> pa.Array | pa.ChunkedArray:
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    return array if array.type == wanted else array.cast(wanted)


def write(path: str | os.PathLike[str], batches: Iterable[pa.Table]) -> int:
    """Write event tables to one Parquet file, whole or not at all; returns the number of rows."""
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    rows = 0
    try:
        with pq.ParquetWriter(unfinished, SCHEMA, compression="zstd") as writer:
            for batch in batches:
                writer.write_table(batch)
                rows += batch.num_rows
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def read(path: str | os.PathLike[str]) -> pa.Table:
    """Read an event table from Parquet.

    Raises ``EventsError`` where the file is missing, is not Parquet, or lacks the table's columns.
    """
    try:
        found = pq.read_table(path)
    except FileNotFoundError as error:
        raise EventsError(f"{path}: no such file") from error
    except (OSError, pa.ArrowException) as error:
        raise EventsError(f"{path}: cannot be read as an event table (Parquet): {error}") from error
    missing = [name for name in REQUIRED if name not in found.schema.names]
    if missing:
        raise EventsError(f"{path}: not an event table, it lacks the columns {', '.join(missing)}")
    return table({name: found[name] for name in found.schema.names if name in SCHEMA.names})
