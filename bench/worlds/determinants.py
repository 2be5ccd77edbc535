"""Worlds of determinants: answers to survey scales, tries and funnels whose truth is known."""

from __future__ import annotations

import numpy as np

from comaker.measure.estimators import within
from comaker.measure.estimators.intervals import Interval, mean, proportion
from comaker.measure.estimators.reliability import alpha, omega
from worlds import World

CUSTOMERS = 250
LOADINGS = np.array([0.8, 0.7, 0.6, 0.75])
EVEN = np.full(4, 0.7)
HEAVY_TAILS = 8
"""Degrees of freedom of Student's t: answers need not be normal."""


def _omega(loadings: np.ndarray) -> float:
    return float(loadings.sum() ** 2 / (loadings.sum() ** 2 + (1 - loadings**2).sum()))


def _answers(rng: np.random.Generator, loadings: np.ndarray, customers: int = CUSTOMERS) -> np.ndarray:
    """Answers of one factor; items on different scales, which omega of a sum would feel, are left alike."""
    factor = rng.standard_t(HEAVY_TAILS, (customers, 1)) / np.sqrt(HEAVY_TAILS / (HEAVY_TAILS - 2))
    return factor * loadings + rng.standard_normal((customers, len(loadings))) * np.sqrt(1 - loadings**2)


def _reliability(seed: int) -> dict[str, Interval]:
    rng = np.random.default_rng(seed)
    return {
        "omega": omega(_answers(rng, LOADINGS)),
        "omega, 100 customers, 3 items": omega(_answers(rng, LOADINGS[:3], 100)),
        "alpha, even items": alpha(_answers(rng, EVEN)),
    }


SLOPE = 0.04
"""Per doubling of encounters."""


def _experience(seed: int) -> dict[str, Interval]:
    """Keener customers come more often and answer higher: between customers the slope is far too steep."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, slope in (("change a doubling", SLOPE), ("no change", 0.0)):
        level = rng.normal(0.5, 0.15, 60)
        occasions = 2 + rng.poisson(np.exp(4 * (level - 0.5)))
        who = np.repeat(np.arange(60), occasions)
        encounter = 1 + rng.poisson(np.exp(3 * level[who]))
        mood = rng.normal(0, 0.05, 60)[who] * np.log2(encounter)
        score = level[who] + slope * np.log2(encounter) + mood + rng.normal(0, 0.1, len(who))
        found[name] = within.slope(score, np.log2(encounter), group=who, customer=who)
    return found


def _gap(seed: int) -> dict[str, Interval]:
    """Customers believe in 0.10 more than they do; each is tried at two tasks."""
    rng = np.random.default_rng(seed)
    skill = rng.beta(6, 4, 120)
    believed = np.clip(skill + rng.normal(0, 0.05, 120), 0.05, 0.85) + 0.10
    truth_free = rng.binomial(2, np.clip(believed - 0.10, 0, 1)) / 2
    return {"perceived less actual": mean(believed - truth_free)}


def _funnel(seed: int) -> dict[str, Interval]:
    rng = np.random.default_rng(seed)
    return {f"of {n} customers": proportion(int(rng.binomial(n, 0.3)), n) for n in (40, 400)}


WORLDS = [
    World(
        "determinants: reliability",
        {
            "omega": _omega(LOADINGS),
            "omega, 100 customers, 3 items": _omega(LOADINGS[:3]),
            "alpha, even items": _omega(EVEN),
        },
        _reliability,
    ),
    World("determinants: experience", {"change a doubling": SLOPE, "no change": 0.0}, _experience),
    World("determinants: calibration gap", {"perceived less actual": 0.10}, _gap),
    World("determinants: conversion", {"of 40 customers": 0.3, "of 400 customers": 0.3}, _funnel),
]
