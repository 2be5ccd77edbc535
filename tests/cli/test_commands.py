"""The command line as people and programs meet it: what is printed, where, and with which exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from comaker.cli import app
from comaker.model import gallery_text

MMC = "my-major-company"
CAP = "task.stake.terms.cap=1000.00"
SMALL = ["--customers", "600", "--weeks", "20", "--runs", "3"]

NUMBER = {"type": ["number", "null"]}


def numbers(*names: str) -> dict[str, Any]:
    properties = dict.fromkeys(names, NUMBER)
    return {"type": "object", "properties": properties, "required": [*names], "additionalProperties": False}


METRIC = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z_]+$"},
        "unit": {"type": "string"},
        "n": {"type": "integer", "minimum": 0},
        "now": numbers("median", "low", "high"),
        "changed": numbers("median", "low", "high"),
        "difference": numbers("mean", "low", "high"),
    },
    "required": ["name", "unit", "n", "now", "changed", "difference"],
    "additionalProperties": False,
}
COMPARISON = {
    "type": "object",
    "properties": {
        "model": {"type": "string"},
        "changes": {"type": "object", "minProperties": 1},
        **{name: {"type": "integer"} for name in ("runs", "customers", "weeks", "seed")},
        "metrics": {"type": "array", "minItems": 7, "items": METRIC},
    },
    "required": ["model", "changes", "runs", "customers", "weeks", "seed", "metrics"],
    "additionalProperties": False,
}
PROMISED = (
    "producers_per_project",
    "weeks_to_fund",
    "promotion_cost",
    "largest_stake",
    "gini",
    "speculators_share",
    "margin",
)


def run(*args: str) -> Result:
    return CliRunner().invoke(app, list(args))


def refused(*args: str) -> str:
    """What is said on standard error when the input is refused: nothing goes to standard output."""
    result = run(*args)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def test_compare_prints_exactly_the_json_that_is_promised() -> None:
    result = run("compare", MMC, "--change", CAP, "--without-amendments", *SMALL, "--seed", "3", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    jsonschema.validate(found, COMPARISON)
    assert found["changes"] == {"task.stake.terms.cap": "1000.00"}
    assert (found["runs"], found["customers"], found["weeks"], found["seed"]) == (3, 600, 20, 3)
    assert set(PROMISED) <= {metric["name"] for metric in found["metrics"]}
    assert result.stderr == ""


def test_the_number_of_threads_changes_nothing() -> None:
    one, two = (run("simulate", MMC, *SMALL, "--threads", threads, "--json").stdout for threads in "12")
    assert one == two != ""


def test_a_change_that_an_amendment_ends_is_announced() -> None:
    done = run("compare", MMC, "--change", "task.stake.terms.cap=500.00", *SMALL)
    assert done.exit_code == 0, done.output
    assert "task.stake.terms.cap: the change holds until 2008-05-22" in done.stderr
    assert "holds until" not in run("compare", MMC, "--change", CAP, "--without-amendments", *SMALL).stderr


def test_compare_prints_a_headline_and_a_table_with_units_and_intervals() -> None:
    result = run("compare", MMC, "--change", CAP, *SMALL)
    assert result.exit_code == 0, result.stderr
    said = result.stdout.replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("With the cap at EUR 1,000.00 (task.stake.terms.cap), ")
    assert "Simulated: 3 paired runs of 600 customers over 20 weeks" in result.stdout
    assert "difference (95 % interval)" in result.stdout
    assert "EUR" in result.stdout


def test_a_narrow_terminal_breaks_no_word_and_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = run("simulate", MMC, *SMALL).stdout
    monkeypatch.setattr("comaker.cli.output._PLAIN_WIDTH", 60)
    narrow = run("simulate", MMC, *SMALL).stdout
    assert max(map(len, narrow.splitlines()[3:])) <= 60 < max(map(len, wide.splitlines()[3:]))
    words, broken = ({word.strip("─:") for word in said.split()} - {""} for said in (wide, narrow))
    assert broken == words - {"metric"}
    compared = run("compare", MMC, "--change", CAP, *SMALL).stdout
    assert "\n  difference (95 % interval): not identified\n" in compared


def test_compare_writes_a_report_and_says_where(tmp_path: Path) -> None:
    out = tmp_path / "report"
    result = run("compare", MMC, "--change", CAP, "--without-amendments", *SMALL, "--out", str(out))
    assert result.exit_code == 0, result.stderr
    assert str(out / "index.html") in result.stdout
    page = (out / "index.html").read_text("utf-8")
    assert f"comaker compare {MMC} --change {CAP} --without-amendments --customers 600" in page


def test_simulate_prints_what_its_runs_came_to_and_writes_every_event(tmp_path: Path) -> None:
    from comaker import events

    path = tmp_path / "events.parquet"
    result = run(
        "simulate", MMC, "--change", "task.stake.terms.cap=20.00", *SMALL, "--events", str(path), "--json"
    )
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found) == {"model", "hash", "runs", "customers", "weeks", "seed", "metrics"}
    assert set(found["metrics"][0]) == {"name", "unit", "n", "median", "low", "high"}
    assert set(events.read(path)["run"].unique().to_pylist()) == {1, 2, 3}


def test_check_says_that_a_model_is_valid_and_which_terms_it_has_when() -> None:
    result = run("check", MMC)
    assert result.exit_code == 0
    assert "My Major Company is a valid model" in result.stdout
    assert "2008-05-22" in result.stdout
    facts = json.loads(run("check", MMC, "--json").stdout)
    assert facts["valid"]
    assert [each["in_force"] for each in facts["model"]["versions"]][:2] == ["2007-12-01", "2008-05-22"]


def test_check_names_every_mistake_at_once_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = gallery_text(MMC).replace('slogan = "', 'slogann = "').replace('goal = "70000.00"', 'goal = "-1"')
    path.write_text(text, encoding="utf-8")
    said = refused("check", str(path))
    lines = text.splitlines()
    for key in ("slogann", "goal = "):
        line = next(number for number, line in enumerate(lines, 1) if line.startswith(key))
        assert f"{path}:{line}:" in said
    assert "slogan" in said
    result = run("check", str(path), "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert not found["valid"]
    assert len(found["problems"]) == len(said.splitlines()) >= 2
    assert set(found["problems"][0]) == {"file", "line", "key", "value", "message"}


def test_an_unknown_change_is_refused_with_what_was_meant() -> None:
    said = refused("compare", MMC, "--change", "task.stake.terms.capp=1", *SMALL)
    assert "task.stake.terms.capp" in said
    assert "did you mean" in said


def test_an_unknown_model_is_refused() -> None:
    assert "my-minor-company" in refused("simulate", "my-minor-company")


@pytest.mark.parametrize(
    ("option", "value"),
    [("runs", 0), ("weeks", -1), ("customers", 10**12), ("seed", -1), ("seed", 2**64)],
)
@pytest.mark.parametrize("command", [["simulate", MMC], ["compare", MMC, "--change", CAP]])
def test_a_size_that_cannot_be_simulated_is_refused_with_what_can(
    command: list[str], option: str, value: int
) -> None:
    said = refused(*command, f"--{option}", str(value))
    assert said.startswith(f"{option} is {value}: give a whole number from ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("wrong", [["--threads", "0"], ["--runs", "many"], ["--nonsense", "1"]])
def test_a_mistake_of_usage_has_a_status_of_its_own(wrong: list[str]) -> None:
    result = run("compare", MMC, "--change", CAP, *wrong)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert wrong[0] in result.stderr
    assert result.stderr.count("Error") == 1


def test_another_currency_is_not_compared() -> None:
    said = refused("compare", MMC, "--change", "currency=GBP", *SMALL)
    assert said.startswith("currency: amounts of different currencies cannot be compared")


def test_compare_wants_a_change() -> None:
    result = run("compare", MMC)
    assert result.exit_code == 2
    assert "--change KEY=VALUE" in result.stderr


def test_a_report_is_refused_before_the_long_run_not_after_it(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    # More than could be run within the test: only an early refusal answers.
    said = refused("simulate", MMC, "--customers", "10000000", "--out", str(tmp_path))
    assert "holds other files than a report" in said


def test_events_are_refused_before_the_long_run_not_after_it(tmp_path: Path) -> None:
    said = refused(
        "simulate", MMC, "--customers", "10000000", "--events", str(tmp_path / "none" / "e.parquet")
    )
    assert "does not exist" in said


def test_events_are_never_written_over_the_model(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(gallery_text(MMC), encoding="utf-8")
    assert "would be lost" in refused("simulate", str(mine), *SMALL, "--events", str(mine))
    assert mine.read_text(encoding="utf-8") == gallery_text(MMC)


def test_the_gallery_is_listed_shown_and_copied(tmp_path: Path) -> None:
    assert MMC in run("gallery").stdout
    assert MMC in [each["key"] for each in json.loads(run("gallery", "list", "--json").stdout)["models"]]
    assert run("gallery", "show", MMC).stdout == gallery_text(MMC)
    target = tmp_path / "mine.toml"
    assert run("gallery", "copy", MMC, str(target)).exit_code == 0
    assert target.read_text("utf-8") == gallery_text(MMC)


def test_a_copy_never_overwrites(tmp_path: Path) -> None:
    target = tmp_path / "mine.toml"
    target.write_text("mine")
    assert "was left alone" in refused("gallery", "copy", MMC, str(target))
    assert target.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_a_wrong_gallery_name_is_answered_with_a_near_one() -> None:
    assert "my-major-company" in refused("gallery", "show", "my-major-compny")


def test_the_schema_is_a_json_schema_of_models() -> None:
    schema = json.loads(run("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "currency" in schema["required"]


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["check"],
        ["schema"],
        ["simulate"],
        ["compare"],
        ["import"],
        ["replay"],
        ["host"],
        ["staff"],
        ["staff", "add"],
        ["demo"],
        ["backup"],
        ["restore"],
        ["audit"],
        ["export"],
        ["gallery"],
        ["gallery", "copy"],
    ],
    ids=" ".join,
)
def test_every_help_teaches_with_an_example(command: list[str]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert f"  comaker {' '.join(command)}".rstrip() in result.stdout


def comaker(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from comaker.cli import main; main()", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def test_help_and_version_load_nothing_heavy() -> None:
    heavy = ("numba", "pandas", "altair", "pyarrow", "duckdb", "rich", "django")
    code = (
        "import sys\nfrom comaker.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    for option in ("--help", "--version"):
        done = subprocess.run(
            [sys.executable, "-c", code, option], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("command", "missing", "extra"),
    [
        (["simulate", MMC], "pandas", "simulate"),
        (["host", MMC], "django", "host"),
        (["audit"], "django", "host"),
        (["backup", "x.zip"], "django", "host"),
        (["demo"], "granian", "host"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_a_missing_extra_is_named_in_one_message(
    command: list[str], missing: str, extra: str, tmp_path: Path
) -> None:
    code = (
        f"import sys\nsys.modules['{missing}'] = None\nfrom comaker.cli import main\n"
        f"sys.argv = ['comaker', *{command}]\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert f"pip install 'comaker[{extra}]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_who_stops_reading_sees_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", "from comaker.cli import main; main()", "gallery", "show", MMC]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writing)
    assert done.stderr == ""


def test_an_interruption_ends_with_130_and_without_a_traceback() -> None:
    code = (
        "import comaker.model as m\ndef stop(*a, **k): raise KeyboardInterrupt\nm.load = stop\n"
        f"import sys; sys.argv = ['comaker', 'check', '{MMC}']\nfrom comaker.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_an_unwritable_place_is_one_message(tmp_path: Path) -> None:
    done = comaker("gallery", "copy", MMC, str(tmp_path / "none" / "mine.toml"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "does not exist: make it first" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("command", [["gallery"], ["gallery", "show", MMC], ["check", MMC]])
def test_a_full_disk_behind_standard_output_is_one_message(command: list[str]) -> None:
    whole = [sys.executable, "-c", "from comaker.cli import main; main()", *command]
    with open("/dev/full", "w") as full:
        done = subprocess.run(whole, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr
