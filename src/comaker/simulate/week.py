"""What holds during one week of a run: time, chance, and everything the model declares."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Week(NamedTuple):
    """``number`` counts from the launch; ``stream`` is the run's key of chance; ``newcomer`` and
    ``participant`` say what a visit does to those who never took part, and to those who did.

    Records, which compiled code takes by reference: of the ``TERMS`` in force, ``Behaviour``, ``Effects``,
    ``Economy`` and of a ballot's terms (``BallotTerms``).
    """

    number: int
    stream: np.uint64
    terms: np.record
    behaviour: np.record
    newcomer: np.record
    participant: np.record
    economy: np.record
    ballot: np.record
