"""Crowds that know the market, or do not; looks near the goal and far from it (F21.2, F21.4)."""

from __future__ import annotations

import numpy as np

import worlds
from comaker.measure.estimators.herding import goal_gradient
from comaker.measure.estimators.intervals import Interval
from comaker.measure.estimators.ranking import brier, rank_correlation

PROJECTS = 40


def market(seed: int, *, agreement: float = 0.6) -> dict[str, Interval]:
    """What 40 projects collected and earned, both lognormal, their logs correlated by ``agreement``."""
    draw = np.random.default_rng(seed)
    crowd = draw.normal(size=PROJECTS)
    earned = np.exp(1.5 * (agreement * crowd + np.sqrt(1 - agreement**2) * draw.normal(size=PROJECTS)))
    return {"rank correlation": rank_correlation(np.exp(crowd), earned), "brier": brier(crowd, earned)}


def no_agreement(seed: int) -> dict[str, Interval]:
    """The same, where the crowd knows nothing of the market."""
    return market(seed, agreement=0.0)


def looks(seed: int, *, ratio: float = 1.8) -> dict[str, Interval]:
    """500 customers look at 12 projects; near the goal a look ends in a stake ``ratio`` times as often.

    Projects differ in appeal, customers in how easily they stake, and who looked before stakes more seldom.
    """
    draw = np.random.default_rng(seed)
    size = 4000
    whose, project = draw.integers(0, 500, size), draw.integers(0, 12, size)
    near = draw.random(size) < 0.15 + 0.02 * project
    look = draw.integers(0, 3, size)
    chance = 0.12 * np.linspace(0.5, 1.5, 12)[project] * draw.beta(2, 2, 500)[whose] * (1 - 0.2 * look)
    acted = draw.random(size) < chance * np.where(near, ratio, 1)
    return {"ratio": goal_gradient(near, acted, 10 * project + look, whose)}


def no_herding(seed: int) -> dict[str, Interval]:
    """The same, where nobody minds how near the goal is."""
    return looks(seed, ratio=1.0)


SPEARMAN = 6 / np.pi * np.arcsin(0.3)
"""Spearman's correlation of two normal variables correlated by 0.6 (Pearson 1907)."""

BRIER = 0.1964
"""Brier's score of 40 ranks at that correlation, from 40,000 markets (error 0.0002)."""

WORLDS = [
    worlds.World("limitation 2: crowd and market", {"rank correlation": SPEARMAN, "brier": BRIER}, market),
    worlds.World("limitation 2: blind crowd", {"rank correlation": 0.0}, no_agreement),
    worlds.World("limitation 4: herding", {"ratio": 1.8}, looks),
    worlds.World("limitation 4: no herding", {"ratio": 1.0}, no_herding),
]
