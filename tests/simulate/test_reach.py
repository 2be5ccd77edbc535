"""With everything but reach switched off, adoption is the Bass curve."""

from __future__ import annotations

import math

import numpy as np

from comaker.simulate import simulate

WEEKS = 120
INNOVATION, IMITATION = 0.003, 0.038
"""Weekly hazards: a tenth of the average p and q of consumer durables (Sultan, Farley & Lehmann 1990)."""


def adoption(only_reach: list[str], customers: int, seed: int) -> np.ndarray:
    """Share of customers who took part by the end of each week."""
    reach = {
        "advertising_reach": 1.0 - math.exp(-INNOVATION),
        "word_of_mouth": 1.0 - math.exp(-IMITATION / 10.0),
        "acquaintances": 10,
    }
    changes = [
        f'assumption.{name}={{ value = {value}, low = 0, high = 99, source = "test" }}'
        for name, value in reach.items()
    ]
    found = simulate(
        "my-major-company",
        changes=only_reach + changes,
        amendments=False,
        customers=customers,
        weeks=WEEKS,
        runs=1,
        seed=seed,
    )
    return found.weekly.participants.cumsum().to_numpy() / customers


def expected(steps_a_week: int = 1) -> np.ndarray:
    """What an endless population does by the end of each week, in one or more steps a week."""
    share, shares = 0.0, []
    for _ in range(WEEKS * steps_a_week):
        share += (1.0 - share) * -math.expm1(-(INNOVATION + IMITATION * share) / steps_a_week)
        shares.append(share)
    return np.array(shares)[steps_a_week - 1 :: steps_a_week]


def test_adoption_converges_to_the_bass_curve_with_the_root_of_the_number_of_customers(only_reach):
    sizes = [500, 2_000, 8_000, 32_000]
    errors = [
        np.mean([np.sqrt(np.mean((adoption(only_reach, size, seed) - expected()) ** 2)) for seed in range(8)])
        for size in sizes
    ]
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert -0.65 < slope < -0.35, (slope, errors)
    assert errors[-1] < 0.005


def test_the_weekly_step_differs_from_the_closed_form_of_bass_by_its_length_only():
    total = INNOVATION + IMITATION
    weeks = np.arange(1, WEEKS + 1)
    decay = np.exp(-total * weeks)
    closed = (1.0 - decay) / (1.0 + IMITATION / INNOVATION * decay)
    errors = [np.abs(closed - expected(steps)).max() for steps in (1, 2, 4, 8)]
    assert errors[0] < 0.012
    assert np.allclose(np.array(errors[:-1]) / errors[1:], 2.0, atol=0.05)


def test_without_promoters_adoption_is_not_the_bass_curve(only_reach):
    alone = [change for change in only_reach if "widget" not in change]
    silent = [*alone, 'assumption.acquaintances={ value = 0, low = 0, high = 99, source = "test" }']
    found = simulate(
        "my-major-company", changes=silent, amendments=False, customers=8_000, weeks=WEEKS, runs=1, seed=3
    )
    assert abs(found.weekly.participants.sum() / 8_000 - expected()[-1]) > 0.05
