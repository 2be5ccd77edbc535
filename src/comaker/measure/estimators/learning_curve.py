"""How customers get quicker with practice: a curve of each customer's own, never one through averages.

An average over customers is no customer's curve: exponential curves whose rates differ average to a power law
that nobody follows (Heathcote, Brown & Mewhort 2000; Murre & Chessa 2011), and those who stop early change
who is averaged. So every customer keeps her own level, and populations are described by how her curve's two
other numbers are spread among customers.

By hand, because the libraries for models of this kind need a whole probabilistic language: here the two
numbers lie on a grid, which makes every step a matrix product.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval

type Floats = npt.NDArray[np.float64]

LAST = 50
"""Attempts after this one are left out: a curve is flat long before."""

COMPARED = 10
"""A speed-up is that from the first attempt to this one."""

FEWEST_TIMES = 6
"""With fewer times of a customer, shapes of her curve cannot be told apart."""

_RATES = np.geomspace(0.01, 5, 64)
_LOG_RATES = np.linspace(np.log(0.02), np.log(4), 17)
_LOG_RATIOS = np.linspace(-2.0, 0.96, 38)
_LEAST_SPREADS = (0.2, 0.05)
_LEAST_NOISE = 1e-3
_STRIDES, _LONGEST, _NEAR = 15, 16.0, 2e-4
_BOUNDS = (
    (
        _LOG_RATES[0],
        np.log(_LEAST_SPREADS[0]),
        _LOG_RATIOS[0],
        np.log(_LEAST_SPREADS[1]),
        np.log(_LEAST_NOISE),
    ),
    (_LOG_RATES[-1], 1.0, _LOG_RATIOS[-1], 1.0, 3.0),
)
"""Between which strides keep: where the grid reaches."""
_RATE, _RATIO = (axis.ravel() for axis in np.meshgrid(_LOG_RATES, _LOG_RATIOS, indexing="ij"))


class Times(NamedTuple):
    """``seconds`` float64[customers, LAST at most], by attempt; ``known``: 1 where there is one, else 0."""

    seconds: Floats
    known: Floats


class Learning(NamedTuple):
    """What is said of a population of customers: ``speed_up`` of the median customer from the first to the
    tenth attempt, as a share of the first; ``rate``: the median customer's, per attempt; ``spread_rate`` and
    ``spread_ratio``: standard deviations among customers, in logarithms; ``noise``: that of one time."""

    speed_up: Interval
    rate: Interval
    spread_rate: float
    spread_ratio: float
    noise: float


class Shapes(NamedTuple):
    """How many ``customers`` have enough times to tell shapes apart; of these ``exponential``, ``power`` and
    ``constant`` curves; ``lead``: by how much log-likelihood a customer's exponential leads over her power
    curve, mean over customers."""

    customers: int
    exponential: int
    power: int
    constant: int
    lead: Interval


def times(customer: Any, attempt: Any, seconds: Any) -> Times:
    """Times by customer and attempt, from one entry an attempt.

    ``customer``: numbers from 0; ``attempt``: from 1. Times that are not known or not above zero are left
    out.
    """
    who, which = np.asarray(customer, np.int64), np.asarray(attempt, np.int64)
    took_s = np.asarray(seconds, np.float64)
    kept = (which <= LAST) & (which >= 1) & (took_s > 0)
    who, which, took_s = who[kept], which[kept], took_s[kept]
    if not len(who):
        return Times(np.zeros((0, 1)), np.zeros((0, 1)))
    who = np.unique(who, return_inverse=True)[1]
    size = (int(who.max()) + 1, int(which.max()))
    table, known = np.zeros(size), np.zeros(size)
    table[who, which - 1] = took_s
    known[who, which - 1] = 1
    return Times(table, known)


def shapes(found: Times) -> Shapes:
    """Which curve each customer follows: a + b·exp(-c·(t-1)), a + b·t^-c (APEX) or a level, by AICc.

    Each customer's a and b are solved for every c of a grid (variable projection: Golub & Pereyra 1973).
    Times count by the inverse square of what customers take on average at that attempt, as errors grow with
    the time.
    """
    enough = found.known.sum(1) >= FEWEST_TIMES
    seconds, known = found.seconds[enough], found.known[enough]
    if not len(seconds):
        return Shapes(0, 0, 0, 0, UNKNOWN)
    seconds = seconds / (seconds.sum(1) / known.sum(1))[:, None]
    typical = seconds.sum(0) / np.maximum(known.sum(0), 1)
    weights = known / np.square(np.where(typical > 0, typical, 1))
    count, at = known.sum(1), np.arange(seconds.shape[1])[:, None]
    total, squares = weights.sum(1), (weights * np.square(seconds)).sum(1)
    level = squares - np.square((weights * seconds).sum(1)) / total
    decays = np.exp(-_RATES * at), (at + 1.0) ** -_RATES
    left = [_least(seconds, weights, basis) for basis in decays]
    # Rounding leaves something even of a perfect curve.
    fits = [np.log(np.maximum(each, 1e-14 * squares) / count) * count for each in (*left, level)]
    penalty = np.array([_aicc(count, free) for free in (4, 4, 2)])
    best = np.argmin(np.array(fits) + penalty, axis=0)
    counts = np.bincount(best, minlength=3)
    return Shapes(len(best), int(counts[0]), int(counts[1]), int(counts[2]), _mean((fits[1] - fits[0]) / 2))


def _least(seconds: Floats, weights: Floats, basis: Floats) -> Floats:
    """The least weighted sum of squares that a curve leaves, over the grid of c; float64[customers]."""
    # What c makes of the basis is known up to a and b: brought to mean size, slow and fast curves stay exact.
    basis = (basis - basis[0]) / np.maximum(np.abs(basis[-1] - basis[0]), 1e-300)
    total, weighted = weights.sum(1)[:, None], weights * seconds
    sums, mean = weights @ basis, weighted.sum(1)[:, None] / total
    spread = weights @ np.square(basis) - np.square(sums) / total
    related = weighted @ basis - sums * mean
    squares = (weighted * seconds).sum(1)[:, None] - total * np.square(mean)
    explained = np.where(spread > 1e-12, np.square(related) / np.maximum(spread, 1e-12), 0)
    least: Floats = np.maximum((squares - explained).min(1), 0)
    return least


def _aicc(count: Floats, free: int) -> Floats:
    return 2 * free + 2 * free * (free + 1) / np.maximum(count - free - 1, 0.5)


def _mean(values: Floats) -> Interval:
    from comaker.measure.estimators.intervals import mean

    return mean(values)


def learning(found: Times) -> Learning | None:
    """How customers learn, each along level × (1 - (1 - ratio)·(1 - exp(-rate·(t-1)))/(1 - exp(-9·rate))).

    ``ratio`` is her tenth time over her first. Her level is free; log rate and log ratio are normal among
    customers and independent, errors normal in logarithms: the likelihood of this hierarchy is maximised by
    EM, all customers with two times or more taking part. As long as stopping depends on what a customer was
    seen to do, those who stop early bias nothing (ignorable drop-out: Laird & Ware 1982; Little & Rubin
    2019). None where no customer has two times, or fewer than five customers do.
    """
    known, seconds = found.known, found.seconds
    enough = known.sum(1) >= 2
    if enough.sum() < 5:
        return None
    known, logs = known[enough], np.log(np.where(known > 0, seconds, 1))[enough]
    count = known.sum(1)
    left = _left(logs, known)
    state = _climb(left, count)
    scores = _scores(state, left, count)
    error = np.sqrt(np.diag(np.linalg.pinv(scores.T @ scores)))
    from scipy.special import stdtrit

    reach = float(stdtrit(len(count) - 1, 0.975))
    rate, spread_rate, ratio, spread_ratio, noise = state
    low, high = ratio - reach * error[2], ratio + reach * error[2]
    return Learning(
        Interval(1 - float(np.exp(ratio)), 1 - float(np.exp(high)), 1 - float(np.exp(low))),
        Interval(*(float(np.exp(rate + side * reach * error[0])) for side in (0, -1, 1))),
        spread_rate,
        spread_ratio,
        noise,
    )


type State = tuple[float, float, float, float, float]
"""Mean and spread of log rates, mean and spread of log ratios, noise."""


def _left(logs: Floats, known: Floats) -> Floats:
    """Sums of squares that each curve of the grid leaves of each customer's logarithms: [customers, grid]."""
    at = np.arange(logs.shape[1])
    rate = np.exp(_RATE)[:, None]
    gone = (1 - np.exp(-rate * at)) / (1 - np.exp(-rate * (COMPARED - 1)))
    curves = np.log(np.maximum(1 - (1 - np.exp(_RATIO))[:, None] * gone, 0.01)).T
    count, sums = known.sum(1)[:, None], (logs * known).sum(1)[:, None] - known @ curves
    squares = (np.square(logs) * known).sum(1)[:, None] + known @ np.square(curves)
    left: Floats = squares - 2 * (logs * known) @ curves - np.square(sums) / count
    return np.maximum(left, 0)


