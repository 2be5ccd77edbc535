"""``comaker measure``: what it prints, what it writes, and what it refuses before a long run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from comaker import events
from comaker.cli import app
from comaker.cli.output import refusals

DAY_US = 86_400_000_000
START_US = 1_200_000_000_000_000
MODEL = "my-major-company"


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(app, ["measure", *map(str, args)])


def write(path: Path, **other: Any) -> Path:
    rows = 60
    columns: dict[str, Any] = {
        "event_id": list(range(1, rows + 1)),
        "at": [START_US + each * DAY_US // 4 for each in range(rows)],
        "run": [0] * rows,
        "kind": ["joined", "seen", "done"] * (rows // 3),
        "customer": [each // 3 for each in range(rows)],
        "task": [None, "stake", "stake"] * (rows // 3),
        "subject": [None, 1, 1] * (rows // 3),
        "quantity": [None, None, 2] * (rows // 3),
        "money_minor": [None, None, 2000] * (rows // 3),
    }
    events.write(path, [events.table(columns | other)])
    return path


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("log") / "events.parquet")


@pytest.fixture(scope="module")
def printed(log: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    out = tmp_path_factory.mktemp("report") / "out"
    result = run(log, "--model", MODEL, "--json", "--out", out)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout), out


def test_json_is_all_that_is_printed_and_what_the_report_holds(printed: tuple[dict[str, Any], Path]) -> None:
    found, out = printed
    assert (found["label"], found["rows"], found["customers"]) == ("measured", 60, 20)
    assert found["model"] == "My Major Company"
    written = json.loads((out / "result.json").read_text("utf-8"))
    assert written.pop("comaker_report") == 1
    assert written == found


def test_every_figure_is_known_with_its_n_or_says_what_would_identify_it(
    printed: tuple[dict[str, Any], Path],
) -> None:
    for section in printed[0]["sections"].values():
        for figure in section["figures"]:
            assert figure["estimand"]
            assert (figure["value"] is None) == (figure["basis"] == "not identified") == bool(figure["needs"])
            if figure["basis"] == "estimate":
                assert figure["low"] <= figure["value"] <= figure["high"]


def test_every_figure_is_on_the_page_that_explains_them(printed: tuple[dict[str, Any], Path]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "measure.md").read_text("utf-8")
    for key, section in printed[0]["sections"].items():
        assert f"\n`{key}`: " in page
        missing = {figure["name"] for figure in section["figures"] if f"| `{figure['name']}` |" not in page}
        assert not missing


def test_the_report_says_how_to_repeat_it(log: Path, printed: tuple[dict[str, Any], Path]) -> None:
    page = (printed[1] / "index.html").read_text("utf-8")
    assert f"comaker measure {log} --model {MODEL} --out {printed[1]}" in page
    assert "60 rows of events.parquet" in page


def test_a_person_is_told_the_figures_and_what_is_not_identified(log: Path) -> None:
    result = run(log, "--model", MODEL)
    assert result.exit_code == 0, result.stderr
    assert "60 events of 20 customers were measured." in result.stdout
    assert "Not identified: " in result.stdout
    assert "Simulated" not in result.stdout


def test_simulated_events_are_called_so_and_rows_left_out_are_counted(tmp_path: Path) -> None:
    simulated = write(tmp_path / "events.parquet", run=[1] * 60, task=["stake"] * 59 + ["fishing"])
    result = run(simulated, "--model", MODEL)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("Simulated: 1 run")
    assert "Left out: 1 rows: a task that the model does not declare" in result.stdout


def test_a_bad_place_for_the_report_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    result = run(tmp_path / "no.parquet", "--model", MODEL, "--out", tmp_path / "none" / "out")
    assert result.exit_code == 1
    assert "make it first" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "no-such-model"], "no-such-model"),
        (["--model", MODEL, "--change", "task.stake.terms.capp=1"], "did you mean"),
        (["--model", MODEL, "--memory", "plenty"], "plenty"),
        (["--model", MODEL, "--memory", "1kB"], "memory"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_message(
    log: Path, arguments: list[str], said: str
) -> None:
    result = run(log, *arguments)
    assert result.exit_code == 1, result.stdout
    assert result.stdout == ""
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_is_no_event_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events.parquet").write_text("no Parquet")
    result = run(tmp_path / "events.parquet", "--model", MODEL)
    assert result.exit_code == 1
    assert "cannot be read as an event table" in result.stderr


def test_a_missing_library_names_the_extra_of_this_command(capsys: pytest.CaptureFixture[str]) -> None:
    import typer

    with pytest.raises(typer.Exit), refusals("measure"):
        raise ModuleNotFoundError(name="pandas")
    assert "comaker[measure]" in capsys.readouterr().err
    with pytest.raises(typer.Exit), refusals("measure"):
        raise ModuleNotFoundError(name="pyspark.sql")
    assert "comaker[spark]" in capsys.readouterr().err
