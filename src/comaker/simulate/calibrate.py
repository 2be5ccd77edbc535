"""Laws of heavy-tailed behaviour, fitted to one stated figure each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

TOP = 0.01
"""The part of all customers whose share of activity is stated: the most active per cent."""


def wish_weights(exponent: float, largest_shares: int) -> npt.NDArray[np.float64]:
    """Weights of wishes for 1, 2, ... ``largest_shares`` shares: a zeta law cut at the largest (float64)."""
    return np.arange(1, largest_shares + 1, dtype=np.float64) ** -exponent


def fit_wish_exponent(mean_shares: float, largest_shares: int) -> float:
    """The exponent whose mean wish is ``mean_shares``; fitted to nothing but the mean (E6).

    Raises ``ValueError`` where no exponent from 0.01 to 20 has that mean.
    """
    shares = np.arange(1, largest_shares + 1)

    def too_large(exponent: float) -> float:
        weights = wish_weights(exponent, largest_shares)
        return float(weights @ shares / weights.sum()) - mean_shares

    if not too_large(20.0) < 0.0 < too_large(0.01):
        raise ValueError(f"no zeta law on 1 to {largest_shares} shares has a mean of {mean_shares:g}")
    return float(optimize.brentq(too_large, 0.01, 20.0))


def fit_activity_sigma(active_share: float, top_share: float) -> float:
    """Spread of log activity where ``active_share`` of all customers are active, lognormally, and the most
    active per cent of all do ``top_share`` of everything (van Mierlo 2014).

    Raises ``ValueError`` where the active are too few or too many for that.
    """
    if not TOP < active_share <= 1.0 or not TOP / active_share < top_share < 1.0:
        raise ValueError(
            f"top_share {top_share:g} with active_share {active_share:g}: the most active per cent must do "
            "more than their number among the active, and less than all"
        )
    return float(special.ndtri(top_share) - special.ndtri(TOP / active_share))


def activity_shares(active_share: float, sigma: float, parts: list[float]) -> list[float]:
    """What the most active parts of all customers do, e.g. the top 1 % and the top 10 %, of everything."""
    return [float(special.ndtr(sigma + special.ndtri(min(part / active_share, 1.0)))) for part in parts]
