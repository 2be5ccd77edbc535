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


def fit(
    occasions: npt.ArrayLike,
    totals: npt.ArrayLike,
    customers: npt.ArrayLike | None = None,
    *,
    near: Fit | None = None,
) -> Fit:
    """p, q, v by maximum likelihood (Fader and Hardie 2013, equation 1a).

    ``occasions`` (x, at least 1) and the ``totals`` (above 0, units of money) spent on them, a row a history;
    ``customers``: how many have it, one each where not given. ``near``: a fit from whose parameters the
    search begins. Amounts are fitted in units of their mean, so that the bounds of the search suit any
    currency.
    """
    x, spent = np.asarray(occasions, np.float64), np.asarray(totals, np.float64)
    weights = np.ones_like(x) if customers is None else np.asarray(customers, np.float64)
    mean = float((weights * spent).sum() / (weights * x).sum())
    starts = [[2.0, 3.0, 1.0], [8.0, 4.0, 1 / 3]]
    if near is not None and near.is_known.all():
        starts.insert(0, [*near.parameters[:V], near.parameters[V] / mean])
    found = maximum(_Likelihood(x, spent / mean, weights), starts)
    shifted = found.log_likelihood - weights.sum() * np.log(mean)
    return found._replace(parameters=found.parameters * [1, 1, mean], log_likelihood=float(shifted))


class _Likelihood:
    """The log-likelihood of what was spent and its gradient; what stays the same is worked out once."""

    def __init__(self, x: Floats, spent: Floats, weights: Floats) -> None:
        self._x, self._spent, self._weights = x, spent, weights
        self._counts, of = np.unique(x, return_inverse=True)
        self._of_count = np.bincount(of, weights)
        self._log_spent = np.log(spent)
        self._constant = float(weights @ (np.log(x) - self._log_spent))
        self._spent_logs = float(weights @ (x * self._log_spent))

    def __call__(self, parameters: Floats) -> tuple[float, Floats]:
        from scipy.special import gammaln, psi

        p, q, v = parameters
        x, weights = self._counts, self._of_count
        customers = weights.sum()
        log_all, every = np.log(v + self._spent), p * self._x + q
        logs, weighed = self._weights @ log_all, self._weights * self._x @ log_all
        value = weights @ (gammaln(p * x + q) - gammaln(p * x)) + customers * (q * np.log(v) - gammaln(q))
        value += p * self._spent_logs + self._constant - p * weighed - q * logs
        grows = psi(p * x + q)
        slopes = (
            weights @ (x * (grows - psi(p * x))) + self._spent_logs - weighed,
            weights @ grows + customers * (np.log(v) - psi(q)) - logs,
            customers * q / v - self._weights @ (every / (v + self._spent)),
        )
        return float(value), np.array(slopes)


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
