"""Herding near the goal: how much likelier a look ends in a stake when little is missing (E7, F21.4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from comaker.measure.estimators.intervals import UNKNOWN, Interval

FEWEST = 5
"""Fewer stakes near the goal, or far from it, or fewer customers, give no ratio."""


def goal_gradient(near: Any, acted: Any, stratum: Any, customer: Any) -> Interval:
    """Chance that a look near the goal ends in a stake, over that of a look far from it, within strata.

    One row a look: ``near`` and ``acted`` (bool[n]), ``stratum`` (integer[n]: which project and which look
    of this customer, so that neither a project's appeal nor own listening counts as herding), ``customer``
    (integer[n]). The ratio of Mantel and Haenszel 1959 for sparse strata; its error, on the log scale, is
    linearised by customer.

    By hand, because the libraries that are kept take the looks of one customer as independent.
    """
    close, did = np.asarray(near, bool), np.asarray(acted, bool)
    place = np.unique(np.asarray(stratum), return_inverse=True)[1]
    whose = np.unique(np.asarray(customer), return_inverse=True)[1]
    if min((close & did).sum(), (~close & did).sum(), whose.max(initial=-1) + 1) < FEWEST:
        return UNKNOWN
    looks, nears = np.bincount(place), np.bincount(place, close)
    hits, misses = np.bincount(place, close & did), np.bincount(place, ~close & did)
    fars = looks - nears
    above, below = (hits * fars / looks).sum(), (misses * nears / looks).sum()
    if min(above, below) <= 0:
        return UNKNOWN
    ratio = above / below
    chance_near = hits / np.maximum(nears, 1)
    chance_far = misses / np.maximum(fars, 1)
    pieces = np.where(
        close,
        (did - chance_near[place]) * (fars / looks)[place] / above,
        -(did - chance_far[place]) * (nears / looks)[place] / below,
    )
    by_customer = np.bincount(whose, pieces)
    groups = len(by_customer)
    from scipy.special import stdtrit

    error = np.sqrt(np.square(by_customer).sum() * groups / (groups - 1))
    half = float(stdtrit(groups - 1, 0.975)) * error
    return Interval(float(ratio), float(ratio * np.exp(-half)), float(ratio * np.exp(half)))
