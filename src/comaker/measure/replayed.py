"""The recorded decisions made again by the rules in force, and what other terms would have refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from comaker import events as event_table
from comaker.measure.draws import DECIDED
from comaker.measure.figures import About, Figure, Section
from comaker.measure.log import Log
from comaker.model import Model
from comaker.model.schema.tasks import StakeTask
from comaker.replay import ReplayError, replay
from comaker.replay.results import Replayed

_COLUMNS = (
    *("event_id", "at_us", "run", "kind", "customer", "role", "task", "stage", "performer", "subject"),
    *("refusal", "quantity", "money_minor"),
)

_DIFFERENCES = About(
    "replay_differences",
    "requests that the rules in force at the time decide otherwise than the log says; none are expected",
    "requests",
    "requests replayed",
    "F4.6",
)
_CLOSINGS = About(
    "replay_closing_differences",
    "projects that the log closes otherwise than the rules; none are expected",
    "projects",
    "requests replayed",
    "F4.6",
)
_NOW = "as declared"
_CHANGED = "changed"
_REFUSED = About(
    "refused_share",
    "share of the recorded requests that the terms refuse",
    "share",
    "requests replayed",
    "F4.6",
)
_ACCEPTED = About(
    "accepted_money",
    "money of the recorded requests that the terms accept",
    "minor units",
    "requests replayed",
    "F4.6",
)
_AT_GOAL = About(
    "projects_at_goal",
    "projects that reach their goal with the recorded requests",
    "projects",
    "requests replayed",
    "F4.6",
)
_NO_CHANGE = "no change of the terms was named: measure with --change key=value"


class WhatIf(NamedTuple):
    """The model with other terms, and the changes in words."""

    model: Model
    changes: tuple[str, ...]


def section(log: Log, what_if: WhatIf | None) -> Section:
    """Differences between recorded and recomputed decisions, and what other terms would have decided."""
    stakes = [name for name, task in log.model.task.items() if isinstance(task, StakeTask)]
    figures: list[Figure] = []
    remarks: list[str] = []
    tables = {}
    for task in stakes:
        requests, share = _requests(log, task)
        try:
            now = replay(requests, log.model, task=task)
            changed = replay(requests, what_if.model, task=task) if what_if else None
        except ReplayError as error:
            figures += _missing(str(error), task)
            continue
        figures += [*_differences(now, task), *_compared(now, changed, task)]
        remarks += [*_unnamed(requests), *_remarks(now, share, what_if)]
        tables[f"differences {task}"] = now.differences.astype({"at": str})
    if not stakes:
        figures += _missing("the model declares no stake task: no terms decide by themselves", "")
    return Section(
        key="replay",
        title="The decisions again",
        question="Do the rules decide as the log says they did, and what would other terms have decided?",
        figures=figures,
        tables=tables,
        remarks=remarks,
    )


def _requests(log: Log, task: str) -> tuple[pa.Table, float]:
    """The rows of projects that were drawn, as an event table, and which share of the rows they are."""
    found = log.draws.requests(task).of(log.taken).select(*_COLUMNS).to_pyarrow()
    columns = {name: found[name] for name in found.column_names if name != "at_us"}
    at = found["at_us"].cast(pa.timestamp("us", tz="UTC"))
    return event_table.table({**columns, "at": at}), found.num_rows / max(log.draws.requested(task), 1)


def _unnamed(requests: pa.Table) -> Iterator[str]:
    """Says where requests do not tell whose they are, so that no limit a customer can be applied."""
    decided = pc.is_in(requests["kind"].cast(pa.string()), pa.array(DECIDED))
    if unnamed := requests.filter(decided)["customer"].null_count:
        yield f"{unnamed:,} requests name no customer: each is replayed as that of a customer of its own."


def _missing(needs: str, task: str) -> list[Figure]:
    abouts = (_DIFFERENCES, _CLOSINGS, _REFUSED, _ACCEPTED, _AT_GOAL)
    return [about.missing(needs, of=task) for about in abouts]


def _differences(now: Replayed, task: str) -> Iterator[Figure]:
    requests = int(now.outcomes["requests"].sum())
    yield _DIFFERENCES.record(len(now.differences), n=requests, of=task)
    yield _CLOSINGS.record(len(now.closing_differences), n=requests, of=task)


def _compared(now: Replayed, changed: Replayed | None, task: str) -> Iterator[Figure]:
    for about in (_REFUSED, _ACCEPTED, _AT_GOAL):
        for arm, replayed in ((_NOW, now), (_CHANGED, changed)):
            of = f"{task} / {arm}"
            if replayed is None:
                yield about.missing(_NO_CHANGE, of=of)
            else:
                yield about.mechanical(
                    _value(about, replayed), n=int(replayed.outcomes.requests.sum()), of=of
                )


def _value(about: About, replayed: Replayed) -> float:
    figures = replayed.summary.set_index("name")["value"]
    if about is _REFUSED:
        return float(figures["refused"] / max(figures["requests"], 1))
    return float(figures["accepted_money" if about is _ACCEPTED else "projects_at_goal"])


def _remarks(now: Replayed, share: float, what_if: WhatIf | None) -> Iterator[str]:
    if share < 1:
        yield (
            f"A draw of projects with {share:.1%} of the rows was replayed; comaker replay decides all again."
        )
    if what_if:
        yield f"With {', '.join(what_if.changes)}: {now.label}."
    for row in now.differences.head(3).to_dict("records"):
        yield (
            f"Event {row['event_id']} is recorded as {row['recorded']}, the rules say {row['recomputed']} "
            f"({row['asked_shares']:,} shares asked, {row['accepted_shares']:,} accepted)."
        )
