"""Chance that belongs to a customer: counter-based random numbers.

Every draw is a pure function of (seed, run, decision, step, customer). No draw waits for another, so adding a
customer or a decision moves nobody else's luck, two arms of a comparison share theirs, and any number of
threads gives the same bytes.

    key = week_key(stream(seed, run), decision, step)    # once a week and decision
    draw = bits(key, customer)                           # 64 independent bits for this customer
    if uniform(draw) < chance: ...

The shapes (`uniform`, `normal`, `gamma` ...) turn such 64 bits into a distribution. Those that need one
uniform never fall as it rises, so that a shared draw stays positively correlated when a parameter changes.
A rule that needs several draws for one decision takes `bits(draw, 0)`, `bits(draw, 1)` ...: a draw is itself
a key.

Sources: counters instead of a state, Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; the
mixer, Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", with Stafford's variant
13. Keys are places on one circle of 2^64 counters: the chance that any two of 10^4 keys, each used for 10^6
customers, overlap is 10^-5.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_ONE, _LOW_HALF = np.uint64(1), np.uint64(0xFFFFFFFF)
_11, _12, _27, _30, _31, _32 = (np.uint64(shift) for shift in (11, 12, 27, 30, 31, 32))
_POISSON_BY_REJECTION_FROM = 10.0


class AliasTable(NamedTuple):
    """A discrete distribution laid out so that one draw costs one look-up (Walker 1977, Vose 1991).

    keep: float64[n], chance to keep the column that was hit; other: int64[n], what to take instead.
    """

    keep: npt.NDArray[np.float64]
    other: npt.NDArray[np.int64]


@njit(cache=True, inline="always")
def mix(value: np.uint64) -> np.uint64:
    """Scramble 64 bits so that neighbouring inputs share nothing (a bijection)."""
    value = np.uint64(value)
    value = (value ^ (value >> _30)) * _FIRST
    value = (value ^ (value >> _27)) * _SECOND
    return value ^ (value >> _31)


@njit(cache=True, inline="always")
def bits(key: np.uint64, customer: int) -> np.uint64:
    """64 random bits of one customer (or of any other counter) under a key."""
    return mix(np.uint64(key) + (np.uint64(customer) + _ONE) * _GOLDEN)


def stream(seed: int, run: int) -> np.uint64:
    """The key of one run (replicate) of a simulation. Called from Python; the rest, from compiled code.

    From Python, wrap a key in np.uint64 before handing it on: numba gives and takes plain signed integers.
    """
    return np.uint64(bits(np.uint64(mix(np.uint64(seed) ^ _GOLDEN)), run))


@njit(cache=True)
def week_key(stream_key: np.uint64, decision: int, step: int) -> np.uint64:
    """The key of one kind of decision in one step (week): take it out of the loop over customers."""
    return bits(bits(stream_key, decision), step)


@njit(cache=True, inline="always")
def uniform(draw: np.uint64) -> float:
    """U[0, 1) on a grid of 2^-53."""
    return np.float64(np.uint64(draw) >> _11) * 2.0**-53


@njit(cache=True, inline="always")
def open_uniform(draw: np.uint64) -> float:
    """U(0, 1), never 0 and never 1: for logarithms and quantile functions. Grid of 2^-52."""
    return (np.float64(np.uint64(draw) >> _12) + 0.5) * 2.0**-52


@njit(cache=True)
def below(draw: np.uint64, limit: int) -> np.int64:
    """An integer of 0 .. limit - 1, for a limit up to 2^32, by Lemire's product of the upper half.

    No value's chance is off by more than limit * 2^-32 of itself (Lemire 2019).
    """
    return np.int64(((np.uint64(draw) >> _32) * np.uint64(limit)) >> _32)


@njit(cache=True)
def normal_quantile(probability: float) -> float:
    """Standard normal quantile of a probability in (0, 1), to 16 digits (Wichura 1988, algorithm AS 241)."""
    q = probability - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _central_ratio(r)
    r = math.sqrt(-math.log(min(probability, 1.0 - probability)))
    size = _shoulder_ratio(r - 1.6) if r <= 5.0 else _tail_ratio(r - 5.0)
    return -size if q < 0.0 else size


@njit(cache=True)
def _central_ratio(r: float) -> float:
    above = 2509.0809287301226727 * r + 33430.575583588128105
    above = ((above * r + 67265.770927008700853) * r + 45921.953931549871457) * r + 13731.693765509461125
    above = ((above * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608
    under = 5226.495278852854561 * r + 28729.085735721942674
    under = ((under * r + 39307.89580009271061) * r + 21213.794301586595867) * r + 5394.1960214247511077
    under = ((under * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1.0
    return above / under


@njit(cache=True)
def _shoulder_ratio(r: float) -> float:
    above = 7.7454501427834140764e-4 * r + 0.0227238449892691845833
    above = ((above * r + 0.24178072517745061177) * r + 1.27045825245236838258) * r + 3.64784832476320460504
    above = ((above * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734
    under = 1.05075007164441684324e-9 * r + 5.475938084995344946e-4
    under = ((under * r + 0.0151986665636164571966) * r + 0.14810397642748007459) * r + 0.68976733498510000455
    under = ((under * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.0
    return above / under


@njit(cache=True)
def _tail_ratio(r: float) -> float:
    above = 2.01033439929228813265e-7 * r + 2.71155556874348757815e-5
    above = ((above * r + 0.00124266094738807844) * r + 0.026532189526576124) * r + 0.29656057182850487
    above = ((above * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772
    under = 2.04426310338993978564e-15 * r + 1.4215117583164458887e-7
    under = ((under * r + 1.84631831751005468e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148
    under = ((under * r + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0
    return above / under


@njit(cache=True)
def normal(draw: np.uint64) -> float:
    """Standard normal, by inversion. A lognormal is exp(mean + deviation * normal(draw))."""
    return normal_quantile(open_uniform(draw))


@njit(cache=True)
def exponential(draw: np.uint64) -> float:
    """Exponential with mean 1, by inversion."""
    return -math.log1p(-uniform(draw))


@njit(cache=True)
def gamma(draw: np.uint64, shape: float) -> float:
    """Gamma with this shape (> 0) and scale 1: Marsaglia & Tsang 2000, its trials keyed below the draw."""
    boost = 1.0
    if shape < 1.0:
        boost = open_uniform(bits(draw, -1)) ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    trial = 0
    while True:
        x = normal(bits(draw, 2 * trial))
        u = open_uniform(bits(draw, 2 * trial + 1))
        v = (1.0 + c * x) ** 3
        if v > 0.0 and math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
            return boost * d * v
        trial += 1


@njit(cache=True)
def poisson(draw: np.uint64, mean: float) -> np.int64:
    """A Poisson count with this mean (>= 0), exact for small and for large means."""
    if mean < _POISSON_BY_REJECTION_FROM:
        return _poisson_by_inversion(uniform(draw), mean)
    return _poisson_by_rejection(draw, mean)


@njit(cache=True)
def _poisson_by_inversion(u: float, mean: float) -> np.int64:
    chance = math.exp(-mean)
    count = 0
    while u >= chance and count < 100:
        u -= chance
        count += 1
        chance *= mean / count
    return np.int64(count)


@njit(cache=True)
def _poisson_by_rejection(draw: np.uint64, mean: float) -> np.int64:
    """Hörmann 1993, algorithm PTRS."""
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    scale = math.log(1.1239 + 1.1328 / (b - 3.4))
    trial = 0
    while True:
        u = uniform(bits(draw, 2 * trial)) - 0.5
        v = open_uniform(bits(draw, 2 * trial + 1))
        u_s = 0.5 - abs(u)
        trial += 1
        if u_s < 0.013 and v > u_s:
            continue
        count = math.floor((2.0 * a / u_s + b) * u + mean + 0.43)
        if count < 0:
            continue
        if u_s >= 0.07 and v <= 0.9277 - 3.6224 / (b - 2.0):
            return np.int64(count)
        bound = count * math.log(mean) - mean - math.lgamma(count + 1.0)
        if math.log(v) + scale - math.log(a / (u_s * u_s) + b) <= bound:
            return np.int64(count)


@njit(cache=True)
def alias_table(weights: npt.NDArray[np.float64]) -> AliasTable:
    """Lay out weights (float64[n], none negative, sum > 0, n < 2^32) for `pick`. Linear time (Vose 1991).

    A zeta (Zipf) distribution cut at n has weights k ** -exponent for k = 1 .. n.
    """
    n = len(weights)
    keep = weights * (n / weights.sum())
    other = np.arange(n)
    small = np.empty(n, np.int64)
    large = np.empty(n, np.int64)
    smalls = larges = 0
    for i in range(n):
        if keep[i] < 1.0:
            small[smalls] = i
            smalls += 1
        else:
            large[larges] = i
            larges += 1
    while smalls > 0 and larges > 0:
        smalls -= 1
        poor, rich = small[smalls], large[larges - 1]
        other[poor] = rich
        keep[rich] -= 1.0 - keep[poor]
        if keep[rich] < 1.0:
            larges -= 1
            small[smalls] = rich
            smalls += 1
    for i in range(larges):
        keep[large[i]] = 1.0
    for i in range(smalls):
        keep[small[i]] = 1.0
    return AliasTable(keep, other)


@njit(cache=True, inline="always")
def pick(draw: np.uint64, table: AliasTable) -> np.int64:
    """The index that a draw hits: upper half of the bits for the column, lower half to keep or swap."""
    column = below(draw, len(table.keep))
    kept = np.float64(np.uint64(draw) & _LOW_HALF) * 2.0**-32 < table.keep[column]
    return column if kept else table.other[column]
