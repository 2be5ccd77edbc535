"""Worlds in which customers take part because others do, or only because a project is good (link 1).

Whoever takes part makes the base larger that all later customers see. Projects differ in appeal, weeks in how
busy they are, and projects open in different weeks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from comaker.measure.estimators.intervals import Interval
from comaker.measure.estimators.shown_base import Looks, per_doubling

from . import World

WEEKS = 20


def looks(
    seed: int, per_doubling: float, *, projects: int = 24, per_project: int = 250, goal_gradient: float = 0.0
) -> Looks:
    """So many looks at each project; ``per_doubling``: what a doubling of the base adds to the chance of an
    act; ``goal_gradient``: what the square of progress adds, the goal being as many customers as looks / 3.
    """
    draws = np.random.default_rng(seed)
    busy = 0.03 * draws.standard_normal(WEEKS + 10)
    appeal, opened = draws.uniform(0.03, 0.25, projects), draws.integers(0, 10, projects)
    luck = draws.random((per_project, projects))
    week = opened + (np.arange(per_project) * WEEKS // per_project)[:, None]
    base, acted = np.zeros((per_project + 1, projects)), np.zeros((per_project, projects))
    for look in range(per_project):
        near = (3 * base[look] / per_project) ** 2
        chance = appeal + busy[week[look]] + per_doubling * np.log2(1 + base[look]) + goal_gradient * near
        acted[look] = luck[look] < chance
        base[look + 1] = base[look] + acted[look]
    shown = base[:-1].T.ravel()
    project = np.repeat(np.arange(projects), per_project)
    progress = 3 * shown / per_project
    return Looks(project, week.T.ravel().astype(np.int64), shown, acted.T.ravel(), progress)


def _effect(truth: float) -> Callable[[int], dict[str, Interval]]:
    return lambda seed: {"per_doubling": per_doubling(looks(seed, truth))}


def _few(seed: int) -> dict[str, Interval]:
    return {"per_doubling": per_doubling(looks(seed, 0.02, projects=8, per_project=600))}


def _near_goal(seed: int) -> dict[str, Interval]:
    found = looks(seed, 0.02, projects=40, per_project=250, goal_gradient=0.05)
    return {"per_doubling": per_doubling(found, hold_progress=True)}


WORLDS = [
    World("installed base, absent", {"per_doubling": 0.0}, _effect(0.0)),
    World("installed base", {"per_doubling": 0.03}, _effect(0.03)),
    World("installed base, 8 projects", {"per_doubling": 0.02}, _few),
    World("installed base, goal near", {"per_doubling": 0.02}, _near_goal),
]
