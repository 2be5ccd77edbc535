"""Millions of customers as a short table: how many have done the same things the same number of times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from comaker.measure.log import Log
from comaker.model import Model
from comaker.words import Performer, TaskKind

WHO = ["run", "customer"]
"""Who a customer is: each run of a simulation has its own."""


def patterns(log: Log, per_customer: ir.Table, columns: Sequence[str]) -> pd.DataFrame:
    """The ``columns`` of a table with a row a customer, each pattern once, with ``customers`` who show it."""
    counted = per_customer.group_by(list(columns)).aggregate(customers=per_customer.count())
    found = log.frame(counted)
    return found.sort_values(list(columns), ignore_index=True)


def total(found: pd.DataFrame, column: str) -> int:
    """The sum of a column over all customers of the patterns."""
    return int(found[column].to_numpy() @ found.customers.to_numpy())


def flag(condition: Any) -> Any:
    """1 where a condition holds, 0 where it does not or is not known."""
    return condition.fill_null(False).cast("int64")


def shows(events: ir.Table, word: str) -> Any:
    """Whether what was shown has a key set to true, such as {"threat": true}."""
    named = events.shown.contains(f'"{word}"').fill_null(False)
    # Only the few rows that name it are worth a regular expression.
    return named.ifelse(events.shown.re_search(rf'"{word}"\s*:\s*true'), False)


def tasks_of(model: Model, *kinds: TaskKind) -> list[str]:
    """Customers' tasks of these kinds, or of any where none is named, in order of the file."""
    return [
        name
        for name, task in model.task.items()
        if task.performer != Performer.FIRM and (not kinds or task.kind in kinds)
    ]
