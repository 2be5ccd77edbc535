"""Worlds whose truth is known, for every estimator of ``comaker.measure``: make one, measure it, compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from comaker.measure.estimators.intervals import Interval


class World(NamedTuple):
    """``estimator``: what is tested; ``truth``: the true value of each figure by name; ``measure``: from a
    seed to the estimates of one such world, by the same names."""

    estimator: str
    truth: Mapping[str, float]
    measure: Callable[[int], Mapping[str, Interval]]
