"""What a run writes down: events, weekly figures, the firm's accounts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from comaker.events import Kind
from comaker.refusals import Refusal
from comaker.simulate.terms import SECONDS_A_WEEK

KINDS = tuple(Kind)
"""Event kinds by the number that compiled code writes."""

JOINED, LEFT, SEEN, DONE, REFUSED, ABANDONED, WITHDRAWN = (
    KINDS.index(kind)
    for kind in (Kind.JOINED, Kind.LEFT, Kind.SEEN, Kind.DONE, Kind.REFUSED, Kind.ABANDONED, Kind.WITHDRAWN)
)
OPENED, FUNDED, EXPIRED, RELEASED, INCOME, COST, PAID = (
    KINDS.index(kind)
    for kind in (Kind.OPENED, Kind.FUNDED, Kind.EXPIRED, Kind.RELEASED, Kind.INCOME, Kind.COST, Kind.PAID)
)

_STAKING = (SEEN, DONE, REFUSED, ABANDONED, WITHDRAWN)

NOBODY = -1
"""Customer, subject or referrer of an event that has none."""

WEEK_US = SECONDS_A_WEEK * 1_000_000


EVENT = np.dtype(
    [
        ("at_us", np.int64),
        ("customer", np.int64),
        ("referrer", np.int64),
        ("quantity", np.int64),
        ("money_minor", np.int64),
        ("subject", np.int32),
        ("shown_collected", np.int32),
        ("shown_goal", np.int32),
        ("shown_producers", np.int32),
        ("encounter", np.int32),
        ("kind", np.int8),
        ("refusal", np.int8),
        ("task", np.int8),
    ]
)
"""An event while a run writes it; ``shown_*``: what the customer saw, shares and producers; ``task``: one of
``NO_TASK``, ``STAKE``, ``BALLOT``."""

NO_TASK, STAKE, BALLOT = range(3)


class Recorder(NamedTuple):
    """Events in order of time: ``keeps`` is False where none are kept, ``used`` int64[1] counts those
    written, ``rows`` are ``EVENT`` records."""

    keeps: bool
    used: npt.NDArray[np.int64]
    rows: npt.NDArray[np.void]


def new_recorder(events: int, *, keeps: bool) -> Recorder:
    """Room for so many events."""
    return Recorder(keeps, np.zeros(1, np.int64), np.empty(events, EVENT))


def grown(recorder: Recorder, events: int) -> Recorder:
    """The same recorder with room for so many events more."""
    larger = np.empty(2 * len(recorder.rows) + events, EVENT)
    larger[: len(recorder.rows)] = recorder.rows
    return recorder._replace(rows=larger)


FIGURES = (
    *("aware", "participants", "promoters", "customers_left", "collected_minor", "open_projects"),
    *("funded_projects", "copies", "requests", "refused", "abandoned", "visits", "withdrawals", "votes"),
)
"""Weekly figures of a run that are whole numbers, in the order of their columns."""

AWARE_CUSTOMERS, PARTICIPANTS, PROMOTERS, CUSTOMERS_LEFT, COLLECTED, OPEN_PROJECTS = range(6)
FUNDED_PROJECTS, COPIES, REQUESTS, REFUSALS, ABANDONMENTS, VISITS, WITHDRAWALS, VOTES = range(6, 14)

ENTRIES = (
    ("VP", "revenue", "turnover"),
    ("VP", "revenue", "subsidies"),
    ("VP", "revenue", "handed-over assets"),
    ("O", "cost", "production"),
    ("O", "cost", "promotion"),
    ("O", "cost", "staff"),
    ("O", "cost", "coordination"),
    ("RC", "cost", "incentives"),
    ("RC", "cost", "socialization"),
)
"""The firm's accounts by RCOV: component, side and cause (F2, F20). Costs count as positive amounts."""

(TURNOVER, SUBSIDIES, ASSETS, PRODUCTION, PROMOTION, STAFF, COORDINATION, INCENTIVES,
 SOCIALIZATION) = range(len(ENTRIES))  # fmt: skip


class Books(NamedTuple):
    """Weekly figures int64[weeks, FIGURES], satisfaction and fairness float64[weeks, 2] (mean over those who
    ever took part), accounts int64[weeks, ENTRIES] and stakes in hand int64[weeks], in minor units;
    the events."""

    figures: npt.NDArray[np.int64]
    feelings: npt.NDArray[np.float64]
    accounts: npt.NDArray[np.int64]
    stakes_minor: npt.NDArray[np.int64]
    events: Recorder


def new_books(weeks: int, recorder: Recorder) -> Books:
    """Empty books for so many weeks."""
    return Books(
        np.zeros((weeks, len(FIGURES)), np.int64),
        np.zeros((weeks, 2)),
        np.zeros((weeks, len(ENTRIES)), np.int64),
        np.zeros(weeks, np.int64),
        recorder,
    )


@njit(cache=True)
def record(books: Books, at_us: int, kind: int, customer: int, subject: int) -> int:
    """Write an event and return its place, to set its other columns; ``NOBODY`` where none is kept."""
    recorder = books.events
    if not recorder.keeps:
        return NOBODY
    place = int(recorder.used[0])
    recorder.used[0] = place + 1
    row = recorder.rows[place]
    row.at_us = at_us
    row.kind = kind
    row.customer = customer
    row.subject = subject
    row.refusal = Refusal.NONE.value
    row.quantity = 0
    row.money_minor = 0
    row.encounter = 0
    row.referrer = NOBODY
    row.shown_goal = NOBODY
    row.task = STAKE if kind in _STAKING else NO_TASK
    return place


@njit(cache=True)
def amounts(books: Books, place: int, quantity: int, money_minor: int) -> None:
    """Set quantity and money of an event just written."""
    if place >= 0:
        row = books.events.rows[place]
        row.quantity = quantity
        row.money_minor = money_minor
