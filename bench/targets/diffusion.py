"""Doctors and a new drug (Coleman, Katz & Menzel 1966), and the model of Bass fitted to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from comaker.measure.estimators.bass import expected, market, peak_years

from . import INFORMATION, Row, need

SOURCE = "Coleman, Katz & Menzel 1966; medInnovations of netdiffuseR (Valente)"
MONTHS = 17
"""Months observed; a later month of adoption stands for none."""


P, Q = 0.03, 0.38
"""The averages of 213 applications in Sultan, Farley & Lehmann 1990."""


def rows(data: Path) -> Iterator[Row]:
    """How many doctors adopt: by themselves (p) or after others (q); then the model's closed forms."""
    doctors = pd.read_csv(need(data / "networks" / "medInnovations.csv.gz"))
    adopted = doctors.toa[doctors.toa <= MONTHS].astype(int)
    yield Row("doctors", 125, len(doctors), 0, SOURCE)
    yield Row("doctors who adopt within 17 months", 109, len(adopted), 0, SOURCE)
    found = market(np.bincount(adopted, minlength=MONTHS + 1)[1:], step_years=1 / 12)
    for name, interval in (
        ("p, a year", found.innovation),
        ("q, a year", found.imitation),
        ("m", found.size),
    ):
        said = (
            "{:.3g} [{:.3g}, {:.3g}]".format(*interval) if np.isfinite(interval.value) else "not identified"
        )
        yield Row(f"Bass {name}", "", said, INFORMATION, f"{SOURCE}; our fit, 95 % interval")
    yield from _closed_forms()


def _closed_forms() -> Iterator[Row]:
    source = f"closed form (Bass 1969) at p = {P}, q = {Q}"
    peak, rates = peak_years(P, Q), np.array([P, Q, 1.0])
    there = float(expected(np.array(0.0), peak, rates))
    step = 1e-6
    yield Row("Bass: years until the peak", 6.193, peak, 5e-4, f"{source}: ln(q / p) / (p + q)")
    yield Row("Bass: share of the market at the peak", 0.4605, there, 5e-5, f"{source}: 1/2 - p / 2q")
    rate = float(expected(np.array(there), step, rates)) / step
    yield Row("Bass: joins a year at the peak, of the market", 0.1106, rate, 5e-5, f"{source}: (p + q)² / 4q")
