"""How unequally something is divided: the Gini coefficient with its interval.

By hand, because the libraries that are kept give the coefficient without an interval.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from comaker.measure.estimators.intervals import UNKNOWN, Interval

FEWEST = 30
"""Fewer customers say nothing about how it is divided among customers to come."""


def gini(values: Any, customers: Any = None) -> Interval:
    """Gini coefficient of amounts of 0 or more among customers: 0 all have the same, 1 one has all.

    ``customers``: how many have each amount; one where not given. Exact also for ties. The error is that of
    Davidson 2009 (equation 21), the interval taken on the logit scale, so that it keeps within 0 and 1, with
    Student's t of as many degrees as the kurtosis leaves (Satterthwaite 1946).
    Not identified from fewer than ``FEWEST`` customers, or where all have the same.
    """
    amounts = np.asarray(values, np.float64)
    many = np.ones(len(amounts)) if customers is None else np.asarray(customers, np.float64)
    order = np.argsort(amounts)
    amounts, many = amounts[order], many[order]
    total, count = amounts.dot(many), many.sum()
    if count < FEWEST or total <= 0 or amounts[0] == amounts[-1]:
        return UNKNOWN
    middle = np.cumsum(many) - many / 2
    value = amounts.dot(many * (2 * middle - count)) / (count * total)
    had = np.cumsum(amounts * many) - amounts * (many - 1) / 2
    pieces = (2 * middle / count - value - 1) * amounts - 2 * had / count
    pieces -= pieces.dot(many) / count
    # The plain coefficient is low by a part of one in the number of customers.
    fair = value * count / (count - 1)
    if not 0 < fair < 1:
        return UNKNOWN
    from scipy.special import stdtrit

    squares = np.square(pieces)
    error = np.sqrt(squares.dot(many)) / total
    kurtosis = count * np.square(squares).dot(many) / squares.dot(many) ** 2
    quantile = float(stdtrit(2 * count / max(kurtosis - 1, 1e-9), 0.975))
    odds, half = np.log(fair / (1 - fair)), quantile * error / (fair * (1 - fair))
    low, high = 1 / (1 + np.exp(-(odds - half))), 1 / (1 + np.exp(-(odds + half)))
    return Interval(float(fair), float(low), float(high))
