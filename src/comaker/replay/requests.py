"""The requests that a recorded event table holds, as columns in the order in which they were made."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from comaker.events import Kind
from comaker.refusals import Refusal
from comaker.replay.errors import ReplayError

Column = npt.NDArray[np.int64]

OPENING = 0
STAKE = 1
WITHDRAWAL = 2
CONFIRMATION = 3
"""The money of a reservation came: a fact, not a request."""
LAPSE = 4
"""The money of a reservation did not come, and its place was given back: a fact, not a request."""
NOT_ADMITTED = 5
"""A request refused for who asked, or for what she had not done before: no terms of staking decide that."""

NOBODY = -1
"""The holding of a request without a customer: each stands for a customer of its own."""

MISSING = -(2**62)
"""A quantity or an amount of money that the row does not give."""


_ASKING = [Kind.OPENED.value, Kind.DONE.value, Kind.REFUSED.value, Kind.WITHDRAWN.value]
_FACTS = {Kind.CONFIRMED.value: CONFIRMATION, Kind.LAPSED.value: LAPSE}
_NOT_ADMITTED = (Refusal.ROLE_NOT_ALLOWED, Refusal.STEP_MISSING, Refusal.LIMIT_REACHED)


class Requests(NamedTuple):
    """Openings, requests, and what became of reservations, one entry a row, by run, time and event id.

    ``row``: place in the recorded table; ``task``: OPENING, STAKE, WITHDRAWAL, CONFIRMATION, LAPSE
    or NOT_ADMITTED; ``project``, ``holding``: dense numbers (``NOBODY`` without a customer); ``at_us``: µs
    UTC; ``shares``, ``money_minor``: what was asked for, as far as recorded; ``recorded``: the refusal on
    record, ``Refusal.NONE`` when accepted.
    ``projects``: run and subject of each project, shape (projects, 2). ``holdings``: how many there are.
    ``until_us``: the last instant that the table tells of.
    """

    row: Column
    task: Column
    run: Column
    project: Column
    holding: Column
    at_us: Column
    shares: Column
    money_minor: Column
    recorded: Column
    projects: npt.NDArray[np.int64]
    holdings: int
    until_us: int

    @property
    def is_request(self) -> npt.NDArray[np.bool_]:
        """Which rows asked for something."""
        return np.isin(self.task, (STAKE, WITHDRAWAL, NOT_ADMITTED))

    @property
    def has_reservations(self) -> bool:
        """Whether the record tells of money that came later than its stake, or not at all."""
        return bool(np.isin(self.task, (CONFIRMATION, LAPSE)).any())


def requests_of(table: pa.Table, task: str) -> Requests:
    """Take the openings and requests of one stake task out of an event table.

    Requests are rows of kind done, refused or withdrawn whose task is the one named or empty. A refused
    row asks for a withdrawal where it was refused for want of shares, or its quantity is negative. Rows of
    kind confirmed and lapsed whose task is the one named say what became of reservations.
    Raises ``ReplayError`` for a request without a project or without an amount.
    """
    kinds = pc.cast(table["kind"], pa.string())
    named = pc.fill_null(pc.equal(pc.cast(table["task"], pa.string()), task), False)
    mine = pc.or_(pc.is_null(table["task"]), named)
    asks = pc.and_(pc.is_in(kinds, pa.array(_ASKING)), mine)
    reserved = pc.and_(pc.is_in(kinds, pa.array([*_FACTS])), named)
    chosen = np.flatnonzero(_plain(pc.or_(asks, reserved), False))
    order = np.lexsort([_plain(table[name], 0)[chosen] for name in ("event_id", "at", "run")])
    row = chosen[order]
    taken = table.take(pa.array(row))
    kind = pc.cast(taken["kind"], pa.string()).to_numpy(zero_copy_only=False)
    shares, money_minor = (_plain(taken[name], MISSING) for name in ("quantity", "money_minor"))
    recorded = _refusals(taken)
    negative = (shares < 0) & (shares != MISSING)
    back = (kind == Kind.WITHDRAWN) | (
        (kind == Kind.REFUSED) & ((recorded == Refusal.NOTHING_HELD) | negative)
    )
    tasks = np.where(kind == Kind.OPENED, OPENING, np.where(back, WITHDRAWAL, STAKE))
    for fact, number in _FACTS.items():
        tasks[kind == fact] = number
    tasks[(kind == Kind.REFUSED) & np.isin(recorded, _NOT_ADMITTED)] = NOT_ADMITTED
    _check(taken, tasks, shares, money_minor)
    run = _plain(taken["run"], 0)
    subject = _plain(taken["subject"], 0)
    projects, project = _numbered(run, subject)
    holding, holdings = _holdings(taken["customer"], project)
    asked = np.where(back & negative, -shares, shares)
    return Requests(
        row=row,
        task=tasks,
        run=run,
        project=project,
        holding=holding,
        at_us=_plain(taken["at"], 0),
        shares=asked,
        money_minor=money_minor,
        recorded=recorded,
        projects=projects,
        holdings=holdings,
        until_us=int(_plain(table["at"], 0).max()),
    )


def _plain(column: pa.ChunkedArray, empty: int | bool) -> npt.NDArray[np.int64]:
    """A column as int64, with a value for empty cells; times in µs."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    return np.asarray(pc.fill_null(column, empty).to_numpy(zero_copy_only=False)).astype(np.int64)


