"""Polis: people write statements and vote on those of others; voters a conversation, as its report says."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from comaker import events
from comaker.ingest import import_log

from . import INFORMATION, Row, need
from .imported import MAPS

SOURCE = "report of the conversation (The Computational Democracy Project, CC BY 4.0)"
MAPPED = "vtaiwan.uberx"
"""The conversation that the map of the documentation names."""

ALL = """
name = "Every Polis conversation: who voted in which"
currency = "USD"
[format]
time = "unix ms"
[[log]]
kind = "done"
[log.columns]
at = "timestamp"
subject = { column = "conversation", text = true }
customer = "voter-id"
quantity = "vote"
"""


def rows(data: Path) -> Iterator[Row]:
    """vTaiwan through the map of the documentation, then the voters of every conversation."""
    folder = data / "idea_votes"
    votes = need(folder / "votes.csv.gz")
    need(folder / "comments.csv.gz")
    with need(folder / "conversations.csv").open(encoding="utf-8", newline="") as file:
        published = {row["conversation"]: row for row in csv.DictReader(file) if row["tmin"]}
    yield from _mapped(_imported(votes, (MAPS / "polis.toml").read_text("utf-8")), published[MAPPED])
    everything = _imported(votes, ALL).groupby("subject")
    # Text ids are numbered in order of appearance.
    names = pd.read_csv(votes, usecols=["conversation"]).conversation.unique()
    for number, found in everything:
        yield from _voters(names[number - 1], published[names[number - 1]], found)


def _imported(votes: Path, map_text: str) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        map_file, out = Path(folder) / "map.toml", Path(folder) / "events.parquet"
        map_file.write_text(map_text, encoding="utf-8")
        import_log(votes, map=map_file, out=out)
        return events.read(out).to_pandas()


def _voters(name: str, said: dict[str, str], votes: pd.DataFrame) -> Iterator[Row]:
    source = SOURCE
    if said["voters"] != said["voters-in-conv"]:
        source += f"; voters-in-conv, {said['voters']} by another count of the same report"
    yield Row(f"{name}: voters", int(said["voters-in-conv"]), votes.customer.nunique(), 0, source)
    yield Row(f"{name}: votes", int(said["vote_rows"]), len(votes), 0, "rows of the conversation's export")


def _mapped(found: pd.DataFrame, said: dict[str, str]) -> Iterator[Row]:
    votes, statements = found[found.task == "vote"], found[found.task == "propose"]
    yield Row(f"{MAPPED} by its map: voters", 1_921, votes.customer.nunique(), 0, SOURCE)
    yield Row(f"{MAPPED} by its map: statements", int(said["comments"]), len(statements), 0, SOURCE)
    yield Row(
        f"{MAPPED} by its map: authors", int(said["commenters"]), statements.customer.nunique(), 0, SOURCE
    )
    agreed = (votes.quantity > 0).mean()
    yield Row(f"{MAPPED}: share of votes that agree", "", f"{agreed:.1%}", INFORMATION, SOURCE)
