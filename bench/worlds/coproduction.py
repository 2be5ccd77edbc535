"""Worlds of shared work: who spends how much time, what an act costs, and what it saves."""

from __future__ import annotations

import numpy as np

from comaker.measure.estimators import serial
from comaker.measure.estimators.intervals import Interval, ratio
from worlds import World
from worlds.adaptation import errors

SHARE = 0.75
COST_MINOR = 400.0
SAVED_S = 90.0


def _labour(seed: int) -> dict[str, Interval]:
    """Customers differ in how often they come, how slow they are and how much help they take."""
    rng = np.random.default_rng(seed)
    acts = 1 + rng.negative_binomial(1, 0.3, 300)
    pace = rng.lognormal(0, 0.4, 300)
    customer_s = acts * 600 * pace * rng.lognormal(-0.02, 0.2, 300)
    staff_s = acts * 200 * pace * rng.gamma(2, 0.5, 300)
    saved_s = rng.normal(300, 60, 300) * acts
    saving = ratio(saved_s - acts * 210 * rng.gamma(2, 0.5, 300), acts)
    even = ratio(acts * rng.normal(0, 80, 300), acts)
    return {
        "customer labour share": ratio(customer_s, customer_s + staff_s),
        "staff time saved an act": saving,
        "nothing saved": even,
    }


def _cost(seed: int) -> dict[str, Interval]:
    """Dear weeks come together; busy weeks too."""
    rng = np.random.default_rng(seed)
    found = {}
    for lasting in (0.0, 0.5):
        acts = rng.poisson(40 * np.exp(0.2 * errors(rng, 60, lasting=0.5)))
        dear = np.exp(0.15 * errors(rng, 60, lasting=lasting))
        dear *= 1 / np.exp(0.15**2 / (1 - lasting**2) / 2)
        found[f"cost an act, errors {lasting}"] = serial.ratio(COST_MINOR * dear * acts, acts)
    return found


WORLDS = [
    World(
        "coproduction, labour",
        {"customer labour share": SHARE, "staff time saved an act": SAVED_S, "nothing saved": 0.0},
        _labour,
    ),
    World(
        "coproduction, cost",
        {f"cost an act, errors {lasting}": COST_MINOR for lasting in (0.0, 0.5)},
        _cost,
    ),
]
