"""Published numbers on repeat purchase, from the transactions themselves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="module")
def rows():
    if not (DATA / "repeat_purchase").exists():
        pytest.skip("the purchases of CDNOW are not beside this project")
    sys.path.insert(0, str(ROOT / "bench"))
    try:
        from targets import repeat_purchase

        yield {row.target: row for row in repeat_purchase.rows(DATA)}
    finally:
        sys.path.remove(str(ROOT / "bench"))


def test_cdnow_is_refitted_from_its_transaction_log_to_three_decimals(rows):
    ours = [round(rows[f"CDNOW: BG/NBD {name}"].ours, 3) for name in ("r", "alpha", "a", "b")]
    assert ours == [0.243, 4.414, 0.793, 2.426]
    assert rows["CDNOW: BG/NBD log-likelihood"].ours == pytest.approx(-9582.4, abs=0.05)


def test_yearly_gifts_are_refitted_to_three_decimals(rows):
    ours = [
        round(rows[f"yearly gifts: BG/BB {name}"].ours, 3) for name in ("alpha", "beta", "gamma", "delta")
    ]
    assert ours == pytest.approx([1.204, 0.750, 0.657, 2.783], abs=0.0005)
    assert rows["yearly gifts: BG/BB log-likelihood"].ours == pytest.approx(-33225.6, abs=0.05)


def test_every_published_number_on_repeat_purchase_is_met(rows):
    assert [row.target for row in rows.values() if row.verdict != "met"] == []
