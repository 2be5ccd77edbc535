"""What changes within customers: a slope that no difference between customers can make."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval


def slope(
    outcome: npt.ArrayLike, cause: npt.ArrayLike, *, group: npt.ArrayLike, customer: npt.ArrayLike
) -> Interval:
    """The slope of an outcome on a cause within groups, each having its own level (fixed effects).

    Arrays of one length, one entry an occasion; ``group`` and ``customer``: numbers from 0. A group is all of
    one customer or a part of it (her answers to one item); groups with one occasion say nothing. The interval
    lets occasions of a customer depend on each other: cluster-robust, corrected for the leverage of each
    customer (CR2: Bell & McCaffrey 2002) and with Student's t of the clusters' effective number.
    Source: Cameron & Miller (2015), A Practitioner's Guide to Cluster-Robust Inference.
    """
    which, who = np.asarray(group, np.int64), np.asarray(customer, np.int64)
    apart = _centred(np.asarray(cause, np.float64), which)
    moved = _centred(np.asarray(outcome, np.float64), which)
    leverage = np.bincount(who, apart**2)
    total = leverage.sum()
    count = int((leverage > 1e-12).sum())
    if count < 2 or total <= 1e-12:
        return UNKNOWN
    value = (apart * moved).sum() / total
    scores = np.bincount(who, apart * (moved - value * apart))
    part = leverage / total
    if part.max() > 1 - 1e-9:
        return UNKNOWN
    error = np.sqrt(np.square(scores / np.sqrt(1 - part)).sum()) / total
    from scipy.special import stdtrit

    # Satterthwaite's degrees of freedom for clusters of unequal weight.
    freedom = max(1 / np.square(part).sum() - 1, 1.0)
    half = float(stdtrit(freedom, 0.975)) * error
    return Interval(float(value), float(value - half), float(value + half))


def _centred(values: npt.NDArray[np.float64], which: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    occasions = np.maximum(np.bincount(which), 1)
    centred: npt.NDArray[np.float64] = values - (np.bincount(which, values) / occasions)[which]
    return centred
