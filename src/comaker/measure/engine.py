"""Where the heavy tables are worked out: DuckDB in this process, or Spark, perhaps on a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import Error as DuckDBError
from duckdb import InvalidInputException, OutOfMemoryException
from duckdb import IOException as DuckDBIOError

from comaker.events import EventsError
from comaker.measure import bounds
from comaker.measure.bounds import Facts
from comaker.measure.columns import check_columns
from comaker.measure.errors import MeasureError

type Source = str | os.PathLike[str] | pa.Table
"""An event table: a Parquet file, a folder of them (as an export writes it), or a table in memory."""


class Recorded(NamedTuple):
    """An event table as it stands in an engine, and what is known of it before its rows are read."""

    table: ir.Table
    facts: Facts


class Engine(Protocol):
    """What works out the heavy tables."""

    def read(self, source: Source) -> Recorded:
        """An event table as it stands; raises ``EventsError`` with every column at fault for what is none."""

    def micros(self, at: Any) -> Any:
        """A time as µs since 1970 UTC."""

    def keep(self, expression: ir.Table) -> ir.Table:
        """Work an expression out once and keep its result inside the engine."""


@ibis.udf.scalar.builtin(name="epoch_us", signature=(("timestamp('UTC')",), "int64"))
def _epoch_us(at: Any) -> int:  # type: ignore[empty-body]  # DuckDB has it
    ...


class DuckDB:
    """DuckDB in this process; what does not fit into ``memory`` ("4GB") goes to a temporary folder."""

    def __init__(self, *, threads: int | None = None, memory: str | None = None) -> None:
        options = {"threads": threads, "memory_limit": memory}
        try:
            self.connection = ibis.duckdb.connect(**{name: value for name, value in options.items() if value})
        except DuckDBError as error:
            raise MeasureError(f"memory {memory}: name an amount such as 4GB") from error

    def read(self, source: Source) -> Recorded:
        """See ``Engine``."""
        if isinstance(source, pa.Table):
            check_columns(source.schema, "the table")
            return Recorded(ibis.memtable(source), bounds.of_table(source))
        files = checked_files(source)
        # Files of one folder may differ in the columns that an event table need not have.
        table = self.connection.read_parquet([str(file) for file in files], union_by_name=len(files) > 1)
        # Ibis knows no type of DuckDB's for times in nanoseconds with a zone.
        return Recorded(table.mutate(at=table["at"].cast("timestamp('UTC')")), bounds.of_files(files))

    def micros(self, at: Any) -> Any:
        """See ``Engine``."""
        return _epoch_us(at)

    def keep(self, expression: ir.Table) -> ir.Table:
        """See ``Engine``."""
        return self.connection.create_table(ibis.util.gen_name("kept"), expression, temp=True)


@contextmanager
def failures_told() -> Iterator[None]:
    """Says in one message where the record cannot be read, or DuckDB ran out of the memory it may use."""
    try:
        yield
    except (DuckDBIOError, InvalidInputException, pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise MeasureError(
            f"the event table could not be read to its end (a damaged file, or no room on the disk): {first}"
        ) from error
    except OutOfMemoryException as error:
        raise MeasureError(
            "DuckDB ran out of memory: allow it more (memory), or let it work with fewer threads, each of "
            "which takes its part"
        ) from error


def checked_files(source: str | os.PathLike[str]) -> Sequence[Path]:
    """The Parquet files that a path names; raises ``EventsError`` where they are no event table."""
    path = Path(source)
    if not path.exists():
        raise EventsError(f"{path}: no such file")
    if not os.access(path, os.R_OK | os.X_OK if path.is_dir() else os.R_OK):
        raise EventsError(f"{path}: it may not be read by this account")
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise EventsError(f"{path}: the folder holds no Parquet file: name an event table")
    for file in files:
        check_columns(_schema(file), str(file))
    return files


def _schema(file: Path) -> pa.Schema:
    try:
        return pq.read_schema(file)
    except (OSError, pa.ArrowException) as error:
        raise EventsError(
            f"{file}: cannot be read as an event table (Parquet): {_mistake(file, error)}"
        ) from error


def _mistake(file: Path, error: Exception) -> str:
    """What is wrong with a file that is no Parquet file, or no whole one."""
    if not file.is_file():
        return "it is no file"
    if not file.stat().st_size:
        return "it is empty"
    with file.open("rb") as opened:
        if opened.read(4) != b"PAR1":
            return "it is of another format; comaker import makes an event table of a CSV file"
    return f"it is cut off or damaged ({next(iter(str(error).splitlines()), '')})"
