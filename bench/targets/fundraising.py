"""JustGiving: do the gifts of a page add up to what the page says it raised?

Two answers. The published check takes pages in pounds that never reached the 25 gifts at which a pull is
cut off and hide no amount, and holds their gifts against the total of the *last* pull of the page. But
totals fall: some later pulls show an older state of a page, and gifts in other currencies or by text
message are not in the list. So the pages that *can* be complete are those whose every gift is in pounds,
which show no text messages, and whose gifts were pulled at or after the pull that shows the highest total;
that total is what the gifts must come to.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from comaker import events
from comaker.ingest import import_log

from . import INFORMATION, Row, need
from .imported import MAPS

SOURCE = "check stated with the data (JustGiving pulls of Jolly, Reinstein & Riener 2018)"
NEAR = 0.01


def rows(data: Path) -> Iterator[Row]:
    """The published check, the pages that can be complete, and the same sums from the event table."""
    pages = totals(data / "crowdfunding")
    last = near(pages.given_minor, pages.last_minor)
    yield Row("pages in GBP, never cut off, no amount hidden", 825, len(pages), 0, SOURCE)
    yield Row("of these within 1 % of the last pull's total, %", 84.4, 100 * float(last.mean()), 0.05, SOURCE)
    yield Row(
        "median of gifts over total",
        1.0,
        float((pages.given_minor / pages.last_minor).median()),
        5e-4,
        SOURCE,
    )
    fell = int((pages.most_minor > pages.last_minor).sum())
    yield Row("pages whose last total is below an earlier one", "", fell, INFORMATION, "a total cannot fall")
    complete = pages[pages.can_be_complete]
    same = near(complete.given_minor, complete.most_minor)
    yield Row(
        "pages that can be complete", "", len(complete), INFORMATION, "see the docstring of this module"
    )
    yield Row(
        "of these within 1 % of the highest total, %", 100.0, 100 * float(same.mean()), 0.5, "all are to be"
    )
    yield Row(
        "of these not within 1 %", "", int((~same).sum()), INFORMATION, "gifts 140, total 120: a refund?"
    )
    yield from _by_import(data / "crowdfunding", pages)


def totals(folder: Path) -> pd.DataFrame:
    """The pages of the published check: what was given and raised, and whether all gifts can be there."""
    gifts = _read(folder, "donations")
    pages, pulls = _read(folder, "pages"), _read(folder, "page_snapshots")
    gifts["given_minor"] = minor(gifts.donor_amount)
    given = gifts.groupby("page_no").agg(
        given_minor=("given_minor", "sum"),
        hidden=("amount_hidden", "sum"),
        pulled=("last_snapshot", "max"),
        only_pounds=("donor_currency", lambda currency: bool((currency == "GBP").all())),
    )
    found = pages.set_index("page_no").join(given, how="inner")
    found["last_minor"] = minor(found.raised_online)
    is_whole = (found.currency == "GBP") & (found.pulls_at_cap25 == 0) & (found.hidden == 0)
    found = found[is_whole & (found.last_minor > 0)]
    pulls["most_minor"] = minor(pulls.raised_online)
    # The first of the pulls that show the highest total.
    highest = (
        pulls.sort_values(["most_minor", "snapshot"], ascending=[False, True]).groupby("page_no").first()
    )
    found = found.join(highest[["most_minor", "snapshot"]].rename(columns={"snapshot": "highest_at"}))
    found["sms"] = pulls.groupby("page_no").raised_sms.max()
    found["can_be_complete"] = found.only_pounds & (found.sms == 0) & (found.pulled >= found.highest_at)
    return found


def near(one: pd.Series, other: pd.Series) -> pd.Series:
    """Whether a sum lies within 1 % of a total."""
    return (one - other).abs() <= NEAR * other


def minor(amounts: pd.Series) -> pd.Series:
    """Amounts of two decimals as whole minor units; what is not stated is 0."""
    return (amounts.fillna(0) * 100).round().astype("int64")


def _by_import(folder: Path, pages: pd.DataFrame) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "gifts.parquet"
        source = folder / "justgiving_donations.csv.gz"
        done = import_log(source, map=MAPS / "justgiving.toml", out=out)
        log = events.read(out).to_pandas()
    lost = done.rows_read - done.rows_written - sum(done.left_out.values())
    yield Row("rows of the import neither written nor counted", 0, lost, 0, "comaker import")
    sums = log[log.kind == "done"].groupby("subject").money_minor.sum()
    both = pages[pages.only_pounds & (pages.target > 0)].join(sums)
    off = int((both.money_minor != both.given_minor).sum())
    yield Row(
        f"{len(both)} pages with a target whose imported gifts add up otherwise", 0, off, 0, "comaker import"
    )


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(need(folder / f"justgiving_{name}.csv.gz"))
