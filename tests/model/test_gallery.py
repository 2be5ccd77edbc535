"""The gallery's models say what the framework says of their systems."""

from __future__ import annotations

import datetime as dt

import pytest

from comaker.model import Model, gallery, gallery_names, gallery_text, load, stake_terms
from comaker.rules.stake import cap_at
from comaker.words import Input, TaskKind


@pytest.fixture(scope="module")
def mmc() -> Model:
    return load("my-major-company")


def test_every_gallery_model_loads_and_has_a_slogan() -> None:
    for entry in gallery():
        assert load(entry.key).name == entry.name
        assert entry.slogan
    assert tuple(entry.key for entry in gallery()) == gallery_names()


def test_a_model_copied_from_the_gallery_is_the_same_model(tmp_path: object, mmc: Model) -> None:
    path = f"{tmp_path}/mine.toml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(gallery_text("my-major-company"))
    assert load(path).hash == mmc.hash


def test_there_is_no_text_of_an_unknown_name() -> None:
    with pytest.raises(KeyError):
        gallery_text("../my-major-company")


def test_mmc_sells_shares_of_ten_euros_and_divides_net_income(mmc: Model) -> None:
    """E2."""
    flow = mmc.sharing["album"]
    assert stake_terms(mmc).share_price_minor == 1_000
    assert (flow.of, flow.to, flow.firm_ppm) == (
        "net income",
        {"producer": 300_000, "artist": 200_000},
        500_000,
    )
    assert flow.by_shares == {"producer": "stake"}
    goal_part = mmc.task["stake"].terms.goal_minor / mmc.cost["album"].amount_minor
    assert goal_part == 0.7


def test_mmc_changed_its_terms_three_times(mmc: Model) -> None:
    """E5."""
    before, cap, steps, goal = (stake_terms(version.model) for version in mmc.versions)
    assert [version.in_force for version in mmc.versions[1:]] == [
        dt.date(2008, 5, 22),
        dt.date(2009, 4, 6),
        dt.date(2009, 5, 5),
    ]
    assert (before.goal_shares, cap_at(0, before), cap_at(6_999, before)) == (7_000, 700, 700)
    assert (cap.goal_shares, cap_at(0, cap), cap_at(6_999, cap)) == (7_000, 100, 100)
    assert (cap_at(0, steps), cap_at(999, steps), cap_at(9_000, steps)) == (100, 100, 10)
    assert goal == steps._replace(goal_shares=10_000)
    between = [cap_at(collected, goal) for collected in range(1_000, 9_000)]
    assert between == sorted(between, reverse=True)
    assert max(between) <= 100
    assert min(between) >= 10


def test_mmc_declares_the_gaps_of_its_sources(mmc: Model) -> None:
    assert any("between 10,000 and 90,000" in gap for gap in mmc.amendment[1].assumes)
    assert any("revenues in another" in gap for gap in mmc.sharing["album"].assumes)
    assert any("not each order" in gap for gap in mmc.task["stake"].assumes)


def test_mmc_codes_its_sixteen_questions_by_determinant(mmc: Model) -> None:
    """E9."""
    faq = mmc.technique["faq"]
    assert faq.items == 16
    assert faq.addresses == {"ability": 4, "willingness": 13, "clarity": 8, "awareness": 0}


def test_mmc_asks_for_five_of_the_seven_inputs(mmc: Model) -> None:
    """E10."""
    asked = {each for task in mmc.task.values() for each in task.asks}
    assert asked == set(Input) - {Input.PHYSICAL, Input.RELATIONAL}


def test_mmc_lets_producers_vote_and_promote(mmc: Model) -> None:
    """E3."""
    kinds = {mmc.task[name].kind for name in mmc.role["producer"].tasks}
    assert {TaskKind.STAKE, TaskKind.BALLOT, TaskKind.PROMOTION} <= kinds
    assert mmc.role["producer"].after == ("stake",)
    assert mmc.task["promote"].terms.tools == ("banner", "player to embed")


def test_mmc_carries_all_six_links(mmc: Model) -> None:
    """F4: the sixth is its amendments."""
    parts = [*mmc.resource.values(), *mmc.offer.values(), *mmc.task.values()]
    assert len({link for part in parts for link in part.links}) == 5
    assert len(mmc.versions) == 4


def test_mmc_has_a_remedy_for_each_risk_but_one(mmc: Model) -> None:
    """F21: nothing in the sources keeps producers from speculating."""
    risks = {risk for task in mmc.task.values() for risk in task.risks}
    remedies = {remedy for technique in mmc.technique.values() for remedy in technique.remedies}
    assert risks - remedies == {"blurred roles"}


def test_every_assumption_of_mmc_says_where_it_comes_from(mmc: Model) -> None:
    for assumption in mmc.assumption.values():
        assert assumption.low <= assumption.value <= assumption.high
        assert assumption.source
        assert assumption.unit
