"""The declared terms as the plain integers that the rules decide by."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel

from comaker.model.loading import Model
from comaker.model.paths import locate, parse_path, value_at
from comaker.model.problems import ModelError, Problem, did_you_mean
from comaker.model.schema.tasks import StakeTask
from comaker.model.schema.terms import StakeRules
from comaker.rules.stake import CAP_STEPS, NEVER_SHARES, StakeTerms


def stake_terms(model: Model, task: str = "stake") -> StakeTerms:
    """The terms of a stake task for ``comaker.rules.stake``, money counted in shares.

    Those of ``model`` itself: pass a version's model for the terms at another time. ModelError when the
    model has no stake task of that name.
    """
    declared = model.task.get(task)
    if not isinstance(declared, StakeTask):
        stakes = [name for name, each in model.task.items() if isinstance(each, StakeTask)]
        message = f"the model has no stake task of that name; {did_you_mean(task, stakes)}"
        raise ModelError([Problem(model.name, 0, f"task.{task}", "", message)])
    rules = declared.terms
    price = rules.share_price_minor
    steps = [(step.from_minor // price, step.cap_minor // price) for step in rules.cap]
    steps = steps or [(0, rules.goal_minor // price)]
    steps += [(NEVER_SHARES, steps[-1][1])] * (CAP_STEPS - len(steps))
    return StakeTerms(
        share_price_minor=price,
        goal_shares=rules.goal_minor // price,
        cap_from_shares=_eight([begin for begin, _ in steps]),
        cap_shares=_eight([cap for _, cap in steps]),
        closes_at_goal=int(rules.closes == "at goal"),
        open_seconds=rules.open_seconds,
        trims=int(rules.partial == "trim"),
    )


def amended_on(model: Model, key: str) -> dt.date | None:
    """The first day on which an amendment gives a key path another value than at launch; None if never.

    From that day a change of the launch's value no longer holds. ValueError where ``key`` is no key path.
    """
    path = parse_path(key)
    launch, *later = (
        (version.in_force, version.model.model_dump(mode="json", by_alias=True)) for version in model.versions
    )
    before = value_at(launch[1], locate(launch[1], path))
    return next((day for day, terms in later if value_at(terms, locate(terms, path)) != before), None)


def is_money(model: Model, key: str) -> bool:
    """Whether what stands at a key path is money; ValueError where ``key`` is no key path."""
    here: Any = model
    name: str | None = None
    for part in parse_path(key):
        if isinstance(here, BaseModel):
            fields = type(here).model_fields.items()
            name = next((each for each, field in fields if (field.alias or each) == part), None)
            if isinstance(here, StakeRules) and name == "cap":
                name = "cap_minor"
            here = getattr(here, name or "", None)
        else:
            name = None
            here = here.get(part) if isinstance(here, dict) else None
    return name is not None and name.endswith("_minor")


def _eight(values: list[int]) -> tuple[int, int, int, int, int, int, int, int]:
    a, b, c, d, e, f, g, h = values
    return a, b, c, d, e, f, g, h
