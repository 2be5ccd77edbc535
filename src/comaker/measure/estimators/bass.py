"""How a market fills: the model of Bass (1969), those who come by themselves and those who follow others.

By hand, because the kept libraries fit a curve to running totals, whose errors are not independent, and give
intervals that are far too narrow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval, normal
from comaker.measure.estimators.likelihood import Fit, Likelihood, maximum

type Numbers = npt.NDArray[np.float64]

FEWEST = 50
"""Joins below which no curve is fitted."""

LARGEST = 50.0
"""A market of more times the joins there were is not told from one without end."""

ENDLESS = 1000.0
"""So many times the joins there were: a market without end."""

DROP = 3.841458820694124 / 2
"""A likelihood lower by this lies outside the 95 % interval."""

DAYS_A_YEAR = 365.25

_TINY = 1e-30


class Market(NamedTuple):
    """``innovation`` (p) and ``imitation`` (q) a year; ``size`` (m): who will ever join, a run;
    ``peak_days`` from the start until most join a day. Unknown where the records do not hold them down.
    """

    innovation: Interval
    imitation: Interval
    size: Interval
    peak_days: Interval


NO_MARKET = Market(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)


def peak_years(innovation: float, imitation: float) -> float:
    """When most join, in years from the start: ln(q / p) / (p + q) (Bass 1969); below 0: at the start."""
    return float(np.log(imitation / innovation) / (innovation + imitation))


def expected(total: npt.NDArray[np.generic], step_years: float, rates: npt.NDArray[np.generic]) -> Numbers:
    """Joins expected in a step that begins with so many having joined; ``rates``: p, q, m."""
    p, q, m = rates
    rest = (1 - total / m) / (1 + q / p * total / m) * np.exp(-(p + q) * step_years)
    found: Numbers = m * (1 - rest) / (1 + q / p * rest) - total
    return found


def market(counts: npt.ArrayLike, *, step_years: float) -> Market:
    """p, q and m from the joins of each step (float64[runs, steps]), runs having them in common.

    Each step is Poisson given all joins before it, so that a lucky start which draws others is no error; the
    errors are widened by what is spread more than that. Not identified before the joins slow down, because
    then no one can say how many are left. The log must begin with the first customer.
    """
    joined = np.atleast_2d(np.asarray(counts, np.float64))
    if joined.sum() < FEWEST or joined.shape[1] < 6:
        return NO_MARKET
    before = np.cumsum(joined, axis=1) - joined
    unit = float(joined.sum(1).max())
    told = _likelihood(joined, before, step_years, unit)
    years = joined.shape[1] * step_years
    shapes = [(p / years, q / years, left) for p, q, left in ((1, 0.5, 1), (0.1, 5, 0.05), (0.02, 8, 1))]
    fit = maximum(told, shapes)
    mean = expected(before, step_years, _rates(fit.parameters, unit).real)
    spread = max(float((np.square(joined - mean) / mean).sum()) / (joined.size - 3), 1.0)
    fit = fit._replace(covariance=fit.covariance * spread)
    innovation, imitation, size = fit.parameter(0), fit.parameter(1), _size(fit, unit)
    endless = maximum(_fixed(told, 2, ENDLESS), [(p / ENDLESS, q) for p, q, _ in shapes])
    if fit.log_likelihood - endless.log_likelihood <= DROP * spread:
        return NO_MARKET
    alone = maximum(_fixed(told, 1, 1e-9), [(p, left) for p, _, left in shapes])
    if fit.log_likelihood - alone.log_likelihood <= DROP * spread:
        # As far as the records tell nobody follows anybody: what that would mean for the rest is
        # possible too.
        alone = alone._replace(covariance=alone.covariance * spread)
        innovation, size = _hull(innovation, alone.parameter(0)), _hull(size, _size(alone, unit))
        imitation = imitation._replace(low=0.0)
    if not np.isfinite([*innovation, *size]).all():
        return NO_MARKET
    return Market(innovation, imitation, size, _peak_days(fit))


def _size(fit: Fit, unit: float) -> Interval:
    """Whoever joined and whoever is left. Where nobody is left, that is known although no rate holds it
    down.
    """
    left = fit.parameter(len(fit.parameters) - 1)
    if fit.parameters[-1] < 0.001:
        left = Interval(float(fit.parameters[-1]), 0.0, 0.01)
    return Interval(*((1 + end) * unit for end in left)) if left.value <= LARGEST else UNKNOWN


def _hull(one: Interval, other: Interval) -> Interval:
    return Interval(one.value, min(one.low, other.low), max(one.high, other.high))


def _peak_days(fit: Fit) -> Interval:
    if not fit.is_known[:2].all():
        return UNKNOWN

    def years(rates: Numbers) -> float:
        return peak_years(rates[0], rates[1])

    peak = normal(years(fit.parameters), fit.error(years))
    return Interval(*(end * DAYS_A_YEAR for end in peak)) if peak.low > 0 else UNKNOWN


def _likelihood(joined: Numbers, before: Numbers, step_years: float, unit: float) -> Likelihood:
    """Of p, q and how many are left at the end, a ``unit`` of those who joined.

    Its slopes are exact: a tiny imaginary part is carried along (complex step).
    """

    def likelihood(shape: Numbers) -> tuple[float, Numbers]:
        tried = shape + 1j * _TINY * np.eye(3)
        means = [expected(before, step_years, _rates(each, unit)) for each in tried]
        if not (means[0].real > 0).all():
            return -1e300, np.zeros(3)
        slopes = [float((joined * np.log(mean) - mean).sum().imag) / _TINY for mean in means]
        return float((joined * np.log(means[0].real) - means[0].real).sum()), np.array(slopes)

    return likelihood


def _rates(shape: npt.NDArray[np.generic], unit: float) -> npt.NDArray[np.complex128]:
    p, q, left = shape
    return np.array([p, q, (1 + left) * unit], complex)


def _fixed(likelihood: Likelihood, place: int, value: float) -> Likelihood:
    """The likelihood of the other two, with one known."""

    def rest(others: Numbers) -> tuple[float, Numbers]:
        told, slopes = likelihood(np.insert(others, place, value))
        return told, np.delete(slopes, place)

    return rest
