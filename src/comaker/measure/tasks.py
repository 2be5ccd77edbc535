"""Which of a model's tasks are the customers'."""

from __future__ import annotations

from comaker.model import Model
from comaker.words import Performer, TaskKind


def tasks_of(model: Model, *kinds: TaskKind) -> list[str]:
    """Customers' tasks of these kinds, or of any where none is named, in order of the file."""
    return [
        name
        for name, task in model.task.items()
        if task.performer != Performer.FIRM and (not kinds or task.kind in kinds)
    ]
