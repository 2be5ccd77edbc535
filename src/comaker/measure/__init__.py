"""Measures what customer participation does, from an event table alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

from comaker.measure.errors import MeasureError

if TYPE_CHECKING:
    import pyarrow as pa

    from comaker.measure.measured import Measured
    from comaker.model import Model

__all__ = ["MeasureError", "measure"]


def measure(
    events: str | os.PathLike[str] | pa.Table,
    model: str | os.PathLike[str] | Model,
    *,
    changes: Iterable[str] = (),
    engine: Literal["duckdb", "spark"] = "duckdb",
    threads: int | None = None,
    memory: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Measured:
    """Measure an event table under the business model that it is a record of.

    ``events``: an event table, the path of one (Parquet), or a folder of them as ``comaker export`` writes
    it. ``model``: gallery name, path, or a loaded model. ``changes`` to the terms, as "key=value": what of
    the recorded requests they would have refused (mechanical: nobody reacts). ``engine``: where the heavy
    tables are worked out; ``threads`` and ``memory`` ("4GB") bound DuckDB. ``progress`` is called with
    sections done and in all. Every figure has its unit, n and 95 % interval, or says which data would
    identify it.
    Raises ``EventsError``, ``ModelError`` or ``MeasureError`` with every mistake found.
    """
    from comaker.measure.measuring import measured

    return measured(
        events,
        model,
        changes=tuple(changes),
        engine=engine,
        threads=threads,
        memory=memory,
        progress=progress,
    )
