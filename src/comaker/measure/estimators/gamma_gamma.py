"""What customers spend on an occasion, and how they differ: the gamma-gamma model.

By hand, because the library for it is no longer kept and its successor needs a whole probabilistic language.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.likelihood import Fit, Floats, maximum

P, Q, V = range(3)
"""Places of the parameters: amounts of a customer are gamma with shape ``p`` and a rate that is itself gamma
over customers, with shape ``q`` and scale parameter ``v`` (units of money)."""


def fit(occasions: npt.ArrayLike, totals: npt.ArrayLike, customers: npt.ArrayLike | None = None) -> Fit:
    """p, q, v by maximum likelihood (Fader and Hardie 2013, equation 1a).

    ``occasions`` (x, at least 1) and the ``totals`` (above 0, units of money) spent on them, a row a history;
    ``customers``: how many have it, one each where not given.
    """
    x, spent = np.asarray(occasions, np.float64), np.asarray(totals, np.float64)
    weights = np.ones_like(x) if customers is None else np.asarray(customers, np.float64)
    mean = float((weights * spent).sum() / (weights * x).sum())
    starts = [[2.0, 3.0, mean], [8.0, 4.0, mean / 3]]
    return maximum(lambda parameters: _likelihood(parameters, x, spent, weights), starts)


def _likelihood(parameters: Floats, x: Floats, spent: Floats, weights: Floats) -> tuple[float, Floats]:
    from scipy.special import gammaln, psi

    p, q, v = parameters
    counts, of = np.unique(x, return_inverse=True)
    both, own = gammaln(p * counts + q), gammaln(p * counts)
    log_spent, log_all = np.log(spent), np.log(v + spent)
    value = (both - own)[of] - gammaln(q) + q * np.log(v) + p * x * log_spent
    value += np.log(x) - log_spent - (p * x + q) * log_all
    grows = psi(p * counts + q)
    slopes = (
        x * ((grows - psi(p * counts))[of] + log_spent - log_all),
        grows[of] - psi(q) + np.log(v) - log_all,
        q / v - (p * x + q) / (v + spent),
    )
    return float(weights @ value), np.array([weights @ slope for slope in slopes])


def mean_spend(parameters: Floats) -> float:
    """What customers spend on an occasion on average, units of money; NaN where q leaves no mean (q <= 1)."""
    p, q, v = parameters
    return float(p * v / (q - 1)) if q > 1 else float("nan")


def expected_spend(parameters: Floats, occasions: npt.ArrayLike, totals: npt.ArrayLike) -> Floats:
    """What customers are expected to spend on an occasion, float64[rows], given the totals they spent on so
    many (equation 5 of Fader and Hardie 2013); those of no occasion are expected to spend the mean."""
    p, q, v = parameters
    x, spent = np.asarray(occasions, np.float64), np.asarray(totals, np.float64)
    return np.asarray(p * (v + spent) / (p * x + q - 1))
