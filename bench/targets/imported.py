"""Real logs through ``comaker import``: the counts that their publishers state, from the event tables."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa

from comaker import events
from comaker.ingest import import_log

from . import INFORMATION, Row, need

MAPS = Path(__file__).resolve().parents[2] / "docs" / "maps"
BPIC = "BPI Challenge 2012 (van Dongen), 4TU.ResearchData"
HELPDESK = "help desk log (Polato; Verenich), 4TU.ResearchData"
SNAP = "SNAP, soc-sign-bitcoin-otc (Kumar et al. 2016)"
OUTCOMES = {"approve": 2_246, "decline": 7_635, "cancel": 2_807}


def rows(data: Path) -> Iterator[Row]:
    """Loan applications, the help desk, and the ratings of traders."""
    yield from _loans(table_of(data / "service_logs" / "bpic2012_events.csv.gz", "bpic2012"))
    desk = table_of(data / "service_logs" / "helpdesk_events.csv.gz", "helpdesk")
    yield Row("help desk: tickets", 4_580, len(desk["subject"].unique()), 0, HELPDESK)
    steps = int((frame_of(desk, "role").role == "desk").sum())
    yield Row("help desk: steps of the desk", 21_348, steps, 0, HELPDESK)
    yield from _ratings(table_of(data / "networks" / "bitcoin_otc_ratings.csv.gz", "bitcoin-otc"))


def table_of(source: Path, name: str) -> pa.Table:
    """The event table that the map of that name makes of a log; no row is lost on the way."""
    with tempfile.TemporaryDirectory() as folder:
        done = import_log(need(source), map=MAPS / f"{name}.toml", out=Path(folder) / "events.parquet")
        assert done.rows_read == done.rows_written + sum(done.left_out.values())
        table = events.read(done.path)
    return table.replace_schema_metadata({"rows_read": str(done.rows_read)})


def rows_read(table: pa.Table) -> int:
    """How many rows the import of a table read."""
    return int(table.schema.metadata[b"rows_read"])


def frame_of(table: pa.Table, *columns: str) -> pd.DataFrame:
    """Columns of an event table, words as plain text."""
    found = table.select(list(columns)).to_pandas()
    words = [name for name in columns if isinstance(found[name].dtype, pd.CategoricalDtype)]
    return found.astype(dict.fromkeys(words, "object"))


def _loans(table: pa.Table) -> Iterator[Row]:
    # The map reads the file twice: for the applicant's steps, and for the bank's.
    yield Row("loan applications: rows read", 262_200, rows_read(table) // 2, 0, BPIC)
    yield Row("loan applications: cases", 13_087, len(table["subject"].unique()), 0, BPIC)
    done = frame_of(table, "kind", "task", "subject").query("kind == 'done'")
    cases = done.groupby("task").subject.nunique()
    for task, published in OUTCOMES.items():
        yield Row(f"loan applications: cases with {task}", published, int(cases[task]), 0, BPIC)


def _ratings(table: pa.Table) -> Iterator[Row]:
    found = frame_of(table, "customer", "subject", "quantity")
    people = set(found.customer) | set(found.subject)
    yield Row("Bitcoin OTC: traders", 5_881, len(people), 0, SNAP)
    yield Row("Bitcoin OTC: ratings", 35_592, len(found), 0, SNAP)
    yield Row("Bitcoin OTC: lowest rating", -10, int(found.quantity.min()), 0, SNAP)
    yield Row("Bitcoin OTC: highest rating", 10, int(found.quantity.max()), 0, SNAP)
    positive = (found.quantity > 0).mean()
    yield Row("Bitcoin OTC: % positive, cut to a whole number", 89, int(100 * positive), 0, SNAP)
    yield Row("Bitcoin OTC: % positive", "", f"{positive:.2%}", INFORMATION, SNAP)
