"""How much is simulated; light to import."""

from __future__ import annotations

from typing import NamedTuple


class Size(NamedTuple):
    """How much is simulated: customers, weeks, runs, the seed, and whether events are kept."""

    customers: int
    weeks: int
    runs: int
    seed: int
    events: bool
