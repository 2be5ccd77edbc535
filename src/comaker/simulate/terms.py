"""The terms of a model week by week, as integers: what the compiled rules decide by."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt
from numba import njit

from comaker.model import Model, ModelError, Problem, stake_terms
from comaker.rules.stake import CAP_STEPS, StakeTerms
from comaker.words import TaskKind

SECONDS_A_WEEK = 7 * 24 * 3600


TERMS = np.dtype(
    [(field, np.int64, (CAP_STEPS,) if field.startswith("cap_") else ()) for field in StakeTerms._fields]
)
"""The staking terms of a week as a record with the fields of ``StakeTerms``."""


def staking_task(model: Model) -> str:
    """The name of the model's task of kind stake: what a simulation simulates.

    Raises ``ModelError`` where there is none, or more than one.
    """
    names = [name for name, task in model.task.items() if task.kind == TaskKind.STAKE]
    if len(names) != 1:
        found = ", ".join(f"{name} ({task.kind})" for name, task in model.task.items()) or "no task at all"
        right = "a simulation needs exactly one task of kind stake"
        raise ModelError([Problem(file=model.name, line=0, key="task", value=found, message=right)])
    return names[0]


def weekly_terms(model: Model, *, weeks: int) -> npt.NDArray[np.void]:
    """The terms of every week from the launch on (``TERMS`` records), amendments in force included.

    Terms that come into force within a week bind from the week that follows: nobody acts between two steps.
    """
    task = staking_task(model)
    terms = [tuple(stake_terms(version.model, task)) for version in model.versions]
    return np.array([terms[version_in(model, week)] for week in range(weeks)], TERMS)


def version_in(model: Model, week: int) -> int:
    """Which of the model's versions, counted from 0, is in force in a week after the launch."""
    day = model.launched + timedelta(days=7 * week)
    return sum(version.in_force <= day for version in model.versions) - 1


@njit(cache=True)
def terms_in(weekly: npt.NDArray[np.void], week: int) -> StakeTerms:
    """The terms of one week in the shape the rules take."""
    terms = weekly[week]
    starts, caps = terms.cap_from_shares, terms.cap_shares
    return StakeTerms(
        terms.share_price_minor,
        terms.goal_shares,
        (starts[0], starts[1], starts[2], starts[3], starts[4], starts[5], starts[6], starts[7]),
        (caps[0], caps[1], caps[2], caps[3], caps[4], caps[5], caps[6], caps[7]),
        terms.closes_at_goal,
        terms.open_seconds,
        terms.trims,
    )


assert CAP_STEPS == 8, "terms_in spells out the steps of the cap"
