"""Whether customers take the chances they are given, such as once a year, and whether they still do: BG/BB.

By hand, because the library for it is no longer kept and its successor needs a whole probabilistic language.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.likelihood import Fit, Floats, maximum

ALPHA, BETA, GAMMA, DELTA = range(4)
"""Places of the parameters: as long as she is there, a customer takes a chance with a probability that is
beta (``alpha``, ``beta``) over customers; before each chance she leaves for good with one that is beta
(``gamma``, ``delta``)."""


def fit(taken: npt.ArrayLike, last: npt.ArrayLike, chances: npt.ArrayLike, customers: npt.ArrayLike) -> Fit:
    """alpha, beta, gamma, delta by maximum likelihood (Fader, Hardie and Shang 2010, equation 5).

    A row a history: how many of the ``chances`` after the first were ``taken`` (x), which was the ``last``
    one taken (t_x, 0 for none), and how many ``customers`` have this history.
    """
    x, recent, whole, weights = (np.asarray(each, np.float64) for each in (taken, last, chances, customers))
    starts = [[1.0, 1.0, 0.5, 2.0], [1.0, 0.5, 1.0, 6.0]]
    ends = _ends(x, recent, whole)
    return maximum(lambda parameters: _likelihood(parameters, ends, weights), starts)


def _ends(x: Floats, recent: Floats, whole: Floats) -> tuple[Floats, ...]:
    """For each history and each number of chances she may have been there for: taken, not taken, stayed,
    left.

    Arrays float64[rows, ends]; ends that cannot be have a ``left`` of -1.
    """
    there = recent[:, None] + np.arange(int((whole - recent).max(initial=0)) + 1)
    left = np.where(there < whole[:, None], 1.0, 0.0)
    possible = there <= whole[:, None]
    missed = np.where(possible, there - x[:, None], 0.0)
    return x[:, None] + 0 * there, missed, np.where(possible, there, 0.0), np.where(possible, left, -1.0)


def _terms(parameters: Floats, ends: tuple[Floats, ...]) -> Floats:
    """The logarithm of the chance of each history with each end, float64[rows, ends]."""
    from scipy.special import betaln

    alpha, beta, gamma, delta = parameters
    taken, missed, there, left = ends
    goes = np.maximum(left, 0)
    terms = betaln(alpha + taken, beta + missed) - betaln(alpha, beta)
    terms = terms + betaln(gamma + goes, delta + there) - betaln(gamma, delta)
    return np.where(left >= 0, terms, -np.inf)


def _likelihood(parameters: Floats, ends: tuple[Floats, ...], weights: Floats) -> tuple[float, Floats]:
    from scipy.special import logsumexp, psi

    alpha, beta, gamma, delta = parameters
    taken, missed, there, left = ends
    goes = np.maximum(left, 0)
    terms = _terms(parameters, ends)
    values = logsumexp(terms, axis=1)
    each = np.exp(terms - values[:, None]) * weights[:, None]
    both, stay = psi(alpha + beta + taken + missed), psi(gamma + delta + goes + there)
    slopes = (
        psi(alpha + taken) - both - psi(alpha) + psi(alpha + beta),
        psi(beta + missed) - both - psi(beta) + psi(alpha + beta),
        psi(gamma + goes) - stay - psi(gamma) + psi(gamma + delta),
        psi(delta + there) - stay - psi(delta) + psi(gamma + delta),
    )
    return float(weights @ values), np.array([(each * slope).sum() for slope in slopes])


def next_taken(
    parameters: Floats, taken: npt.ArrayLike, last: npt.ArrayLike, chances: npt.ArrayLike
) -> Floats:
    """The chance that a customer of each history takes the next chance, float64[rows] (equation 13, one
    ahead)."""
    from scipy.special import betaln, logsumexp

    x, recent, whole = (np.asarray(each, np.float64) for each in (taken, last, chances))
    alpha, beta, gamma, delta = parameters
    comes = betaln(alpha + x + 1, beta + whole - x) - betaln(alpha, beta)
    comes = comes + betaln(gamma, delta + whole + 1) - betaln(gamma, delta)
    return np.asarray(np.exp(comes - logsumexp(_terms(parameters, _ends(x, recent, whole)), axis=1)))
