"""Maximum likelihood of models whose parameters are all positive, with intervals of whatever follows from
them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval, normal

type Floats = npt.NDArray[np.float64]

type Likelihood = Callable[[Floats], tuple[float, Floats]]
"""From positive parameters to their log-likelihood and its gradient, by parameter."""

_WIDEST = 10.0
"""Parameters are looked for between exp(-10) and exp(10): beyond, they are not identified."""

_STEP, _SHORT = 1e-4, 1e-5
"""By how much logarithms of parameters are moved for slopes on both sides, and on one side."""

_SAME = 0.1
"""Logarithms of likelihoods that differ by less are of the same height."""

_MOST_STEPS, _LONGEST = 200, 3.0
"""Steps of a climb, and the longest of them, on the scale of logarithms."""

_LEAST_INFORMATION = 0.05
"""An error of more than 4 on the scale of logarithms says nothing about a parameter."""

_MOST_UNTOLD = 0.01
"""How much of a parameter's direction may lie where the records tell nothing."""


class Fit(NamedTuple):
    """``parameters`` float64[k] where the likelihood is highest, ``covariance`` float64[k, k] of their
    logarithms, ``is_known`` bool[k]: whether the records hold a parameter down, the log-likelihood there.

    Where they do not hold one down (it runs off without end, or against another), the covariance is that of
    the rest: what does not depend on it is still estimated.
    """

    parameters: Floats
    covariance: Floats
    is_known: npt.NDArray[np.bool_]
    log_likelihood: float

    def parameter(self, place: int) -> Interval:
        """A parameter with its interval, which is normal on the scale of logarithms."""
        if not self.is_known[place]:
            return UNKNOWN
        return _exponential(np.log(self.parameters[place]), np.sqrt(self.covariance[place, place]))

    def derived(self, value: Callable[[Floats], float]) -> Interval:
        """A positive number that follows from the parameters, by the delta method on its logarithm."""
        error = self.error(lambda parameters: float(np.log(value(parameters))))
        return _exponential(float(np.log(value(self.parameters))), error)

    def symmetric(self, value: Callable[[Floats], float]) -> Interval:
        """A number that follows from the parameters, by the delta method on its own scale."""
        return normal(value(self.parameters), self.error(value))

    def share(self, value: Callable[[Floats], float]) -> Interval:
        """The same for a number between 0 and 1, by the delta method on its logit."""

        def logit(parameters: Floats) -> float:
            return _logit(value(parameters))

        found = normal(logit(self.parameters), self.error(logit))
        return Interval(*(1 / (1 + np.exp(-end)) for end in found))

    def error(self, value: Callable[[Floats], float]) -> float:
        """The standard error of a number that follows from the parameters, by the delta method."""
        here, steps = value(self.parameters), np.eye(len(self.parameters)) * _SHORT
        slopes = np.array([(value(self.parameters * np.exp(step)) - here) / _SHORT for step in steps])
        return float(np.sqrt(max(slopes @ self.covariance @ slopes, 0.0)))


def joined(one: Fit, other: Fit) -> Fit:
    """Two fits as one, the parameters of ``one`` first; fitted apart, so their errors are independent."""
    many = len(one.parameters)
    covariance = np.zeros((many + len(other.parameters),) * 2)
    covariance[:many, :many], covariance[many:, many:] = one.covariance, other.covariance
    return Fit(
        np.concatenate([one.parameters, other.parameters]),
        covariance,
        np.concatenate([one.is_known, other.is_known]),
        one.log_likelihood + other.log_likelihood,
    )


def _logit(share: float) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log(share) - np.log1p(-share))


def _exponential(log: float, error: float) -> Interval:
    return Interval(*np.exp(normal(log, error)))


