"""Imports a platform's contribution log as an event table."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from comaker import events
from comaker.ingest.fields import macros, quoted
from comaker.ingest.maps import ID_SPACES, Map, MapError, load_map
from comaker.ingest.staging import Found, Staged, connect
from comaker.model.problems import Problem

BATCH_ROWS = 200_000

TOTAL = 1000
"""Progress is counted in thousandths."""

Progress = Callable[[int, int], None]


class ImportRefused(ValueError):
    """The file was refused and nothing was written.

    ``problems`` names the mistakes found with file, line, column and value, ``more`` counts further ones.
    """

    def __init__(self, problems: tuple[Problem, ...], more: int = 0) -> None:
        self.problems = problems
        self.more = more
        further = [f"… and {more} more of these"] if more else []
        super().__init__("\n".join([*map(str, problems), *further]))


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import did. ``left_out`` counts rows by reason; read = written + left out, always.

    ``key_tables`` names, for each kind of text id, the CSV file that says which number stands for which
    text. It may name people: keep it apart from the events.
    """

    path: Path
    rows_read: int
    rows_written: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    key_tables: Mapping[str, Path] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "path": str(self.path),
            "rows_read": self.rows_read,
            "rows_written": self.rows_written,
            "left_out": dict(self.left_out),
            "key_tables": {name: str(path) for name, path in self.key_tables.items()},
        }


def import_log(
    source: str | os.PathLike[str],
    *,
    map: str | os.PathLike[str],
    out: str | os.PathLike[str],
    progress: Progress | None = None,
) -> Imported:
    """Turn a contribution log (CSV, plain or gzip) into an event table (Parquet) as a map file declares.

    ``map`` is a TOML file (docs/maps/README.md); other files it names stand in the folder of ``source``.
    Rows are ordered by time, openings first. ``progress`` is called with (done, total) in thousandths.
    Memory stays bounded whatever the length. Raises ``comaker.ingest.MapError`` or ``ImportRefused`` with
    every mistake; then, or when interrupted, nothing is written.
    """
    target = Path(out)
    missing = tuple(_missing(Path(source), target))
    try:
        mapped = load_map(map)
    except MapError as error:
        if not missing:
            raise
        raise ImportRefused((*missing, *error.problems)) from error
    if missing:
        raise ImportRefused(missing)
    read = [each for each in _inputs(Path(source), Path(map), mapped) if each.exists()]
    if target.exists() and any(target.samefile(each) for each in read):
        said = "this file is read by the import and would be lost: name another one to write"
        raise ImportRefused((Problem(str(target), 0, "", "", said),))
    with (
        tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder,
        connect(Path(folder)) as connection,
    ):
        run = _Import(connection, Path(source), mapped, Path(folder))
        return run.to(target, progress or (lambda done, total: None))


def _missing(source: Path, target: Path) -> Iterator[Problem]:
    if not source.exists():
        yield Problem(str(source), 0, "", "", "no such file")
    if not target.parent.is_dir():
        yield Problem(str(target), 0, "", "", "the folder to write to does not exist")


def _inputs(source: Path, map_file: Path, mapped: Map) -> Iterator[Path]:
    yield from (source, map_file)
    for log in mapped.log:
        for name in (log.file, *(only.file for only in log.only)):
            if name:
                yield source.parent / name


