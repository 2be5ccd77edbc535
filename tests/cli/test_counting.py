"""``comaker count``, as an operator of idea votes meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from comaker.cli import app

IDEAS = """META
key;value
budget;100
vote_type;approval
currency;EUR
PROJECTS
project_id;cost;name;selected
bench;40;A bench;1
tree;40;A tree;1
swing;40;A swing;0
VOTES
voter_id;vote
""" + "".join(f"{voter};{'bench,tree' if voter < 6 else 'swing'}\n" for voter in range(10))


@pytest.fixture
def ideas(tmp_path: Path) -> Path:
    path = tmp_path / "ideas.pb"
    path.write_text(IDEAS, encoding="utf-8")
    return path


def test_the_choice_is_shown_and_compared_with_the_files(ideas: Path) -> None:
    shown = CliRunner().invoke(app, ["count", str(ideas)])
    assert shown.exit_code == 0
    assert "2 chosen by 10 voters: 80.00 of 100.00 spent." in shown.output
    assert "The file states the same choice." in shown.output


def test_equal_shares_leave_a_minority_its_part(ideas: Path) -> None:
    shown = CliRunner().invoke(app, ["count", str(ideas), "--rule", "equal-shares", "--json"])
    found = json.loads(shown.stdout)
    assert [each["id"] for each in found["chosen"]] == ["bench", "swing"]
    assert found["as_stated"] is False
    assert found["spent_minor"] == 8000


def test_what_few_want_and_costs_much_is_left_out_on_demand(ideas: Path) -> None:
    ideas.write_text(
        IDEAS.replace("swing;40", "swing;95").replace("8;swing\n9;swing", "8;\n9;").replace("7;swing", "7;")
    )
    shown = CliRunner().invoke(app, ["count", str(ideas), "--broad-support", "--json"])
    assert json.loads(shown.stdout)["excluded"] == ["swing"]
    assert (
        "want of broad support: swing"
        in CliRunner().invoke(app, ["count", str(ideas), "--broad-support"]).output
    )


def test_points_are_added_up_by_greedy_alone(ideas: Path) -> None:
    ideas.write_text(
        IDEAS.split("VOTES")[0].replace("approval", "cumulative")
        + "VOTES\nvoter_id;vote;points\n1;bench,tree;1,9\n2;swing,bench;3,1\n"
    )
    shown = CliRunner().invoke(app, ["count", str(ideas), "--json"])
    assert [(each["id"], each["score"]) for each in json.loads(shown.stdout)["chosen"]] == [
        ("tree", 9),
        ("swing", 3),
    ]
    refused = CliRunner().invoke(app, ["count", str(ideas), "--rule", "equal-shares"])
    assert refused.exit_code == 1
    assert "vote_type cumulative: equal-shares counts approvals, no other ballots" in refused.output


def test_a_bad_file_is_refused_plainly(ideas: Path) -> None:
    ideas.write_text(IDEAS.replace("0;bench", "0;bank"))
    refused = CliRunner().invoke(app, ["count", str(ideas)])
    assert refused.exit_code == 1
    assert "no such project" in refused.output
