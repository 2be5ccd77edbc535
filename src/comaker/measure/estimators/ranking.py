"""How well a ranking made beforehand agrees with what came: the crowd's, with the market's (F21.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from comaker.measure.estimators.intervals import UNKNOWN, Interval, Z

FEWEST = 10
"""Fewer projects say nothing about how well the crowd knows the market."""

GROUPS = 50
"""Into so many groups at most projects are put to see how a score moves without one of them."""


def rank_correlation(before: Any, after: Any) -> Interval:
    """Spearman's rank correlation with Fisher's interval at the variance of Bonett & Wright 2000.

    Not identified from fewer than ``FEWEST`` projects, or where all are alike in one of the two.
    """
    one, other = np.asarray(before, np.float64), np.asarray(after, np.float64)
    count = len(one)
    if count < FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0:
        return UNKNOWN
    value = float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])
    held = min(max(value, -0.9999), 0.9999)
    half = Z * np.sqrt((1 + held**2 / 2) / (count - 3))
    return Interval(value, float(np.tanh(np.arctanh(held) - half)), float(np.tanh(np.arctanh(held) + half)))


def brier(before: Any, after: Any) -> Interval:
    """Brier's score of the crowd's ranking as a forecast of being in the better half (Brier 1950).

    The forecast of a project is the part of the others that it stands before; 1/12 is the best a ranking
    can score, 1/3 what a blind one does. The interval is a jackknife over groups of projects, because a
    rank depends on the others. Not identified from fewer than ``FEWEST`` projects.
    """
    one, other = np.asarray(before, np.float64), np.asarray(after, np.float64)
    count = len(one)
    if count < FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0:
        return UNKNOWN
    from scipy.special import stdtrit

    value = _score(one, other)
    groups = min(GROUPS, count)
    lot = np.arange(count) % groups
    without = np.array([_score(one[lot != group], other[lot != group]) for group in range(groups)])
    pieces = groups * value - (groups - 1) * without
    half = float(stdtrit(groups - 1, 0.975)) * pieces.std(ddof=1) / np.sqrt(groups)
    return Interval(value, max(value - half, 0.0), min(value + half, 1.0))


def favourites_share(before: Any, after: Any) -> float:
    """What the crowd's best quarter earned, over what the market's best quarter did: 1 is perfect foresight.

    NaN where nothing was earned or there are fewer than four.
    """
    one, other = np.asarray(before, np.float64), np.asarray(after, np.float64)
    quarter = len(one) // 4
    best = np.sort(other)[::-1][:quarter].sum()
    if quarter == 0 or best <= 0:
        return float("nan")
    # Equal ranks share what their places earn, so that the order of rows decides nothing.
    order = np.argsort(-one, kind="stable")
    line = one[order][quarter - 1]
    sure, open_places = one > line, quarter - int((one > line).sum())
    tied = one == line
    return float((other[sure].sum() + other[tied].mean() * open_places) / best)


def _score(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    forecast = (_ranks(one) - 0.5) / len(one)
    return float(np.square(forecast - (other > np.median(other))).mean())


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Places from 1, equal values sharing theirs; of pandas, because scipy.stats takes a second to load."""
    return np.asarray(pd.Series(values).rank(), np.float64)
