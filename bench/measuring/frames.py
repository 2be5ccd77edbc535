"""The six heaviest tables in pandas, written as one would at first, and in Polars."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl

from measuring.sql import PARTS

DAY_US = 86_400_000_000
STEPS = ("joined", "seen", "started", "abandoned", "withdrawn", "refused", "done")
BITS = {kind: 2**place for place, kind in enumerate(STEPS)}
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
        "acts": _acts,
        "reached": _reached,
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


def _acts(events: pd.DataFrame) -> pd.DataFrame:
    rows = events[events.customer.notna() & (events.kind == "done")]
    rows = rows.assign(task=rows.task.fillna(""))
    return (
        rows.groupby(["run", "customer", "task"])
        .agg(
            done=("event_id", "size"),
            timed=("seconds", "count"),
            **{name: (name, "sum") for name in WORK},
            first_us=("at_us", "min"),
            last_us=("at_us", "max"),
        )
        .reset_index()
    )


def _reached(events: pd.DataFrame) -> pd.DataFrame:
    rows = events[events.customer.notna()].copy()
    rows["task"] = rows.task.fillna("")
    for kind in STEPS:
        rows[kind] = rows.kind == kind
    found = rows.groupby(["run", "customer", "task"])[[*STEPS]].any().reset_index()
    found["steps"] = sum(found[kind] * 2**place for place, kind in enumerate(STEPS))
    began = found.started | found.abandoned | found.withdrawn
    found["place"] = -1
    found.loc[found.joined, "place"] = 0
    found.loc[found.seen, "place"] = 1
    found.loc[began, "place"] = 3
    found.loc[found.refused, "place"] = 2
    found.loc[found.done, "place"] = 4
    found.loc[(found.task == "") & (found.place > 0), "place"] = 0
    return found[["run", "customer", "task", "steps", "place"]]


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
        "acts": own.filter(is_done)
        .group_by(["run", "customer", "task"])
        .agg(
            pl.len().alias("done"),
            pl.col("seconds").count().alias("timed"),
            *(pl.col(name).sum() for name in WORK),
            pl.col("at_us").min().alias("first_us"),
            pl.col("at_us").max().alias("last_us"),
        ),
        "reached": own.with_columns(
            bit=pl.col("kind").cast(pl.String).replace_strict(BITS, default=0, return_dtype=pl.Int8)
        )
        .group_by(["run", "customer", "task"])
        .agg(steps=pl.col("bit").bitwise_or())
        .with_columns(
            place=pl.when(pl.col("steps") == 0)
            .then(-1)
            .when((pl.col("task") == "") | (pl.col("steps") < 2))
            .then(0)
            .when(pl.col("steps") < 4)
            .then(1)
            .when(pl.col("steps") < 32)
            .then(3)
            .when(pl.col("steps") < 64)
            .then(2)
            .otherwise(4)
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
