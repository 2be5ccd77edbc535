"""Measures an event table section by section."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from threading import Thread

import pyarrow as pa

from comaker.measure import determinants, economics, inputs, limitations, links, rcov, replayed, socialization
from comaker.measure.cleaning import clean
from comaker.measure.engine import DuckDB, Engine, failures_told
from comaker.measure.errors import MeasureError
from comaker.measure.figures import Section
from comaker.measure.log import Log
from comaker.measure.measured import Measured
from comaker.model import Model, load

SECTIONS: tuple[Callable[[Log], Section], ...] = (
    inputs.section,
    determinants.section,
    socialization.section,
    links.section,
    economics.section,
    limitations.section,
)
"""The sections of the report that need the log alone, in order."""


@failures_told()
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
    loading = Thread(target=_load_libraries)
    loading.start()
    declared = model if isinstance(model, Model) else load(model)
    what_if = _what_if(model, changes)
    log = open_log(events, declared, _engine(engine, threads, memory))
    # Two threads that load modules of one package at once may meet one that is half loaded.
    loading.join()
    tell = progress or (lambda done, total: None)
    found: dict[str, Section] = {}
    for done, section in enumerate(SECTIONS):
        tell(done, len(SECTIONS) + 1)
        one = section(log)
        found[one.key] = one
    tell(len(SECTIONS), len(SECTIONS) + 1)
    again = replayed.section(log, what_if)
    picture = rcov.section(log, found)
    tell(len(SECTIONS) + 1, len(SECTIONS) + 1)
    return Measured(
        model=declared.name,
        hash=declared.hash,
        currency=declared.currency,
        minor_digits=declared.minor_digits,
        label="simulated" if log.cleaned.simulated else "measured",
        rows=log.cleaned.rows,
        dropped=log.cleaned.dropped,
        backwards=log.cleaned.backwards,
        runs=log.cleaned.runs,
        customers=log.customer_count,
        from_us=log.cleaned.from_us,
        until_us=log.cleaned.until_us,
        sections={picture.key: picture, **found, again.key: again},
    )


def _load_libraries() -> None:
    """Loads what estimators need, half a second's work, while the engine reads the events."""
    for name in ("scipy.special", "scipy.sparse.linalg"):
        import_module(name)


def open_log(events: str | os.PathLike[str] | pa.Table, model: Model, engine: Engine | None = None) -> Log:
    """A log to measure one section of: ``inputs.section(open_log(events, model))``."""
    engine = engine or DuckDB()
    return Log(model, clean(engine.read(events), model=model, engine=engine), engine)


def _what_if(model: str | os.PathLike[str] | Model, changes: tuple[str, ...]) -> replayed.WhatIf | None:
    if not changes:
        return None
    if isinstance(model, Model):
        raise MeasureError("changes go with a model's name or path, not with a loaded model")
    return replayed.WhatIf(load(model, changes=changes), changes)


def _engine(name: str, threads: int | None, memory: str | None) -> Engine:
    if name == "duckdb":
        return DuckDB(threads=threads, memory=memory)
    if name == "spark":
        from comaker.measure.spark import Spark

        return Spark(threads=threads)
    raise MeasureError(f"no engine {name!r}: choose duckdb or spark")
