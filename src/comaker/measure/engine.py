"""Where the heavy tables are worked out: DuckDB on this machine, or Spark on a cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from comaker import events
from comaker.events import EventsError
from comaker.measure import bounds
from comaker.measure.bounds import Facts
from comaker.model.problems import did_you_mean

Name = Literal["duckdb", "spark"]
"""The engines there are."""

type Source = str | os.PathLike[str] | pa.Table
"""An event table: a Parquet file, a folder of them (as an export writes it), or a table in memory."""


class Recorded(NamedTuple):
    """An event table as it stands in an engine, and what is known of it before its rows are read."""

    table: ir.Table
    facts: Facts


class Engine(NamedTuple):
    """A connection, and how it counts microseconds since 1970 of a time."""

    connection: Any
    micros: Any

    def read(self, source: Source) -> Recorded:
        """An event table as it stands; raises ``EventsError`` with every column at fault for what is none."""
        if isinstance(source, pa.Table):
            _check_columns(source.schema, "the table")
            return Recorded(ibis.memtable(source), bounds.of_table(source))
        files = _files(Path(source))
        for file in files:
            _check_columns(_schema(file), str(file))
        table = self.connection.read_parquet([str(file) for file in files])
        return Recorded(table, bounds.of_files(files))

    def keep(self, expression: ir.Table) -> ir.Table:
        """Work an expression out once and keep its result inside the engine."""
        return self.connection.create_table(ibis.util.gen_name("kept"), expression, temp=True)


@ibis.udf.scalar.builtin(name="epoch_us", signature=(("timestamp('UTC')",), "int64"))
def _duckdb_micros(at: Any) -> int:  # type: ignore[empty-body]  # DuckDB has it
    ...


def duckdb(*, threads: int | None = None, memory: str | None = None) -> Engine:
    """DuckDB in this process; what does not fit into ``memory`` ("4GB") goes to a temporary folder."""
    options = {"threads": threads, "memory_limit": memory}
    connection = ibis.duckdb.connect(**{name: value for name, value in options.items() if value})
    return Engine(connection, _duckdb_micros)


def _files(path: Path) -> Sequence[Path]:
    if not path.exists():
        raise EventsError(f"{path}: no such file")
    if not path.is_dir():
        return [path]
    files = sorted(path.glob("*.parquet"))
    if not files:
        raise EventsError(f"{path}: the folder holds no Parquet file: name an event table")
    return files


def _schema(file: Path) -> pa.Schema:
    try:
        return pq.read_schema(file)
    except (OSError, pa.ArrowException) as error:
        raise EventsError(f"{file}: cannot be read as an event table (Parquet): {error}") from error


def _check_columns(found: pa.Schema, what: str) -> None:
    """Every column at fault at once: missing, of another type, or of a name that nearly fits."""
    problems = []
    for column in events.COLUMNS:
        if column.name not in found.names:
            if column.name in events.REQUIRED:
                others = [name for name in found.names if name not in events.SCHEMA.names]
                problems.append(
                    f"column {column.name} is missing; the file has {', '.join(others) or 'no other'}"
                )
        elif wrong := _type_mistake(found.field(column.name).type, column.type):
            problems.append(f"column {column.name}: {wrong}")
    for name in found.names:
        if name not in events.SCHEMA.names:
            problems.append(
                f"column {name} is none of the event table: {did_you_mean(name, events.SCHEMA.names)}"
            )
    if problems:
        raise EventsError("\n".join(f"{what}: {problem}" for problem in problems))


def _type_mistake(found: pa.DataType, wanted: pa.DataType) -> str:
    """What is wrong about a column's type; "" where its values can be read as what is wanted."""
    plain = found.value_type if pa.types.is_dictionary(found) else found
    if pa.types.is_null(plain):
        return ""
    if pa.types.is_timestamp(wanted):
        if not pa.types.is_timestamp(plain):
            return f"its type is {found}; times are timestamps with a zone (comaker import makes them)"
        return (
            "" if plain.tz else "its times have no zone, so it is unknown when they were: write them in UTC"
        )
    text = pa.types.is_dictionary(wanted) or pa.types.is_string(wanted)
    right = (pa.types.is_string if text else pa.types.is_integer)(plain) or (
        text and pa.types.is_large_string(plain)
    )
    return "" if right else f"its type is {found}; {'text' if text else 'whole numbers'} are needed"
