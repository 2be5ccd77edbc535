"""Real logs go through their maps with every row accounted for, and are measured under their models."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from comaker import events
from comaker.ingest import Imported, import_log
from comaker.measure import measure

MAPS = Path(__file__).resolve().parents[2] / "docs" / "maps"


class Log(NamedTuple):
    """A real log: where its file is, and what is known of it."""

    file: str
    read: int
    written: int
    cases: int


LOGS = {
    "helpdesk": Log("service_logs/helpdesk_events.csv.gz", 2 * 21_348, 21_348 + 4_580, 4_580),
    "permits": Log("service_logs/receipt_events.csv.gz", 2 * 8_577, 8_577 + 1_434, 1_434),
    "bpic2012": Log("service_logs/bpic2012_events.csv.gz", 2 * 262_200, 235_882, 13_087),
    "bitcoin-otc": Log("networks/bitcoin_otc_ratings.csv.gz", 35_592, 35_592, 5_858),
    "polis": Log("idea_votes/votes.csv.gz", 189_148 + 2_969, 49_997 + 197, 197),
    "justgiving": Log("crowdfunding/justgiving_donations.csv.gz", 22_169 + 2_850, 10_797, 1_256),
}


@pytest.fixture(scope="module", params=sorted(LOGS))
def imported(
    request: pytest.FixtureRequest,
    shared_data: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Imported]:
    name = str(request.param)
    path = shared_data(LOGS[name].file)
    out = tmp_path_factory.mktemp(name) / "events.parquet"
    return name, import_log(path, map=MAPS / f"{name}.toml", out=out)


def test_every_row_is_written_or_counted(imported: tuple[str, Imported]) -> None:
    name, done = imported
    known = LOGS[name]
    assert (done.rows_read, done.rows_written) == (known.read, known.written)
    assert done.rows_read == done.rows_written + sum(done.left_out.values())
    assert len(events.read(done.path)["subject"].unique()) == known.cases


def test_every_task_is_one_of_the_model_and_every_figure_is_a_number_or_says_why_not(
    imported: tuple[str, Imported],
) -> None:
    name, done = imported
    found = measure(done.path, MAPS / f"{name}-model.toml")
    assert found.rows == done.rows_written
    assert not found.dropped
    for _, figure in found.figures.iterrows():
        if figure.basis == "not identified":
            assert figure.needs
        else:
            numbers = [figure[column] for column in ("value", "low", "high") if pd.notna(figure[column])]
            assert numbers, figure["name"]
            assert all(map(math.isfinite, numbers)), figure["name"]
