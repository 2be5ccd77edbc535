"""Replays a recorded log of requests under a model's terms."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable

import pyarrow as pa

from comaker import events as event_table
from comaker.model import Model, load, stake_terms
from comaker.model.paths import split_change
from comaker.model.schema.tasks import StakeTask, Task
from comaker.replay.deciding import Version, decide
from comaker.replay.requests import requests_of
from comaker.replay.results import Replayed
from comaker.words import TaskKind


def replayed(
    events: str | os.PathLike[str] | pa.Table,
    model: str | os.PathLike[str] | Model,
    *,
    changes: Iterable[str | tuple[str, str]],
    amendments: bool,
    task: str,
    progress: Callable[[int, int], None] | None,
) -> Replayed:
    """Replay as ``comaker.replay`` describes."""
    named = list(changes)
    if isinstance(model, Model):
        if named or not amendments:
            raise TypeError("changes and amendments go with a model's name or path, not with a loaded model")
        loaded = model
    else:
        loaded = load(model, changes=named, amendments=amendments)
    recorded = events if isinstance(events, pa.Table) else event_table.read(events)
    versions = tuple(
        Version(
            _midnight_us(version.in_force),
            stake_terms(version.model, task),
            version.hash,
            reserves=_is_reserved(version.model.task[task]),
        )
        for version in loaded.versions
    )
    requests = requests_of(recorded, task)
    return Replayed(
        model=loaded.name,
        hash=loaded.hash,
        changes={str(key): str(value) for key, value in map(_split, named)},
        currency=loaded.currency,
        minor_digits=loaded.minor_digits,
        recorded=recorded,
        requests=requests,
        decided=decide(requests, versions, progress),
        versions=versions,
        kinds={task: TaskKind.STAKE},
    )


def _split(change: str | tuple[str, str]) -> tuple[str, object]:
    return split_change(change)


def _is_reserved(task: Task) -> bool:
    return isinstance(task, StakeTask) and task.terms.reserved_seconds > 0


def _midnight_us(day: dt.date) -> int:
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()) * 1_000_000
