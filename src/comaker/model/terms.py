"""The declared terms as the plain integers that the rules decide by."""

from __future__ import annotations

from comaker.model.loading import Model
from comaker.model.problems import ModelError, Problem, did_you_mean
from comaker.model.schema.tasks import StakeTask
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


def _eight(values: list[int]) -> tuple[int, int, int, int, int, int, int, int]:
    a, b, c, d, e, f, g, h = values
    return a, b, c, d, e, f, g, h
