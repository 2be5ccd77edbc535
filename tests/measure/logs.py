"""Small logs for the tests of measuring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from comaker import events

MINUTE_US = 60_000_000
START_US = 1_200_000_000_000_000


def log_of(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """An event table from rows; ids, run and times (a minute apart) are filled in where a row has none."""
    filled = [
        {"event_id": number, "at": START_US + number * MINUTE_US, "run": 0, **row}
        for number, row in enumerate(rows, 1)
    ]
    names = list(dict.fromkeys(name for row in filled for name in row))
    columns = {name: [row.get(name) for row in filled] for name in names}
    typed = {
        name: pa.array(values, pa.timestamp("us", tz="UTC") if name == "at" else None)
        for name, values in columns.items()
    }
    return events.table(typed)
