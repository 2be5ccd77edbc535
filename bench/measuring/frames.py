"""The five heaviest tables in pandas, written as one would at first, and in Polars."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl

from measuring.sql import PARTS

DAY_US = 86_400_000_000
STEPS = ("seen", "started", "done", "refused", "abandoned", "withdrawn", "joined")
WORK = ("money_minor", "seconds", "staff_seconds", "saved_seconds")
SUMS = (
    "quantity",
    "money_minor",
    "seconds",
    "items",
    "effort",
    "staff_seconds",
    "saved_seconds",
    "affect",
    "conduct",
)
WORDS = ["run", "kind", "role", "task", "stage", "performer", "refusal", "model"]
TRIED = ["done", "refused", "abandoned"]
ATTEMPT = [
    "run",
    "customer",
    "task",
    "event_id",
    "at_us",
    "kind",
    "subject",
    "seconds",
    "staff_seconds",
    "attempt",
]
EXPOSURE = ["run", "customer", "subject", "task", "event_id", "at_us", "kind", "arm", "shown"]


def pandas_events(path: Path) -> pd.DataFrame:
    """The log in memory, words as text, with the columns that the tables need."""
    events = pd.read_parquet(path)
    for name in (*WORDS[1:], "arm"):
        events[name] = events[name].astype(object)
    events["at_us"] = events["at"].astype("int64")
    events["day"] = events.at_us // DAY_US
    return events


def pandas_table(name: str, events: pd.DataFrame) -> pd.DataFrame:
    """One of the tables."""
    return {
        "days": _days,
        "customer_tasks": _customer_tasks,
        "drawn": _drawn,
        "attempts": _attempts,
        "exposures": lambda rows: rows[rows.shown.notna()][EXPOSURE],
    }[name](events)


def _days(events: pd.DataFrame) -> pd.DataFrame:
    counted = {
        "events": ("event_id", "size"),
        "affects": ("affect", "count"),
        "conducts": ("conduct", "count"),
        "timed": ("seconds", "count"),
        "staffed": ("staff_seconds", "count"),
        "referred": ("referrer", "count"),
    }
    grouped = events.groupby([*WORDS, "day"], dropna=False)
    return grouped.agg(**{name: (name, "sum") for name in SUMS}, **counted).reset_index()


def _customer_tasks(events: pd.DataFrame) -> pd.DataFrame:
    rows = events[events.customer.notna()].copy()
    rows["task"] = rows.task.fillna("")
    done = rows.kind == "done"
    for kind in STEPS:
        rows[f"is_{kind}"] = rows.kind == kind
    for name in WORK:
        rows[f"done_{name}"] = rows[name].where(done)
    rows["done_at"], rows["joined_at"] = rows.at_us.where(done), rows.at_us.where(rows.kind == "joined")
    rows["left_at"] = rows.at_us.where(rows.kind == "left")
    rows["timed"] = rows.seconds.where(done)
    rows["arm"] = rows.arm.fillna("\uffff")
    return (
        rows.groupby(["run", "customer", "task"])
        .agg(
            arm=("arm", "min"),
            **{kind: (f"is_{kind}", "sum") for kind in STEPS},
            **{f"done_{name}": (f"done_{name}", "sum") for name in WORK},
            tried_seconds=("seconds", "sum"),
            timed=("timed", "count"),
            first_us=("at_us", "min"),
            first_done_us=("done_at", "min"),
            last_done_us=("done_at", "max"),
            joined_us=("joined_at", "min"),
            left_us=("left_at", "min"),
        )
        .reset_index()
    )


def _drawn(events: pd.DataFrame) -> pd.DataFrame:
    lot = (events.customer % 1_000_003 * 7_919 + 12_345) % 100_003
    return events[lot < PARTS].drop(columns=["at", "day"])


def _attempts(events: pd.DataFrame) -> pd.DataFrame:
    rows = events[events.customer.notna() & events.task.notna() & events.kind.isin(TRIED)]
    rows = rows.sort_values(["run", "customer", "task", "at_us", "event_id"])
    rows["attempt"] = rows.groupby(["run", "customer", "task"]).cumcount() + 1
    return rows[ATTEMPT]


def polars_table(name: str, path: Path) -> pl.DataFrame:
    """One of the tables, lazily from the file."""
    events = pl.scan_parquet(path).with_columns(at_us=pl.col("at").dt.epoch("us"))
    events = events.with_columns(day=pl.col("at_us") // DAY_US)
    is_done = pl.col("kind") == "done"
    own = events.filter(pl.col("customer").is_not_null()).with_columns(
        pl.col("task").cast(pl.String).fill_null("")
    )
    tables = {
        "days": events.group_by([*WORDS, "day"]).agg(
            pl.len().alias("events"),
            *(pl.col(name).cast(pl.Int64).sum() for name in SUMS),
            pl.col("affect").count().alias("affects"),
            pl.col("conduct").count().alias("conducts"),
            pl.col("seconds").count().alias("timed"),
            pl.col("staff_seconds").count().alias("staffed"),
            pl.col("referrer").count().alias("referred"),
        ),
        "customer_tasks": own.group_by(["run", "customer", "task"]).agg(
            pl.col("arm").cast(pl.String).min(),
            *((pl.col("kind") == kind).sum().alias(kind) for kind in STEPS),
            *(pl.col(name).filter(is_done).sum().alias(f"done_{name}") for name in WORK),
            pl.col("seconds").sum().alias("tried_seconds"),
            pl.col("seconds").filter(is_done).count().alias("timed"),
            pl.col("at_us").min().alias("first_us"),
            pl.col("at_us").filter(is_done).min().alias("first_done_us"),
            pl.col("at_us").filter(is_done).max().alias("last_done_us"),
            pl.col("at_us").filter(pl.col("kind") == "joined").min().alias("joined_us"),
            pl.col("at_us").filter(pl.col("kind") == "left").min().alias("left_us"),
        ),
        "drawn": events.filter((pl.col("customer") % 1_000_003 * 7_919 + 12_345) % 100_003 < PARTS).drop(
            "at", "day"
        ),
        "attempts": own.filter(pl.col("task") != "", pl.col("kind").cast(pl.String).is_in(TRIED))
        .sort(["run", "customer", "task", "at_us", "event_id"])
        .with_columns(attempt=pl.int_range(1, pl.len() + 1).over(["run", "customer", "task"]))
        .select(ATTEMPT),
        "exposures": events.filter(pl.col("shown").is_not_null()).select(EXPOSURE),
    }
    return tables[name].collect()
