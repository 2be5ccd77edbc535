"""The five heaviest tables as one would write them by hand in DuckDB's SQL."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

_COUNTS = ", ".join(
    f"count(*) FILTER (kind = '{kind}') AS {kind}"
    for kind in ("seen", "started", "done", "refused", "abandoned", "withdrawn", "joined")
)
_WORK = ", ".join(
    f"coalesce(sum({name}) FILTER (kind = 'done'), 0)::BIGINT AS done_{name}"
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
    "customer_tasks": f"""
        SELECT run, customer, coalesce(task, '') AS task, min(arm) AS arm, {_COUNTS}, {_WORK},
          coalesce(sum(seconds), 0)::BIGINT AS tried_seconds, count(seconds) FILTER (kind = 'done') AS timed,
          min(epoch_us("at")) AS first_us, min(epoch_us("at")) FILTER (kind = 'done') AS first_done_us,
          max(epoch_us("at")) FILTER (kind = 'done') AS last_done_us,
          min(epoch_us("at")) FILTER (kind = 'joined') AS joined_us,
          min(epoch_us("at")) FILTER (kind = 'left') AS left_us
        FROM events WHERE customer IS NOT NULL GROUP BY ALL""",
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
