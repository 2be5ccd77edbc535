"""The six heaviest tables as one would write them by hand in DuckDB's SQL."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

_BITS = " ".join(
    f"WHEN '{kind}' THEN {bit}"
    for kind, bit in (
        *(("joined", 1), ("seen", 2), ("started", 4), ("abandoned", 8), ("withdrawn", 16), ("refused", 32)),
        ("done", 64),
    )
)
_WORK = ", ".join(
    f"coalesce(sum({name}), 0)::BIGINT AS {name}"
    for name in ("money_minor", "seconds", "staff_seconds", "saved_seconds")
)
_SUMS = ", ".join(
    f"coalesce(sum({name}), 0)::BIGINT AS {name}"
    for name in (
        *("quantity", "money_minor", "seconds", "items", "effort", "staff_seconds", "saved_seconds"),
        *("affect", "conduct"),
    )
)

PARTS = 3_000
"""Customers of so many parts in 100,003 are drawn, as for a log of ten million events."""

TABLES = {
    "days": f"""
        SELECT run, kind, role, task, stage, performer, refusal, model,
          (epoch_us("at") // 86400000000)::INTEGER AS day, count(*) AS events, {_SUMS},
          count(affect) AS affects, count(conduct) AS conducts, count(seconds) AS timed,
          count(staff_seconds) AS staffed, count(referrer) AS referred
        FROM events GROUP BY ALL""",
    "acts": f"""
        SELECT run, customer, coalesce(task, '') AS task, count(*) AS done, count(seconds) AS timed, {_WORK},
          min(epoch_us("at")) AS first_us, max(epoch_us("at")) AS last_us
        FROM events WHERE customer IS NOT NULL AND kind = 'done' GROUP BY ALL""",
    "reached": f"""
        SELECT *, CASE WHEN steps = 0 THEN -1 WHEN task = '' OR steps < 2 THEN 0 WHEN steps < 4 THEN 1
          WHEN steps < 32 THEN 3 WHEN steps < 64 THEN 2 ELSE 4 END::TINYINT AS place
        FROM (SELECT run, customer, coalesce(task, '') AS task,
            bit_or((CASE kind {_BITS} ELSE 0 END)::TINYINT) AS steps
          FROM events WHERE customer IS NOT NULL GROUP BY ALL)""",
    "drawn": f"""
        SELECT * REPLACE (epoch_us("at") AS "at") FROM events
        WHERE (customer % 1000003 * 7919 + 12345) % 100003 < {PARTS}""",
    "attempts": """
        SELECT run, customer, task, event_id, epoch_us("at") AS at_us, kind, subject, seconds, staff_seconds,
          row_number() OVER (PARTITION BY run, customer, task ORDER BY "at", event_id) AS attempt
        FROM events WHERE customer IS NOT NULL AND task IS NOT NULL
          AND kind IN ('done', 'refused', 'abandoned')""",
    "exposures": """
        SELECT run, customer, subject, task, event_id, epoch_us("at") AS at_us, kind, arm, shown
        FROM events WHERE shown IS NOT NULL""",
}


def table(name: str, path: Path, *, threads: int) -> pa.Table:
    """One of the tables of a log."""
    connection = duckdb.connect(config={"threads": threads})
    connection.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{path}')")
    return connection.sql(TABLES[name]).to_arrow_table()
