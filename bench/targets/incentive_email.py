"""The e-mail challenge of MineThatData (Hillstrom 2008): an e-mail by lot for two of three customers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from comaker import events
from comaker.measure.estimators.encouragement import Arm, offered
from comaker.measure.estimators.intervals import Interval, difference
from comaker.measure.measuring import open_log
from comaker.model import load

from . import INFORMATION, Row, need

MODEL = Path(__file__).with_name("email-model.toml")
PUBLISHED = "scikit-uplift and pyuplift on Hillstrom 2008 (means as rounded there)"
COMPUTED = "no published number; arms of a randomised experiment, 95 % interval"
ARMS = {"No E-Mail": "none", "Mens E-Mail": "mens", "Womens E-Mail": "womens"}
MEANS = {"visit": (0.14678, 5e-6), "conversion": (0.00903, 5e-6), "spend": (1.05091, 5e-6)}


def rows(data: Path) -> Iterator[Row]:
    """Means over all customers, and what each e-mail did to visits, sales and spending, from events."""
    file = need(data / "incentive_email" / "hillstrom.csv.gz")
    found = by_customer(event_table(pd.read_csv(file)))
    yield Row("customers", 64_000, len(found), 0, PUBLISHED)
    for name, (published, tolerance) in MEANS.items():
        yield Row(f"mean {name}", published, float(found[name].mean()), tolerance, PUBLISHED)
    arms = {arm: found[found.arm == f"email: {arm}"] for arm in ARMS.values()}
    for arm in ("mens", "womens"):
        for name in ("visit", "conversion"):
            effect = offered(_arm(arms[arm], name), _arm(arms["none"], name))
            yield _row(f"{name}, {arm} e-mail less none", effect)
        yield _row(f"USD spent, {arm} e-mail less none", difference(arms[arm].spend, arms["none"].spend))


def event_table(customers: pd.DataFrame) -> pa.Table:
    """The challenge as events: every customer with her arm, a row seen for a visit, a row done for a sale."""
    number = np.arange(1, len(customers) + 1)
    arm = "email: " + customers.segment.map(ARMS)
    money = (customers.spend * 100).round().astype("int64")
    parts = []
    for hour, (kind, task, who) in enumerate(
        (
            ("joined", None, customers.visit >= 0),
            ("seen", "buy", customers.visit == 1),
            ("done", "buy", customers.conversion == 1),
        )
    ):
        part = pd.DataFrame({"customer": number[who], "arm": arm[who], "money_minor": money[who]})
        parts.append(part.assign(kind=kind, task=task, at=hour * 3_600_000_000, done=kind == "done"))
    rows = pd.concat(parts, ignore_index=True)
    return events.table(
        {
            "event_id": np.arange(1, len(rows) + 1),
            "at": pa.array(1_206_000_000_000_000 + rows["at"].to_numpy(), pa.timestamp("us", tz="UTC")),
            "run": np.zeros(len(rows), np.int32),
            "kind": rows.kind.tolist(),
            "customer": rows.customer.to_numpy(),
            "task": pa.array(rows.task, pa.string(), from_pandas=True),
            "money_minor": pa.array(rows.money_minor, mask=~rows.done.to_numpy()),
            "arm": rows.arm.tolist(),
        }
    )


def by_customer(table: pa.Table) -> pd.DataFrame:
    """What each customer did, by the cleaned events that the report rests on."""
    log = open_log(table, load(MODEL))
    rows = log.events
    done = rows.kind == "done"
    each = rows.group_by("customer").aggregate(
        arm=rows.arm.min(),
        visit=(rows.count(where=rows.kind == "seen") > 0).cast("int64"),
        conversion=(rows.count(where=done) > 0).cast("int64"),
        spend=rows.money_minor.sum(where=done).fill_null(0) / 100,
    )
    return log.frame(each)


def _arm(customers: pd.DataFrame, name: str) -> Arm:
    return Arm(len(customers), 0, int(customers[name].sum()), 0)


def _row(target: str, effect: Interval) -> Row:
    return Row(target, "", "{:.4f} [{:.4f}, {:.4f}]".format(*effect), INFORMATION, COMPUTED)
