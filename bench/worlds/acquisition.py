"""Worlds in which customers bring customers, or only the firm does, by month more or less (link 2)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators import bass
from comaker.measure.estimators.hawkes import Times, contagion
from comaker.measure.estimators.intervals import Interval

from . import World

DAYS = 365
INNOVATION, IMITATION, MARKET, YEARS = 0.03, 0.38, 3000, 14


def joins(
    seed: int, ratio: float, *, lag_days: float = 2.0, own_per_day: float = 2.5, swing: float = 0.5
) -> npt.NDArray[np.float64]:
    """Times in days: own joins, at a rate that differs by month (``swing``: deviation of its logarithm),
    and those that each join brings about, ``ratio`` on average, after ``lag_days`` on average.
    """
    draws = np.random.default_rng(seed)
    starts = np.arange(0, DAYS, 28)
    many = draws.poisson(28 * own_per_day * np.exp(swing * draws.standard_normal(len(starts))))
    found = [np.repeat(starts, many) + 28 * draws.random(many.sum())]
    while len(found[-1]):
        brought = np.repeat(found[-1], draws.poisson(ratio, len(found[-1])))
        found.append(brought + draws.exponential(lag_days, len(brought)))
    at = np.sort(np.concatenate(found))
    return at[at < DAYS]


def _ratio(ratio: float, **world: float) -> Callable[[int], dict[str, Interval]]:
    def measure(seed: int) -> dict[str, Interval]:
        at = joins(seed, ratio, **world)
        times = Times(at, np.zeros(len(at), np.int64), np.ones(len(at)), float(DAYS))
        return {"ratio": contagion(times).ratio}

    return measure


def _dates(seed: int) -> dict[str, Interval]:
    """Two runs, of which only the weeks are recorded; who joins brings others in the next weeks."""
    draws = np.random.default_rng(seed)
    weeks, ratio, stays = 156, 0.5, 0.4
    counts = np.zeros((2, weeks))
    for run in range(2):
        pull = 0.0
        own = 20 * np.exp(0.3 * np.repeat(draws.standard_normal(weeks // 13), 13))
        for week in range(weeks):
            counts[run, week] = draws.poisson(own[week] + pull)
            pull = stays * pull + ratio * (1 - stays) * counts[run, week]
    run, week = np.nonzero(counts)
    times = Times(7.0 * week, run, counts[run, week], 7.0 * weeks, step_days=7.0, recorded=True)
    return {"ratio": contagion(times).ratio}


def filling(seed: int, *, imitation: float = IMITATION, steps_a_year: int = 12) -> npt.NDArray[np.float64]:
    """Joins by month of a market of single customers, each of whom joins by chance or after the others."""
    draws = np.random.default_rng(seed)
    fine, joined, counts = 20, 0, np.zeros(YEARS * steps_a_year)
    for step in range(len(counts) * fine):
        hazard = (INNOVATION + imitation * joined / MARKET) / steps_a_year / fine
        new = draws.binomial(MARKET - joined, -np.expm1(-hazard))
        joined += new
        counts[step // fine] += new
    return counts


def _market(seed: int) -> dict[str, Interval]:
    found = bass.market(filling(seed), step_years=1 / 12)
    return {"p": found.innovation, "q": found.imitation, "m": found.size, "peak_days": found.peak_days}


_PEAK = bass.peak_years(INNOVATION, IMITATION) * bass.DAYS_A_YEAR

WORLDS = [
    World("acquisition, absent", {"ratio": 0.0}, _ratio(0.0)),
    World("acquisition", {"ratio": 0.4}, _ratio(0.4)),
    World("acquisition, strong", {"ratio": 0.7}, _ratio(0.7, lag_days=1.0, own_per_day=1.0)),
    World("acquisition, dates alone", {"ratio": 0.5}, _dates),
    World("market", {"p": INNOVATION, "q": IMITATION, "m": float(MARKET), "peak_days": _PEAK}, _market),
]
