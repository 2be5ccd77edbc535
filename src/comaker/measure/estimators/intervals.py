"""Intervals of 95 % that several sections need: proportions, means, and ratios of sums over customers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Z = 1.959963984540054
"""Of a normal distribution, 95 % lies within so many standard deviations."""


FEWEST = 10
"""With fewer independent customers the interval of a ratio cannot be trusted."""


class Interval(NamedTuple):
    """An estimate and the ends of its 95 % interval; NaN where it is not identified."""

    value: float
    low: float
    high: float


UNKNOWN = Interval(np.nan, np.nan, np.nan)


def proportion(successes: int, trials: int) -> Interval:
    """A proportion with Wilson's interval, which keeps within 0 and 1 (Wilson 1927)."""
    if trials <= 0:
        return UNKNOWN
    share, spread = successes / trials, Z**2 / trials
    centre = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * np.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    # Rounding must not leave a share of 0 or 1 outside.
    low, high = max(centre - half, 0.0), min(centre + half, 1.0)
    return Interval(share, min(low, share), max(high, share))


def mean(values: npt.ArrayLike) -> Interval:
    """A mean with Student's interval; not identified from fewer than two values."""
    known = np.asarray(values, np.float64)
    if len(known) < 2:
        return UNKNOWN
    from scipy.special import stdtrit

    half = float(stdtrit(len(known) - 1, 0.975)) * known.std(ddof=1) / np.sqrt(len(known))
    return Interval(known.mean(), known.mean() - half, known.mean() + half)


def ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Interval:
    """The ratio of two sums over customers (float64[n] each), customers being independent, their acts not.

    The interval is the linearised one of a ratio estimator (Cochran 1977, section 6.4). Not identified where
    fewer than ``FEWEST`` customers carry the sum, counted as (Σ below)² / Σ below²: it would be too narrow.
    """
    up, down = np.asarray(above, np.float64), np.asarray(below, np.float64)
    squares = (float(one @ other) for one, other in ((up, up), (down, down), (up, down)))
    return ratio_of(Moments(len(down), up.sum(), down.sum(), *squares))


class Moments(NamedTuple):
    """Sums over customers of a numerator x and a denominator y: ``customers``, Σx, Σy, Σx², Σy², Σxy."""

    customers: int
    x: float
    y: float
    xx: float
    yy: float
    xy: float


def ratio_of(sums: Moments) -> Interval:
    """``ratio`` from sums that an engine made over any number of customers."""
    if not sums.yy or sums.y**2 / sums.yy < FEWEST:
        return UNKNOWN
    value = sums.x / sums.y
    squares = max(sums.xx - 2 * value * sums.xy + value**2 * sums.yy, 0.0)
    half = Z * np.sqrt(sums.customers / (sums.customers - 1) * squares) / abs(sums.y)
    return Interval(value, value - half, value + half)


def normal(value: float, error: float) -> Interval:
    """An estimate whose error is normal with this standard error."""
    if not (np.isfinite(value) and np.isfinite(error)):
        return UNKNOWN
    return Interval(value, value - Z * error, value + Z * error)


def difference(one: Any, other: Any) -> Interval:
    """The difference of two independent means, ``one`` less ``other`` (Welch 1947, normal approximation)."""
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if len(first) < 2 or len(second) < 2:
        return UNKNOWN
    error = np.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    return normal(first.mean() - second.mean(), float(error))
