"""The hosted model: its text is in the database, published once and amended after; the latest governs."""

from __future__ import annotations

import datetime as dt
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from comaker.host.models import Publication
from comaker.model import Model, load
from comaker.model.schema.parts import Offer
from comaker.model.schema.tasks import PurchaseTask, StakeTask


class Sale(NamedTuple):
    """How what was produced is bought: the name of the task, the task, and what is offered."""

    name: str
    task: PurchaseTask
    offer: Offer


@lru_cache(maxsize=32)
def model_of(text: str) -> Model:
    """The model that a text declares. The same text is the same model: nothing kept here can go stale."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.toml"
        path.write_text(text, encoding="utf-8")
        return load(path)


def published() -> Model:
    """The model published last, with amendments yet to come; ``Publication.DoesNotExist`` without one."""
    return model_of(Publication.objects.latest("id").text)


def in_force(now: dt.datetime | None = None) -> Model:
    """The model as its terms are in force now, or at an instant."""
    return published().at(now or dt.datetime.now(dt.UTC))


def stake_of(firm: Model) -> tuple[str, StakeTask] | None:
    """The task by which customers stake, with its name; None where the firm has none."""
    return next(((name, task) for name, task in firm.task.items() if isinstance(task, StakeTask)), None)


def sale_of(firm: Model) -> Sale | None:
    """The task by which customers buy what the firm offers; None where it has none."""
    for name, task in firm.task.items():
        if isinstance(task, PurchaseTask) and task.terms.offer in firm.offer:
            return Sale(name, task, firm.offer[task.terms.offer])
    return None
