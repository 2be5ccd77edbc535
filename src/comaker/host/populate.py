"""Fills a fresh site with a history: what was simulated is asked again, of the real writer, in order of time.

The simulation and the writer decide by the same rules, so that every answer must be the simulated one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from comaker.events import Kind
from comaker.host.demo.history import History
from comaker.host.demo.playing import Play
from comaker.host.demo.stage import dress, invite
from comaker.host.models import Project, Standing

_KINDS = (
    *(Kind.JOINED, Kind.DONE, Kind.REFUSED, Kind.WITHDRAWN),
    *(Kind.OPENED, Kind.FUNDED, Kind.RELEASED, Kind.INCOME, Kind.COST, Kind.PAID),
)
_NAMES = ("kind", "customer", "subject", "refusal", "quantity", "money_minor", "shown", "task")


class Populated(NamedTuple):
    """What was put on the site: requests answered, those of them refused as simulated, accounts, and
    projects that were opened."""

    requests: int
    refused: int
    customers: int
    projects: int


def populate(
    events: pa.Table,
    *,
    until_us: int,
    kept: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Populated:
    """Ask the writer for a simulated history, shifted so that it ends at ``until_us`` (µs since 1970 UTC).

    ``events``: those of one run. Whoever staked, asked or withdrew gets an account. ``kept``: a
    folder for pictures and music, which are the same every time. ``HostError`` where the site decides
    otherwise than the simulation did.
    """
    rows = _rows(events, until_us)
    staked = [row for row in rows if row["kind"] in (Kind.DONE, Kind.REFUSED, Kind.WITHDRAWN)]
    customers = list(dict.fromkeys(row["customer"] for row in staked))
    cast = invite(customers, _best_known(rows))
    dress(cast, kept)
    play = Play(until_us)
    history = History(play, cast, rows)
    play.run(progress)
    # A settlement is left for the second person to approve.
    released = Standing.objects.filter(released_us__isnull=False).order_by("-earned_minor")
    next(filter(lambda each: history.settle(each.project, until_us, is_approved=False), released), None)
    return Populated(
        play.answered,
        play.refused,
        len(customers),
        Project.objects.filter(published_at__isnull=False).count(),
    )


def _rows(events: pa.Table, until_us: int) -> list[dict[str, Any]]:
    """The rows that matter in order of time, the latest at ``until_us``."""
    at_us = events["at"].cast(pa.int64())
    shifted = pc.add(at_us, until_us - pc.max(at_us).as_py())
    table = events.select(_NAMES).append_column("at_us", shifted)
    wanted = pa.array([kind.value for kind in _KINDS])
    rows = table.filter(pc.is_in(events["kind"].cast(pa.string()), wanted)).to_pylist()
    return sorted(rows, key=lambda row: int(row["at_us"]))


def _best_known(rows: list[dict[str, Any]]) -> int:
    """The customer with the most to show: one who was paid, and staked on many projects."""
    paid = {row["customer"] for row in rows if row["kind"] == Kind.PAID}
    staked: dict[int, set[int]] = {}
    for row in rows:
        if row["kind"] == Kind.DONE and row["task"] == "stake":
            staked.setdefault(row["customer"], set()).add(row["subject"])
    return max(staked, key=lambda each: (each in paid, len(staked[each]), -each))
