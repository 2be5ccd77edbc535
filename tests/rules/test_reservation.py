"""Reservations: until when a place is kept."""

from __future__ import annotations

import pytest

from comaker.rules.reservation import has_lapsed, lapses_at


@pytest.mark.parametrize(
    ("now_us", "open_us", "right_us"),
    [(1_000, 0, 1_014), (1_000, 100, 1_014), (1_086, 100, 1_100), (1_087, 100, 1_100), (1_099, 100, 1_100)],
)
def test_a_place_is_kept_no_longer_than_the_project_is_open(now_us: int, open_us: int, right_us: int) -> None:
    assert lapses_at(now_us, 14, 1_000, open_us) == right_us
    assert has_lapsed(right_us, right_us)
    assert not has_lapsed(right_us, right_us - 1)
