"""The tables that the writer alone writes: their columns, with the types that PostgreSQL gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Columns = Mapping[str, str]


class Table(NamedTuple):
    """A table and the columns that are written; ``keys``: what makes a row the same, where rows change."""

    name: str
    columns: Columns
    keys: tuple[str, ...] = ()

    @staticmethod
    def of(name: str) -> Table:
        """The table of that name."""
        return _TABLES[name]

    def insertion(self) -> str:
        """The beginning of the statement that adds rows."""
        return f"INSERT INTO {self.name} ({', '.join(self.columns)})"

    def replacement(self) -> str:
        """The end of it, where a row may be there already."""
        if not self.keys:
            return ""
        sets = ", ".join(f"{name} = excluded.{name}" for name in self.columns if name not in self.keys)
        return f" ON CONFLICT ({', '.join(self.keys)}) DO UPDATE SET {sets}"


EVENT = Table(
    "host_event",
    {
        "id": "bigint",
        "at_us": "bigint",
        "model": "text",
        "kind": "text",
        "customer": "bigint",
        "role": "text",
        "task": "text",
        "stage": "text",
        "performer": "text",
        "subject": "bigint",
        "refusal": "text",
        "quantity": "bigint",
        "money_minor": "bigint",
        "arm": "text",
        "shown": "text",
    },
)
POSTING = Table(
    "host_posting",
    {
        "event_id": "bigint",
        "chain": "bigint",
        "number": "bigint",
        "source": "text",
        "target": "text",
        "currency": "text",
        "amount_minor": "bigint",
        "rule": "text",
        "version": "text",
        "hash": "bytea",
    },
)
CONTRIBUTION = Table(
    "host_contribution",
    {
        "account": "bigint",
        "route": "text",
        "key": "text",
        "body": "bytea",
        "event_id": "bigint",
        "status": "smallint",
        "answer": "text",
    },
)
HOLDING = Table(
    "host_holding",
    {
        "project": "bigint",
        "customer": "bigint",
        "shares": "bigint",
        "reserved_shares": "bigint",
        "paid_minor": "bigint",
    },
    ("project", "customer"),
)
RESERVATION = Table(
    "host_reservation",
    {
        "event": "bigint",
        "project": "bigint",
        "customer": "bigint",
        "task": "text",
        "quantity": "bigint",
        "money_minor": "bigint",
        "lapses_us": "bigint",
        "state": "smallint",
    },
    ("event",),
)
STANDING = Table(
    "host_standing",
    {
        "project": "bigint",
        "status": "smallint",
        "goal_shares": "bigint",
        "most_shares": "bigint",
        "collected_shares": "bigint",
        "reserved_shares": "bigint",
        "holders": "bigint",
        "opened_us": "bigint",
        "closed_us": "bigint",
        "produced_us": "bigint",
        "released_us": "bigint",
        "earned_minor": "bigint",
        "entries": "bigint",
        "head": "bytea",
    },
    ("project",),
)
_TABLES = {each.name: each for each in (EVENT, POSTING, CONTRIBUTION, HOLDING, RESERVATION, STANDING)}