def _climb(left: Floats, count: Floats) -> State:
    """The most likely state, by EM in great strides (SQUAREM: Varadhan & Roland 2008); spreads stay above
    the width of the grid."""
    freedom = float((count - 1).sum())
    noise = max(float(np.sqrt(left.min(1).sum() / freedom)), _LEAST_NOISE)
    at = _free((float(np.log(0.3)), 0.7, -0.3, 0.4, noise))
    least: Floats = left.min(1)
    beyond = left - least[:, None]
    for _ in range(_STRIDES):
        once = _nearer(at, beyond, least, freedom)
        first = once - at
        if np.abs(first).max() < _NEAR:
            return _state(once)
        twice = _nearer(once, beyond, least, freedom)
        bend = twice - once - first
        stride = min(float(np.linalg.norm(first) / max(float(np.linalg.norm(bend)), 1e-150)), _LONGEST)
        at = np.clip(at + 2 * stride * first + stride**2 * bend, *_BOUNDS) if stride > 1 else twice
    # However far a stride went, the end is where a step of EM leads.
    return _state(_nearer(at, beyond, least, freedom))


def _free(state: State) -> Floats:
    return np.array([state[0], np.log(state[1]), state[2], np.log(state[3]), np.log(state[4])])


def _state(free: Floats) -> State:
    rate, spread_rate, ratio, spread_ratio, noise = free.tolist()
    return rate, float(np.exp(spread_rate)), ratio, float(np.exp(spread_ratio)), float(np.exp(noise))


