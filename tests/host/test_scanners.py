"""What scanners find: nothing that was not looked at, and nothing at all in the settings of production."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What was looked at: bandit's number, where, and why it is right there. Whatever else it finds is a failure.
ACCEPTED = [
    ("B101", "*", "an assertion says what the types cannot; nothing is safe only because of one"),
    ("B104", "host/serving.py", "names of all addresses, to say which one a browser opens"),
    ("B105", "host/access.py", "the name of a rule, no password"),
    ("B105", "host/demo/stage.py", "the password of the demonstration's log-ins is printed for everybody"),
    ("B106", "host/demo/stage.py", "an account that nobody can log in to has no password at all"),
    ("B311", "host/demo/*", "invents tunes and covers of a demonstration"),
    ("B314", "charts/alone.py", "reads a drawing that this program has just made"),
    ("B314", "report/drawing.py", "reads a drawing that this program has just made"),
    ("B405", "charts/alone.py", "the same"),
    ("B405", "charts/canvas.py", "writes drawings, reads none"),
    ("B405", "report/drawing.py", "the same"),
    ("B301", "host/gateway/wire.py", "from processes of this program alone, through a folder of its owner"),
    ("B403", "host/gateway/wire.py", "the same"),
    ("B404", "host/databases.py", "PostgreSQL's own programs make and read dumps"),
    ("B603", "host/databases.py", "a list of words, none from a request, and no shell"),
    ("B607", "host/databases.py", "found on PATH, as every other program of the operator"),
    ("B608", "host/databases.py", "names of tables as the database itself gives them"),
    ("B608", "host/writer/*.py", "tables and columns are constants there; every value is a parameter"),
    (
        "B608",
        "ingest/*.py",
        "every text is quoted, and the engine works on files of the operator",
    ),
    ("B610", "host/pages/reading.py", "a constant, so that a partial index serves"),
]


def is_accepted(number: str, place: str) -> bool:
    return any(number == each and fnmatch(place, where) for each, where, _ in ACCEPTED)


def findings(folder: Path) -> list[tuple[str, str, int, str]]:
    """What bandit finds of any weight, by its number and place."""
    pytest.importorskip("bandit", reason="bandit comes in the extra `dev`")
    ran = subprocess.run(
        [sys.executable, "-m", "bandit", "-q", "-r", str(folder), "-f", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(ran.stdout)
    assert not told["errors"], told["errors"]
    return [
        (
            each["test_id"],
            str(Path(each["filename"]).relative_to(folder)),
            each["line_number"],
            each["issue_text"],
        )
        for each in told["results"]
    ]


def test_bandit_finds_nothing_that_was_not_looked_at() -> None:
    found = findings(ROOT / "src" / "comaker")
    new = [each for each in found if not is_accepted(each[0], each[1])]
    assert not new, "\n".join(map(str, new))


def test_bandit_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import subprocess\nsubprocess.run(input(), shell=True)\n")
    assert [each for each in findings(tmp_path) if not is_accepted(each[0], each[1])]


def checked(**told: str) -> subprocess.CompletedProcess[str]:
    """Django's check of settings for production, with environment variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COMAKER_")}
    return subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        env={
            **kept,
            "PYTHONPATH": str(ROOT / "src"),
            "DJANGO_SETTINGS_MODULE": "comaker.host.settings",
            "COMAKER_SECRET_KEY": "0Zq8r2Lw-" * 8,
            "COMAKER_HOSTS": "label.example.org",
            **told,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_settings_of_production_are_ready_to_be_deployed(tmp_path: Path) -> None:
    ran = checked(
        COMAKER_DATA=str(tmp_path), COMAKER_PRODUCTION="1", COMAKER_MAIL="smtps://me:secret@mail.example.org"
    )
    assert ran.returncode == 0, ran.stderr
    assert "no issues" in ran.stdout


def test_the_check_would_complain_of_the_settings_of_ones_own_machine(tmp_path: Path) -> None:
    ran = checked(COMAKER_DATA=str(tmp_path))
    assert ran.returncode == 1
    assert "security.W" in ran.stderr


def test_every_test_that_the_threat_model_names_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", page)
    assert len(named) > 30
    here = Path(__file__).parent
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (here / file).exists() or (name and f"def {name}(" not in (here / file).read_text("utf-8"))
    ]
    assert not missing, missing
