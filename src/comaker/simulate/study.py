"""Several models on the same luck, from plans to results."""

from __future__ import annotations

import pyarrow as pa

from comaker.model import Model
from comaker.simulate.frames import frames_of
from comaker.simulate.results import Simulation
from comaker.simulate.run import Outcome, Progress, all_runs
from comaker.simulate.size import Size
from comaker.simulate.tables import event_tables


def simulated(
    models: list[Model], size: Size, *, threads: int | None, progress: Progress | None
) -> list[Simulation]:
    """Simulate every model; run ``r`` of all of them shares its luck."""
    arms = all_runs(models, size, threads=threads, progress=progress)
    return [_result(model, outcomes, size) for model, outcomes in zip(models, arms, strict=True)]


def _result(model: Model, outcomes: list[Outcome], size: Size) -> Simulation:
    frames = frames_of(
        outcomes,
        currency=model.currency,
        per_major=10**model.minor_digits,
        settle_weeks=int(model.value("settle_weeks")),
    )
    return Simulation(
        model=model.name,
        hash=model.hash,
        currency=model.currency,
        minor_digits=model.minor_digits,
        customers=size.customers,
        weeks=size.weeks,
        runs=size.runs,
        seed=size.seed,
        **frames._asdict(),
        events=pa.concat_tables(event_tables(model, outcomes)) if size.events else None,
    )
