"""Regressions of weekly series, whose errors last from one week to the next.

By hand: of the well-kept libraries, Newey and West's errors (HAC) cover far too little at the lengths that
firms' records have, the more so for trends and steps, and generalised least squares takes the
autocorrelation that it found for certain. Here the interval is averaged over all autocorrelations by their
restricted likelihood.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval

type Floats = npt.NDArray[np.float64]

_LASTING = np.linspace(-0.9, 0.98, 48)
"""Autocorrelations from one week to the next that are weighed."""

_SHORTEST = 3
"""A level must last so many weeks on either side to be told from chance."""

_SURE = 12.0
"""Twice the lead in log-likelihood of a step at an unknown time that chance exceeds in 5 % of series:
simulated, 20 to 78 weeks, autocorrelation up to .6. Without autocorrelation and in long series it is 9.84
(Andrews 1993)."""


def regression(outcome: Any, causes: Any) -> list[Interval]:
    """The coefficient of each cause, errors being an autoregression of order 1.

    ``outcome``: float64[weeks], in order of time without gaps; ``causes``: float64[weeks, causes], a
    constant among them. For each autocorrelation the series are transformed as Prais & Winsten (1954) do,
    which gives a Student t; these are mixed with the restricted likelihood as weight (Zellner & Tiao 1964;
    Harville 1974), and the middle 95 % of the mixture is the interval. Not identified where weeks are fewer
    than causes and three, where causes say the same, or where nothing varies.
    """
    seen, given = np.asarray(outcome, np.float64), np.asarray(causes, np.float64)
    weeks, count = given.shape
    unknown = [UNKNOWN] * count
    if weeks < count + 3 or np.ptp(seen) == 0:
        return unknown
    size = np.abs(given).max(0)
    if (size == 0).any() or np.linalg.matrix_rank(given / size) < count:
        return unknown
    free = weeks - count
    one, many = _whitened(seen), _whitened(given / size)
    squares = many.transpose(0, 2, 1) @ many
    inverse = np.linalg.inv(squares)
    found = (inverse @ (many.transpose(0, 2, 1) @ one[:, :, None]))[:, :, 0]
    left = np.square(one - (many @ found[:, :, None])[:, :, 0]).sum(1)
    if not left.min() > 1e-20 * np.square(seen).sum():
        return unknown
    # Jeffreys' prior of the autocorrelation cancels the determinant of the transformation.
    weight = _weights(-np.linalg.slogdet(squares)[1] - free * np.log(left))
    errors = np.sqrt((left / free)[:, None] * np.diagonal(inverse, axis1=1, axis2=2))
    return [
        _middle(found[:, each] / size[each], errors[:, each] / size[each], weight, free)
        for each in range(count)
    ]


def _whitened(series: Floats) -> Floats:
    """A series without the autocorrelation, for each of ``_LASTING``; one axis more, in front."""
    lasting = _LASTING.reshape(-1, *[1] * series.ndim)
    first = np.sqrt(1 - lasting**2) * series[:1]
    return np.concatenate([first, series[1:] - lasting * series[:-1]], axis=1)


def _weights(twice_log: Floats) -> Floats:
    weight = np.exp((twice_log - twice_log.max()) / 2)
    shares: Floats = weight / weight.sum()
    return shares


def _middle(values: Floats, errors: Floats, weight: Floats, free: int) -> Interval:
    """The median and the middle 95 % of a mixture of Student's t, by bisection."""
    from scipy.special import stdtr, stdtrit

    asked = np.array([0.5, 0.025, 0.975])
    kept = weight > 1e-6
    values, errors, weight = values[kept], errors[kept], weight[kept] / weight[kept].sum()
    # Of a mixture no quantile lies outside those of its parts.
    each = values[:, None] + errors[:, None] * stdtrit(free, asked)
    low, high = each.min(0), each.max(0)
    for _ in range(26):
        centre = (low + high) / 2
        below = weight @ stdtr(free, (centre - values[:, None]) / errors[:, None])
        low, high = np.where(below < asked, centre, low), np.where(below < asked, high, centre)
    return Interval(*((low + high) / 2).tolist())


class Step(NamedTuple):
    """When a series changed its level: ``at`` so many weeks after its start; ``lead``: twice the
    log-likelihood that the step explains; ``is_sure``: more than chance does in 19 of 20 series, and more
    than a trend; ``change``: of the level."""

    at: Interval
    lead: float
    is_sure: bool
    change: float


def step(outcome: Any) -> Step | None:
    """The one change of level that fits a weekly series best, its errors an autoregression of order 1.

    Weeks are weighed by the likelihood of a change at their start, whatever its size and the autocorrelation;
    the estimate is the middle of the weights, the interval their middle 95 % (Smith 1975). None for a series
    that is too short (eight weeks are needed) or does not vary.
    """
    seen = np.asarray(outcome, np.float64)
    weeks = len(seen)
    if weeks < 8 or np.ptp(seen) == 0:
        return None
    starts = np.arange(_SHORTEST, weeks - _SHORTEST + 1)
    one, level = _whitened(seen), _whitened(np.ones(weeks))
    later = _whitened((np.arange(weeks)[:, None] >= starts).astype(np.float64))
    squares = np.square(one).sum(1) - (one * level).sum(1) ** 2 / np.square(level).sum(1)
    inside = np.square(level).sum(1)[:, None]
    mixed = np.einsum("kw,kws->ks", level, later)
    size = np.square(later).sum(1) - mixed**2 / inside
    related = np.einsum("kw,kws->ks", one, later) - mixed * ((one * level).sum(1)[:, None] / inside)
    left = np.maximum(squares[:, None] - related**2 / size, 1e-300)
    stationary = np.log(1 - _LASTING**2)[:, None]
    flat = (stationary[:, 0] - weeks * np.log(squares)).max()
    lead = float((stationary - weeks * np.log(left)).max() - flat)
    trend = _whitened(np.arange(weeks, dtype=np.float64))
    slope = (one * trend).sum(1) - (level * trend).sum(1) * (one * level).sum(1) / inside[:, 0]
    steep = np.square(trend).sum(1) - (level * trend).sum(1) ** 2 / inside[:, 0]
    sloping = (stationary[:, 0] - weeks * np.log(np.maximum(squares - slope**2 / steep, 1e-300))).max()
    weight = _weights(stationary - np.log(inside) - np.log(size) - (weeks - 2) * np.log(left))
    by_start = weight.sum(0)
    low, middle, high = np.searchsorted(by_start.cumsum(), (0.025, 0.5, 0.975)).clip(max=len(starts) - 1)
    change = float((weight * related / size)[:, middle].sum() / by_start[middle])
    at = Interval(float(starts[middle]), float(starts[low]), float(starts[high]))
    return Step(at, lead, lead > max(_SURE, float(sloping - flat)), change)


def ratio(above: Any, below: Any) -> Interval:
    """The ratio of two sums over weeks, such as cost over units, whose errors may last from week to week.

    ``above``, ``below``: float64[weeks]. Linearised (Cochran 1977, section 6.4), then as a ``regression`` on
    a constant. Not identified from fewer than eight weeks; exact where each week has the same ratio.
    """
    up, down = np.asarray(above, np.float64), np.asarray(below, np.float64)
    if len(up) < 8 or down.sum() <= 0:
        return UNKNOWN
    value = float(up.sum() / down.sum())
    strays = (up - value * down) / down.mean()
    if np.abs(strays).max() <= 1e-9 * max(abs(value), 1e-300):
        return Interval(value, value, value)
    found = regression(strays, np.ones((len(up), 1)))[0]
    return Interval(value, value + found.low, value + found.high)
