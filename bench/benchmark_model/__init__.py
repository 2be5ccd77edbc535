"""One small co-production model, written once for every engine.

Weekly steps, all from last week's participation. N customers on a fixed network, 20 project slots. A
customer is aware or not; has clarity, ability, willingness and satisfaction in [0, 1], experience (a
count), and what they hold in each slot. Unaware at first; clarity and ability U(0.2, 0.6); willingness
U(0.2, 0.8); satisfaction 0.5. A slot's goal is N * U(50, 150). Each week, for every customer, k of whose
neighbours took part last week:

1. If unaware, becomes aware with probability 1 - (1 - 0.002) * (1 - 0.05)^k.
2. If aware, takes part with probability clarity * ability * willingness.
3. A participant picks a slot with probability proportional to 1 + collected / goal, as the week began, and
   wishes for lognormal(4.5, 1.2); granted are at most 500 less what they hold there, and what is left to the
   goal.
4. A participant's clarity and ability move by 0.15 and 0.10 of what is missing to 1, and satisfaction becomes
   0.9 * satisfaction + 0.1 * N(0.6, 0.2). The willingness of whoever is aware becomes 0.7 * willingness
   + 0.3 * satisfaction + 0.05 * k / neighbours, within [0, 1].
5. With probability 0.002 a fresh unaware customer, who holds nothing and took part in nothing, takes over.

A slot that reached its goal closes as the week ends: its holdings are dropped, a fresh project opens in it.

Every engine is a class with `Engine(network, seed)`, `adopt(state)` and `advance(weeks)`, which returns
participants and money collected of each week: float64[weeks, 2].
"""

from typing import NamedTuple

import numpy as np


class State(NamedTuple):
    """A population as it stands after a week, in the network's order: what every engine can begin from."""

    aware: np.ndarray  # bool[customers]
    took_part: np.ndarray  # bool[customers], in the week that ended
    clarity: np.ndarray  # float64[customers], as are the next three
    ability: np.ndarray
    willingness: np.ndarray
    satisfaction: np.ndarray
    experience: np.ndarray  # int64[customers]
    holdings: np.ndarray  # float64[customers, 20]
    collected: np.ndarray  # float64[20]
    goal: np.ndarray  # float64[20]
