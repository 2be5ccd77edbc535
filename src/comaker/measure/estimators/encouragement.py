"""What an offer made by lot does: to everybody it was made to, to those who took it, and how soon."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval, Z, normal, proportion

WEAK = 10.0
"""Below this F the lot moved so few that only wide intervals are true (Staiger & Stock 1997)."""


class Arm(NamedTuple):
    """Customers of one arm: ``customers`` in all, how many ``met`` the technique, how many have ``done`` the
    task, and how many ``both``."""

    customers: int
    met: int
    done: int
    both: int


def offered(treated: Arm, control: Arm) -> Interval:
    """Intention to treat: the share who have done it among those it was offered to, less that of the others.

    Newcombe's interval (1998, method 10), which stays within -1 and 1 and holds for small arms.
    """
    return _difference(treated.done, treated.customers, control.done, control.customers)


def taken_up(treated: Arm, control: Arm) -> Interval:
    """How much more of the treated arm met the technique (the first stage)."""
    return _difference(treated.met, treated.customers, control.met, control.customers)


def _difference(ones: int, of: int, others: int, of_others: int) -> Interval:
    one, other = proportion(ones, of), proportion(others, of_others)
    if not (np.isfinite(one.value) and np.isfinite(other.value)):
        return UNKNOWN
    value = one.value - other.value
    below = np.hypot(one.value - one.low, other.high - other.value)
    above = np.hypot(one.high - one.value, other.value - other.low)
    return Interval(value, value - float(below), value + float(above))


def strength(treated: Arm, control: Arm) -> float:
    """F of the first stage: how surely being offered it made customers meet it; 0 where it moved nobody."""
    moved, _, error = _stage(treated.met, treated.customers, control.met, control.customers)
    return float("inf") if moved and not error else moved**2 / error if error else 0.0


def complied(treated: Arm, control: Arm) -> Interval:
    """The effect on those who meet the technique because it is offered (Imbens & Angrist 1994).

    Intention to treat over take-up, as two-stage least squares gives it with one arm as instrument. The
    interval is Anderson & Rubin's (Fieller 1954) with heteroskedasticity-robust errors: that of two-stage
    least squares where the lot moved many, and right as well where it moved few, where it may be unbounded:
    then not identified. By hand, because counts say everything, so millions of customers need no table of
    their own; checked against linearmodels in the tests.
    """
    if min(treated.customers, control.customers) < 2:
        return UNKNOWN
    effect, _, effect_error = _stage(treated.done, treated.customers, control.done, control.customers)
    moved, _, moved_error = _stage(treated.met, treated.customers, control.met, control.customers)
    if moved == 0:
        return UNKNOWN
    shared = _covariance(treated) + _covariance(control)
    return _anderson_rubin((effect, moved), (effect_error, shared, moved_error))


def _stage(ones: int, of: int, others: int, of_others: int) -> tuple[float, float, float]:
    """A difference of shares, the share of the control arm, and the squared error of the difference."""
    if min(of, of_others) < 1:
        return 0.0, 0.0, 0.0
    one, other = ones / of, others / of_others
    return one - other, other, one * (1 - one) / of + other * (1 - other) / of_others


def _covariance(arm: Arm) -> float:
    return (arm.both / arm.customers - arm.met * arm.done / arm.customers**2) / arm.customers


def _anderson_rubin(means: tuple[float, float], errors: tuple[float, float, float]) -> Interval:
    """All effects that are not refuted at 5 %: where effect - value × take-up may be 0."""
    effect, moved = means
    square = moved**2 - Z**2 * errors[2]
    middle = effect * moved - Z**2 * errors[1]
    root = middle**2 - square * (effect**2 - Z**2 * errors[0])
    if square <= 0 or root < 0:
        return UNKNOWN
    half = np.sqrt(root)
    return Interval(effect / moved, float((middle - half) / square), float((middle + half) / square))


def mismatch(sizes: npt.ArrayLike, shares: npt.ArrayLike) -> float:
    """How likely arms of these sizes are under the shares they were drawn with: p of Pearson's chi-square.

    Below 0.001 the lot, or what was recorded of it, is broken (sample ratio mismatch: Fabijan et al. 2019).
    """
    from scipy.special import chdtrc

    found, wanted = np.asarray(sizes, np.float64), np.asarray(shares, np.float64)
    expected = found.sum() * wanted / wanted.sum()
    if len(found) < 2 or (expected <= 0).any():
        return 1.0
    return float(chdtrc(len(found) - 1, (np.square(found - expected) / expected).sum()))


def hazard_ratio(
    time: npt.ArrayLike, is_treated: npt.ArrayLike, ended: npt.ArrayLike, done: npt.ArrayLike
) -> Interval:
    """How much sooner the treated do it: the ratio of hazards of Cox's model (1972), ties by Efron (1977).

    One entry a time and arm: ``time`` (only its order matters), ``is_treated``, how many customers ``ended``
    their observation then, and of them ``done`` (the others were last seen without). By hand, because with
    two arms counts at each time say everything, so millions of customers need no table of their own; checked
    against statsmodels in the tests.
    """
    at, treated = np.asarray(time, np.float64), np.asarray(is_treated, bool)
    times, position = np.unique(at, return_inverse=True)

    def risk(who: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        leave = np.bincount(position[who], np.asarray(ended, np.float64)[who], len(times))
        events = np.bincount(position[who], np.asarray(done, np.float64)[who], len(times))
        return leave[::-1].cumsum()[::-1], events

    (there, theirs), (others, others_done) = risk(treated), risk(~treated)
    events = theirs + others_done
    if not (theirs.sum() > 0 and others_done.sum() > 0):
        return UNKNOWN
    # Efron: of the events at one time, the k-th finds k/d of them already gone from those at risk.
    spread = np.repeat(np.arange(len(times)), events.astype(np.int64))
    first = np.concatenate([[0.0], events.cumsum()[:-1]])
    gone = (np.arange(len(spread)) - first[spread]) / events[spread]
    ones = there[spread] - gone * theirs[spread]
    rest = others[spread] - gone * others_done[spread]
    value, information = 0.0, 0.0
    for _ in range(50):
        share = ones * np.exp(value) / (ones * np.exp(value) + rest)
        information = (share * (1 - share)).sum()
        if information <= 1e-12:
            return UNKNOWN
        step = float(np.clip((theirs.sum() - share.sum()) / information, -1.0, 1.0))
        value += step
        if abs(step) < 1e-9:
            break
    found = np.exp(normal(value, float(1 / np.sqrt(information))))
    return Interval(*map(float, found))
