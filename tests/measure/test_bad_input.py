"""Bad input ends in a clear message or in an honest report: no traceback, no NaN, no row lost in silence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.measure.logs import START_US, log_of
from typer.testing import CliRunner, Result

from comaker import load
from comaker.cli import app
from comaker.measure.measuring import open_log

MODEL = "my-major-company"
LOADED = load(MODEL)
HOUR_US = 3_600_000_000


def row(kind: str, customer: int | None = 1, **others: Any) -> dict[str, Any]:
    return {"kind": kind, "customer": customer, "task": "stake", "subject": 1, **others}


def ordinary(customers: int = 12) -> list[dict[str, Any]]:
    """A log in which a few customers look and stake, each on two days."""
    rows: list[dict[str, Any]] = [row("opened", None)]
    for day in range(2):
        for customer in range(1, customers + 1):
            at = START_US + (24 * day + customer) * HOUR_US
            shown = json.dumps({"producers": customer, "collected_shares": customer, "goal_shares": 70_000})
            rows.append(row("seen", customer, at=at, shown=shown))
            rows.append(row("done", customer, at=at + 1, quantity=2, money_minor=2000, seconds=60))
    return rows


def typed(name: str, kind: pa.DataType, **options: Any) -> pa.Table:
    table = log_of(ordinary())
    return table.set_column(table.schema.get_field_index(name), name, table[name].cast(kind, **options))


def same(name: str, value: Any, kind: pa.DataType) -> pa.Table:
    table = log_of(ordinary())
    column = pa.array([value] * table.num_rows, kind)
    return table.set_column(table.schema.get_field_index(name), name, column)


def run(events: Path, *args: str | Path, model: str | Path = MODEL) -> Result:
    result = CliRunner().invoke(app, ["measure", str(events), "--model", str(model), *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    return result


def reported(events: Path, out: Path, model: str | Path = MODEL) -> dict[str, Any]:
    """The result of a measurement, after a look at everything that it says and writes."""
    result = run(events, "--json", "--out", out, model=model)
    assert result.exit_code == 0, result.stderr
    text = (out / "result.json").read_text("utf-8")
    page = re.sub(r"<style.*?</style>", "", (out / "index.html").read_text("utf-8"), flags=re.DOTALL)
    for missing in ("NaN", "Infinity", "<NA>", "NaT"):
        assert missing not in text
        assert missing not in page
    assert not re.search(r">\s*(nan|None|inf)\s*<", page)
    found: dict[str, Any] = json.loads(text)
    for section in found["sections"].values():
        for figure in section["figures"]:
            assert (figure["value"] is None) == (figure["basis"] == "not identified") == bool(figure["needs"])
            if figure["basis"] == "estimate":
                assert figure["low"] <= figure["value"] <= figure["high"], figure["name"]
    left_out = sum(found["dropped"].values())
    assert ("rows that cannot be measured" in page) == bool(left_out)
    return found


BAD_SHOWN = (
    *("{", "[]", "null", "5", '{"technique": 3}', '{"producers": "many"}', '{"producers": -5}'),
    *('{"producers": 1e400, "collected_shares": 5, "goal_shares": 0}', '{"scale": 3, "threat": true}'),
    *('{"scale": "clarity", "item": "a", "lowest": 7, "highest": 7}', '{"scale": "clarity", "lowest": "a"}'),
)

TYPED: dict[str, Callable[[], pa.Table]] = {
    "times in nanoseconds": lambda: typed("at", pa.timestamp("ns", tz="UTC")),
    "times in seconds": lambda: typed("at", pa.timestamp("s", tz="UTC"), safe=False),
    "times of another zone": lambda: typed("at", pa.timestamp("us", tz="America/New_York")),
    "short ids": lambda: typed("event_id", pa.int32()),
    "unsigned ids": lambda: typed("customer", pa.uint64()),
    "long words": lambda: typed("kind", pa.large_string()),
    "viewed words": lambda: typed("shown", pa.string_view()),
}


@pytest.mark.parametrize("name", TYPED)
def test_columns_of_other_types_that_say_the_same_are_read(name: str, tmp_path: Path) -> None:
    pq.write_table(TYPED[name](), tmp_path / "events.parquet")
    cleaned, usual = (
        open_log(each, LOADED).cleaned for each in (tmp_path / "events.parquet", log_of(ordinary()))
    )
    assert cleaned.dropped == {}
    assert cleaned.from_us == usual.from_us
    assert cleaned.events.count().to_pyarrow().as_py() == usual.rows


ODD: dict[str, Callable[[], pa.Table]] = {
    "no optional column": lambda: log_of(ordinary()).select(["event_id", "at", "run", "kind"]),
    "no customer": lambda: log_of([{**each, "customer": None} for each in ordinary()]),
    "one row": lambda: log_of([row("seen")]),
    "one customer": lambda: log_of(ordinary(1)),
    "one instant": lambda: log_of([{**each, "at": START_US} for each in ordinary()]),
    "all refused": lambda: log_of([row("refused", n % 7, refusal="over_cap", quantity=1) for n in range(40)]),
    "absurd amounts": lambda: log_of(
        [row("done", n % 5, seconds=2**52, money_minor=2**50) for n in range(9)]
    ),
    "the largest ids": lambda: log_of([row("done", 2**63 - 1 - n, event_id=2**62 + n) for n in range(9)]),
    "a century": lambda: log_of([row("joined", at=1), row("done", at=4_102_000_000_000_000, money_minor=5)]),
    "strange words": lambda: log_of([row("done", arm="<script>", role="\x00é", performer="robot")] * 9),
    "what was shown is nonsense": lambda: log_of(
        [row(("seen", "surveyed", "paid")[n % 3], n % 9, shown=BAD_SHOWN[n % 11]) for n in range(99)]
    ),
    "only people who join": lambda: log_of([row("joined", n % 3) for n in range(9)]),
    "only answers": lambda: log_of([row("surveyed", n % 3, quantity=3) for n in range(9)]),
    "only payments": lambda: log_of([row("paid", n % 3, money_minor=9) for n in range(9)]),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_log_is_measured_without_a_row_lost(name: str, tmp_path: Path) -> None:
    table = ODD[name]()
    pq.write_table(table, tmp_path / "events.parquet")
    found = reported(tmp_path / "events.parquet", tmp_path / "out")
    assert (found["rows"], found["dropped"]) == (table.num_rows, {})


REFUSED: dict[str, tuple[Callable[[], pa.Table], str]] = {
    "another table": (lambda: pa.table({"a": [1]}), "column event_id is missing"),
    "a renamed column": (lambda: log_of(ordinary()).rename_columns({"at": "when"}), "column at is missing"),
    "one column more": (lambda: log_of(ordinary()).append_column("x", [[1] * 49]), "column x is none of"),
    "ids with fractions": (lambda: typed("customer", pa.float64()), "whole numbers are needed"),
    "no row": (lambda: log_of(ordinary()).slice(0, 0), "empty: there is nothing to measure"),
    "no event_id": (lambda: same("event_id", None, pa.int64()), "49 × no event_id"),
    "ids beyond 63 bits": (lambda: same("customer", 2**64 - 1, pa.uint64()), "customer is too large"),
    "runs beyond 31 bits": (lambda: same("run", 2**40, pa.int64()), "run is too large"),
    "runs below zero": (lambda: same("run", -1, pa.int32()), "run is below zero"),
    "sums beyond 64 bits": (
        lambda: log_of([row("done", n % 5, money_minor=2**53) for n in range(1200)]),
        "does not fit into 64 bits",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_log_of_which_nothing_can_be_measured_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    make, reason = REFUSED[name]
    pq.write_table(make(), tmp_path / "events.parquet")
    result = run(tmp_path / "events.parquet", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert reason in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"at,kind\n2020-01-01,seen\n", "comaker import makes an event table of a CSV file"),
        (b"PAR1 and then nothing", "it is cut off or damaged"),
    ],
)
def test_a_file_that_is_no_parquet_is_refused_in_words(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "events.parquet").write_bytes(content)
    result = run(tmp_path / "events.parquet")
    assert result.exit_code == 1
    assert reason in result.stderr


def test_a_file_damaged_inside_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(log_of(ordinary()), path)
    content = bytearray(path.read_bytes())
    content[4:2000] = bytes(each ^ 0xFF for each in content[4:2000])
    path.write_bytes(content)
    result = run(path)
    assert result.exit_code == 1
    assert "could not be read to its end" in result.stderr


def test_a_folder_may_hold_other_files_and_files_that_lack_optional_columns(tmp_path: Path) -> None:
    table = log_of(ordinary())
    folder = tmp_path / "export"
    folder.mkdir()
    pq.write_table(table.slice(0, 20), folder / "a.parquet")
    pq.write_table(
        table.slice(20).select(["kind", "at", "event_id", "run", "customer"]), folder / "b.parquet"
    )
    (folder / "README.txt").write_text("an export")
    assert reported(folder, tmp_path / "out")["rows"] == table.num_rows


def test_rows_out_of_order_are_measured_and_shown(tmp_path: Path) -> None:
    rows = ordinary()
    pq.write_table(log_of([*rows[25:], *rows[:25]]), tmp_path / "events.parquet")
    found = reported(tmp_path / "events.parquet", tmp_path / "out")
    assert found["backwards"] == 1
    assert "1 rows are earlier than the row above" in (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "Out of order: 1 rows" in run(tmp_path / "events.parquet").stdout


def test_dropped_rows_are_shown_with_their_reasons(tmp_path: Path) -> None:
    pq.write_table(log_of([*ordinary(), row("seen", task="juggle"), row("danced")]), tmp_path / "e.parquet")
    found = reported(tmp_path / "e.parquet", tmp_path / "out")
    assert sum(found["dropped"].values()) == 2
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert all(reason in page for reason in found["dropped"])


def test_a_model_without_a_task_and_a_log_without_money_tell_no_money(tmp_path: Path) -> None:
    model = tmp_path / "bare.toml"
    model.write_text('name = "Bare"\nslogan = "Nothing yet"\ncurrency = "EUR"\nlaunched = 2008-01-01\n')
    pq.write_table(log_of([row("joined", n, task=None) for n in range(9)]), tmp_path / "events.parquet")
    figures = reported(tmp_path / "events.parquet", tmp_path / "out", model)["sections"]["rcov"]["figures"]
    assert {each["name"]: each["value"] for each in figures} == dict.fromkeys(
        ("revenues", "costs", "margin", "recorded_margin")
    )
