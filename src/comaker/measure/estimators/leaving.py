"""What leaving depends on: a proportional hazards model (Cox 1972) of one cause.

By hand, because loading the library that has it (statsmodels) takes longer than all else of the section.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval, Z

FEWEST = 10
"""Fewer customers who left give no ratio of hazards."""

STEPS = 50
"""The likelihood has one top: Newton's steps reach it in a few, or it lies nowhere."""

type Floats = npt.NDArray[np.float64]


def hazard_ratio(cause: Any, days: Any, left: Any, stratum: Any, group: Any = None) -> Interval:
    """Hazard of leaving of a customer with one unit more of ``cause``, over that of one without it.

    ``cause`` and ``days`` under observation (float64[n]), ``left`` (bool[n]: she left then), ``stratum``
    (integer[n]: each with its own baseline, such as the run), ``group`` (integer[n]: who may leave together,
    such as those who were paid by the same projects). Partial likelihood with the ties of Efron 1977; with
    groups the errors of Lin & Wei 1989.
    """
    known, time, went = np.asarray(cause, np.float64), np.asarray(days, np.float64), np.asarray(left, bool)
    if went.sum() < FEWEST or np.ptp(known[went]) == 0:
        return UNKNOWN
    # A stratum that nobody left tells nothing.
    place = np.unique(np.asarray(stratum), return_inverse=True)[1]
    telling = np.isin(place, place[went])
    spread = float(known[telling].std())
    order = np.flatnonzero(telling)[np.lexsort((-time[telling], place[telling]))]
    risks = _Risks((known[order] - known[telling].mean()) / spread, time[order], went[order], place[order])
    slope = risks.top()
    if not np.isfinite(slope):
        return UNKNOWN
    information, quantile = risks.step(slope)[1], Z
    error = information**-0.5
    each = np.zeros(len(order)) if group is None else np.asarray(group)[order]
    whose = np.unique(each, return_inverse=True)[1]
    count = int(whose.max()) + 1
    if count > 1:
        from scipy.special import stdtrit

        together = np.bincount(whose, risks.scores(slope))
        error = np.sqrt(np.square(together).sum() * count / (count - 1)) / information
        quantile = float(stdtrit(count - 1, 0.975))
    slope, error = slope / spread, error / spread
    if not np.isfinite([slope, error]).all() or error > 50:
        return UNKNOWN
    ends = np.exp([slope, slope - quantile * error, slope + quantile * error])
    return Interval(*map(float, ends))


class _Risks:
    """Who could have left whenever somebody did; rows by stratum, those observed longest first."""

    def __init__(self, cause: Floats, days: Floats, left: Any, stratum: Any) -> None:
        self.cause, self.left = cause, left
        fresh = np.append(True, stratum[1:] != stratum[:-1])
        firsts = np.flatnonzero(fresh | np.append(True, days[1:] != days[:-1]))
        self.instant = np.searchsorted(firsts, np.arange(len(cause)), side="right") - 1
        self.ends = np.append(firsts[1:], len(cause))
        where = np.cumsum(fresh)[firsts] - 1
        self.starts = np.flatnonzero(fresh)[where]
        self.lasts = np.searchsorted(where, where, side="right")
        self.whens = self.instant[left]
        self.many = np.bincount(self.whens, minlength=len(firsts))
        before = (np.cumsum(self.many) - self.many)[self.whens]
        # Of those who left at one instant, each next one is compared with a smaller part of them.
        self.part = (np.arange(len(self.whens)) - before) / self.many[self.whens]

    def at_risk(self, values: Floats) -> Floats:
        """Sums over whoever was still there at each instant of leaving or of being last observed."""
        sums = np.append(0, np.cumsum(values))
        return np.asarray(sums[self.ends] - sums[self.starts], np.float64)

    def step(self, slope: float) -> tuple[float, float]:
        """The slope of the log likelihood, and its information."""
        weight = np.exp(slope * self.cause)
        moments = []
        for power in range(3):
            values = weight * self.cause**power
            tied = np.bincount(self.whens, values[self.left], minlength=len(self.many))
            moments.append(self.at_risk(values)[self.whens] - self.part * tied[self.whens])
        mean = moments[1] / moments[0]
        spread = moments[2] / moments[0] - np.square(mean)
        return float((self.cause[self.left] - mean).sum()), float(spread.sum())

    def top(self) -> float:
        """The likeliest slope; NaN where none is."""
        slope = 0.0
        for _ in range(STEPS):
            rise, information = self.step(slope)
            if not (np.isfinite(rise) and information > 0):
                break
            move = float(np.clip(rise / information, -1, 1))
            slope += move
            if abs(move) < 1e-10:
                return slope
        return np.nan

    def scores(self, slope: float) -> Floats:
        """What each customer adds to the slope of the log likelihood (Lin & Wei 1989)."""
        weight = np.exp(slope * self.cause)
        there = self.at_risk(weight)
        mean, hazard = self.at_risk(weight * self.cause) / there, self.many / there
        passed, pulled = (self._so_far(each)[self.instant] for each in (hazard, hazard * mean))
        own = self.left * (self.cause - mean[self.instant])
        return np.asarray(own - weight * (self.cause * passed - pulled), np.float64)

    def _so_far(self, values: Floats) -> Floats:
        """Sums over an instant and those before it, which stand after it in its stratum."""
        sums = np.append(0, np.cumsum(values))
        return np.asarray(sums[self.lasts] - sums[:-1], np.float64)
