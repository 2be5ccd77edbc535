"""Published numbers on repeat purchase, from the transactions themselves: CDNOW, and yearly gifts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from comaker.measure.economics.customers import customers_of
from comaker.measure.economics.returns import Group, by_customer, fitted
from comaker.measure.estimators import bgbb, bgnbd
from comaker.measure.measuring import open_log
from comaker.model import load

from . import Row, need
from .imported import MAPS, table_of

CALIBRATION_ENDS = dt.datetime(1997, 10, 1, tzinfo=dt.UTC)
"""The first instant after the period that the published parameters are fitted to."""

_FHL = "Fader, Hardie and Lee 2005, Marketing Science 24(2)"
_GG = "Fader and Hardie 2013, note on the gamma-gamma model"
_MBG = "Batislam, Denizel and Filiztekin 2007, as refitted by BTYDplus"
_FHS = "Fader, Hardie and Shang 2010, Marketing Science 29(6)"
_THREE_DECIMALS, _TWO_DECIMALS = 0.0005, 0.005


def cdnow(data: Path) -> Group:
    """CDNOW's customers, from the transaction log by import, event table and engine to the fit."""
    everything = table_of(data / "repeat_purchase" / "cdnow_transactions.csv.gz", "cdnow")
    instant = pa.scalar(CALIBRATION_ENDS, everything.schema.field("at").type)
    log = open_log(everything.filter(pc.less(everything["at"], instant)), load(MAPS / "cdnow-model.toml"))
    return fitted(by_customer(customers_of(log)))


def yearly_gifts(data: Path) -> tuple[tuple[float, ...], float]:
    """BG/BB of yearly gifts: alpha, beta, gamma, delta, and the log-likelihood."""
    file = need(data / "repeat_purchase" / "donations_rf_counts.csv")
    table = np.loadtxt(file, delimiter=",", skiprows=1)
    found = bgbb.fit(table[:, 0], table[:, 1], table[:, 2], table[:, 3])
    return tuple(map(float, found.parameters)), found.log_likelihood


def rows(data: Path) -> Iterator[Row]:
    """Every published number on repeat purchase, with ours."""
    group = cdnow(data)
    known, returning, spending = group.known, group.returning, group.spending
    if known is None or returning is None or spending is None:
        raise ValueError("CDNOW's log gives no fit: is it the right file?")
    yield Row("CDNOW: customers", 2357, group.customers, 0, _FHL)
    yield Row("CDNOW: customers who came back", 946, group.repeaters, 0, _FHL)
    yield Row("CDNOW: repeat occasions", 2457, float(known.customers @ known.repeats), 0, _FHL)
    for name, published, ours in zip(
        ("r", "alpha", "a", "b"), (0.243, 4.414, 0.793, 2.426), returning.parameters, strict=True
    ):
        yield Row(f"CDNOW: BG/NBD {name}", published, float(ours), _THREE_DECIMALS, _FHL)
    yield Row("CDNOW: BG/NBD log-likelihood", -9582.4, returning.log_likelihood, 0.05, _FHL)
    one = bgnbd.histories([2], [30.43], [38.86])
    coming = float(bgnbd.expected(returning.parameters, one, 39.0)[0])
    yield Row("CDNOW: expected in 39 weeks, x 2, t_x 30.43, T 38.86", 1.226, coming, _THREE_DECIMALS, _FHL)
    at_once = bgnbd.fit(known, leaves_at_once=True).parameters
    for name, published, ours in zip(
        ("r", "alpha", "a", "b"), (0.525, 6.183, 0.891, 1.614), at_once, strict=True
    ):
        yield Row(f"CDNOW: MBG/NBD {name}", published, float(ours), _THREE_DECIMALS, _MBG)
    p, q, v_minor = map(float, spending.parameters)
    for name, published, ours in (("p", 6.25, p), ("q", 3.74, q), ("v", 15.44, v_minor / 100)):
        yield Row(f"CDNOW: gamma-gamma {name}", published, ours, _TWO_DECIMALS, _GG)
    parameters, log_likelihood = yearly_gifts(data)
    for name, published, ours in zip(
        ("alpha", "beta", "gamma", "delta"), (1.204, 0.750, 0.657, 2.783), parameters, strict=True
    ):
        yield Row(f"yearly gifts: BG/BB {name}", published, ours, _THREE_DECIMALS, _FHS)
    yield Row("yearly gifts: BG/BB log-likelihood", -33225.6, log_likelihood, 0.05, _FHS)