def _refusals(table: pa.Table) -> Column:
    """The recorded refusal of each row as a number of ``Refusal``."""
    words = pc.fill_null(pc.cast(table["refusal"], pa.string()), "").dictionary_encode().combine_chunks()
    known = {refusal.name.lower(): int(refusal) for refusal in Refusal} | {"": int(Refusal.NONE)}
    names = [word.replace(" ", "_").lower() for word in words.dictionary.to_pylist()]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ReplayError(f"unknown refusals in the events: {', '.join(unknown)}; known: {', '.join(known)}")
    numbers = np.array([known[name] for name in names] or [0], np.int64)
    return np.asarray(numbers[words.indices.to_numpy()])


def _check(taken: pa.Table, tasks: Column, shares: Column, money_minor: Column) -> None:
    if len(tasks) == 0:
        raise ReplayError("the events hold no request to stake: no row of kind done, refused or withdrawn")
    no_project = _plain(pc.is_null(taken["subject"]), False).astype(bool)
    no_amount = (tasks != OPENING) & (shares == MISSING) & (money_minor < 0)
    for wrong, what in (
        (no_project, "names no project (column subject)"),
        (no_amount, "has neither shares (quantity) nor money (money_minor)"),
    ):
        found = np.flatnonzero(wrong)
        if len(found):
            events = ", ".join(str(taken["event_id"][int(place)].as_py()) for place in found[:5])
            more = f" and {len(found) - 5} more" if len(found) > 5 else ""
            raise ReplayError(f"event {events}{more}: a request that {what}")


def _holdings(customers: pa.ChunkedArray, project: Column) -> tuple[Column, int]:
    known = _plain(pc.is_valid(customers), False).astype(bool)
    found, number = _numbered(project[known], _plain(customers, 0)[known])
    holding = np.full(len(project), NOBODY, np.int64)
    holding[known] = number
    return holding, len(found)


def _numbered(first: Column, second: Column) -> tuple[Column, Column]:
    """The distinct pairs of two columns, sorted, shape (pairs, 2), and the number of each row's pair."""
    firsts, first_number = np.unique(first, return_inverse=True)
    seconds, second_number = np.unique(second, return_inverse=True)
    # Both numbers are below the count of rows: their product cannot reach 2**63.
    pairs, number = np.unique(first_number * len(seconds) + second_number, return_inverse=True)
    high, low = np.divmod(pairs, max(len(seconds), 1))
    return np.column_stack([firsts[high], seconds[low]]), number
