"""Bias and coverage of every estimator, on worlds whose truth is known.

    python bench/truth.py [--worlds 400] [--first 1] [--quick] [--only learning]

A row a figure: its truth, the mean of the estimates, the bias with its error, how often the 95 % interval
held the truth (goal 93 to 97 %), and how often the figure was identified. Exits with 1 where a goal is
missed by more than chance.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

import worlds
from comaker.measure.estimators.intervals import Interval, proportion

LOW, HIGH = 0.93, 0.97


class Row(NamedTuple):
    """What so many worlds say of one figure."""

    estimator: str
    figure: str
    truth: float
    mean: float
    bias: float
    bias_error: float
    coverage: Interval
    identified: int
    worlds: int
    seconds: float

    @property
    def is_met(self) -> bool:
        """Whether the coverage lies within the goal, as far as so many worlds can tell."""
        return bool(self.coverage.low <= HIGH and self.coverage.high >= LOW)


def all_worlds() -> Iterator[tuple[str, worlds.World]]:
    """Every world of the package, with the name of its module."""
    for found in sorted(pkgutil.iter_modules(worlds.__path__), key=lambda module: module.name):
        for world in getattr(importlib.import_module(f"worlds.{found.name}"), "WORLDS", ()):
            yield found.name, world


def _one(module: str, estimator: str, seed: int) -> dict[str, Interval]:
    world = next(each for name, each in all_worlds() if (name, each.estimator) == (module, estimator))
    return dict(world.measure(seed))


def judge(module: str, world: worlds.World, *, seeds: range, pool: ProcessPoolExecutor) -> list[Row]:
    """Measure the worlds of these seeds and compare with the truth."""
    count = len(seeds)
    began = time.perf_counter()
    found = list(pool.map(_one, [module] * count, [world.estimator] * count, seeds, chunksize=8))
    seconds = (time.perf_counter() - began) / count
    return [_row(world, name, [one[name] for one in found], seconds) for name in world.truth]


def _row(world: worlds.World, name: str, found: list[Interval], seconds: float) -> Row:
    truth = world.truth[name]
    known = [one for one in found if np.isfinite(one).all()]
    values = np.array([one.value for one in known])
    held = sum(one.low <= truth <= one.high for one in known)
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    mean = values.mean() if len(values) else np.nan
    covered = proportion(held, len(known))
    return Row(
        world.estimator, name, truth, mean, mean - truth, error, covered, len(known), len(found), seconds
    )


def _line(row: Row) -> str:
    values = f"{row.truth:10.4g} {row.mean:10.4g} {row.bias:9.2g} ± {row.bias_error:7.1g}"
    covered = f"{row.coverage.value:7.1%} [{row.coverage.low:.1%}, {row.coverage.high:.1%}]"
    verdict = "" if row.is_met else "  MISSED"
    return f"{row.estimator:28} {row.figure:34} {values} {covered} {row.identified}/{row.worlds}{verdict}"


def main() -> None:
    """Print the table; exit status 1 where a goal is missed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--worlds", type=int, default=400, help="how many worlds an estimator is tried on")
    asked.add_argument("--first", type=int, default=1, help="seed of the first world; the others follow")
    asked.add_argument("--quick", action="store_true", help="40 worlds each: too few to judge coverage by")
    asked.add_argument("--only", default="", help="estimators whose name holds this")
    given = asked.parse_args()
    seeds = range(given.first, given.first + (40 if given.quick else given.worlds))
    print(f"{'estimator':28} {'figure':34} {'truth':>10} {'mean':>10} {'bias':>9} ± error    coverage")
    missed = 0
    with ProcessPoolExecutor(2) as pool:
        for module, world in all_worlds():
            if given.only not in world.estimator:
                continue
            for row in judge(module, world, seeds=seeds, pool=pool):
                missed += not row.is_met
                print(_line(row), flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
