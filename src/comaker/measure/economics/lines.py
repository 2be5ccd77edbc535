"""The lines of a cost-benefit analysis: what was saved, gained or spent, at whose part in which task (F17,
F20)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from comaker.measure.log import Log
from comaker.words import Performer, TaskKind

SAVED, REVENUE = "cost_saved", "revenue_gained"
INCENTIVES, COORDINATION, SOCIALIZATION = "incentives", "coordination", "socialization"

COMPONENTS = {SAVED: 1, REVENUE: 1, INCENTIVES: -1, COORDINATION: -1, SOCIALIZATION: -1}
"""Components with the sign by which they count towards the net."""

SEVERAL = "several tasks"
"""Where that stands which no single task accounts for."""


class Part(NamedTuple):
    """A role's part in a task; ``label`` is the task alone where only one role has a part in it."""

    task: str
    role: str
    label: str
    done: int


class Line(NamedTuple):
    """One amount of a component, in minor units (None: not identified), and what it rests on or needs, in
    words."""

    of: str
    component: str
    amount_minor: float | None
    rests_on: str


def parts_of(log: Log) -> list[Part]:
    """Whoever did a task of the customers' job, purchases included, in the order of the model."""
    acts = log.days[(log.days.kind == "done") & (log.days.task != "")]
    counted = acts.groupby(["task", "role"]).events.sum()
    parts = []
    for task, declared in log.model.task.items():
        roles = counted[task] if task in counted.index.get_level_values("task") else {}
        if declared.performer is Performer.FIRM:
            continue
        for role, done in roles.items():
            label = task if len(roles) == 1 else f"{role or 'no role'} / {task}"
            parts.append(Part(task, str(role), label, int(done)))
    return parts


def is_purchase(log: Log, task: str) -> bool:
    """Whether a task is plain buying, which is no participation."""
    return log.model.task[task].kind is TaskKind.PURCHASE


def label_of(parts: Sequence[Part], task: str | None, role: str | None = None) -> str:
    """Under which label an amount of a task stands; ``SEVERAL`` where no single part accounts for it."""
    own = [part for part in parts if part.task == task]
    named = [part for part in own if part.role == role]
    found = named or own
    return found[0].label if len(found) == 1 else SEVERAL


def amount(lines: Sequence[Line], component: str, of: Sequence[str]) -> float | None:
    """The known amount of a component under some labels; None where no line of it is known."""
    known = [
        line.amount_minor
        for line in lines
        if line.component == component and line.of in of and line.amount_minor is not None
    ]
    return sum(known) if known else None


def wanted(lines: Sequence[Line], component: str, of: Sequence[str]) -> str:
    """What would identify a component of which no line is known."""
    needs = [line.rests_on for line in lines if line.component == component and line.of in of]
    return "; ".join(dict.fromkeys(needs)) or f"nothing is recorded or declared for it: see {SEVERAL}"


def table(lines: Sequence[Line], labels: Sequence[str]) -> pd.DataFrame:
    """A row a label: ``of``, each component and the net in minor units (<NA>: not identified), what is
    missing."""
    rows = []
    for of in labels:
        amounts = {name: amount(lines, name, [of]) for name in COMPONENTS}
        rows.append(
            {
                "of": of,
                **{f"{name.replace(' ', '_')}_minor": _whole(value) for name, value in amounts.items()},
                "net_of_known_minor": _whole(
                    net(amounts) if any(value is not None for value in amounts.values()) else None
                ),
                "not_identified": ", ".join(name for name, value in amounts.items() if value is None),
            }
        )
    columns = [f"{name.replace(' ', '_')}_minor" for name in COMPONENTS]
    found = pd.DataFrame(rows, columns=["of", *columns, "net_of_known_minor", "not_identified"])
    return found.astype(dict.fromkeys([*columns, "net_of_known_minor"], "Int64"))


def net(amounts: dict[str, float | None]) -> float:
    """What is left of the known components."""
    return sum(COMPONENTS[name] * value for name, value in amounts.items() if value is not None)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
