"""How the chance of an error changes with practice, within customers and whoever stops early.

By hand: a conditional logit of the libraries goes through customers one by one; here all customers with the
same number of attempts share one sum, because the number of an attempt is the same for everybody.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval

type Floats = npt.NDArray[np.float64]

LAST = 40
"""Attempts after this one are left out."""

_STEEPEST = 6.0


def odds_by_doubling(customer: Any, attempt: Any, is_error: Any) -> Interval:
    """By what factor the odds of an error change when a customer has twice the attempts behind her.

    Arrays of one length, one entry an attempt, by customer (numbers from 0) and in order of time. Conditional
    (fixed effects) logit: every customer has odds of her own (Chamberlain 1980). Each customer's last
    attempt is left out, because an error may have made her stop: where she goes on after an error with one
    chance and after a success with another, her remaining attempts have other odds, but the same factor.
    Errors of the estimate are robust to dependence within customers, with Student's t. Not identified from
    fewer than five customers who had both errors and successes.
    """
    who, which = np.asarray(customer, np.int64), np.asarray(attempt, np.int64)
    wrong = np.asarray(is_error, bool)
    if not len(who):
        return UNKNOWN
    latest = np.zeros(who.max() + 1, np.int64)
    np.maximum.at(latest, who, which)
    kept = (which < latest[who]) & (which <= LAST)
    who, which, wrong = who[kept], which[kept], wrong[kept]
    tries = np.bincount(who, minlength=len(latest))
    errors = np.bincount(who, wrong, minlength=len(latest)).astype(np.int64)
    told = (errors > 0) & (errors < tries)
    seen = np.bincount(who, wrong * np.log2(np.maximum(which, 1)), minlength=len(latest))[told]
    return _most_likely(seen, np.minimum(tries, LAST)[told], errors[told])


def _most_likely(seen: Floats, tries: Any, errors: Any) -> Interval:
    """``seen``: sum of log2 of the attempts that went wrong, a customer each."""
    customers = len(seen)
    if customers < 5:
        return UNKNOWN

    slope = 0.0
    for _ in range(60):
        expected, spread = _expected(slope)
        score, information = (seen - expected[tries, errors]).sum(), spread[tries, errors].sum()
        if information <= 0:
            return UNKNOWN
        step = float(np.clip(score / information, -0.5, 0.5))
        slope += step
        if abs(step) < 1e-9 or abs(slope) > _STEEPEST:
            break
    if abs(slope) > _STEEPEST:
        return UNKNOWN
    expected, spread = _expected(slope)
    scores, information = seen - expected[tries, errors], spread[tries, errors].sum()
    from scipy.special import stdtrit

    error = np.sqrt(np.square(scores).sum() * customers / (customers - 1)) / information
    reach = float(stdtrit(customers - 1, 0.975)) * error
    return Interval(*(float(np.exp(slope + side * reach)) for side in (0, -1, 1)))


def _expected(slope: float) -> tuple[Floats, Floats]:
    """Mean and variance of the sum of log2 of the attempts that went wrong, by tries and errors.

    float64[LAST + 1, LAST + 1] each. A try more is either right or wrong: the sums over all ways to place the
    errors, and their first two moments, follow from those of one try less.
    """
    whole, mean, square = (np.zeros((LAST + 1, LAST + 1)) for _ in range(3))
    before_mean, before_square = np.zeros((2, LAST + 1))
    whole[0, 0] = 1
    for count in range(1, LAST + 1):
        far = np.log2(count)
        weight = np.exp(slope * (far - np.log2(LAST) / 2))
        right, wrong = whole[count - 1], np.zeros(LAST + 1)
        wrong[1:] = weight * whole[count - 1, :-1]
        both = right + wrong
        share = np.divide(wrong, both, out=np.zeros_like(both), where=both > 0)
        before_mean[1:] = mean[count - 1, :-1] + far
        before_square[1:] = square[count - 1, :-1]
        moved = before_square + 2 * far * (before_mean - far) + far**2
        mean[count] = (1 - share) * mean[count - 1] + share * before_mean
        square[count] = (1 - share) * square[count - 1] + share * moved
        whole[count] = both
    return mean, np.maximum(square - np.square(mean), 0)
