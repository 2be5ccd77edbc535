"""Worlds of customers who stay by known chances, and whose participation pays by a known amount."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from comaker import events
from comaker.measure.economics.cohorts import kept_share, retention
from comaker.measure.economics.participation import participation
from comaker.measure.estimators.intervals import Interval
from comaker.measure.figures import Figure
from comaker.measure.measuring import open_log
from comaker.model import Model, load
from worlds import World

START_US = 1_600_000_000_000_000
DAY_US = 86_400_000_000
MONTHS = {1: 0.5, 3: 0.3, 6: 0.15, 12: 0.05}
"""Chance to be active in a month of membership."""

RATE_SECOND_MINOR = 3600 / 3600
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


def _interval(figure: Figure) -> Interval:
    ends = (figure.value, figure.low, figure.high)
    return Interval(*(np.nan if end is None else end for end in ends))


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


def benefit_world(seed: int) -> Mapping[str, Interval]:
    """Customers who serve themselves (saving staff time), help others (taking some) and are paid a reward."""
    rng = np.random.default_rng(seed)
    eager = rng.gamma(2.0, 1.0, CUSTOMERS)
    serves, helps = 1 + rng.poisson(3 * eager), rng.poisson(eager)
    server, helper = np.repeat(np.arange(CUSTOMERS), serves), np.repeat(np.arange(CUSTOMERS), helps)
    days = 7 * BOUGHT_WEEKS
    none_served, none_helped = np.full(len(server), None), np.full(len(helper), None)
    everything = table(
        np.concatenate(
            [np.full(len(server) + len(helper), "done"), np.full(len(helper), "paid"), ["seen", "seen"]]
        ),
        np.concatenate([rng.uniform(0, days, len(server) + 2 * len(helper)), [0, days]]),
        np.concatenate([server, helper, helper, [0, 1]]),
        task=np.concatenate(
            [np.full(len(server), "serve"), np.full(2 * len(helper), "help"), np.full(2, "serve")]
        ),
        saved_seconds=np.concatenate([rng.poisson(300, len(server)), none_helped, none_helped, [None, None]]),
        staff_seconds=np.concatenate([none_served, rng.poisson(60, len(helper)), none_helped, [None, None]]),
        money_minor=np.concatenate([none_served, none_helped, rng.poisson(25, len(helper)), [None, None]]),
        shown=np.concatenate([none_served, none_helped, none_helped, ['{"technique": "faq"}'] * 2]),
    )
    figures, _ = participation(open_log(everything, shop()))
    return {
        "net benefit a customer": _interval(next(f for f in figures if f.name == "net benefit a customer"))
    }


SERVES, HELPS = 1 + 3 * 2.0, 2.0
BENEFIT_MINOR = SERVES * 300 - HELPS * (60 + HELP_MINOR + 25) - (BOUGHT_WEEKS * 5_000 + 2 * 20) / CUSTOMERS
"""What one customer brings on average: seconds saved at 1 minor unit each, less staff time, cost and reward
of help, and her part in what the FAQ costs."""

WORLDS = [
    World("retention", {f"month {month}": chance for month, chance in MONTHS.items()}, retention_world),
    World("benefit of participation", {"net benefit a customer": BENEFIT_MINOR}, benefit_world),
]
