"""Worlds of customers who stay by known chances, and whose participation pays by a known amount."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from comaker import events
from comaker.measure.economics.cohorts import kept_share, retention
from comaker.measure.economics.participation import benefit_each
from comaker.measure.estimators.intervals import Interval
from comaker.model import Model, load
from worlds import World

START_US = 1_600_000_000_000_000
DAY_US = 86_400_000_000
MONTHS = {1: 0.5, 3: 0.3, 6: 0.15, 12: 0.05}
"""Chance to be active in a month of membership."""

HELP_MINOR = 10


@cache
def shop() -> Model:
    """The shop's terms: staff cost 36.00 an hour, an act of help 0.10, the FAQ 50.00 a week, 0.20 a look."""
    return load(Path(__file__).with_name("shop.toml"))


def table(
    kind: npt.ArrayLike, day: npt.ArrayLike, customer: npt.ArrayLike, **columns: npt.ArrayLike
) -> pa.Table:
    """An event table of rows by day (may be broken), ordered by time."""
    at_us = START_US + (np.asarray(day, np.float64) * DAY_US).astype(np.int64)
    order = np.argsort(at_us, kind="stable")
    given = {"kind": np.asarray(kind), "customer": np.asarray(customer), **columns}
    count = len(order)
    return events.table(
        {
            "event_id": np.arange(1, count + 1),
            "at": pa.array(at_us[order], pa.timestamp("us", tz="UTC")),
            "run": np.zeros(count, np.int32),
            **{name: pa.array(np.asarray(each, object)[order].tolist()) for name, each in given.items()},
        }
    )


def retention_world(seed: int) -> Mapping[str, Interval]:
    """Customers who join over a year and are followed for another; each is active by chance alone."""
    rng, customers = np.random.default_rng(seed), 400
    joined, until = rng.integers(0, 365, customers), 760
    start, counts = np.unique(joined, return_counts=True)
    active = [
        pd.DataFrame({"start": joined[rng.random(customers) < chance], "month": month, "active": 1})
        for month, chance in MONTHS.items()
    ]
    met = pd.concat(active).groupby(["start", "month"], as_index=False).active.sum()
    found = retention(pd.DataFrame({"start": start, "customers": counts}), met, until)
    return {f"month {month}": kept_share(found, month)[0] for month in MONTHS}


BOUGHT_WEEKS = 20
CUSTOMERS = 300
FAQ_MINOR = BOUGHT_WEEKS * 5_000 + 2 * 20


class Acts(NamedTuple):
    """What customers did: who served herself and who helped (int64 a row each), the seconds that a row saved
    or took, and what was paid for a row of help, in minor units."""

    servers: npt.NDArray[np.int64]
    helpers: npt.NDArray[np.int64]
    saved: npt.NDArray[np.int64]
    taken: npt.NDArray[np.int64]
    paid_minor: npt.NDArray[np.int64]


def acts(seed: int) -> Acts:
    """Customers who serve themselves (saving staff time), help others (taking some) and are rewarded for
    it."""
    rng = np.random.default_rng(seed)
    eager = rng.gamma(2.0, 1.0, CUSTOMERS)
    servers, helpers = (
        np.repeat(np.arange(CUSTOMERS), times) for times in (1 + rng.poisson(3 * eager), rng.poisson(eager))
    )
    saved, taken, paid = (
        rng.poisson(mean, len(who)) for mean, who in ((300, servers), (60, helpers), (25, helpers))
    )
    return Acts(servers, helpers, saved, taken, paid)


def log_of(done: Acts) -> pa.Table:
    """The same as an event table; the FAQ is met twice."""
    served, helped = np.full(len(done.servers), None), np.full(len(done.helpers), None)
    neither = np.full(2, None)
    days = np.random.default_rng(0).uniform(0, 7 * BOUGHT_WEEKS, len(served) + 2 * len(helped))
    return table(
        np.repeat(["done", "paid", "seen"], [len(served) + len(helped), len(helped), 2]),
        np.concatenate([days, [0, 7 * BOUGHT_WEEKS]]),
        np.concatenate([done.servers, done.helpers, done.helpers, [0, 1]]),
        task=np.repeat(["serve", "help", "serve"], [len(served), 2 * len(helped), 2]),
        saved_seconds=np.concatenate([done.saved, helped, helped, neither]),
        staff_seconds=np.concatenate([served, done.taken, helped, neither]),
        money_minor=np.concatenate([served, helped, done.paid_minor, neither]),
        shown=np.concatenate([served, helped, helped, ['{"technique": "faq"}'] * 2]),
    )


def benefit_world(seed: int) -> Mapping[str, Interval]:
    """Net benefit a customer, from what each did: the sums that the engine takes from a log."""
    done = acts(seed)
    brought = np.bincount(done.servers, done.saved, CUSTOMERS)
    brought -= np.bincount(done.helpers, done.taken + HELP_MINOR + done.paid_minor, CUSTOMERS)
    net_minor = float(brought.sum()) - FAQ_MINOR
    found = benefit_each(net_minor, CUSTOMERS, float(brought.sum()), float(np.square(brought).sum()))
    return {"net_benefit_per_customer": found}


SERVES, HELPS = 1 + 3 * 2.0, 2.0
BENEFIT_MINOR = SERVES * 300 - HELPS * (60 + HELP_MINOR + 25) - FAQ_MINOR / CUSTOMERS
"""What one customer brings on average: seconds saved at 1 minor unit each, less staff time, cost and reward
of help, and her part in what the FAQ costs."""

WORLDS = [
    World("retention", {f"month {month}": chance for month, chance in MONTHS.items()}, retention_world),
    World("benefit of participation", {"net_benefit_per_customer": BENEFIT_MINOR}, benefit_world),
]
