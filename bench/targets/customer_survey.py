"""A published customer survey: how consistent its scales are (F15)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from comaker.measure.estimators.reliability import alpha
from targets import Row, need

PUBLISHED = {"IMAG": 0.723, "CUEX": 0.452, "PERQ": 0.877, "PERV": 0.824, "CUSA": 0.779, "CUSL": 0.472}
NAMES = {
    "IMAG": "image",
    "CUEX": "expectation",
    "PERQ": "perceived quality",
    "PERV": "perceived value",
    "CUSA": "satisfaction",
    "CUSL": "loyalty",
}


def rows(data: Path) -> Iterator[Row]:
    """Cronbach's alpha of the standardised items of each scale, of 250 customers of mobile telephony."""
    answers = pd.read_csv(need(data / "customer_survey" / "mobi.csv"))
    for scale, published in PUBLISHED.items():
        items = answers.filter(regex=f"^{scale}[0-9]$")
        found = alpha(((items - items.mean()) / items.std()).to_numpy())
        source = "Tenenhaus, Esposito Vinzi, Chatelin & Lauro 2005, CSDA 48 (European satisfaction index)"
        yield Row(
            f"mobile telephony: alpha of {NAMES[scale]}", published, round(found.value, 3), 0.0005, source
        )
