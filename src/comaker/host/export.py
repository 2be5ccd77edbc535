"""The event table as Parquet files, each with the events after those of the file before.

The writer numbers events under one lock that it keeps until it commits: an event that can be seen follows
only events that can be seen, also while others write. So the highest number seen is where an export may end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from comaker import events
from comaker.host.models import Event
from comaker.host.preparing import HostError, clear_messages

ROWS = 100_000
"""Events held in memory at a time."""

_NAME = re.compile(r"events-(\d{15})-(\d{15})\.parquet")
_SAME = [name for name in events.SCHEMA.names if name not in ("event_id", "at", "run")]
_UNFINISHED = re.compile(r"\.events-\d{15}-\d{15}\.parquet\.\d+\.unfinished")


class Exported(NamedTuple):
    """What an export added: the file (None where nothing was new) and its events; ``last``: the highest
    number in the folder now."""

    path: Path | None
    rows: int
    last: int


def export(folder: Path) -> Exported:
    """Add a file with every event that is not in the folder yet: together they hold each event once.

    Raises ``HostError`` where the folder holds something else, or a number that the site has not reached:
    the events of another site.
    """
    last = _last_in(folder)
    with clear_messages():
        newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    if newest < last:
        raise HostError(
            f"{folder}: it holds events up to {last:,}, this site has {newest:,}: these are another site's, "
            "or the site was restored from an earlier backup; name another folder"
        )
    if newest == last:
        return Exported(None, 0, last)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"events-{last + 1:015}-{newest:015}.parquet"
    with clear_messages():
        rows = events.write(path, _tables(last, newest))
    return Exported(path, rows, newest)


def _last_in(folder: Path) -> int:
    """The highest number exported before; ``HostError`` where files are missing or do not belong there."""
    if not folder.exists():
        return 0
    if not folder.is_dir():
        raise HostError(f"{folder}: this is a file: name a folder")
    last = 0
    for path in sorted(folder.iterdir()):
        if _UNFINISHED.fullmatch(path.name):
            continue
        found = _NAME.fullmatch(path.name)
        if found is None:
            raise HostError(f"{path}: not a file of an export: name a folder of its own")
        first, end = int(found[1]), int(found[2])
        if first != last + 1:
            raise HostError(f"{folder}: the file with event {last + 1:,} is missing: name an empty folder")
        last = end
    return last


def _tables(after: int, until: int) -> Iterator[pa.Table]:
    start = after
    while start < until:
        end = min(start + ROWS, until)
        rows = (
            Event.objects.filter(id__gt=start, id__lte=end).order_by("id").values_list("id", "at_us", *_SAME)
        )
        columns = list(zip(*rows, strict=True)) or [()] * (2 + len(_SAME))
        given = dict(zip(("event_id", "at", *_SAME), columns, strict=True))
        arrays = {
            name: pa.array(values, pa.int64() if name == "at" else _plain(name))
            for name, values in given.items()
        }
        yield events.table({**arrays, "run": pa.array([0] * len(columns[0]), pa.int32())})
        start = end


def _plain(name: str) -> pa.DataType:
    kind = events.SCHEMA.field(name).type
    return kind.value_type if pa.types.is_dictionary(kind) else kind
