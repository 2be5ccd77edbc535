"""The events of a run as rows of the event table that every verb shares."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from comaker.events import table
from comaker.model import Model
from comaker.refusals import Refusal
from comaker.simulate.record import KINDS, NO_TASK, NOBODY, PAID, STAKE
from comaker.simulate.run import Outcome
from comaker.simulate.terms import staking_task, versions_of
from comaker.words import TaskKind


def event_tables(model: Model, outcomes: list[Outcome]) -> Iterator[pa.Table]:
    """One event table a run, ``run`` counting replicates from 1."""
    for outcome in outcomes:
        yield event_table(model, outcome)


def event_table(model: Model, outcome: Outcome) -> pa.Table:
    """The events of one run; weeks and parts of them count from midnight UTC of the launch."""
    rows = outcome.books.events.rows[: outcome.books.events.used[0]]
    launch = np.datetime64(model.launched, "us").astype(np.int64)
    kind = _words(rows["kind"], [str(kind) for kind in KINDS])
    tasks = _tasks(model)
    refused = rows["refusal"] != Refusal.NONE
    names = np.array([refusal.name.lower() for refusal in Refusal], object)
    return table(
        {
            "event_id": np.arange(1, len(rows) + 1),
            "at": pa.array(rows["at_us"] + launch, pa.timestamp("us", tz="UTC")),
            "run": np.full(len(rows), outcome.run, np.int32),
            "model": _versions(model, rows["at_us"]),
            "kind": kind,
            "customer": _known(rows["customer"]),
            "role": _roles(model, rows),
            "task": _word_of(rows["task"], tasks),
            "stage": _word_of(rows["task"], [str(model.task[name].stage) for name in tasks]),
            "performer": _word_of(rows["task"], [str(model.task[name].performer) for name in tasks]),
            "subject": _known(rows["subject"]),
            "refusal": pa.array(names[rows["refusal"]], pa.string(), mask=~refused).dictionary_encode(),
            "quantity": pa.array(rows["quantity"], mask=rows["quantity"] == 0),
            "money_minor": pa.array(rows["money_minor"], mask=rows["money_minor"] == 0),
            "referrer": _known(rows["referrer"]),
            "encounter": pa.array(rows["encounter"], mask=rows["encounter"] == 0),
            "shown": _shown(rows),
        }
    )


def _versions(model: Model, at_us: npt.NDArray[np.int64]) -> pa.Array:
    hashes = [version.hash for version in model.versions]
    version = np.searchsorted(versions_of(model)["from_us"], at_us, side="right") - 1
    return _words(version, hashes)


def _words(codes: npt.NDArray[np.integer], words: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words))


def _known(values: npt.NDArray[np.integer]) -> pa.Array:
    return pa.array(values, pa.int64(), mask=values == NOBODY)


def _tasks(model: Model) -> list[str]:
    """The model's tasks in the order of ``record.STAKE`` and ``record.BALLOT``."""
    ballots = [
        name for name, task in model.task.items() if task.kind == TaskKind.BALLOT and task.terms.options
    ]
    return [staking_task(model), *ballots[:1]]


def _roles(model: Model, rows: npt.NDArray[np.void]) -> pa.DictionaryArray:
    """Customers take part as customers; payments to nobody's account are those of the other party (E2)."""
    parties = {party for flow in model.sharing.values() for party in flow.to if party not in flow.by_shares}
    others = parties - {"firm"}
    paid = (rows["kind"] == PAID) & (rows["customer"] == NOBODY)
    roles = np.where(paid, others.pop() if len(others) == 1 else "partners", "customer").astype(object)
    return pa.array(roles, pa.string(), mask=~paid & (rows["customer"] == NOBODY)).dictionary_encode()


def _word_of(tasks: npt.NDArray[np.int8], words: list[str]) -> pa.DictionaryArray:
    """A word by task, empty for events of no task."""
    codes = pa.array(tasks.astype(np.int32) - STAKE, mask=tasks == NO_TASK)
    return pa.array(words).take(codes).dictionary_encode()


def _shown(rows: npt.NDArray[np.void]) -> pa.Array:
    text = pc.binary_join_element_wise(
        '{"collected_shares": ', _text(rows["shown_collected"]),
        ', "goal_shares": ', _text(rows["shown_goal"]),
        ', "producers": ', _text(rows["shown_producers"]), "}", "",
    )  # fmt: skip
    return pc.if_else(pa.array(rows["shown_goal"] == NOBODY), pa.scalar(None, pa.string()), text)


def _text(values: npt.NDArray[np.integer]) -> pa.Array:
    return pa.array(values).cast(pa.string())
