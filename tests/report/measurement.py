"""A measurement without measuring: a section of every kind of figure, table and picture."""

from __future__ import annotations

from typing import Any

import pandas as pd

from comaker.measure.figures import About, Section
from comaker.measure.measured import Measured
from comaker.words import Link

EVIL = '</title><script>alert("x")</script>&'

SHARE = About("branching_ratio", "share of joins that earlier joins caused", "share", "joins", "F4.2")
MONEY = About("cost_saved", "cost that customers' work saved", "minor units a case", "cases", "F20")
TIME = About("time_per_act", "mean time that an act takes", "s", "acts", "F13")
MARGIN = About("margin", "revenues less costs", "minor units", "events", "F2")
TEXTS = {Link.ACQUISITION: "38% of joins follow from joins", Link.COPRODUCTION: "71% of the time"}


def rcov() -> Section:
    """The picture's section: two links known, one cost that is not."""
    links = [
        {
            "link": link.value,
            "from": "RC",
            "to": "VP",
            "section": "links",
            "figure": "any",
            "text": TEXTS.get(link, "not identified"),
            "strength": 0.5 if link in TEXTS else None,
        }
        for link in Link
    ]
    accounts = [
        ("revenue", "turnover", 120_000_000, True),
        ("cost", "production", 40_000_000, True),
        ("cost", "production", 1_000_000, True),
        ("cost", "staff", None, False),
    ]
    return Section(
        key="rcov",
        title="The business model in one picture",
        question="What drives what?",
        figures=[MARGIN.record(-79_000_050, n=12)],
        tables={
            "links": pd.DataFrame(links),
            "accounts": pd.DataFrame(accounts, columns=["side", "cause", "amount_minor", "identified"]),
        },
        remarks=["A full customer-integrated business model.", "Customers are used as testers."],
    )


def everything() -> Section:
    """Every basis, breakdowns, a table longer than the page shows, and the table of every picture."""
    shares = [SHARE.estimate(0.1 * each, 0.05, 0.9, n=40, of=f"task {each}") for each in range(1, 21)]
    figures = [
        SHARE.estimate(0.382, 0.311, 0.449, n=1234),
        *shares,
        MONEY.estimate(-1250.0, -2000.0, 300.0, n=9),
        TIME.record(9000.0, n=3),
        TIME.missing("no act says how long it took: record seconds", of="buy"),
        About("refused_share", "share refused", "share", "requests", "F4.6").mechanical(0.02, n=50),
        About("feeling", f"mean feeling {EVIL}", "-3 to 3", "customers", "F13").missing(f"no row {EVIL}"),
    ]
    tables = {
        "by day / task": pd.DataFrame(
            {
                "day": range(14_000, 14_040),
                "task": [EVIL] * 40,
                "money_minor": [123_456] * 40,
                "part_share": [0.125, None] * 20,
                "from_us": [1_200_000_000_000_000] * 40,
            }
        ),
        "empty": pd.DataFrame({"task": []}),
        "funnel": pd.DataFrame(
            {"task": ["any", "any", "buy"], "step": ["reached", "saw", "saw"], "customers": [100, 40, 40]}
        ),
    }
    return Section(
        key="links",
        title="Six links",
        question="Which links hold?",
        figures=figures,
        tables=tables,
        remarks=[f"A remark {EVIL}.", "Another.", "A third."],
    )


def measurement(*sections: Section, **other: Any) -> Measured:
    """A measurement of these sections, of both above where none is named."""
    found = sections or (rcov(), everything())
    values: dict[str, Any] = {
        "model": EVIL,
        "hash": "0123456789abcdef",
        "currency": "EUR",
        "minor_digits": 2,
        "label": "measured",
        "rows": 150_000,
        "dropped": {"no kind": 7},
        "backwards": 3,
        "runs": 1,
        "customers": 4321,
        "from_us": 1_196_467_200_000_000,
        "until_us": 1_259_280_000_000_000,
        "sections": {each.key: each for each in found},
    }
    return Measured(**values | other)
