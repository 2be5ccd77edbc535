"""Worlds of firms that learn: weekly series whose errors last from week to week."""

from __future__ import annotations

import numpy as np

from comaker.measure.estimators import serial
from comaker.measure.estimators.intervals import UNKNOWN, Interval
from worlds import World

LASTING = (0.3, 0.6)
RATIO = 0.81


def errors(rng: np.random.Generator, weeks: int, *, lasting: float) -> np.ndarray:
    """An autoregression of order 1, as it is long after its start."""
    shocks = rng.normal(0, 1, weeks + 50)
    for week in range(1, weeks + 50):
        shocks[week] += lasting * shocks[week - 1]
    return shocks[50:]


def _progress(seed: int) -> dict[str, Interval]:
    """Each doubling of all units made leaves 81 % of the unit cost; in the absent world all of it."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, ratio, lasting in (
        ("progress ratio, errors .3", RATIO, 0.3),
        ("progress ratio, errors .6", RATIO, 0.6),
        ("no progress, errors .6", 1.0, 0.6),
    ):
        units = rng.poisson(30, 60)
        far = np.log(units.cumsum() - units / 2)
        cost = 4 + np.log2(ratio) * far + 0.1 * errors(rng, 60, lasting=lasting)
        slope = serial.regression(cost, np.stack([np.ones(60), far], axis=1))[1]
        found[name] = Interval(*(float(2**each) for each in slope))
    return found


def _interrupted(seed: int) -> dict[str, Interval]:
    """A rule 40 weeks into 80 changes the level by 2 and the trend by -.05; another changes nothing."""
    rng = np.random.default_rng(seed)
    week = np.arange(-40, 40) + 0.5
    later = (week > 0).astype(float)
    causes = np.stack([np.ones(80), week, later, later * week], axis=1)
    found = {}
    for lasting in LASTING:
        series = 20 + 0.1 * week + 2 * later - 0.05 * later * week + errors(rng, 80, lasting=lasting)
        level, trend = serial.regression(series, causes)[2:]
        found |= {f"level, errors {lasting}": level, f"trend, errors {lasting}": trend}
    still = serial.regression(20 + 0.1 * week + errors(rng, 80, lasting=0.6), causes)
    return found | {"level, no effect": still[2], "trend, no effect": still[3]}


def _short(seed: int) -> dict[str, Interval]:
    rng = np.random.default_rng(seed)
    week = np.arange(-12, 12) + 0.5
    later = (week > 0).astype(float)
    causes = np.stack([np.ones(24), week, later, later * week], axis=1)
    series = 5 + 2 * later + errors(rng, 24, lasting=0.3)
    return {"level, 12 weeks on each side": serial.regression(series, causes)[2]}


def _lag(seed: int) -> dict[str, Interval]:
    """Harm set in some week before the rule: the level of a series of 40 weeks rose by so much of its errors.

    The true lag differs from world to world, so it is taken off: what is left is zero. As in the report, only
    changes that are no chance count.
    """
    rng = np.random.default_rng(seed)
    found = {}
    for name, rise, lasting in (("lag, errors 0", 1.2, 0.0), ("lag, errors .3", 1.6, 0.3)):
        series, start = errors(rng, 40, lasting=lasting), int(rng.integers(3, 38))
        series[start:] += rise
        step = serial.step(series)
        found[name] = UNKNOWN
        if step and step.is_sure:
            found[name] = Interval(*(start - each for each in (step.at[0], step.at[2], step.at[1])))
    return found


WORLDS = [
    World(
        "adaptation, progress ratio",
        {
            "progress ratio, errors .3": RATIO,
            "progress ratio, errors .6": RATIO,
            "no progress, errors .6": 1.0,
        },
        _progress,
    ),
    World(
        "adaptation, interrupted series",
        {
            **{f"level, errors {lasting}": 2.0 for lasting in LASTING},
            **{f"trend, errors {lasting}": -0.05 for lasting in LASTING},
            "level, no effect": 0.0,
            "trend, no effect": 0.0,
        },
        _interrupted,
    ),
    World("adaptation, short series", {"level, 12 weeks on each side": 2.0}, _short),
    World("adaptation, detection lag", {"lag, errors 0": 0.0, "lag, errors .3": 0.0}, _lag),
]
