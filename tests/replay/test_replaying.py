"""A replay decides recorded requests again, and says what another rule would have refused."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from comaker import events
from comaker.events import EventsError
from comaker.ledger import LedgerError
from comaker.model import ModelError, load
from comaker.replay import LABEL, ReplayError, replay
from comaker.replay.results import Replayed

MODEL = """
name = "Projects"
slogan = "Together"
currency = "EUR"
launched = 2018-01-01
[offer.part]
kind = "access"
price = "0.00"
[role.holder]
tasks = ["stake"]
[task.stake]
kind = "stake"
stage = "production"
performer = "customer"
[task.stake.terms]
share_price = "10.00"
goal = "1000.00"
cap = "500.00"
"""

START = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

Row = dict[str, Any]
Run = Callable[..., Replayed]


def log(rows: Iterable[Row]) -> pa.Table:
    """An event table; a row gives day, kind, subject and what else it says."""
    filled = [
        {"event_id": number, "run": 0, "subject": 1, "kind": "done", **row}
        for number, row in enumerate(rows, 1)
    ]
    names = dict.fromkeys(name for row in filled for name in row if name != "day")
    columns: dict[str, object] = {name: [row.get(name) for row in filled] for name in names}
    return events.table({**columns, "at": [START + row["day"] * DAY for row in filled]})


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def replayed(rows: Iterable[Row], *changes: str, more: str = "", amendments: bool = True) -> Replayed:
        path = tmp_path / "model.toml"
        path.write_text(MODEL + more, encoding="utf-8")
        return replay(log(rows), path, changes=changes, amendments=amendments)

    return replayed


def amend(key: str, value: str) -> str:
    return f'[[amendment]]\nin_force = 2018-01-11\nwhy = "it was learnt"\nset = {{ "{key}" = "{value}" }}\n'


def decisions(replayed: Replayed) -> list[tuple[str, int, str | None]]:
    table = replayed.events
    return list(zip(*(table[name].to_pylist() for name in ("kind", "quantity", "refusal")), strict=True))


def outcomes(replayed: Replayed) -> dict[str, tuple[int, int]]:
    return {row.refusal: (row.requests, row.money_minor) for row in replayed.outcomes.itertuples()}


def figure(replayed: Replayed, name: str) -> float:
    return float(replayed.summary.set_index("name")["value"][name])


def test_it_refuses_what_goes_over_the_cap_and_counts_what_is_held(run: Run) -> None:
    rows = [{"day": day, "customer": 7, "quantity": 30} for day in (1, 2)]
    replayed = run([*rows, {"day": 3, "customer": 8, "quantity": 30}])
    assert decisions(replayed) == [("done", 30, None), ("refused", 30, "over_cap"), ("done", 30, None)]
    assert outcomes(replayed) == {"none": (2, 60_000), "over_cap": (1, 30_000)}


def test_without_a_customer_each_gift_stands_for_one_of_its_own(run: Run) -> None:
    replayed = run([{"day": day, "quantity": 30} for day in (1, 2)] + [{"day": 3, "quantity": 51}])
    assert [refusal for *_, refusal in decisions(replayed)] == [None, None, "over_cap"]
    assert replayed.projects["collected_minor"].tolist() == [60_000]


def test_money_is_counted_in_shares_and_refused_where_it_is_no_whole_number(run: Run) -> None:
    replayed = run([{"day": 1, "money_minor": 3_000}, {"day": 2, "money_minor": 3_001}])
    assert outcomes(replayed) == {"none": (1, 3_000), "not_whole": (1, 3_001)}
    assert replayed.events["quantity"].to_pylist()[0] == 3


def test_what_was_refused_is_asked_again_and_may_now_be_accepted(run: Run) -> None:
    asked = {"day": 1, "kind": "refused", "refusal": "over_cap", "customer": 7, "quantity": 60}
    assert decisions(run([asked])) == [("refused", 60, "over_cap")]
    replayed = run([asked], "task.stake.terms.cap=600.00")
    assert decisions(replayed) == [("done", 60, None)]
    assert replayed.differences[["recorded", "recomputed"]].values.tolist() == [["over_cap", "none"]]


def test_the_cap_is_the_one_in_force_when_the_request_was_made(run: Run) -> None:
    amendment = amend("task.stake.terms.cap", "100.00")
    rows = [{"day": day, "quantity": 20} for day in (9.99, 10.0)]
    replayed = run(rows, more=amendment)
    assert [refusal for *_, refusal in decisions(replayed)] == [None, "over_cap"]
    assert len(set(replayed.events["model"].to_pylist())) == 2
    assert [refusal for *_, refusal in decisions(run(rows, more=amendment, amendments=False))] == [None, None]


def test_a_project_keeps_the_goal_it_opened_with(run: Run) -> None:
    amendment = amend("task.stake.terms.goal", "2000.00")
    gifts = [{"day": day, "subject": project, "quantity": 50} for day in (12, 13, 14) for project in (1, 2)]
    opened = [{"day": 5, "subject": 1, "kind": "opened"}, {"day": 11, "subject": 2, "kind": "opened"}]
    projects = run([*opened, *gifts], more=amendment).projects.set_index("project")
    assert projects["goal_minor"].tolist() == [100_000, 200_000]
    assert projects["status"].tolist() == ["funded", "open"]


def test_an_opening_that_names_money_has_a_goal_of_its_own(run: Run) -> None:
    opened = {"day": 0, "kind": "opened", "money_minor": 4_000}
    gifts = [
        {"day": 1, "quantity": 3},
        {"day": 2, "quantity": 2},
        {"day": 3, "quantity": 1},
        {"day": 4, "quantity": 1},
    ]
    replayed = run([opened, *gifts])
    assert outcomes(replayed) == {"none": (2, 4_000), "goal_reached": (1, 1_000), "over_goal": (1, 2_000)}
    assert replayed.projects["own_goal"].tolist() == [True]
    assert replayed.projects["days_to_goal"].tolist() == [3.0]
    assert ("funded", 4, None) in decisions(replayed)


def test_a_project_expires_at_its_deadline_not_at_the_next_request(run: Run) -> None:
    rows = [{"day": 0, "kind": "opened"}, {"day": 1, "quantity": 5}, {"day": 40.5, "quantity": 5}]
    replayed = run(rows, "task.stake.terms.open_for=30 days")
    assert [kind for kind, *_ in decisions(replayed)] == ["opened", "done", "expired", "refused"]
    assert replayed.events["at"].to_pylist()[2] == START + 30 * DAY
    assert replayed.projects[["status", "days_to_close"]].values.tolist() == [["expired", 30.0]]
    assert outcomes(replayed)["deadline_passed"] == (1, 5_000)


def test_a_project_past_its_goal_is_funded_at_the_deadline_where_that_closes_it(run: Run) -> None:
    rows = [{"day": 0, "kind": "opened"}, *({"day": day, "quantity": 50} for day in (1, 2, 3, 31))]
    replayed = run(rows, "task.stake.terms.open_for=30 days", "task.stake.terms.closes=at deadline")
    assert replayed.projects[["status", "days_to_goal", "days_to_close"]].values.tolist() == [
        ["funded", 2.0, 30.0]
    ]
    assert outcomes(replayed) == {"none": (3, 150_000), "deadline_passed": (1, 50_000)}


def test_a_stake_too_large_is_trimmed_where_the_terms_say_so(run: Run) -> None:
    replayed = run([{"day": 1, "customer": 7, "quantity": 80}], "task.stake.terms.partial=trim")
    assert decisions(replayed) == [("done", 50, None)]
    assert replayed.differences[["asked_shares", "accepted_shares"]].values.tolist() == [[80, 50]]
    assert figure(replayed, "trimmed_money") == 30_000


def test_a_withdrawal_gives_back_what_is_held_and_no_more(run: Run) -> None:
    rows = [
        {"day": 1, "customer": 7, "quantity": 30},
        {"day": 2, "customer": 7, "quantity": 10, "kind": "withdrawn"},
        {"day": 3, "customer": 8, "quantity": 10, "kind": "withdrawn"},
        {"day": 4, "customer": 7, "quantity": -40, "kind": "refused", "refusal": "nothing_held"},
    ]
    replayed = run(rows)
    assert decisions(replayed) == [
        ("done", 30, None),
        ("withdrawn", 10, None),
        ("refused", -10, "nothing_held"),
        ("refused", -40, "nothing_held"),
    ]
    assert replayed.projects["collected_minor"].tolist() == [20_000]
    assert replayed.differences["event_id"].tolist() == [3]


def test_runs_of_a_simulation_have_nothing_to_do_with_each_other(run: Run) -> None:
    rows = [{"day": 1, "run": number, "customer": 7, "quantity": 40} for number in (1, 2)]
    replayed = run(rows)
    assert outcomes(replayed) == {"none": (2, 80_000)}
    assert replayed.projects[["run", "project"]].values.tolist() == [[1, 1], [2, 1]]
    with pytest.raises(LedgerError, match="several runs"):
        replayed.ledger()


def test_requests_of_other_tasks_are_left_alone(run: Run) -> None:
    rows = [{"day": 1, "quantity": 1, "task": "stake"}, {"day": 2, "quantity": 999, "task": "vote"}]
    assert outcomes(run(rows)) == {"none": (1, 1_000)}


def test_a_recorded_closing_that_the_rule_would_not_make_is_a_difference(run: Run) -> None:
    rows = [{"day": 1, "quantity": 1}, {"day": 2, "kind": "funded", "quantity": 1}]
    assert run(rows).closing_differences.values.tolist() == [[0, 1, "funded", "open"]]


def test_the_money_of_the_decisions_is_booked_and_sums_to_zero(run: Run) -> None:
    rows = [
        {"day": 1, "customer": 7, "quantity": 50},
        {"day": 2, "quantity": 30},
        {"day": 3, "customer": 7, "quantity": 20, "kind": "withdrawn"},
        {"day": 4, "customer": 9, "quantity": 40},
        {"day": 5, "subject": 2, "customer": 9, "quantity": 10},
    ]
    balances = run(rows).ledger().balances()
    assert balances[("project:1", "EUR")] == 100_000
    assert balances[("stakes:1", "EUR")] == 0
    assert balances[("stakes:2", "EUR")] == 10_000
    assert balances[("customer:7", "EUR")] == -30_000
    assert sum(balances.values()) == 0


def test_the_result_says_what_it_is_and_is_plain_values_for_json(run: Run) -> None:
    replayed = run([{"day": 1, "quantity": 60}], "task.stake.terms.cap=100.00")
    said = replayed.as_dict()
    assert (
        said["label"]
        == LABEL
        == "mechanical replay: the same requests, other rules; behaviour would change too"
    )
    assert said["changes"] == {"task.stake.terms.cap": "100.00"}
    assert said["outcomes"][1] == {"refusal": "over_cap", "requests": 1, "money_minor": 60_000}
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    assert figure(replayed, "refused") == 1


def test_a_loaded_model_may_be_given_but_then_no_changes(tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    path.write_text(MODEL, encoding="utf-8")
    rows = log([{"day": 1, "quantity": 60}])
    assert outcomes(replay(rows, load(path))) == {"none": (0, 0), "over_cap": (1, 60_000)}
    with pytest.raises(TypeError, match="loaded model"):
        replay(rows, load(path), changes=["task.stake.terms.cap=600.00"])


def test_progress_reaches_its_end(tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    path.write_text(MODEL, encoding="utf-8")
    seen: list[tuple[int, int]] = []
    replay(
        log([{"day": 1, "quantity": 1}] * 3), path, progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (3, 3)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [{"day": -1, "quantity": 1}],
            "earliest request is of 2017-12-31, before the model's launch on 2018-01-01",
        ),
        ([{"day": 1, "quantity": 1, "subject": None}], r"event 1: .*names no project"),
        ([{"day": 1}, {"day": 2}], r"event 1, 2: .*neither shares"),
        ([{"day": 1, "kind": "seen"}], "no request to stake"),
        ([{"day": 1, "quantity": 1, "refusal": "bad mood"}], "unknown refusals in the events: bad_mood"),
        ([{"day": 1, "kind": "opened"}] * 2, "project 1 .*opens twice"),
    ],
)
def test_a_table_that_cannot_be_replayed_is_refused_in_words(run: Run, rows: list[Row], message: str) -> None:
    with pytest.raises(ReplayError, match=message):
        run(rows)


def test_a_missing_table_and_a_wrong_change_are_refused_in_words(run: Run, tmp_path: Path) -> None:
    run([{"day": 1, "quantity": 1}])
    with pytest.raises(EventsError, match=r"no\.parquet: no such file"):
        replay(tmp_path / "no.parquet", tmp_path / "model.toml")
    with pytest.raises(ModelError, match="cap"):
        run([{"day": 1, "quantity": 1}], "task.stake.terms.cap=-5")
    with pytest.raises(ModelError, match="no stake task of that name"):
        replay(log([{"day": 1, "quantity": 1}]), tmp_path / "model.toml", task="vote")


def test_the_chart_shows_both_rules(run: Run) -> None:
    rows = [{"day": day, "quantity": 40} for day in (1, 2)]
    chart = run(rows).chart(run(rows, "task.stake.terms.cap=100.00"))
    assert "over_cap" in chart.to_json() or "Over cap" in chart.to_json()
