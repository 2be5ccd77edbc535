"""What is known of an event table before its rows are read: the least and largest value of each column.

Parquet files say so in their footers. A column whose bounds are in order needs no check row by row, and a
column that no check needs is not read: on ten million events this is most of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


class Bound(NamedTuple):
    """The least and the largest value of a column (None: it has none), and how many rows lack one."""

    low: int | None
    high: int | None
    missing: int


class Order(NamedTuple):
    """``rises``: each event's (run, event_id) is above the one before, so none comes twice;
    ``backwards``: rows whose time is before that of the row above."""

    rises: bool
    backwards: int


class Facts(NamedTuple):
    """Rows, the bounds of whole numbers and times (µs since 1970) as far as known, and the order."""

    rows: int
    bounds: Mapping[str, Bound]
    order: Order


def of_files(files: Sequence[Path]) -> Facts:
    """The facts of Parquet files that together are one table, from footers and three columns."""
    parts = [pq.ParquetFile(file) for file in files]
    bounds: dict[str, Bound] = {}
    names = set.intersection(*(set(part.schema_arrow.names) for part in parts))
    for name in names:
        found = [bound for part in parts for bound in _of_groups(part, name)]
        if None not in found:
            bounds[name] = _joined([bound for bound in found if bound])
    order = _order(batch for part in parts for batch in part.iter_batches(1_000_000, columns=_ORDERED))
    return Facts(sum(part.metadata.num_rows for part in parts), bounds, order)


def of_table(table: pa.Table) -> Facts:
    """The facts of a table in memory."""
    bounds = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column = _micros(column)
        if pa.types.is_integer(column.type):
            found = pc.min_max(column).as_py()
            bounds[name] = Bound(found["min"], found["max"], column.null_count)
    return Facts(table.num_rows, bounds, _order(table.select(_ORDERED).to_batches()))


_ORDERED = ["run", "event_id", "at"]


def _micros(column: Any) -> Any:
    return column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64())


def _of_groups(part: pq.ParquetFile, name: str) -> Iterator[Bound | None]:
    """The bound of a column in each row group; None where the footer does not say."""
    kind = part.schema_arrow.field(name).type
    place = part.schema_arrow.names.index(name)
    for group in range(part.num_row_groups):
        column = part.metadata.row_group(group).column(place)
        found = column.statistics
        if found is None or found.null_count is None:
            yield None
        elif found.null_count == column.num_values:
            yield Bound(None, None, found.null_count)
        elif not found.has_min_max or not (pa.types.is_integer(kind) or pa.types.is_timestamp(kind)):
            yield None
        else:
            yield Bound(_whole(found.min), _whole(found.max), found.null_count)


def _whole(value: Any) -> int:
    """A footer's value as a whole number; of a time, µs since 1970."""
    return (
        int(value)
        if isinstance(value, int)
        else int(np.datetime64(value.replace(tzinfo=None), "us").astype(int))
    )


def _joined(bounds: Sequence[Bound]) -> Bound:
    lows = [bound.low for bound in bounds if bound.low is not None]
    highs = [bound.high for bound in bounds if bound.high is not None]
    return Bound(min(lows, default=None), max(highs, default=None), sum(bound.missing for bound in bounds))


def _order(batches: Iterable[pa.RecordBatch]) -> Order:
    found: list[Order] = []
    last: list[Any] = []
    for batch in batches:
        if batch.num_rows:
            columns = [_numbers(batch.column(name)) for name in _ORDERED]
            if last:
                found.append(
                    _order_of(*(np.append(end, column[0]) for end, column in zip(last, columns, strict=True)))
                )
            found.append(_order_of(*columns))
            last = [column[-1] for column in columns]
    return Order(all(part.rises for part in found), sum(part.backwards for part in found))


def _order_of(run: npt.NDArray[np.int64], event: npt.NDArray[np.int64], at: npt.NDArray[np.int64]) -> Order:
    rises, backwards = event[1:] > event[:-1], at[1:] < at[:-1]
    same = run[1:] == run[:-1]
    if not same.all():
        rises, backwards = (run[1:] > run[:-1]) | (same & rises), same & backwards
    return Order(bool(rises.all()), int(backwards.sum()))


def _numbers(column: pa.Array) -> npt.NDArray[np.int64]:
    """A column as whole numbers, -1 where it has none."""
    numbers = _micros(column) if pa.types.is_timestamp(column.type) else column.cast(pa.int64())
    return np.asarray(numbers.fill_null(-1) if numbers.null_count else numbers)
