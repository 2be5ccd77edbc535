"""The terms of a model at any instant, as integers: what the compiled rules decide by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from comaker.model import Model, ModelError, Problem, stake_terms
from comaker.rules.stake import CAP_STEPS, StakeTerms
from comaker.words import TaskKind

SECONDS_A_WEEK = 7 * 24 * 3600
SECOND_US = 1_000_000


TERMS = np.dtype(
    [("from_us", np.int64)]
    + [(field, np.int64, (CAP_STEPS,) if field.startswith("cap_") else ()) for field in StakeTerms._fields]
)
"""A version of the staking terms as a record: in force ``from_us``, µs since the launch, and the fields of
``StakeTerms``."""

FOR_EVER = 2**62
"""An instant that no simulation reaches."""


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


def only_terms_change(model: Model, task: str) -> None:
    """Raises ``ModelError`` for an amendment of anything but the staking terms: it would be ignored."""
    launch = _beside_the_terms(model.versions[0].model, task)
    problems = [
        Problem(
            model.name, 0, "amendment", str(version.in_force), f"a simulation amends task.{task}.terms only"
        )
        for version in model.versions[1:]
        if _beside_the_terms(version.model, task) != launch
    ]
    if problems:
        raise ModelError(problems)


def _beside_the_terms(model: Model, task: str) -> dict[str, Any]:
    declared = model.model_dump(mode="json", exclude={"amendment"})
    del declared["task"][task]["terms"]
    return declared


def versions_of(model: Model) -> npt.NDArray[np.void]:
    """Every version of the terms in order of time (``TERMS`` records)."""
    task = staking_task(model)
    rows = [
        ((version.in_force - model.launched) // timedelta(microseconds=1), *stake_terms(version.model, task))
        for version in model.versions
    ]
    return np.array(rows, TERMS)


@njit(cache=True)
def version_at(versions: npt.NDArray[np.void], at_us: int) -> int:
    """Which version is in force at an instant, counted from 0."""
    version = 0
    for later in range(1, len(versions)):
        if at_us >= versions[later].from_us:
            version = later
    return version


@njit(cache=True)
def in_force_until(versions: npt.NDArray[np.void], at_us: int) -> int:
    """The instant at which the terms in force now are amended, ``FOR_EVER`` where they are not."""
    version = version_at(versions, at_us) + 1
    return int(versions[version].from_us) if version < len(versions) else FOR_EVER


@njit(cache=True, inline="always")
def rules_of(terms: np.record) -> StakeTerms:
    """The terms in the shape the rules take."""
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


assert CAP_STEPS == 8, "rules_of spells out the steps of the cap"
