"""Made-up logs of My Major Company of any length, written by DuckDB as an export would write them."""

from __future__ import annotations

from pathlib import Path

import duckdb

EVENTS_A_CUSTOMER = 20
EVENTS_A_PROJECT = 4_000

_SQL = """
COPY (
  WITH lots AS (
    SELECT i, hash(i) h, hash(i * 31 + 7) % 1000000 / 1e6 u, hash(i * 17 + 3) v,
           i // {a_customer} newest_customer, i // {a_project} newest_project
    FROM range({rows}) t(i)
  ), kinds AS (
    SELECT *, CASE
      WHEN i % {a_customer} = 0 THEN 'joined'
      WHEN i % {a_project} = 1 THEN 'opened'
      WHEN h % 1000 < 400 THEN 'seen'
      WHEN h % 1000 < 520 THEN 'started'
      WHEN h % 1000 < 780 THEN 'done'
      WHEN h % 1000 < 810 THEN 'refused'
      WHEN h % 1000 < 860 THEN 'abandoned'
      WHEN h % 1000 < 900 THEN 'helped'
      WHEN h % 1000 < 930 THEN 'rated'
      WHEN h % 1000 < 950 THEN 'surveyed'
      WHEN h % 1000 < 985 THEN 'paid'
      WHEN h % 1000 < 990 THEN 'left'
      WHEN h % 1000 < 996 THEN 'income'
      ELSE 'cost' END kind,
      CASE WHEN h % 7 < 4 THEN 'stake' WHEN h % 7 < 5 THEN 'choose' ELSE 'buy' END job
    FROM lots
  )
  SELECT
    (i + 1)::BIGINT event_id,
    make_timestamptz(1199145600000000 + i * ({days} * 86400000000 // {rows})) AS "at",
    0::INTEGER run,
    CASE WHEN i < {rows} // 3 THEN 'terms-1' ELSE 'terms-2' END AS "model",
    kind,
    CASE WHEN kind = 'joined' THEN newest_customer
         WHEN kind NOT IN ('opened', 'income', 'cost')
          THEN floor((newest_customer + 1) * u * u)::BIGINT END AS "customer",
    CASE WHEN kind IN ('opened', 'income', 'cost') THEN NULL
          WHEN job = 'buy' THEN 'listener' ELSE 'producer' END AS "role",
    CASE WHEN kind IN ('seen', 'started', 'done', 'refused', 'abandoned', 'helped', 'rated')
          THEN job END AS "task",
    CASE WHEN kind IN ('seen', 'started', 'done', 'refused', 'abandoned')
         THEN CASE WHEN job = 'buy' THEN 'delivery' ELSE 'production' END END AS "stage",
    CASE WHEN kind IN ('seen', 'started', 'done', 'refused', 'abandoned')
         THEN CASE WHEN job = 'choose' THEN 'joint' ELSE 'customer' END END AS "performer",
    CASE WHEN kind = 'opened' THEN newest_project
         WHEN kind NOT IN ('joined', 'surveyed', 'left')
          THEN (v % (newest_project + 1))::BIGINT END AS "subject",
    CASE WHEN kind = 'refused' THEN 'over_cap' END AS "refusal",
    CASE WHEN kind = 'surveyed' THEN 1 + (v % 7)::BIGINT
          WHEN kind IN ('done', 'refused') THEN 1 + (v % 5)::BIGINT END AS "quantity",
    CASE WHEN kind = 'opened' THEN 100000000000
          WHEN kind = 'done' AND job = 'stake' THEN 1000 * (1 + (v % 5)::BIGINT)
         WHEN kind = 'done' AND job = 'buy' THEN 1500 * (1 + (v % 5)::BIGINT)
         WHEN kind IN ('paid', 'income', 'cost') THEN 500 + (v % 5000)::BIGINT END AS "money_minor",
    CASE WHEN kind IN ('done', 'abandoned') THEN 30 + (v % 600)::BIGINT END AS "seconds",
    CASE WHEN kind = 'done' THEN (v % 9)::INTEGER END AS "items",
    CASE WHEN kind = 'done' AND job = 'buy' THEN (v % 3)::INTEGER END AS "effort",
    CASE WHEN kind = 'done' AND v % 10 = 0 THEN (v % 7)::INTEGER - 3 END::TINYINT AS "affect",
    CASE WHEN kind = 'helped' THEN (1 + v % 5)::INTEGER END::TINYINT AS "conduct",
    CASE WHEN kind = 'done' THEN 1 + (v % 12)::INTEGER END AS "encounter",
    CASE WHEN kind IN ('done', 'helped') AND v % 4 = 0 THEN (v % 300)::BIGINT END AS "staff_seconds",
    CASE WHEN kind = 'done' AND v % 3 = 0 THEN (v % 200)::BIGINT END AS "saved_seconds",
    CASE WHEN kind = 'joined' AND h % 3 = 0 AND newest_customer > 0
          THEN floor(newest_customer * u)::BIGINT END AS "referrer",
    CASE WHEN kind = 'joined' THEN CASE WHEN h % 2 = 0 THEN 'faq: on' ELSE 'faq: off' END END AS "arm",
    CASE WHEN kind = 'seen'
          THEN '{{"collected_shares": ' || (v % 6000) || ', "goal_shares": 7000, "producers": '
           || (v % 350) || '}}'
         WHEN kind = 'surveyed' THEN '{{"scale": "clarity", "item": "clarity ' || (1 + h % 4)
           || '", "lowest": 1, "highest": 7, "reversed": false}}' END AS "shown"
  FROM kinds
) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)
"""


def write(path: Path, rows: int, *, days: int = 1_096) -> None:
    """Write a log of so many events over so many days; the same bytes for the same arguments."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
    connection.execute(
        _SQL.format(rows=rows, days=days, path=path, a_customer=EVENTS_A_CUSTOMER, a_project=EVENTS_A_PROJECT)
    )
