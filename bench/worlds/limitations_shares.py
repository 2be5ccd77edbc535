"""Customers with several occasions each: bypass, rework and its cost, what a threat gets (F21.1, F21.3)."""

from __future__ import annotations

import numpy as np

import worlds
from comaker.measure.estimators import clustered
from comaker.measure.estimators.clustered import Occasions
from comaker.measure.estimators.intervals import Interval

CUSTOMERS = 400


def rework(seed: int) -> dict[str, Interval]:
    """A tenth of cases are tried again, by some customers much more than by others; 1 to 6 cases each."""
    draw = np.random.default_rng(seed)
    cases = draw.integers(1, 7, CUSTOMERS)
    again = draw.binomial(cases, draw.beta(1, 9, CUSTOMERS))
    return {"share": clustered.share(Occasions.of(again, cases))}


def rare(seed: int) -> dict[str, Interval]:
    """Two in a hundred customers leave a step out."""
    draw = np.random.default_rng(seed)
    skipped = draw.random(CUSTOMERS) < 0.02
    return {"share": clustered.share(Occasions.of(skipped, np.ones(CUSTOMERS)))}


def threats(seed: int, *, gain: float = 0.25) -> dict[str, Interval]:
    """Customers have cases with and without a threat; a threat adds ``gain`` to the chance of one."""
    draw = np.random.default_rng(seed)
    threatened, quiet = draw.binomial(1, 0.3, CUSTOMERS), draw.integers(1, 6, CUSTOMERS)
    lucky = draw.beta(2, 18, CUSTOMERS)
    got = draw.binomial(threatened, lucky + gain), draw.binomial(quiet, lucky)
    gap = clustered.gap_of_shares(Occasions.of(got[0], threatened), Occasions.of(got[1], quiet))
    return {"gap": gap}


def no_gain(seed: int) -> dict[str, Interval]:
    """The same, where a threat gets nothing."""
    return threats(seed, gain=0.0)


def extra_seconds(seed: int) -> dict[str, Interval]:
    """A case tried again takes staff 120 s more; customers differ in how long theirs take."""
    draw = np.random.default_rng(seed)
    whose = draw.integers(0, 150, 600)
    slow = draw.gamma(2, 60, 150)
    again = draw.random(600) < 0.15
    seconds = slow[whose] + draw.exponential(100, 600) + 120 * again
    return {"gap": clustered.gap_of_means(seconds, again, whose)}


WORLDS = [
    worlds.World("limitation 1: rework", {"share": 0.1}, rework),
    worlds.World("limitation 1: rare bypass", {"share": 0.02}, rare),
    worlds.World("limitation 1: extra seconds", {"gap": 120.0}, extra_seconds),
    worlds.World("limitation 3: threats", {"gap": 0.25}, threats),
    worlds.World("limitation 3: threats get nothing", {"gap": 0.0}, no_gain),
]