class _Import:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, source: Path, mapped: Map, folder: Path
    ) -> None:
        self.db = connection
        self.source = source
        self.folder = folder
        for macro in macros(mapped.format):
            connection.execute(macro)
        self.staged = [
            Staged(connection, number, mapped, source=source, folder=folder)
            for number in range(len(mapped.log))
        ]

    def to(self, target: Path, progress: Progress) -> Imported:
        self._stage(progress)
        rows_read = sum(staged.rows_read for staged in self.staged)
        left_out = self._left_out()
        rows = rows_read - sum(left_out.values())
        if rows == 0:
            reasons = ", ".join(f"{count} because {reason}" for reason, count in left_out.items())
            raise ImportRefused((Problem(str(self.source), 0, "", "", f"every row was left out: {reasons}"),))
        spaces = self._number_ids()
        written = events.write(
            target,
            self._batches(lambda done: progress(TOTAL * 3 // 4 + TOTAL // 4 * done // rows, TOTAL)),
        )
        key_tables = {space: target.with_name(f"{target.stem}.{space}-keys.csv") for space in spaces}
        for space, path in key_tables.items():
            os.replace(self.folder / f"{space}.csv", path)
        return Imported(
            path=target, rows_read=rows_read, rows_written=written, left_out=left_out, key_tables=key_tables
        )

    def _stage(self, progress: Progress) -> None:
        """Stage every file as far as it goes, so that all mistakes are known at once."""
        share = TOTAL * 3 // 4 // len(self.staged)
        found: list[Found] = []
        for number, staged in enumerate(self.staged):
            found += staged.stage(_part_of(progress, number * share, share))
        problems = tuple(problem for one in found for problem in one.problems)
        if problems:
            raise ImportRefused(problems, sum(one.more for one in found))

    def _left_out(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for staged in self.staged:
            for reason, count in staged.left_out.items():
                counts[reason] = counts.get(reason, 0) + count
        return counts

    def _number_ids(self) -> list[str]:
        """Number text ids in order of first appearance and write their key tables; names the spaces."""
        parts: dict[str, list[str]] = {}
        for staged in self.staged:
            for one in staged.fields:
                if one.type == "id":
                    parts.setdefault(ID_SPACES[one.name], []).append(
                        f"SELECT f_{one.name} AS id, record + {staged.number} * {2**48} AS place "
                        f"FROM read_{staged.number} WHERE f_{one.name} IS NOT NULL"
                    )
        for space, selects in parts.items():
            self.db.execute(
                f"CREATE TABLE keys_{space} AS SELECT id FROM ({' UNION ALL '.join(selects)}) "
                "GROUP BY id ORDER BY min(place), id"
            )
            self.db.execute(
                f"COPY (SELECT rowid + 1 AS {space}, id FROM keys_{space} ORDER BY 1) "
                f"TO {quoted(str(self.folder / f'{space}.csv'))} (HEADER, FORMAT csv)"
            )
        return list(parts)

    def _batches(self, wrote: Callable[[int], None]) -> Iterator[pa.Table]:
        """The rows in order of time; openings come before what happened at the same instant."""
        names = [name for name in events.SCHEMA.names if any(name in one.log.sources for one in self.staged)]
        parts = " UNION ALL ".join(self._select(staged, names) for staged in self.staged)
        ordered = self.db.sql(f"{parts} ORDER BY f_at, f_kind <> 'opened', log, record")
        done = 0
        for batch in ordered.to_arrow_reader(BATCH_ROWS):
            rows = batch.num_rows
            columns: dict[str, object] = {name: batch.column(f"f_{name}") for name in names}
            columns["event_id"] = pa.array(range(done + 1, done + rows + 1), pa.int64())
            columns["run"] = pa.nulls(rows, pa.int32()).fill_null(0)
            yield events.table(columns)
            done += rows
            wrote(done)

    @staticmethod
    def _select(staged: Staged, names: list[str]) -> str:
        chosen, joins = [], []
        types = {one.name: one.type for one in staged.fields}
        for name in names:
            if types.get(name) == "id":
                chosen.append(f"k_{name}.rowid + 1 AS f_{name}")
                joins.append(f"LEFT JOIN keys_{ID_SPACES[name]} k_{name} ON k_{name}.id = r.f_{name}")
            else:
                chosen.append(f"r.f_{name}" if name in types else f"NULL AS f_{name}")
        return (
            f"SELECT {', '.join(chosen)}, {staged.number} AS log, r.record AS record "
            f"FROM read_{staged.number} r {' '.join(joins)}"
        )


def _part_of(progress: Progress, start: int, share: int) -> Callable[[int], None]:
    return lambda percent: progress(start + share * percent // 100, TOTAL)
