"""Worlds for the simulator's tests."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def only_reach() -> list[str]:
    """Changes that switch off everything but reach: everybody mixes, and whoever hears takes part at once."""
    sure = '{ value = 1, low = 0, high = 1, source = "test" }'
    numbers = {
        "network_links": 0,
        "widget_share": 0,
        "social_proof": 0,
        "goal_gradient": 0,
        "active_share": 1,
        "top_share": 0.0100001,
        "visits_weekly": 60,
        "skill_start": 1,
        "willingness_start": 1,
        "trait_spread": 0,
        "confidence_bias": 0,
        "role_burden": 0,
        "wish_mean_shares": 1.001,
        "leaving_weekly": 0,
        "projects_open": 1,
        "speculators": 0,
    }
    return [
        *(f'assumption.{name}={{ value = {value}, low = 0, high = 99, source = "test" }}'
          for name, value in numbers.items()),
        f"technique.faq.raises.clarity={sure}",
        f'technique.home-page.raises."awareness.gain"={sure}',
        f'technique.rules-page.raises."awareness.practice"={sure}',
        "task.stake.terms.goal=50000000.00",
    ]  # fmt: skip
