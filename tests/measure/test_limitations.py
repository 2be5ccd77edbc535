"""The five detectors end to end: small logs in which a limitation is there, and what is said of it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from tests.measure.logs import START_US, log_of

from comaker.measure import draws, limitations
from comaker.measure.limitations.blurred_roles import blurred_roles
from comaker.measure.limitations.cognitive import cognitive
from comaker.measure.limitations.inappropriate import inappropriate
from comaker.measure.limitations.pressure import pressure
from comaker.measure.limitations.projects import Projects
from comaker.measure.limitations.unclear_sharing import unclear_sharing
from comaker.measure.measuring import open_log
from comaker.model import load
from comaker.rules.sharing import entitlement, pool_of
from comaker.words import Limitation

SYSTEMS = Path(__file__).resolve().parents[1] / "model" / "systems"
DAY_US = 86_400_000_000
MODEL = load("my-major-company")
HOTEL = load(SYSTEMS / "hotel-tests.toml")
NAMES = 31


class Found:
    """What one detector found in a log."""

    def __init__(self, detector, rows, model=MODEL):
        log = open_log(log_of(rows), model)
        self.finding = detector(log if detector is inappropriate else Projects(log))
        self.tables = self.finding.tables
        self.row = self.finding.row(model)
        self.verdict, self.remedy = self.row["verdict"], self.row["remedy"]

    def figure(self, name, of=""):
        return next(each for each in self.finding.figures if (each.name, each.of) == (name, of))


def act(kind, customer=None, *, day=0.0, **more):
    shown = more.pop("shown", None)
    row = {"kind": kind, "customer": customer, "at": START_US + round(day * DAY_US), **more}
    return {**row, "shown": None if shown is None else json.dumps(shown)}


# --- 1 inappropriate participation -------------------------------------------------------------------


def test_who_votes_before_staking_has_bypassed_the_job():
    rows = []
    for customer in range(1, 101):
        order = ("choose", "stake") if customer <= 40 else ("stake", "choose")
        rows += [
            act("done", customer, day=day, task=task, subject=7, quantity=1, money_minor=1000)
            for day, task in enumerate(order)
        ]
    found = Found(inappropriate, rows)
    figure = found.figure("bypassed_share", "choose / stake")
    assert (figure.value, figure.n) == (0.4, 100)
    assert figure.low > 0.3
    assert found.verdict == "seen"
    assert found.remedy == "in use: rules-page"
    assert "discover" in found.figure("bypassed_share", "stake / discover").needs


def test_refused_or_given_up_and_tried_again_is_rework():
    rows = []
    for customer in range(1, 61):
        kinds = (
            ["refused", "done"] if customer <= 15 else ["abandoned"] if customer <= 30 else ["done", "done"]
        )
        rows += [
            act(
                kind, customer, day=day, task="stake", subject=3, staff_seconds=600 if len(kinds) == 2 else 60
            )
            for day, kind in enumerate(kinds)
        ]
    found = Found(inappropriate, rows)
    assert found.figure("rework_share", "stake").value == 0.25
    assert found.figure("abandoned_share", "stake").value == pytest.approx(15 / (30 + 15 + 60))
    extra = found.figure("staff_time_of_a_case_tried_again", "stake")
    assert extra.value == pytest.approx(1200 - (15 * 60 + 30 * 1200) / 45)
    assert "cost_per_hour" in found.figure("staff_cost_of_a_case_tried_again", "stake").needs


def test_callers_who_get_round_the_platform_are_seen_at_the_bank():
    bank = load(SYSTEMS / "bank-call-centre.toml")
    rows = []
    for customer in range(1, 101):
        who = ["firm"] if customer <= 30 else ["customer", "firm"] if customer <= 50 else ["customer"]
        rows += [
            act(
                "done",
                customer,
                day=turn,
                task="call",
                subject=customer,
                performer=one,
                staff_seconds=200 * turn,
            )
            for turn, one in enumerate(who)
        ]
    found = Found(inappropriate, rows, bank)
    assert found.figure("staff_at_once_share", "call").value == 0.3
    assert found.figure("passed_on_share", "call").value == 0.2
    cost = found.figure("staff_cost_of_a_case_tried_again", "call")
    # Adviser and platform answer one case: 200 s more, at 40 euros an hour.
    assert cost.value == pytest.approx(200 * 4000 / 3600)
    assert found.verdict == "seen"
    assert found.remedy == "in use: direct-line"


# --- 2 cognitive limits ------------------------------------------------------------------------------


def projects(days_to_goal, copies, holders):
    """Projects that were opened, staked on, funded and released on day 200, and sold for fourteen weeks."""
    rows = []
    for project, (days, sold, many) in enumerate(zip(days_to_goal, copies, holders, strict=True), 1):
        rows.append(act("opened", subject=project, quantity=7000))
        shares = np.full(many, 7000 // many)
        shares[0] += 7000 - shares.sum()
        rows += [
            act("done", 1000 * project + place, day=days, task="stake", subject=project, quantity=int(each),
                money_minor=int(each) * 1000)
            for place, each in enumerate(shares)
        ]  # fmt: skip
        rows.append(act("funded", subject=project, day=days, quantity=7000, money_minor=7_000_000))
        rows.append(act("released", subject=project, day=200))
        rows.append(act("income", subject=project, day=210, quantity=int(sold), money_minor=int(sold) * 300))
    return [*rows, act("joined", 1, day=400)]


def test_a_crowd_that_hurries_to_what_nobody_buys_is_seen():
    days = np.linspace(10, 100, 20)
    found = Found(cognitive, projects(days, 100 * days, [20] * 20))
    gap = found.figure("crowd_market_gap", "speed to the goal")
    assert gap.value == pytest.approx(2)
    assert gap.n == 20
    assert found.figure("favourites_income_share", "speed to the goal").value < 0.4
    assert found.verdict == "seen"
    assert found.remedy == "in use: short-list"
    assert {figure.of for figure in found.finding.figures} == {"speed to the goal", ""}


def test_a_crowd_that_knows_what_sells_is_not_blamed():
    days = np.linspace(10, 100, 20)
    found = Found(cognitive, projects(days, 11_000 - 100 * days, [20] * 20))
    assert found.figure("crowd_market_gap", "speed to the goal").value == pytest.approx(0)
    assert found.verdict == "not seen"


def test_agonie_sold_671_copies_to_no_more_than_its_300_producers_could_explain():
    rows = projects([60], [671], [300])
    found = Found(cognitive, rows)
    copies = Found(blurred_roles, rows).figure("copies_a_producer_in_two_weeks")
    assert copies.value == pytest.approx(671 / 300)
    table = found.tables["projects"]
    assert table.loc[0, ["holders", "copies_first_two_weeks"]].tolist() == [300, 671]
    gap = found.figure("crowd_market_gap")
    assert gap.basis == "not identified"
    assert "10 projects" in gap.needs
    assert found.verdict == "cannot tell"


# --- 3 excessive pressure ----------------------------------------------------------------------------


def threats(got_after, got_without):
    """A hundred customers threaten, two hundred do not; so many of each are paid a concession of 20.00."""
    rows = []
    for customer in range(1, 301):
        threatens = customer <= 100
        more = {"conduct": 1} if customer % 2 else {"shown": {"threat": True}}
        rows.append(act("rated", customer, task="review", subject=customer, **(more if threatens else {})))
        place, got = (customer, got_after) if threatens else (customer - 100, got_without)
        if place <= got:
            rows.append(
                act("paid", customer, day=1, subject=customer, money_minor=2000, shown={"concession": True})
            )
    return rows


def test_threats_that_get_concessions_are_seen_at_the_hotel():
    found = Found(pressure, threats(60, 20), HOTEL)
    assert found.figure("concessions_after_a_threat").value == 0.6
    assert found.figure("concessions_without_a_threat").value == 0.1
    gain = found.figure("concession_gap")
    assert gain.value == pytest.approx(0.5)
    assert 0.38 < gain.low < gain.high < 0.62
    assert found.figure("cost_of_concessions").value == 80 * 2000
    assert found.figure("cost_of_a_threat").value == pytest.approx(1200)
    assert found.verdict == "seen"
    assert found.remedy == "in use: no-concessions, hot-line"


def test_threats_that_get_no_more_than_others_are_not_seen():
    assert Found(pressure, threats(2, 4), HOTEL).verdict == "not seen"


def test_a_concession_before_the_threat_is_none_after_it():
    early = [
        act("paid", customer, day=-1, subject=customer, money_minor=2000, shown={"concession": True})
        for customer in range(1, 61)
    ]
    found = Found(pressure, [*threats(0, 20), *early], HOTEL)
    assert found.figure("concessions_after_a_threat").value == 0


def test_the_terms_of_an_amendment_change_what_a_threat_gets():
    amended = {version.in_force: version for version in MODEL.versions[1:]}
    when = min(amended)
    start = (when.toordinal() - 719_163) * DAY_US
    rows = []
    for customer in range(1, 101):
        at = start + (-1 if customer <= 50 else 1) * DAY_US
        rows.append(act("rated", customer, subject=customer, conduct=1) | {"at": at})
        if customer <= 30 or customer > 95:
            paid = act("paid", customer, subject=customer, money_minor=500, shown={"concession": True})
            rows.append(paid | {"at": at + 1})
    change = Found(pressure, rows).figure("concessions_after_a_threat_since_an_amendment", when.isoformat())
    assert change.value == pytest.approx(0.1 - 0.6)
    assert change.high < -0.3


# --- 4 blurred roles ---------------------------------------------------------------------------------


def looks(pull, *, seed=1):
    """Nine hundred customers each look once at one of three projects, near its goal or far from it."""
    draw = np.random.default_rng(seed)
    rows = []
    for customer in range(1, 901):
        near = draw.random() < 0.5
        shown = {"collected_shares": 6000 if near else 500, "goal_shares": 7000}
        day, project = float(draw.random() * 100), int(draw.integers(1, 4))
        rows.append(act("seen", customer, day=day, task="stake", subject=project, shown=shown))
        if draw.random() < 0.15 * (pull if near else 1):
            rows.append(
                act(
                    "done",
                    customer,
                    day=day + 0.01,
                    task="stake",
                    subject=project,
                    quantity=1,
                    money_minor=1000,
                )
            )
    return rows


def test_who_stakes_because_the_goal_is_near_is_seen():
    found = Found(blurred_roles, looks(3.0))
    pull = found.figure("goal_pull")
    assert pull.n == 900
    assert pull.low < 3 < pull.high
    assert pull.low > 1.5
    assert found.verdict == "seen"
    assert found.remedy == "the model declares none"


def test_who_does_not_mind_the_goal_is_not_seen():
    assert Found(blurred_roles, looks(1.0)).verdict != "seen"


def test_what_the_site_shows_of_progress_is_read_too():
    rows = looks(3.0)
    for row in rows:
        if row["shown"]:
            row["shown"] = row["shown"].replace("_shares", "")
    assert Found(blurred_roles, rows).figure("goal_pull").n == 900


def test_roles_are_counted_and_their_mixes_told():
    rows = []
    for customer in range(1, 401):
        tasks = ["stake", "choose", "promote", "buy"] if customer <= 100 else ["buy"]
        rows += [act("done", customer, task=task, subject=1, quantity=1, money_minor=1000) for task in tasks]
    found = Found(blurred_roles, rows)
    assert found.figure("two_roles_share").value == found.figure("three_roles_share").value == 0.25
    assert found.figure("kinds_of_customer").value == 2
    assert found.tables["role_mixes"].share.tolist() == pytest.approx([0.75, 0.25], abs=0.01)


def test_producers_who_buy_the_record_are_counted():
    rows = projects([60], [671], [300])
    rows += [act("done", 1000 + place, day=205, task="buy", subject=1, quantity=1, money_minor=1500)
             for place in range(45)]  # fmt: skip
    found = Found(blurred_roles, rows).figure("producers_who_buy")
    assert (found.value, found.n) == (0.15, 300)


# --- 5 unclear sharing -------------------------------------------------------------------------------


def payouts(*, wrong_minor=0, cost_minor=0):
    """Forty holders are paid twice of what their project earned, by the rules of sharing."""
    draw = np.random.default_rng(3)
    shares = draw.integers(1, 400, 40)
    rows = [
        act(
            "done",
            customer,
            task="stake",
            subject=1,
            quantity=int(held),
            money_minor=int(held) * 1000,
            seconds=900,
        )
        for customer, held in enumerate(shares, 1)
    ]
    rows.append(act("cost", subject=1, day=1, money_minor=5_000_000, stage="production"))
    paid, base = np.zeros(40, int), 0
    for day, income in ((100, 1_234_567), (200, 765_433)):
        rows.append(act("income", subject=1, day=day, quantity=50, money_minor=income))
        rows.append(act("cost", subject=1, day=day + 1, money_minor=cost_minor))
        base += income - cost_minor
        due = np.array([entitlement(pool_of(base, 300_000), int(held), int(shares.sum())) for held in shares])
        rows += [
            act("paid", customer, day=day + 5, subject=1, money_minor=int(now))
            for customer, now in enumerate(due - paid, 1)
        ]
        paid = due
    rows[-1]["money_minor"] += wrong_minor
    rows[-2]["money_minor"] -= wrong_minor
    return rows, shares, paid


@pytest.mark.parametrize("cost_minor", [0, 12_345])
def test_payouts_by_the_declared_sharing_are_traced(cost_minor):
    rows, shares, paid = payouts(cost_minor=cost_minor)
    found = Found(unclear_sharing, rows)
    assert found.figure("payouts_not_traced").value == 0
    assert found.tables["payouts"].is_traced.tolist() == [True]
    assert found.verdict == "not seen"
    assert found.remedy.startswith("in use: rules-page, sharing")
    assert found.figure("payout_for_what_was_staked").value == pytest.approx(paid.sum() / shares.sum() / 1000)
    assert found.figure("payout_for_an_hour").value == pytest.approx(paid.sum() / 10)
    assert found.figure("gini_of_payouts").value == pytest.approx(
        found.figure("gini_of_stakes").value, abs=1e-3
    )


def test_a_payout_that_gives_one_holder_what_is_anothers_is_not_traced():
    found = Found(unclear_sharing, payouts(wrong_minor=5)[0])
    assert found.figure("payouts_not_traced").value == 1
    assert found.verdict == "seen"


def test_a_payout_short_of_what_was_earned_is_not_traced():
    rows, _, _ = payouts()
    rows = [row for row in rows if not (row["kind"] == "paid" and row["customer"] > 20)]
    assert Found(unclear_sharing, rows).figure("payouts_not_traced").value == 1


def test_of_a_long_log_payouts_are_traced_for_drawn_projects_with_every_holder(monkeypatch):
    monkeypatch.setattr(draws, "SAMPLE_ROWS", 1000)
    monkeypatch.setattr(draws, "FEWEST_DRAWN", 5)
    rows = []
    for project in range(1, 41):
        rows.append(act("opened", subject=project))
        rows += [row | {"subject": project} for row in payouts()[0]]
    found = Found(unclear_sharing, rows)
    figure = found.figure("payouts_not_traced")
    assert figure.value == 0
    assert 2 <= figure.n < 40
    assert set(found.tables["payouts"].holders) == {40}
    staked = found.figure("payout_for_what_was_staked")
    assert 0 < staked.n < 40
    assert staked.low is None or staked.low > 0


def fairness(ratio, *, turned=False):
    draw = np.random.default_rng(5)
    rows = []
    for customer in range(1, 401):
        unfair = int(draw.integers(0, 7))
        shown = {"scale": "fairness", "item": "fairness 1", "lowest": 1, "highest": 7, "reversed": turned}
        answer = 1 + unfair if turned else 7 - unfair
        rows.append(act("surveyed", customer, quantity=answer, shown=shown))
        leaves = draw.exponential(300 / ratio ** (unfair - 3))
        if leaves < 150:
            rows.append(act("left", customer, day=leaves))
    return [*rows, act("joined", 999, day=150)]


@pytest.mark.parametrize("turned", [False, True])
def test_who_finds_it_unfair_leaves(turned):
    found = Found(unclear_sharing, fairness(1.6, turned=turned))
    hazard = found.figure("leaving_when_unfair")
    assert hazard.low < 1.6 < hazard.high
    assert hazard.low > 1.25
    assert hazard.n == 400
    assert found.verdict == "seen"


def test_who_leaves_for_other_reasons_is_no_sign():
    assert Found(unclear_sharing, fairness(1.0)).verdict == "not seen"


def test_holders_who_were_paid_less_leave_sooner():
    draw = np.random.default_rng(8)
    rows = []
    for project in range(1, 41):
        payback = float(draw.uniform(0, 4))
        for place in range(15):
            customer = 100 * project + place
            rows.append(act("done", customer, task="stake", subject=project, quantity=10, money_minor=10_000))
            rows.append(
                act("paid", customer, day=50, subject=project, money_minor=1 + round(10_000 * payback))
            )
            leaves = draw.exponential(60 * 1.8**payback)
            if leaves < 200:
                rows.append(act("left", customer, day=50 + leaves))
    found = Found(unclear_sharing, [*rows, act("joined", 1, day=250)]).figure("leaving_when_paid_less")
    assert found.low < 1.8 < found.high
    assert found.low > 1.3
    assert found.n == 600


# --- Whatever comes in -------------------------------------------------------------------------------

ODD = {
    "one customer who joins": [act("joined", 1)],
    "no customers": [act("income", day=1, money_minor=5)],
    "pieces that do not fit": [
        act("seen", 1, task="stake", subject=1, shown={"collected": 1, "goal": 0}),
        *(act("refused", each, task="stake", subject=1, quantity=1) for each in range(1, 40)),
        *(act("paid", each, subject=2, money_minor=5) for each in range(1, 40)),
        act("rated", 1, subject=1) | {"shown": '"threat": true, "collected": x'},
        act("surveyed", 1, quantity=3, shown={"scale": "fairness"}),
        act("left", 1, day=1),
        act("released", subject=3),
        act("opened", subject=3, day=9),
    ],
}


@pytest.mark.parametrize("case", ODD)
def test_every_figure_is_there_whatever_the_log(case):
    found = limitations.section(open_log(log_of(ODD[case]), MODEL))
    names = {figure.name for figure in found.figures}
    assert len(names) == NAMES
    assert found.tables["verdicts"].limitation.tolist() == [each.value for each in Limitation]
    for figure in found.figures:
        assert (figure.value is None) == (figure.basis == "not identified")
        assert all(each is None or math.isfinite(each) for each in (figure.value, figure.low, figure.high))
        assert figure.needs or figure.value is not None


def test_customers_of_two_runs_are_two():
    rows = [
        act("done", customer, day=day, task=task, subject=1, quantity=1, money_minor=1000) | {"run": run}
        for run in (1, 2)
        for customer in range(1, 31)
        for day, task in enumerate(("stake", "choose"))
    ]
    assert Found(inappropriate, rows).figure("bypassed_share", "choose / stake").n == 60
