"""Ratios of sums over customers, worked out inside the engine: any number of customers, one row a group."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from comaker.measure.estimators.intervals import Moments


def moments(per_customer: ir.Table, above: Any, below: Any, *, by: str) -> dict[str, Moments]:
    """Moments of two columns of a table with a row a customer (and group), by the values of column ``by``.

    Only customers whose denominator is above zero count. Sums of squares are float64.
    """
    pairs = per_customer.select(group=per_customer[by], x=above.cast("float64"), y=below.cast("float64"))
    pairs = pairs.filter(pairs.y > 0)
    grouped = pairs.group_by("group").aggregate(
        customers=pairs.count(),
        x=pairs.x.sum(),
        y=pairs.y.sum(),
        xx=(pairs.x * pairs.x).sum(),
        yy=(pairs.y * pairs.y).sum(),
        xy=(pairs.x * pairs.y).sum(),
    )
    rows = grouped.to_pyarrow().to_pylist()
    found = {row.pop("group"): Moments(**row) for row in sorted(rows, key=lambda row: row["group"])}
    return found
