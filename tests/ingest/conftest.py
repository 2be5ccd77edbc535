"""A small log of gifts and its map, which tests change in one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from comaker.ingest import Imported, import_log

MAP = """
name = "Gifts"
currency = "EUR"

[format]
decimal = "."
zone = "Europe/Paris"

[[log]]
id = "id"
kind = "done"

[log.columns]
at = "when"
customer = "who"
subject = "page"
money_minor = "amount"
task = { constant = "stake" }
"""

GIFTS = """id,who,page,when,amount
1,7,3,2018-01-05T10:00:00,10.00
2,8,3,2018-01-04T09:30:00,25.5
3,7,4,2018-07-01T00:15:00,7
"""


@pytest.fixture
def import_text(tmp_path: Path) -> Callable[..., Imported]:
    """Import a text (or bytes) with a map; the output is out.parquet in a folder of its own."""

    def run(log: str | bytes = GIFTS, map_text: str = MAP) -> Imported:
        folder = tmp_path / "out"
        folder.mkdir(exist_ok=True)
        (tmp_path / "gifts.csv").write_bytes(log if isinstance(log, bytes) else log.encode())
        (tmp_path / "map.toml").write_text(map_text, encoding="utf-8")
        return import_log(tmp_path / "gifts.csv", map=tmp_path / "map.toml", out=folder / "out.parquet")

    return run
