"""Recorded logs on the command line: import one, replay it, refuse what cannot be understood."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from comaker import events
from comaker.cli import app

ROOT = Path(__file__).resolve().parents[2]
JUSTGIVING = ROOT / "docs" / "maps" / "justgiving.toml"
PAGES = str(ROOT / "docs" / "maps" / "justgiving-model.toml")

MAP = """
name = "Gifts"
currency = "GBP"
[format]
decimal = "."
zone = "UTC"
[[log]]
id = "no"
kind = "done"
[log.columns]
at = "when"
subject = "page"
money_minor = "amount"
task = { constant = "stake" }
"""


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rows = [(number, f"2018-05-{number + 1:02} 10:00:00", 7, f"{40 * number}.00") for number in range(1, 9)]
    path = tmp_path / "gifts.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("no", "when", "page", "amount"), *rows])
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    return path


@pytest.fixture
def table(log: Path) -> Path:
    target = log.with_name("gifts.parquet")
    assert run("import", log, "--map", log.with_name("map.toml"), "--out", target).exit_code == 0
    return target


def test_import_says_what_it_read_and_wrote(log: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    result = run("import", log, "--map", tmp_path / "map.toml", "--out", target, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["rows_read"], found["rows_written"], found["left_out"]) == (8, 8, {})
    assert events.read(target).num_rows == 8


def test_import_refuses_a_broken_log_and_leaves_nothing_behind(log: Path, tmp_path: Path) -> None:
    log.write_text(log.read_text("utf-8").replace("120.00", "1.200,00"), encoding="utf-8")
    result = run("import", log, "--map", tmp_path / "map.toml", "--out", tmp_path / "out.parquet")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "gifts.csv:4" in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gifts.csv", "map.toml"]


def test_replay_says_what_each_rule_would_have_refused(table: Path) -> None:
    result = run("replay", table, "--model", PAGES, "--change", "task.stake.terms.cap=100.00", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found) == {"label", "model", "changes", "currency", "now", "changed"}
    assert "mechanical replay" in found["label"]
    assert found["changes"] == {"task.stake.terms.cap": "100.00"}
    assert {each["refusal"]: each["requests"] for each in found["now"]["outcomes"]} == {"none": 8}
    changed = {each["refusal"]: each for each in found["changed"]["outcomes"]}
    # Gifts of 40 and 80 pass a cap of 100, those of 120 to 320 do not.
    assert {reason: each["requests"] for reason, each in changed.items()} == {"none": 2, "over_cap": 6}
    assert changed["over_cap"]["money_minor"] == sum(4000 * number for number in range(3, 9))


def test_replay_without_a_change_shows_one_rule(table: Path) -> None:
    result = run("replay", table, "--model", PAGES)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("Mechanical replay: ")
    assert "changed" not in result.stdout
    assert json.loads(run("replay", table, "--model", PAGES, "--json").stdout)["changed"] is None


def test_replay_refuses_to_compare_currencies(table: Path) -> None:
    result = run("replay", table, "--model", PAGES, "--change", "currency=EUR")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("currency: amounts of different currencies cannot be compared")


def test_the_example_of_the_help_is_replayed(tmp_path: Path) -> None:
    path, mmc = tmp_path / "events.parquet", ["my-major-company", "--without-amendments"]
    size = ["--customers", "600", "--weeks", "20", "--runs", "1"]
    assert run("simulate", *mmc, *size, "--events", path).exit_code == 0
    result = run("replay", path, "--model", *mmc, "--change", "task.stake.terms.cap=500.00")
    assert result.exit_code == 0, result.stderr
    assert run("replay", tmp_path / "none.parquet", "--model", *mmc).stderr.endswith("no such file\n")


def test_replay_writes_a_report_that_calls_itself_a_mechanical_replay(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    change = "task.stake.terms.cap=100.00"
    result = run("replay", table, "--model", PAGES, "--change", change, "--out", out)
    assert result.exit_code == 0, result.stderr
    page = (out / "index.html").read_text("utf-8")
    assert "recorded, mechanical replay" in page
    assert "Recorded, mechanical replay of 8 requests" in page
    assert "the changed rule refuses 6 (75\N{NO-BREAK SPACE}%), worth GBP\N{NO-BREAK SPACE}1,320" in page
    assert {path.name for path in out.iterdir()} == {
        "index.html",
        "metrics.csv",
        "replay.png",
        "replay.svg",
        "result.json",
    }


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.parquet"
    path.write_text("mine")
    result = run("replay", path, "--model", PAGES)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"{path}: cannot be read as an event table" in result.stderr


def test_real_gifts_are_imported_and_replayed_under_a_cap(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    donations = shared_data("crowdfunding") / "justgiving_donations.csv.gz"
    target = tmp_path / "gifts.parquet"
    imported = json.loads(run("import", donations, "--map", JUSTGIVING, "--out", target, "--json").stdout)
    left_out = sum(imported["left_out"].values())
    assert imported["rows_read"] == imported["rows_written"] + left_out
    cap = "task.stake.terms.cap=100.00"
    replayed = json.loads(run("replay", target, "--model", PAGES, "--change", cap, "--json").stdout)
    now, changed = (
        {each["refusal"]: each["requests"] for each in replayed[arm]["outcomes"]}
        for arm in ("now", "changed")
    )
    assert sum(now.values()) == sum(changed.values()) > 5_000
    assert set(now) == {"none"}
    assert set(changed) == {"none", "over_cap"}
    assert 0 < changed["over_cap"] < 0.1 * changed["none"]
