"""What the writer needs of the published model, worked out once for each text."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

from comaker.host.firm import model_of, sale_of, stake_of
from comaker.model import Model, stake_terms
from comaker.rules.reservation import lapses_at
from comaker.rules.sharing import MAX_TOTAL_SHARES
from comaker.rules.stake import StakeTerms
from comaker.words import TaskKind

SECOND_US = 1_000_000


class Buying(NamedTuple):
    """How the offer of a project is bought: the task's name, price, cost and the most for one customer."""

    task: str
    price_minor: int
    unit_cost_minor: int
    limit: int


class Terms(NamedTuple):
    """The terms in force at an instant; ``reserved_us`` is how long a reservation waits, 0: none is made.

    ``most_shares``: what the database lets a project of these terms collect; ``kinds``: of each task.
    """

    hash: str
    model: Model
    currency: str
    task: str
    stage: str
    performer: str
    stake: StakeTerms
    reserved_us: int
    buying: Buying | None
    kinds: dict[str, TaskKind]

    @property
    def most_shares(self) -> int:
        """The goal where staking ends there, else what arithmetic allows."""
        return self.stake.goal_shares if self.stake.closes_at_goal else MAX_TOTAL_SHARES

    def lapses_us(self, task: str, now_us: int, opened_us: int) -> int:
        """Until when the money of a stake or purchase must be there that is reserved now (µs UTC)."""
        open_us = self.stake.open_seconds * SECOND_US if task == self.task else 0
        return lapses_at(now_us, self.reserved_us, opened_us, open_us)


class Versions(NamedTuple):
    """All terms of a published model and the instants (µs UTC) from which they are in force."""

    from_us: list[int]
    terms: list[Terms]

    def at(self, now_us: int) -> Terms:
        """The terms in force; before the launch, those of the launch."""
        return self.terms[max(bisect_right(self.from_us, now_us) - 1, 0)]

    def begins_us(self, terms: Terms) -> int:
        """From when terms are in force."""
        return self.from_us[self.terms.index(terms)]


@lru_cache(maxsize=32)
def versions_of(text: str) -> Versions:
    """The terms that a published text declares; the same text is the same terms."""
    versions = model_of(text).versions
    begins = [dt.datetime.combine(version.in_force, dt.time(), dt.UTC) for version in versions]
    return Versions(
        [int(each.timestamp()) * SECOND_US for each in begins],
        [_terms(version.model, version.hash) for version in versions],
    )


def _terms(model: Model, version: str) -> Terms:
    found = stake_of(model)
    if found is None:
        raise ValueError(f"{model.name} has no stake task: nothing can be staked")
    name, task = found
    return Terms(
        hash=version,
        model=model,
        currency=model.currency,
        task=name,
        stage=task.stage.value,
        performer=task.performer.value,
        stake=stake_terms(model, name),
        reserved_us=task.terms.reserved_seconds * SECOND_US,
        buying=_buying(model),
        kinds={name: task.kind for name, task in model.task.items()},
    )


def _buying(model: Model) -> Buying | None:
    sale = sale_of(model)
    if sale is None:
        return None
    return Buying(sale.name, sale.offer.price_minor, sale.offer.unit_cost_minor, sale.task.terms.limit)