def maximum(likelihood: Likelihood, starts: Sequence[npt.ArrayLike]) -> Fit:
    """The parameters of the highest likelihood, looked for from several starts (positive, float64[k] each) in
    turn, until one ends where the records hold every parameter down, or as high as another did.

    The covariance is the inverse of the observed information. It is unknown where a parameter runs off to
    zero or beyond every bound, or where the likelihood is flat in some direction: then the records do not
    identify them.
    """

    def negative(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        value, gradient = likelihood(parameters)
        return -value, -gradient * parameters

    best, least = None, np.inf
    for start in starts:
        lowest, value = _descended(negative, np.log(np.asarray(start, np.float64)))
        is_same = abs(value - least) < _SAME
        if value < least:
            least = value
            logs, covariance, is_known = _polished(negative, lowest)
            best = Fit(np.exp(logs), covariance, is_known, -float(negative(logs)[0]))
        if is_same or (best is not None and best.is_known.all()):
            break
    if best is None:
        raise ValueError("the likelihood is no number at any start")
    return best


def _descended(negative: Likelihood, start: Floats) -> tuple[Floats, float]:
    """Where a function with its gradient is lowest within the bounds, near a start, and how low: BFGS.

    By hand, because each of L-BFGS-B's hundreds of steps (scipy) wakes a pool of threads, which takes longer
    than the few numbers to be found.
    """
    at = np.clip(start, -_WIDEST, _WIDEST)
    value, slopes = negative(at)
    unknown = np.eye(len(at)) / max(float(np.abs(slopes).max()), 1.0)
    inverse, still = unknown, 0
    for _ in range(_MOST_STEPS):
        held = np.where(slopes > 0, at <= -_WIDEST, at >= _WIDEST)
        slopes_free = np.where(held, 0.0, slopes)
        if np.abs(slopes_free).max() < 1e-6 or still == 2:
            break
        step = np.where(held, 0.0, -inverse @ slopes_free)
        if not step @ slopes_free < 0:
            inverse, step = unknown, -unknown @ slopes_free
        step *= min(1.0, _LONGEST / float(np.abs(step).max()))
        moved, reached, next_slopes = _lower(negative, at, value, (step, slopes_free))
        bend, went = next_slopes - slopes, moved - at
        still = still + 1 if value - reached <= 1e-10 * max(abs(value), 1.0) else 0
        if still and not went.any():
            break
        at, value, slopes = moved, reached, next_slopes
        if (curved := float(bend @ went)) > 1e-12 * float(np.abs(bend).max() * np.abs(went).max()):
            turn = np.eye(len(at)) - np.outer(went, bend) / curved
            inverse = turn @ inverse @ turn.T + np.outer(went, went) / curved
    return at, value


def _lower(
    negative: Likelihood, at: Floats, value: float, way: tuple[Floats, Floats]
) -> tuple[Floats, float, Floats]:
    """The first of ever shorter steps that leads far enough down; where none does, none."""
    step, slopes = way
    for _ in range(40):
        moved = np.clip(at + step, -_WIDEST, _WIDEST)
        reached, next_slopes = negative(moved)
        if reached <= value + 1e-4 * float(slopes @ (moved - at)) and np.isfinite(next_slopes).all():
            return moved, reached, next_slopes
        step = step / 3
    return at, value, slopes


def _polished(negative: Likelihood, logs: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """The end of the climb by Newton steps as long as they go up, with covariance and what is known there."""
    covariance, is_known = _covariance(_information(negative, logs), logs)
    value, gradient = negative(logs)
    for _ in range(3):
        step = covariance @ gradient
        reached, next_gradient = negative(logs - step)
        if np.abs(step).max() > 0.5 or not reached <= value:
            break
        logs, value, gradient = logs - step, reached, next_gradient
        if np.abs(step).max() < 1e-3:
            break
        covariance, is_known = _covariance(_information(negative, logs), logs)
    return logs, covariance, is_known


def _information(negative: Likelihood, logs: Floats) -> Floats:
    rows = [
        (negative(logs + step)[1] - negative(logs - step)[1]) / (2 * _STEP)
        for step in np.eye(len(logs)) * _STEP
    ]
    found = np.array(rows)
    return (found + found.T) / 2


def _covariance(information: Floats, logs: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The inverse of the information in the directions that the records tell of, and which parameters lie in
    them."""
    inside = np.abs(logs) < _WIDEST - 0.01
    values, vectors = np.linalg.eigh(np.where(np.isfinite(information), information, 0.0))
    told = values > _LEAST_INFORMATION
    inverse = vectors[:, told] / values[told] @ vectors[:, told].T
    untold = np.square(vectors[:, ~told]).sum(axis=1)
    return inverse, inside & (untold < _MOST_UNTOLD)
