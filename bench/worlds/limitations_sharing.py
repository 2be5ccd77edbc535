"""What is shared out, how unequally, and who leaves over it (F21.5)."""

from __future__ import annotations

import numpy as np

import worlds
from comaker.measure.estimators.gini import gini
from comaker.measure.estimators.intervals import Interval
from comaker.measure.estimators.leaving import hazard_ratio


def stakes(seed: int) -> dict[str, Interval]:
    """Stakes of 500 customers by a lognormal law of spread 1: its Gini coefficient is 2 Φ(1/√2) - 1."""
    draw = np.random.default_rng(seed)
    return {"gini": gini(np.exp(draw.normal(size=500)))}


def payouts(seed: int) -> dict[str, Interval]:
    """Payouts of 400 customers, exponential for half of them and nothing for the others: 1/2 + 1/2 · 1/2."""
    draw = np.random.default_rng(seed)
    return {"gini": gini(draw.exponential(size=400) * (draw.random(400) < 0.5))}


def leaving(seed: int, *, ratio: float = 1.5) -> dict[str, Interval]:
    """400 customers of two runs leave; who finds it one step less fair, ``ratio`` times as fast."""
    draw = np.random.default_rng(seed)
    unfair = draw.integers(0, 7, 400).astype(float)
    run = draw.integers(0, 2, 400)
    days = draw.exponential(300 / ratio ** (unfair - 3) / (1 + run))
    return {"hazard ratio": hazard_ratio(unfair, np.minimum(days, 120), days < 120, run)}


def leaving_alike(seed: int) -> dict[str, Interval]:
    """The same, where fairness does not matter."""
    return leaving(seed, ratio=1.0)


def disappointed(seed: int) -> dict[str, Interval]:
    """600 holders of 100 projects; a payback less by one makes leaving 1.6 times as fast; projects differ."""
    draw = np.random.default_rng(seed)
    project = draw.integers(0, 100, 600)
    short = -draw.normal(1.0, 0.7, 100)[project]
    days = draw.exponential(200 / (1.6**short * np.exp(draw.normal(0, 0.2, 100))[project]))
    found = hazard_ratio(short, np.minimum(days, 150), days < 150, np.zeros(600, int), project)
    return {"hazard ratio": found}


WORLDS = [
    worlds.World("limitation 5: gini of stakes", {"gini": 0.5204998778}, stakes),
    worlds.World("limitation 5: gini of payouts", {"gini": 0.75}, payouts),
    worlds.World("limitation 5: leaving", {"hazard ratio": 1.5}, leaving),
    worlds.World("limitation 5: no leaving", {"hazard ratio": 1.0}, leaving_alike),
    worlds.World("limitation 5: disappointed", {"hazard ratio": 1.6}, disappointed),
]
