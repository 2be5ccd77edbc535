"""Rows by which customers come and go and money moves beside acts: few enough to look at all of them."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from comaker.events import Kind

MOVES = [
    *(str(kind) for kind in (Kind.JOINED, Kind.LEFT, Kind.RELEASED, Kind.INCOME, Kind.PAID)),
    *(str(kind) for kind in (Kind.WITHDRAWN, Kind.LAPSED)),
]
"""Kinds of such rows."""

_COLUMNS = ("run", "customer", "subject", "at_us", "kind", "role", "task", "money_minor", "referrer", "arm")


def moves(events: ir.Table, *, has_concessions: bool) -> ir.Table:
    """These rows of all customers and projects; ``concession`` (``is_concession``)."""
    rows = events.filter(events.kind.isin(MOVES))
    return rows.select(*_COLUMNS, concession=is_concession(rows, known=has_concessions))


def is_concession(rows: ir.Table, *, known: bool) -> Any:
    """1 for a payment that is a concession, 0 for another row; of a log that knows none, 0."""
    if not known:
        return ibis.literal(0, "int64")
    return flag((rows.kind == Kind.PAID.value) & shows(rows, "concession"))


def flag(condition: Any) -> Any:
    """1 where a condition holds, 0 where it does not or is not known."""
    return condition.fill_null(False).cast("int64")


def shows(events: ir.Table, word: str) -> Any:
    """Whether what was shown has a key set to true, such as {"threat": true}."""
    named = events.shown.contains(f'"{word}"').fill_null(False)
    # Only the few rows that name it are worth a regular expression.
    return named.ifelse(events.shown.re_search(rf'"{word}"\s*:\s*true'), False)
