"""What one of the six links gives to their section."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from comaker.measure.figures import Figure


class Part(NamedTuple):
    """The figures of one link (F4), the tables behind them by name, and remarks in whole sentences."""

    figures: list[Figure]
    tables: dict[str, pd.DataFrame]
    remarks: list[str]
