"""How many events earlier events bring about: the branching ratio of a Hawkes process.

By hand, because `tick`, the library for it, is no longer kept, and because none lets the baseline differ from
month to month: a firm that advertises, or grows, would then look as if its customers brought one another.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval

FEWEST = 100
"""Events below which nothing is said: a handful of clusters fits any ratio."""

CELLS = 4_000
"""Events in more groups than so are counted by equal steps of time instead."""

HARDER = 1.3
"""So much more the likelihood must fall before no contagion at all is ruled out: without any, the lag is
free, and chance has more to choose from (Davies 1987); calibrated on the worlds of
``bench/worlds/acquisition.py``.
"""

MOST = 0.99
"""Ratios above are not looked for: from 1 on every event brings about a crowd without end."""

type Numbers = npt.NDArray[np.float64]


class Times(NamedTuple):
    """Events of one or several runs. ``at_days`` (float64[n], sorted within each run), ``run`` (int[n])
    from 0; ``counts`` (float64[n]) events each row stands for; ``days`` how long a run lasts, from 0;
    ``step_days``: the step the record (or who counted) rounded times to, 0 for none; ``recorded``: whether
    the record itself knows no finer time, so that events of one step cannot have brought about one another.
    ``cuts_days``: further instants at which the baseline may change, such as new terms; ``rhythm``
    (float64[n]): how busy that hour is against the mean, or 1.
    """

    at_days: Numbers
    run: npt.NDArray[np.int64]
    counts: Numbers
    days: float
    step_days: float = 0.0
    recorded: bool = False
    cuts_days: tuple[float, ...] = ()
    rhythm: Numbers | None = None


class Contagion(NamedTuple):
    """``ratio``: events that one event brings about directly; in a process that does not explode this is the
    share of events brought about by earlier ones. ``lag_days``: mean time from one to the other.
    ``gain``: log-likelihood above that of no contagion; ``pieces`` of the baseline, of ``piece_days`` each.
    """

    ratio: Interval
    lag_days: float
    gain: float
    pieces: int
    piece_days: float


NOTHING = Contagion(UNKNOWN, np.nan, np.nan, 0, np.nan)


def contagion(times: Times, *, piece_days: float = 28.0) -> Contagion:
    """The branching ratio with its profile likelihood interval (Hawkes 1971; Ozaki 1979 for the likelihood).

    The intensity is a baseline, constant within each piece of ``piece_days`` (longer where events are few
    or the record rounds its times), plus ``ratio`` times an exponential density of the time since each
    earlier event. Lags longer than half a piece are part of the baseline. Runs share ratio and lag, not the
    baseline. A common cause that comes and goes within a piece is counted as contagion: the ratio is an
    upper bound then.
    """
    if times.counts.sum() < FEWEST or len(times.at_days) < FEWEST / 4 or times.days <= 0:
        return NOTHING
    fit = _Fit(times, _piece_days(times, piece_days))
    if fit.longest <= fit.shortest:
        return NOTHING
    ratio, lag, gain = fit.profile()
    return Contagion(ratio, lag, gain, len(fit.exposure), fit.piece_days)


def _piece_days(times: Times, wanted: float) -> float:
    """At least 40 events and 13 steps of the record a piece on average, and at least four pieces a run."""
    runs = times.run.max() + 1
    per_event = times.days * runs / times.counts.sum()
    return min(max(wanted, 40 * per_event, 13 * times.step_days), times.days / 4)


class _Fit:
    """The likelihood, with the baseline of each piece chosen best for any ratio and lag."""

    def __init__(self, times: Times, piece_days: float) -> None:
        from scipy.special import stdtrit

        self.times, self.piece_days = times, piece_days
        edges = np.arange(0, times.days - piece_days / 2, piece_days)
        starts = np.unique([*edges, *(cut for cut in times.cuts_days if 0 < cut < times.days)])
        piece = np.searchsorted(starts, times.at_days, side="right") - 1
        code = times.run * len(starts) + np.maximum(piece, 0)
        kept, self.piece = np.unique(code, return_inverse=True)
        self.exposure = np.diff([*starts, times.days])[kept % len(starts)]
        self.in_piece = np.bincount(self.piece, times.counts)
        self.shortest = max(1 / 48, times.step_days / 4 if times.recorded else times.step_days)
        self.longest = piece_days / 2
        gap = 60 * self.longest + times.days
        self.clock = times.at_days + times.run * gap
        # How far the baseline swings is itself taken from the pieces: Student's t, squared, instead of 1.96².
        self.drop = float(stdtrit(max(len(self.exposure) - 1, 1), 0.975)) ** 2 / 2
        self.log_counts = np.log(times.counts)
        self.rhythm = 1.0 if times.rhythm is None else times.rhythm
        self.level = np.log(self.in_piece / self.exposure)
        self.known: dict[float, tuple[Numbers, float]] = {}

    def excitement(self, lag: float) -> tuple[Numbers, float]:
        """What earlier events add to the intensity at each row (a unit of ratio), and in sum over time."""
        if lag not in self.known:
            self.known[lag] = self._excitement(1 / lag)
        return self.known[lag]

    def _excitement(self, rate: float) -> tuple[Numbers, float]:
        times, step = self.times, self.times.step_days
        past = np.logaddexp.accumulate(self.log_counts + rate * self.clock)
        sums = np.zeros(len(past))
        # Rows of one run and instant cannot have brought about one another: the log has one row an instant.
        sums[1:] = np.exp(np.minimum(past[:-1] - rate * self.clock[1:], 700.0))
        left = times.days - times.at_days
        if times.recorded and step:
            density = np.expm1(min(rate * step, 700.0)) / step
            left = left - step
        elif step:
            half = rate * step / 2
            density = rate * (np.sinh(half) / half) ** 2
            own = 2 * (rate * step - 1 + np.exp(-rate * step)) / (rate * step) ** 2
            sums += (times.counts - 1) / 2 * own * rate / density
        else:
            density = rate
        reached = float((times.counts * -np.expm1(-rate * left)).sum())
        return density * sums / self.rhythm, reached

    def likelihood(self, ratio: float, lag: float) -> float:
        """Log-likelihood, integrated over the baseline of each piece (Laplace)."""
        excited, reached = self.excitement(lag)
        added, calm = ratio * excited, 1 - ratio
        centre, spread = self._between(calm)
        level, pieces, counts = self.level, len(self.exposure), self.times.counts
        for _ in range(40):
            base = calm * np.exp(level)
            share = counts / (base[self.piece] + added)
            slope = base * (np.bincount(self.piece, share, pieces) - self.exposure)
            bend = base**2 * np.bincount(self.piece, share**2 / counts, pieces) + 1 / spread
            step = np.clip((slope - (level - centre) / spread) / bend, -1.0, 1.0)
            level = level + step
            if np.abs(step).max() < 1e-6:
                break
        self.level = level
        told = (
            (counts * np.log(base[self.piece] + added)).sum() - (base * self.exposure).sum() - ratio * reached
        )
        known = np.maximum(bend - (level - centre) / spread, bend / 4)
        return float(told - (np.square(level - centre).sum() / spread + np.log(known * spread).sum()) / 2)

    def _between(self, calm: float) -> tuple[float, float]:
        """Mean and variance of the log of the mean rate between pieces, by moments: what contagion of this
        ratio leaves of the variance of their numbers."""
        rates = np.log(self.in_piece / self.exposure)
        chance = 1 / self.in_piece / calm**2
        centre = np.log(self.in_piece.sum() / self.exposure.sum())
        spread = np.square(rates - centre).mean() - chance.mean()
        return centre, max(spread, 0.0025)

    def profile(self) -> tuple[Interval, float, float]:
        """The best ratio with its interval, the lag, and the gain over no contagion.

        The likelihood is worked out on a grid, then on a finer one around the interval, with splines between.
        """
        coarse = np.linspace(0, MOST, 12), np.linspace(np.log(self.shortest), np.log(self.longest), 8)
        told, (ratios, log_lags) = self._smooth(*coarse)
        likely = told >= told.max() - 3 * self.drop
        around, near = ratios[likely.any(1)][[0, -1]], log_lags[likely.any(0)][[0, -1]]
        told, (ratios, log_lags) = self._smooth(
            np.linspace(max(around[0] - 0.01, 0.0), min(around[1] + 0.01, MOST), 9),
            np.linspace(max(near[0] - 0.1, log_lags[0]), min(near[1] + 0.1, log_lags[-1]), 7),
        )
        row, column = np.unravel_index(int(told.argmax()), told.shape)
        inside = ratios[told.max(1) >= told.max() - self.drop]
        gain = max(float(told.max()) - self.likelihood(0.0, self.longest), 0.0)
        low = 0.0 if gain <= HARDER * self.drop else float(inside[0])
        found = Interval(float(ratios[row]), low, float(inside[-1]))
        return found, float(np.exp(log_lags[column])), gain

    def _smooth(self, ratios: Numbers, log_lags: Numbers) -> tuple[Numbers, tuple[Numbers, Numbers]]:
        """The likelihood on a fine grid between these ratios (rows) and lags (columns), and that grid."""
        lags = np.exp(log_lags)
        told = [[self.likelihood(float(ratio), float(lag)) for lag in lags] for ratio in ratios]
        fine = np.linspace(ratios[0], ratios[-1], 400), np.linspace(log_lags[0], log_lags[-1], 100)
        return _spline(ratios, fine[0]) @ np.array(told) @ _spline(log_lags, fine[1]).T, fine


def _spline(known: Numbers, wanted: Numbers) -> Numbers:
    """What makes values at the ``known`` places those at the ``wanted`` ones: a cubic spline (not-a-knot).

    By hand, because a matrix this small is no reason to load scipy's interpolation.
    """
    start, width = known[0], known[-1] - known[0]

    def powers(places: Numbers) -> Numbers:
        far = (places - start) / width
        bends = np.maximum(far[:, None] - (known[2:-2] - start) / width, 0.0) ** 3
        return np.concatenate([far[:, None] ** np.arange(4), bends], axis=1)

    found: Numbers = np.linalg.solve(powers(known).T, powers(wanted).T).T
    return found