def _nearer(free: Floats, beyond: Floats, least: Floats, freedom: float) -> Floats:
    """One step of EM, spreads and noise in logarithms; of squares left, ``beyond`` the ``least``."""
    state = _state(free)
    likely = np.exp(beyond * (-0.5 / state[-1] ** 2))
    moments, shares = _moments(likely, state)
    rate, ratio = float(moments[:, 0].mean()), float(moments[:, 2].mean())
    whole = np.maximum(likely @ shares, 1e-300)
    likely *= beyond
    left_over = least + likely @ shares / whole
    noise = max(float(np.sqrt(left_over.sum() / freedom)), _LEAST_NOISE)
    return _free((rate, _spread(moments[:, 1], rate, 0), ratio, _spread(moments[:, 3], ratio, 1), noise))


def _likely(left: Floats, noise: float) -> Floats:
    likely: Floats = np.exp((left.min(1, keepdims=True) - left) / (2 * noise**2))
    return likely


def _moments(likely: Floats, state: State) -> tuple[Floats, Floats]:
    """First and second moments of log rate and log ratio of each customer, and the grid's shares."""
    rate, spread_rate, ratio, spread_ratio, _ = state
    shares = np.exp(
        -np.square((_RATE - rate) / spread_rate) / 2 - np.square((_RATIO - ratio) / spread_ratio) / 2
    )
    shares /= shares.sum()
    asked = np.stack([np.ones_like(_RATE), _RATE, _RATE**2, _RATIO, _RATIO**2], axis=1)
    found = likely @ (shares[:, None] * asked)
    moments: Floats = found[:, 1:] / np.maximum(found[:, :1], 1e-300)
    return moments, shares


def _spread(squares: Floats, mean: float, which: int) -> float:
    return max(float(np.sqrt(max(squares.mean() - mean**2, 0))), _LEAST_SPREADS[which])


def _scores(state: State, left: Floats, count: Floats) -> Floats:
    """What each customer says of each number of the state (Fisher's identity); float64[customers, 5]."""
    rate, spread_rate, ratio, spread_ratio, noise = state
    likely = _likely(left, noise)
    moments, shares = _moments(likely, state)
    left_over = ((likely * left) @ shares) / np.maximum(likely @ shares, 1e-300)
    columns = [
        (moments[:, 0] - rate) / spread_rate**2,
        (moments[:, 1] - 2 * rate * moments[:, 0] + rate**2) / spread_rate**2 - 1,
        (moments[:, 2] - ratio) / spread_ratio**2,
        (moments[:, 3] - 2 * ratio * moments[:, 2] + ratio**2) / spread_ratio**2 - 1,
        left_over / noise**2 - (count - 1),
    ]
    # A spread at its least is not estimated; a score of nothing gives it no error.
    fixed = (False, spread_rate <= _LEAST_SPREADS[0], False, spread_ratio <= _LEAST_SPREADS[1], False)
    return np.stack(columns, axis=1) * ~np.array(fixed)
