"""Measures an event table section by section."""

from __future__ import annotations

import os
from collections.abc import Callable

import pyarrow as pa

from comaker.measure import MeasureError, inputs
from comaker.measure.cleaning import clean
from comaker.measure.engine import Engine, duckdb
from comaker.measure.figures import Section
from comaker.measure.log import Log
from comaker.measure.measured import Measured
from comaker.model import Model, load

SECTIONS: tuple[Callable[[Log], Section], ...] = (inputs.section,)
"""The sections of the report that need the log alone, in order."""


def measured(
    events: str | os.PathLike[str] | pa.Table,
    model: str | os.PathLike[str] | Model,
    *,
    changes: tuple[str, ...],
    engine: str,
    threads: int | None,
    memory: str | None,
    progress: Callable[[int, int], None] | None,
) -> Measured:
    """Measure as ``comaker.measure`` describes."""
    declared = model if isinstance(model, Model) else load(model)
    log = open_log(events, declared, _engine(engine, threads, memory))
    tell = progress or (lambda done, total: None)
    sections = {}
    for done, section in enumerate(SECTIONS):
        tell(done, len(SECTIONS))
        found = section(log)
        sections[found.key] = found
    tell(len(SECTIONS), len(SECTIONS))
    return Measured(
        model=declared.name,
        hash=declared.hash,
        currency=declared.currency,
        minor_digits=declared.minor_digits,
        label="simulated" if log.cleaned.simulated else "measured",
        rows=log.cleaned.rows,
        dropped=log.cleaned.dropped,
        runs=log.cleaned.runs,
        customers=log.customer_count,
        from_us=log.cleaned.from_us,
        until_us=log.cleaned.until_us,
        sections=sections,
    )


def open_log(events: str | os.PathLike[str] | pa.Table, model: Model, engine: Engine | None = None) -> Log:
    """A log to measure one section of: ``inputs.section(open_log(events, model))``."""
    engine = engine or duckdb()
    return Log(model, clean(engine.read(events), model=model, engine=engine), engine)


def _engine(name: str, threads: int | None, memory: str | None) -> Engine:
    if name == "duckdb":
        return duckdb(threads=threads, memory=memory)
    raise MeasureError(f"no engine {name!r}: choose duckdb or spark")
