"""What leaving depends on: a proportional hazards model (Cox 1972) of one cause."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from comaker.measure.estimators.intervals import UNKNOWN, Interval, Z

FEWEST = 10
"""Fewer customers who left give no ratio of hazards."""


def hazard_ratio(cause: Any, days: Any, left: Any, stratum: Any, group: Any = None) -> Interval:
    """Hazard of leaving of a customer with one unit more of ``cause``, over that of one without it.

    ``cause`` and ``days`` under observation (float64[n]), ``left`` (bool[n]: she left then), ``stratum``
    (integer[n]: each with its own baseline, such as the run), ``group`` (integer[n]: who may leave together,
    such as those who were paid by the same projects). Partial likelihood by statsmodels, Efron's ties.
    """
    known, time, went = np.asarray(cause, np.float64), np.asarray(days, np.float64), np.asarray(left, bool)
    if went.sum() < FEWEST or np.ptp(known[went]) == 0:
        return UNKNOWN
    from statsmodels.duration.hazard_regression import PHReg

    # A stratum that nobody left tells nothing, and statsmodels mistakes whose groups are whose after it.
    place = np.asarray(stratum)
    telling = np.isin(place, np.unique(place[went]))
    known, time, went, place = known[telling], time[telling], went[telling], place[telling]
    group = None if group is None else np.asarray(group)[telling]
    centred = known - known.mean()
    model = PHReg(time, centred[:, None], status=went.astype(int), strata=place, ties="efron")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = model.fit(disp=0) if group is None else model.fit(disp=0, groups=np.asarray(group))
        except (np.linalg.LinAlgError, ValueError):
            return UNKNOWN
    slope, error = float(found.params[0]), float(found.bse[0])
    quantile = Z
    if group is not None and len(np.unique(group)) > 1:
        from scipy.special import stdtrit

        groups = len(np.unique(group))
        error *= np.sqrt(groups / (groups - 1))
        quantile = float(stdtrit(groups - 1, 0.975))
    if not np.isfinite([slope, error]).all() or error > 50:
        return UNKNOWN
    ends = np.exp([slope, slope - quantile * error, slope + quantile * error])
    return Interval(*map(float, ends))
