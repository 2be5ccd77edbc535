"""What cannot be measured is counted by reason, and what is no event table is refused with every mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.measure.logs import START_US, log_of

from comaker import load, measure
from comaker.events import EventsError
from comaker.measure.measuring import open_log

MODEL = load("my-major-company")


def seen(**others: Any) -> dict[str, Any]:
    return {"kind": "seen", "task": "stake", "customer": 1, "subject": 1, **others}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"at": None}, "no time (at)"),
        ({"at": -1}, "a time before 1970 or after 2099"),
        ({"at": 5_000_000_000_000_000}, "a time before 1970 or after 2099"),
        ({"kind": "looked"}, "a kind that is none of the event table"),
        ({"kind": None}, "no kind"),
        ({"task": "juggle"}, "a task that the model does not declare"),
        ({"seconds": -1}, f"seconds is below zero, or {2**53:,} and more"),
        ({"money_minor": 2**60}, f"money_minor is below zero, or {2**53:,} and more"),
        ({"affect": 4}, "affect is not from -3 to 3"),
        ({"conduct": 0}, "conduct is not from 1 to 5"),
        ({"event_id": 1}, "the same event again (run and event_id)"),
        ({"event_id": None}, "no event_id"),
    ],
)
@pytest.mark.parametrize("on_disk", [False, True])
def test_it_counts_a_row_that_cannot_be_measured(
    row: dict[str, Any], reason: str, on_disk: bool, tmp_path: Path
) -> None:
    table: Any = log_of([seen(), seen(), seen(**row)])
    if on_disk:
        pq.write_table(table, tmp_path / "events.parquet")
        table = tmp_path / "events.parquet"
    cleaned = open_log(table, MODEL).cleaned
    assert cleaned.dropped == {reason: 1}
    assert cleaned.rows == 3
    assert cleaned.events.count().to_pyarrow().as_py() == 2


def test_a_row_with_two_mistakes_is_counted_once() -> None:
    cleaned = open_log(log_of([seen(), seen(kind="looked", seconds=-1)]), MODEL).cleaned
    assert sum(cleaned.dropped.values()) == 1


def test_a_clean_log_loses_nothing() -> None:
    cleaned = open_log(log_of([seen(), seen(customer=2)]), MODEL).cleaned
    assert (cleaned.rows, cleaned.dropped, cleaned.runs, cleaned.simulated) == (2, {}, 1, False)
    assert cleaned.from_us == START_US + 60_000_000


def test_rows_whose_time_goes_backwards_are_counted_and_kept() -> None:
    cleaned = open_log(log_of([seen(at=START_US + 9), seen(at=START_US)]), MODEL).cleaned
    assert (cleaned.backwards, cleaned.dropped) == (1, {})


def test_times_of_other_zones_are_the_instants_they_name() -> None:
    table = log_of([seen(), seen()])
    at = table["at"].cast(pa.timestamp("us", tz="America/New_York"))
    moved = table.set_column(table.schema.get_field_index("at"), "at", at)
    assert open_log(moved, MODEL).cleaned.from_us == open_log(table, MODEL).cleaned.from_us


def test_times_without_a_zone_are_refused() -> None:
    table = log_of([seen()])
    moved = table.set_column(1, "at", table["at"].cast(pa.timestamp("us")))
    with pytest.raises(EventsError, match="column at: its times have no zone"):
        measure(moved, MODEL)


def test_every_column_at_fault_is_named_at_once() -> None:
    table = pa.table({"event_id": [1], "when": ["yesterday"], "run": ["a"], "knd": ["seen"]})
    with pytest.raises(EventsError) as refused:
        measure(table, MODEL)
    message = str(refused.value)
    for part in ("column at is missing", "column kind is missing", "column run: its type is string", "knd"):
        assert part in message


def test_real_and_simulated_rows_are_never_measured_together() -> None:
    with pytest.raises(EventsError, match="never measured together"):
        measure(log_of([seen(), seen(run=1)]), MODEL)


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(EventsError, match="empty: there is nothing to measure"):
        measure(log_of([seen()]).slice(0, 0), MODEL)


def test_a_table_of_which_nothing_is_left_says_why() -> None:
    with pytest.raises(EventsError, match="none of the 1 events can be measured: 1 × a kind"):
        measure(log_of([seen(kind="looked")]), MODEL)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(log_of([seen()]), path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(EventsError, match="cannot be read as an event table"):
        measure(path, MODEL)


def test_a_folder_of_an_export_is_one_table(tmp_path: Path) -> None:
    table = log_of([seen(), seen(), seen()])
    pq.write_table(table.slice(0, 2), tmp_path / "events-1.parquet")
    pq.write_table(table.slice(2), tmp_path / "events-2.parquet")
    assert open_log(tmp_path, MODEL).cleaned.rows == 3


def test_a_missing_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match="no such file"):
        measure(tmp_path / "none.parquet", MODEL)
    with pytest.raises(EventsError, match="holds no Parquet file"):
        measure(tmp_path, MODEL)
