"""Files of votes on a budget are read whole, or refused with every mistake and its line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from comaker.ingest.pabulib import BallotsRefused, read_ballots

GOOD = """META
key;value
num_projects;2
budget;1000.50
vote_type;approval
currency;EUR
PROJECTS
project_id;cost;votes;name;selected
p1;600;2;A bench;1
p2;400.5;1;"A tree; tall";0
VOTES
voter_id;vote;age
1;p1;20
2;p1,p2;31
3;;44
"""


@pytest.fixture
def ballots(tmp_path: Path) -> Path:
    path = tmp_path / "ideas.pb"
    path.write_text(GOOD, encoding="utf-8")
    return path


def refused(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BallotsRefused) as caught:
        read_ballots(path)
    return str(caught.value)


def test_a_file_is_read_with_its_money_in_minor_units(ballots: Path) -> None:
    found = read_ballots(ballots)
    assert found.budget_minor == 100050
    assert [option.cost_minor for option in found.options] == [60000, 40050]
    assert [option.is_chosen for option in found.options] == [True, False]
    assert found.options[1].name == "A tree; tall"
    assert found.ballots == ((0,), (0, 1), ())
    assert found.repeated == ()


def test_a_packed_file_is_the_same(ballots: Path, tmp_path: Path) -> None:
    packed = tmp_path / "ideas.pb.gz"
    packed.write_bytes(gzip.compress(GOOD.encode()))
    assert read_ballots(packed) == read_ballots(ballots)


def test_a_ballot_that_names_an_option_again_counts_once_and_is_told(ballots: Path) -> None:
    ballots.write_text(GOOD.replace("2;p1,p2", "2;p1,p2,p1"), encoding="utf-8")
    found = read_ballots(ballots)
    assert found.ballots[1] == (0, 1)
    assert found.repeated == (0,)


def test_points_belong_to_the_options_named(ballots: Path) -> None:
    text = GOOD.replace("approval", "cumulative").replace("vote;age", "vote;points")
    text = text.replace("1;p1;20", "1;p1;5").replace("p2;31", "p2;2,3").replace("3;;44", "3;;")
    ballots.write_text(text, encoding="utf-8")
    assert read_ballots(ballots).points == ((5,), (2, 3), ())
    assert "one for each project of the vote p1,p2, each named once" in refused(
        ballots, text.replace("2,3", "2")
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("p1,p2;31", "p1,p9;31", '14: vote = "p9": no such project: known here: p1, p2'),
        ("400.5;", "400.555;", '10: cost = "400.555": not an amount of money'),
        ("600;", "-600;", '9: cost = "-600": not an amount of money'),
        ("600;2", "600;two", '9: votes = "two": not a whole number'),
        ("p2;400.5", "p1;400.5", '10: project_id = "p1": the project of line 9 again'),
        ("vote_type;approval", "vote_type;aproval", "did you mean 'approval'?"),
        ("budget;1000.50\n", "", "META names no budget"),
        ("VOTES\n", "", "VOTES: the file has no such section: is it complete?"),
        ("project_id;cost", "project_id;price", "PROJECTS has no such column"),
        ("META\n", "hello\n", "a file of votes begins with the section META"),
        (GOOD, "", "the file is empty"),
        (GOOD, "PK\x03\x04", "a zip archive"),
    ],
)
def test_a_mistake_is_named_with_its_line(ballots: Path, old: str, new: str, said: str) -> None:
    assert said in refused(ballots, GOOD.replace(old, new))


def test_every_mistake_is_named_and_further_ones_counted(ballots: Path) -> None:
    text = GOOD + "".join(f"{voter};p7;30\n" for voter in range(4, 34))
    assert refused(ballots, text).splitlines()[-1] == "… and 10 more of these"


def test_a_damaged_file_is_refused_plainly(tmp_path: Path) -> None:
    packed = tmp_path / "ideas.pb.gz"
    packed.write_bytes(gzip.compress(GOOD.encode())[:60])
    with pytest.raises(BallotsRefused, match="damaged or cut off"):
        read_ballots(packed)
    with pytest.raises(BallotsRefused, match="cannot be read: No such file"):
        read_ballots(tmp_path / "nowhere.pb")
