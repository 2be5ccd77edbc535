"""What the source says of My Major Company, found again in the simulation of its declared model."""

from __future__ import annotations

import pytest

from comaker.simulate import compare

SIZE = {"amendments": False, "runs": 12, "seed": 3}


def differences(changes):
    return compare("my-major-company", changes, **SIZE).metrics.set_index("name")


@pytest.fixture(scope="module")
def cap():
    """The change of 22 May 2008 (E5)."""
    return differences({"task.stake.terms.cap": "1000.00"})


def test_a_lower_cap_needs_more_producers_by_as_much_as_the_clipped_wishes_say(cap):
    row = cap.loc["producers_per_project"]
    assert 200 < row.difference_low < row.difference_high < 290


def test_the_largest_stake_of_a_funded_project_is_where_gregoire_says(cap):
    assert 4_200 < cap.loc["largest_stake"].now_median < 6_930
    assert cap.loc["largest_stake"].changed_median == 1_000


def test_more_producers_mean_less_promotion_to_pay_for(cap):
    assert cap.loc["promotion_cost"].difference_high < 0


def test_a_lower_cap_spreads_stakes_and_takes_longer(cap):
    assert cap.loc["gini"].difference_high < 0
    assert cap.loc["weeks_to_fund"].difference_low > 0


def test_stakes_come_faster_near_the_goal_only_while_progress_is_shown():
    """E7."""
    row = differences({"technique.progress.on": "false"}).loc["speed_near_goal"]
    assert row.now_low > 1.0
    assert row.difference_high < 0
    assert row.changed_low < 1.0 < row.changed_high


def test_speculators_move_votes_away_from_sales():
    """E6, Agonie: who guesses what others like does not vote for what sells."""
    row = differences({"assumption.speculators": "0"}).loc["vote_sales_gap"]
    assert row.difference_high < -0.1
    assert row.changed_median < 0.3


def test_a_visible_base_brings_stakes():
    row = differences({"technique.live-feed.on": "false"}).loc["projects_funded"]
    assert row.difference_high < 0


def test_without_techniques_nobody_learns_what_to_do():
    """All four determinants are needed: without any socialization awareness stays at its first level."""
    names = ("home-page", "artist-page", "faq", "rules-page", "guide", "private-space", "sharing")
    found = differences({f"technique.{name}.on": "false" for name in names})
    assert found.loc["participants"].changed_median < 0.7 * found.loc["participants"].now_median
