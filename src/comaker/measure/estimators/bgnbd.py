"""How often customers come back, and whether they still do, from the times they came: BG/NBD and MBG/NBD.

By hand, because the library for it is no longer kept and its successor needs a whole probabilistic language.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.likelihood import Fit, Floats, maximum

R, ALPHA, A, B = range(4)
"""Places of the parameters: occasions come at a rate that is gamma distributed over customers with shape
``r`` and rate ``alpha`` (units of time); after each the customer leaves for good with a chance that is beta
(``a``, ``b``)."""

_NODES = 32


class Histories(NamedTuple):
    """What customers' occasions come down to, one row of every distinct history.

    ``repeats`` (x): occasions after the first; ``last`` (t_x): time from the first to the last; ``length``
    (T): time from the first to the end of the record; ``customers``: how many have this history; ``spent``:
    what these spent on repeats, all together, in units of money (zeros where nobody asks). All float64[rows].
    """

    repeats: Floats
    last: Floats
    length: Floats
    customers: Floats
    spent: Floats

    def mean(self, values: Floats) -> float:
        """The mean over customers of a number that each history has (float64[rows])."""
        return float(self.customers @ values / self.customers.sum())


def histories(
    repeats: npt.ArrayLike,
    last: npt.ArrayLike,
    length: npt.ArrayLike,
    customers: npt.ArrayLike | None = None,
    spent: npt.ArrayLike | None = None,
) -> Histories:
    """Histories of plain columns; without ``customers`` each row is one."""
    x, recent, whole = (np.asarray(each, np.float64) for each in (repeats, last, length))
    weights = np.ones_like(x) if customers is None else np.asarray(customers, np.float64)
    return Histories(
        x, recent, whole, weights, np.zeros_like(x) if spent is None else np.asarray(spent, float)
    )


def fit(known: Histories, *, leaves_at_once: bool = False, near: Fit | None = None) -> Fit:
    """r, alpha, a, b by maximum likelihood (Fader, Hardie and Lee 2005, equation 6).

    ``leaves_at_once``: a customer may leave after the first occasion already (MBG/NBD; Batislam, Denizel and
    Filiztekin 2007). ``near``: a fit from whose parameters the search begins.
    """
    starts = _starts(known)
    if near is not None and near.is_known.all():
        starts.insert(0, near.parameters.tolist())
    return maximum(_Likelihood(known, leaves_at_once), starts)


def _starts(known: Histories) -> list[list[float]]:
    time = (known.length * known.customers).sum()
    pace = max((known.repeats * known.customers).sum() / max(time, 1e-9), 1e-6)
    return [[0.5, 0.5 / pace, 1.0, 2.5], [1.5, 0.7 / pace, 0.3, 3.0]]


class _Likelihood:
    """The log-likelihood of histories and its gradient; what depends on one column alone is worked out once a
    value."""

    def __init__(self, known: Histories, leaves_at_once: bool) -> None:
        chances = known.repeats + leaves_at_once
        gone = chances > 0
        self._weights = known.customers
        self._counts, self._count_of = np.unique(known.repeats, return_inverse=True)
        self._of_count = np.bincount(self._count_of, known.customers)
        self._chances = self._counts + leaves_at_once
        self._lengths, self._length_of = np.unique(known.length, return_inverse=True)
        self._lasts, self._last_of = np.unique(known.last[gone], return_inverse=True)
        self._gone = gone if not gone.all() else slice(None)
        self._x, self._x_gone, self._chances_gone = known.repeats, known.repeats[gone], chances[gone]

    def __call__(self, parameters: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = parameters
        own, own_slopes = self._by_count(parameters)
        log_length = np.log(alpha + self._lengths)[self._length_of]
        log_last = np.log(alpha + self._lasts)[self._last_of]
        alive = -(r + self._x) * log_length
        gone = np.log(a) - np.log(b + self._chances_gone - 1) - (r + self._x_gone) * log_last
        excess = gone - alive[self._gone]
        dead = np.zeros_like(alive)
        dead[self._gone] = 1 / (1 + np.exp(-np.clip(excess, -700, 700)))
        alive[self._gone] += np.logaddexp(0, excess)
        weight = self._weights
        lost, kept = (weight * dead)[self._gone], weight * (1 - dead)
        slopes = np.array(
            [
                -(kept * log_length).sum() - (lost * log_last).sum(),
                -(kept * (r + self._x) / (alpha + self._lengths)[self._length_of]).sum()
                - (lost * (r + self._x_gone) / (alpha + self._lasts)[self._last_of]).sum(),
                lost.sum() / a,
                -(lost / (b + self._chances_gone - 1)).sum(),
            ]
        )
        return float((weight * alive).sum() + own), slopes + own_slopes

    def _by_count(self, parameters: Floats) -> tuple[float, Floats]:
        """What depends on the number of repeats alone."""
        from scipy.special import gammaln, psi

        r, alpha, a, b = parameters
        x, m, weight = self._counts, self._chances, self._of_count
        value = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        value += gammaln(a + b) + gammaln(b + m) - gammaln(b) - gammaln(a + b + m)
        stays = psi(a + b) - psi(a + b + m)
        slopes = (
            psi(r + x) - psi(r) + np.log(alpha),
            np.full_like(x, r / alpha),
            stays,
            stays + psi(b + m) - psi(b),
        )
        return float(weight @ value), np.array([weight @ slope for slope in slopes])


def alive(parameters: Floats, known: Histories) -> Floats:
    """The chance that a customer of each history still comes, float64[rows] (Fader, Hardie and Lee 2005;
    BG/NBD)."""
    r, alpha, a, b = parameters
    x = known.repeats
    gone = np.log(a) - np.log(b + np.maximum(x, 1) - 1)
    gone = gone + (r + x) * (np.log(alpha + known.length) - np.log(alpha + known.last))
    return np.where(x > 0, 1 / (1 + np.exp(np.clip(gone, -700, 700))), 1.0)


def expected(parameters: Floats, known: Histories, ahead: float) -> Floats:
    """Occasions expected of a customer of each history within ``ahead`` from the end of the record,
    float64[rows].

    Equation 10 of Fader, Hardie and Lee (2005) as the integral it comes from, so that it also holds where
    ``a`` is 1 and for many repeats, where the hypergeometric function of the closed form fails.
    """
    r, alpha, a, b = parameters
    counts, count_of = np.unique(known.repeats, return_inverse=True)
    lengths, length_of = np.unique(known.length, return_inverse=True)
    pair_of = count_of * len(lengths) + length_of
    pairs = np.flatnonzero(np.bincount(pair_of, minlength=len(counts) * len(lengths)))
    count, length = np.divmod(pairs, len(lengths))
    nodes, weights = beta_nodes(np.full_like(counts, a), b + counts)
    occasions = np.zeros(len(counts) * len(lengths))
    occasions[pairs] = _until(r + counts[count], alpha + lengths[length], nodes[count], weights[count], ahead)
    return np.asarray(occasions[pair_of] * alive(parameters, known))


def of_newcomer(parameters: Floats, times: npt.ArrayLike) -> Floats:
    """Occasions expected of a customer within each of ``times`` after her first, float64[times] (equation
    9)."""
    r, alpha, a, b = parameters
    until = np.asarray(times, np.float64)
    nodes, weights = beta_nodes(np.array([a]), np.array([b]))
    ones = np.ones_like(until)
    return _until(r * ones, alpha * ones, nodes, weights, until)


def _until(shape: Floats, rate: Floats, nodes: Floats, weights: Floats, ahead: Floats | float) -> Floats:
    """The mean over p of (1 - (1 + p t / rate)^-shape) / p: occasions of one who leaves with chance p."""
    grown = np.log1p(nodes * (np.broadcast_to(ahead, shape.shape) / rate)[:, None])
    occasions = -np.expm1(-shape[:, None] * grown) / nodes
    return np.asarray((weights * occasions).sum(axis=1))


def beta_nodes(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Points and weights float64[pairs, 32] whose weighted sums are means over beta(first, second)
    distributions.

    Gauss-Jacobi by Golub and Welsch (1969). By hand, because scipy's takes one pair at a time and overflows
    where a parameter is large.
    """
    n = np.arange(_NODES, dtype=np.float64)
    up, down = second[:, None] - 1, first[:, None] - 1
    total = 2 * n + up + down
    diagonal = np.empty((len(first), _NODES))
    diagonal[:, 0] = (down - up)[:, 0] / ((up + down)[:, 0] + 2)
    k, both = n[1:], total[:, 1:]
    diagonal[:, 1:] = (down - up) * (down + up) / (both * (both + 2))
    # (k + up + down) cancels against (both - 1) at k = 1, where both may vanish.
    ratio = np.where(k == 1, 1.0, (k + up + down) / np.where(k == 1, 1.0, both - 1))
    beside = np.sqrt(4 * k * (k + up) * (k + down) * ratio / (both**2 * (both + 1)))
    matrix = np.zeros((len(first), _NODES, _NODES))
    place = np.arange(_NODES)
    matrix[:, place, place] = diagonal
    matrix[:, place[1:], place[:-1]] = beside
    values, vectors = np.linalg.eigh(matrix)
    return np.clip((1 + values) / 2, 1e-300, 1.0), np.square(vectors[:, 0, :])
