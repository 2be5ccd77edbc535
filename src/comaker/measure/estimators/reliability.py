"""How well the items of a survey scale measure one thing: McDonald's omega and Cronbach's alpha.

The one-factor maximum-likelihood fit is written here in a few lines of numpy, because the library that has it
(statsmodels) takes longer to load than a section may take, and because its scoring step is at the same time
what the interval needs. It is checked against that library in the tests.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval

LEAST_ITEMS = 3
"""A factor is not identified from fewer items."""

_STEPS, _CLOSE = 200, 1e-10

type Matrix = npt.NDArray[np.float64]


class OneFactor(NamedTuple):
    """A fitted factor: ``loadings`` and ``uniquenesses`` of the items (float64[items], in units of the
    answers); ``scoring`` (float64[2 items, items²]): how they move with the covariances of the answers."""

    loadings: Matrix
    uniquenesses: Matrix
    scoring: Matrix


def one_factor(covariance: npt.ArrayLike) -> OneFactor | None:
    """The maximum-likelihood fit of one factor to a covariance matrix, by Fisher's scoring (Jöreskog 1967).

    None where it does not converge, or where an item would have no error of its own (a Heywood case).
    """
    found = np.asarray(covariance, np.float64)
    spread = np.sqrt(np.diag(found))
    if len(found) < LEAST_ITEMS or not (np.isfinite(found).all() and (spread > 0).all()):
        return None
    target = found / np.outer(spread, spread)
    values, vectors = np.linalg.eigh(target)
    if values[0] < 1e-9:
        return None
    first = vectors[:, -1] * np.sign(vectors[:, -1].sum() or 1.0)
    loadings = np.clip(first * np.sqrt(values[-1]), -0.95, 0.95) * 0.9
    uniquenesses = 1 - loadings**2
    for _ in range(_STEPS):
        scoring = _scoring(loadings, uniquenesses)
        implied = np.outer(loadings, loadings) + np.diag(uniquenesses)
        step = scoring @ (target - implied).ravel()
        size = len(target)
        # Half a step where a whole one would leave an item without variance.
        while (uniquenesses + step[size:] <= 0).any() and np.abs(step).max() > _CLOSE:
            step = step / 2
        loadings, uniquenesses = loadings + step[:size], uniquenesses + step[size:]
        if np.abs(step).max() < _CLOSE:
            break
    else:
        return None
    if uniquenesses.min() < 1e-4:
        return None
    return _rescaled(loadings, uniquenesses, spread)


def _scoring(loadings: Matrix, uniquenesses: Matrix) -> Matrix:
    """The generalised least squares step: how much the parameters change for a change of the covariances."""
    size = len(loadings)
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(uniquenesses))
    unit = np.eye(size)
    slopes = np.empty((2 * size, size, size))
    slopes[:size] = unit[:, :, None] * loadings + loadings[:, None] * unit[:, None, :]
    slopes[size:] = unit[:, :, None] * unit[:, None, :]
    weighted = (inverse @ slopes @ inverse).reshape(2 * size, -1)
    return np.linalg.solve(weighted @ slopes.reshape(2 * size, -1).T, weighted)


def _rescaled(loadings: Matrix, uniquenesses: Matrix, spread: Matrix) -> OneFactor:
    """The fit of the correlations in units of the answers."""
    loadings, uniquenesses = loadings * spread, uniquenesses * spread**2
    return OneFactor(loadings, uniquenesses, _scoring(loadings, uniquenesses))


def omega(answers: npt.ArrayLike) -> Interval:
    """McDonald's omega of a scale's sum: the part of its variance that one common factor makes.

    ``answers``: float64[customers, items], reversed items recoded, without gaps, customers independent. The
    interval is the linearised one that needs no normal answers (Maydeu-Olivares, Coffman & Hartmann 2007, for
    omega by the chain rule), on the scale of log(1 - omega): as good as a bootstrap's, without chance in it.
    Not identified from fewer than three items, or where no one-factor model fits.
    Source: McDonald (1999), Test Theory, equation 6.20.
    """
    given = np.asarray(answers, np.float64)
    fitted = one_factor(_covariance(given)) if len(given) > given.shape[1] else None
    if fitted is None:
        return UNKNOWN
    common, own = fitted.loadings.sum(), fitted.uniquenesses.sum()
    total = common**2 + own
    slope = np.repeat([2 * common * own / total**2, -(common**2) / total**2], given.shape[1])
    return _interval(common**2 / total, given, slope @ fitted.scoring)


def alpha(answers: npt.ArrayLike) -> Interval:
    """Cronbach's alpha of a scale's sum, the lower neighbour of omega that is usually published.

    ``answers`` as of ``omega``. Interval: Maydeu-Olivares, Coffman & Hartmann (2007), on the same scale.
    """
    given = np.asarray(answers, np.float64)
    count = given.shape[1]
    if count < 2 or len(given) <= count:
        return UNKNOWN
    covariance = _covariance(given)
    total, own = covariance.sum(), np.trace(covariance)
    if total <= 0:
        return UNKNOWN
    factor = count / (count - 1)
    slope = factor * (own / total**2 - np.eye(count) / total)
    return _interval(factor * (1 - own / total), given, slope.ravel())


def _covariance(given: Matrix) -> Matrix:
    return np.atleast_2d(np.cov(given, rowvar=False))


def _interval(value: float, given: Matrix, slope: Matrix) -> Interval:
    """From how a reliability moves with the covariances to its interval."""
    from scipy.special import stdtrit

    apart = given - given.mean(axis=0)
    customers, count = given.shape
    # One factor takes two parameters an item from what the answers can tell of the error.
    freedom = customers - 2 * count
    if freedom < 1:
        return UNKNOWN
    moved = np.einsum("ij,jk,ik->i", apart, slope.reshape(count, count), apart)
    error = moved.std() / np.sqrt(freedom)
    if not (np.isfinite(error) and value < 1):
        return UNKNOWN
    wide = np.exp(float(stdtrit(freedom, 0.975)) * error / (1 - value))
    return Interval(value, 1 - (1 - value) * wide, 1 - (1 - value) / wide)
