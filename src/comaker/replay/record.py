"""Writes what a replay decided: as an event table, and in a ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from comaker import events
from comaker.events import Event, Kind
from comaker.ledger import Ledger, LedgerError, postings_of
from comaker.refusals import Refusal
from comaker.replay.deciding import STATUS, Closing, Decided, Version
from comaker.replay.requests import (
    CONFIRMATION,
    LAPSE,
    MISSING,
    OPENING,
    WITHDRAWAL,
    Column,
    Requests,
)
from comaker.words import TaskKind

_COPIED = ("customer", "role", "task", "stage", "performer")
_REFUSALS = [None if refusal is Refusal.NONE else refusal.name.lower() for refusal in Refusal]


class Money(NamedTuple):
    """Money of each request, in minor units: the share price in force, and what was asked for."""

    price_minor: Column
    asked_minor: Column


def money_of(requests: Requests, decided: Decided, versions: Sequence[Version]) -> Money:
    """The money of each request under the terms that decided it."""
    prices = np.array([version.terms.share_price_minor for version in versions], np.int64)
    price_minor = prices[decided.version]
    by_shares = decided.asked * price_minor
    return Money(price_minor, np.where(requests.shares == MISSING, requests.money_minor, by_shares))


def decision_events(
    recorded: pa.Table, requests: Requests, decided: Decided, versions: Sequence[Version]
) -> pa.Table:
    """The decisions as an event table, ordered by run and time, with fundings and expiries among them."""
    closings = decided.closings
    projects = np.array([one.project for one in closings], np.int64)
    hashes = [version.hash for version in versions]
    columns = _requested(requests, decided, money_of(requests, decided, versions))
    columns["model"] = pa.array([hashes[number] for number in decided.version.tolist()], pa.string())
    copied = recorded.take(pa.array(requests.row))
    for name in _COPIED:
        columns[name] = _without_dictionary(copied[name].combine_chunks())
    closed = _closed(closings, versions)
    closed["model"] = pa.array([hashes[one.version] for one in closings], pa.string())
    closed["run"] = pa.array(requests.projects[projects, 0])
    closed["subject"] = pa.array(requests.projects[projects, 1])
    joined = {
        name: pa.concat_arrays([column, closed.get(name, pa.nulls(len(closings), column.type))])
        for name, column in columns.items()
    }
    place = np.concatenate([2 * np.arange(len(requests.row)), [2 * one.before - 1 for one in closings]])
    order = np.lexsort([place, joined["at"].to_numpy(), joined["run"].to_numpy()])
    ordered = {name: column.take(pa.array(order)) for name, column in joined.items()}
    return events.table({**ordered, "event_id": np.arange(1, len(order) + 1)})


def _requested(requests: Requests, decided: Decided, money: Money) -> dict[str, pa.Array]:
    """The rows of openings and requests, accepted ones with what was accepted, others with what was asked."""
    opening, back = requests.task == OPENING, requests.task == WITHDRAWAL
    accepted = (decided.refusal == Refusal.NONE) & ~opening
    shares = np.where(accepted, decided.accepted, np.where(back, -decided.asked, decided.asked))
    money_minor = np.where(accepted, decided.accepted * money.price_minor, money.asked_minor)
    money_minor = np.where(opening, np.maximum(requests.money_minor, 0), money_minor)
    kind = np.where(accepted, np.where(back, Kind.WITHDRAWN, Kind.DONE), Kind.REFUSED)
    for task, fact in ((OPENING, Kind.OPENED), (CONFIRMATION, Kind.CONFIRMED), (LAPSE, Kind.LAPSED)):
        kind[requests.task == task] = fact
    return {
        "run": pa.array(requests.run),
        "at": pa.array(requests.at_us),
        "kind": pa.array(kind.tolist(), pa.string()),
        "subject": pa.array(requests.projects[requests.project, 1]),
        "quantity": pa.array(shares),
        "money_minor": pa.array(money_minor),
        "refusal": pa.array([_REFUSALS[number] for number in decided.refusal.tolist()], pa.string()),
    }


def _closed(closings: Sequence[Closing], versions: Sequence[Version]) -> dict[str, pa.Array]:
    prices = [versions[one.version].terms.share_price_minor for one in closings]
    money_minor = [one.shares * price for one, price in zip(closings, prices, strict=True)]
    return {
        "at": pa.array([one.at_us for one in closings], pa.int64()),
        "kind": pa.array([STATUS[one.status] for one in closings], pa.string()),
        "quantity": pa.array([one.shares for one in closings], pa.int64()),
        "money_minor": pa.array(money_minor, pa.int64()),
    }


def _without_dictionary(column: pa.Array) -> pa.Array:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def booked(table: pa.Table, *, currency: str, kinds: Mapping[str, TaskKind]) -> Ledger:
    """The money of an event table of one run and one stake task, booked."""
    if len(table["run"].unique()) > 1:
        raise LedgerError("the events are of several runs: replay one of them to book its money")
    book = Ledger()
    (task,) = kinds
    names = ("event_id", "at", "kind", "model", "customer", "subject", "quantity", "money_minor")
    columns = [table[name].cast(pa.int64()) if name == "at" else table[name] for name in names]
    for event_id, at_us, kind, model, customer, subject, quantity, money_minor in zip(
        *(column.to_pylist() for column in columns), strict=True
    ):
        event = Event(
            event_id,
            at_us,
            Kind(kind),
            model=model,
            customer=-event_id if customer is None else customer,
            task=task,
            subject=subject,
            quantity=quantity,
            money_minor=money_minor,
        )
        book.append(postings_of(event, currency=currency, kinds=kinds))
    return book
