"""Millions of customers as a short table: how many have done the same things the same number of times."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd

from comaker.measure.log import Log

WHO = ["run", "customer"]
"""Who a customer is: each run of a simulation has its own."""


def patterns(log: Log, per_customer: ir.Table, columns: Sequence[str]) -> pd.DataFrame:
    """The ``columns`` of a table with a row a customer, each pattern once, with ``customers`` who show it."""
    counted = per_customer.group_by(list(columns)).aggregate(customers=per_customer.count())
    return log.frame(counted, by=columns)


def total(found: pd.DataFrame, column: str) -> int:
    """The sum of a column over all customers of the patterns."""
    return int(found[column].to_numpy() @ found.customers.to_numpy())
