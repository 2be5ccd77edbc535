"""Published numbers come out of the same data; where the data are absent the tests say so."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

from targets import INFORMATION, Absent, Row, need, rows_of, topics  # noqa: E402 - it stands beside the tests

FOLDERS = {
    "customer_survey": "customer_survey",
    "diffusion": "networks",
    "fundraising": "crowdfunding",
    "idea_votes": "idea_votes",
    "imported": "service_logs",
    "incentive_email": "incentive_email",
    "paper": "",
    "repeat_purchase": "repeat_purchase",
    "self_service": "service_logs",
    "votes_on_budgets": "budget_votes",
}
"""Where the data of each topic are."""

PROMISED = {
    "Hillstrom's visits": ("incentive_email", "mean visit", 0.14678),
    "Hillstrom's sales": ("incentive_email", "mean conversion", 0.00903),
    "Hillstrom's spending": ("incentive_email", "mean spend", 1.05091),
    "Warsaw": ("votes_on_budgets", "Warsaw 2023 and 2024: districts where greedy", 36),
    "Świecie's winners": ("votes_on_budgets", "Świecie 2023, equal shares: winners", 17),
    "Świecie's excluded project": ("votes_on_budgets", "Świecie 2023: projects excluded", 1),
    "Świecie's spending": ("votes_on_budgets", "Świecie 2023, equal shares: PLN", 1_040_337),
    "Assen's winners": ("votes_on_budgets", "Assen 2024, equal shares: winners", 9),
    "Assen's spending": ("votes_on_budgets", "Assen 2024, equal shares: EUR", 76_700),
    "recounted votes": ("votes_on_budgets", "approval files whose votes", 101),
    "doctors": ("diffusion", "doctors who adopt", 109),
    "traders": ("imported", "Bitcoin OTC: traders", 5_881),
    "ratings": ("imported", "Bitcoin OTC: ratings", 35_592),
    "loan applications": ("imported", "loan applications: cases", 13_087),
    "loans granted": ("imported", "loan applications: cases with approve", 2_246),
    "loans declined": ("imported", "loan applications: cases with decline", 7_635),
    "loans cancelled": ("imported", "loan applications: cases with cancel", 2_807),
    "tickets": ("imported", "help desk: tickets", 4_580),
    "vTaiwan's voters": ("idea_votes", "vtaiwan.uberx by its map: voters", 1_921),
    "JustGiving's pages": ("fundraising", "pages in GBP, never cut off", 825),
    "JustGiving's sums": ("fundraising", "of these within 1 % of the highest total", 100.0),
    "permits by internet": ("self_service", "permit desk: cases, online", 1_250),
    "the mean stake on Grégoire": ("paper", "Grégoire: mean stake, EUR", 201.73),
    "699 producers": ("paper", "producers that one full stake replaces", 699),
}
"""What the project promises to reproduce: topic, how its target begins, and the published number."""


@functools.cache
def rows(topic: str, data: Path) -> tuple[Row, ...]:
    return tuple(rows_of(topic, data))


@pytest.fixture
def found(shared_data: Callable[[str], Path]) -> Callable[[str], tuple[Row, ...]]:
    return lambda topic: rows(topic, shared_data(FOLDERS[topic]).parent if FOLDERS[topic] else Path())


def test_every_topic_is_tried_here() -> None:
    assert set(topics()) == set(FOLDERS)


@pytest.mark.parametrize("topic", sorted(FOLDERS))
def test_no_published_number_is_missed(topic: str, found: Callable[[str], tuple[Row, ...]]) -> None:
    verdicts = {row.target: row.verdict for row in found(topic)}
    assert "met" in verdicts.values()
    assert [target for target, verdict in verdicts.items() if verdict == "missed"] == []


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_a_promised_number_is_among_them(name: str, found: Callable[[str], tuple[Row, ...]]) -> None:
    topic, begins, published = PROMISED[name]
    row = next(row for row in found(topic) if row.target.startswith(begins))
    assert (row.published, row.verdict) == (published, "met")


def test_the_visits_that_an_e_mail_brings_are_given_with_their_interval(
    found: Callable[[str], tuple[Row, ...]],
) -> None:
    ours = {row.target: row.ours for row in found("incentive_email")}
    assert ours["visit, mens e-mail less none"] == "0.0766 [0.0700, 0.0832]"
    assert ours["visit, womens e-mail less none"] == "0.0452 [0.0389, 0.0516]"


def test_self_service_is_compared_as_far_as_the_log_tells_and_no_further(
    found: Callable[[str], tuple[Row, ...]],
) -> None:
    ours = {row.target: row for row in found("self_service")}
    assert ours["permit desk: days from application to last step: median"].ours == "-4.9 [-7.24, -2.07]"
    assert all("association" in row.source for row in ours.values() if "[" in str(row.ours))
    assert ours["permit desk: staff minutes a case, internet less desk"].ours == "not identified"


@pytest.mark.parametrize(
    ("published", "ours", "tolerance", "verdict"),
    [
        (36, 36, 0, "met"),
        (36, 35, 0, "missed"),
        (0.5, 0.504, 0.005, "met"),
        (0.5, 0.506, 0.005, "missed"),
        ("more than 5", "more than 5", 0, "met"),
        ("more than 5", "4.9", 0, "missed"),
        (1.0, float("nan"), 0.1, "missed"),
        ("", 3, INFORMATION, "information"),
    ],
)
def test_a_verdict_follows_from_the_tolerance(
    published: float | str, ours: float | str, tolerance: float, verdict: str
) -> None:
    assert Row("x", published, ours, tolerance, "").verdict == verdict


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Absent, match=r"votes\.csv\.gz: no such file"):
        need(tmp_path / "votes.csv.gz")
    with pytest.raises(Absent, match=r"hillstrom\.csv\.gz: no such file"):
        list(rows_of("incentive_email", tmp_path))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere"], "nowhere: no such folder"),
        (["--data", ".", "--only", "klingon"], "no topic of that name; there are customer_survey"),
        (["--data", ".", "--only", "incentive"], "hillstrom.csv.gz: no such file"),
    ],
)
def test_the_command_says_what_it_lacks(arguments: list[str], said: str, tmp_path: Path) -> None:
    command = [sys.executable, str(BENCH / "published.py"), *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
