"""One file of an import, staged in DuckDB: loaded as text, filtered, read, checked.

DuckDB works on disk within a memory limit, so a file of any length is staged in bounded memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from comaker.ingest import text
from comaker.ingest.fields import Field, clock_sql, quoted, timed_sql
from comaker.ingest.maps import Map, Only
from comaker.model.problems import Problem, shown

MAX_SHOWN = 20
"""How many mistakes of one kind are named with their line; the rest are counted."""

MEMORY_LIMIT = "400MB"


class Found(NamedTuple):
    """Mistakes found: those named, and how many more there are of the same kinds."""

    problems: tuple[Problem, ...] = ()
    more: int = 0


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB database in the folder that keeps within its memory limit and asks no network."""
    connection = duckdb.connect(
        folder / "staging.duckdb",
        config={
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


class Staged:
    """One file on its way in: ``source`` is the path of the import's main file, ``folder`` its workshop."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, number: int, mapped: Map, *, source: Path, folder: Path
    ) -> None:
        self.db = connection
        self.number = number
        self.log = mapped.log[number]
        self.form = mapped.format
        self.path = source if self.log.file is None else source.parent / self.log.file
        self.folder = folder
        self.fields = [
            Field(name, source, mapped.format, mapped.digits) for name, source in self.log.sources.items()
        ]
        self.left_out: dict[str, int] = {}
        self.rows_read = 0
        self.repeated = ""

    def stage(self, progress: Callable[[int], None]) -> Iterator[Found]:
        """Load, filter, read and check the file, as far as its mistakes allow; progress in per cent."""
        try:
            self.file = self._plain(self.path, f"{self.number}.csv", lambda percent: progress(percent // 2))
            absent = text.absent(self.file, self.columns)
            if absent:
                yield Found(tuple(absent))
                return
            yield load_text(self.db, f"raw_{self.number}", self.file, self.columns)
            (self.rows_read,) = _row(self.db, f"SELECT count(*) FROM raw_{self.number}")
            progress(70)
            self._leave_out()
            yield self._check_ids()
            progress(85)
            yield self._read()
        except text.Refused as error:
            yield Found(error.problems)
        progress(100)

    def _plain(self, path: Path, name: str, progress: Callable[[int], None]) -> text.Plain:
        return text.plain(
            path,
            self.folder / name,
            encoding=self.form.encoding,
            delimiter=self.form.delimiter,
            read_bytes=lambda done, total: progress(100 * done // total),
        )

    @property
    def columns(self) -> list[str]:
        """The columns of the file that are needed."""
        named = [field.source.column for field in self.fields] + [only.column for only in self.log.only]
        return list(dict.fromkeys(name for name in [*named, self.log.id] if name is not None))

    def _leave_out(self) -> None:
        """Decide which rows are taken, counting the others by reason."""
        reasons = [
            (only.left_out_as, self._unwanted(index, only)) for index, only in enumerate(self.log.only)
        ]
        for field in self.fields:
            if field.source.empty == "leave out" and field.source.column is not None:
                reasons.append(
                    (f"{field.source.column} is empty", f"{self._cell(field.source.column)} IS NULL")
                )
        cases = " ".join(f"WHEN {condition} THEN {at}" for at, (_, condition) in enumerate(reasons))
        reason = f"CASE {cases} END" if cases else "NULL"
        self.db.execute(
            f"CREATE VIEW taken_{self.number} AS "
            f"SELECT rowid AS record, *, {reason} AS reason FROM raw_{self.number}"
        )
        for at, count in self.db.execute(
            f"SELECT reason, count(*) FROM taken_{self.number} WHERE reason IS NOT NULL GROUP BY 1 ORDER BY 1"
        ).fetchall():
            self._count_left_out(reasons[at][0], count)

    def _check_ids(self) -> Found:
        """Find rows that repeat an id; where the map keeps the first, count the others as left out."""
        if self.log.id is None:
            return Found()
        cell = self._cell(self.log.id)
        self.db.execute(
            f"CREATE TABLE repeated_{self.number} AS SELECT {cell} AS id, min(record) AS first "
            f"FROM taken_{self.number} WHERE reason IS NULL GROUP BY 1 HAVING count(*) > 1 OR id IS NULL"
        )
        again = (
            f"SELECT t.record, {cell} AS id, r.first FROM taken_{self.number} t "
            f"JOIN repeated_{self.number} r ON r.id IS NOT DISTINCT FROM {cell} "
            f"WHERE t.reason IS NULL AND (t.record <> r.first OR {cell} IS NULL)"
        )
        (count,) = _row(self.db, f"SELECT count(*) FROM ({again})")
        (empty,) = _row(self.db, f"SELECT count(*) FROM ({again}) WHERE id IS NULL")
        if count == 0:
            return Found()
        if self.log.duplicates == "keep first" and not empty:
            self.repeated = f"AND record NOT IN (SELECT record FROM ({again}))"
            self._count_left_out(f"{self.log.id} repeats an earlier row", count)
            return Found()
        rows = self.db.execute(f"{again} ORDER BY 1 LIMIT {MAX_SHOWN}").fetchall()
        lines = text.lines_at(self.file, [record for row in rows for record in (row[0], row[2])])
        problems = []
        for record, value, first in rows:
            message = f"repeats the id of line {lines.get(first, 0)}" if value is not None else "has no id"
            problems.append(Problem(self.file.name, lines.get(record, 0), self.log.id, shown(value), message))
        return Found(tuple(problems), count - len(problems))

    def _read(self) -> Found:
        """Read every cell of the rows taken; a cell that cannot be read is a mistake."""
        at = next(field for field in self.fields if field.type == "time")
        cell = at.cell(self._cell(at.source.column))
        rows = f"taken_{self.number} WHERE reason IS NULL {self.repeated}"
        clock = f"clock_{self.number}"
        self.db.execute(f"CREATE TABLE {clock} AS {clock_sql(cell, self.form, rows)}")
        values = ", ".join(
            f"{field.sql(self._cell(field.source.column))} AS f_{field.name}" for field in self.fields
        )
        wrong = " OR ".join(self._is_wrong(field) for field in self.fields)
        self.db.execute(
            f"CREATE TABLE read_{self.number} AS SELECT *, {wrong} AS wrong FROM ("
            f"SELECT record, {self._empties()} {values} FROM {timed_sql(cell, self.form, rows, clock)})"
        )
        (count,) = _row(self.db, f"SELECT count(*) FROM read_{self.number} WHERE wrong")
        return self._explain() if count else Found()

    def _explain(self) -> Found:
        found: list[tuple[int, Field, str | None]] = []
        total = 0
        for field in self.fields:
            condition = self._is_wrong(field)
            (count,) = _row(self.db, f"SELECT count(*) FROM read_{self.number} WHERE {condition}")
            total += count
            cell = self._cell(field.source.column)
            rows = self.db.execute(
                f"SELECT record, {cell} FROM read_{self.number} JOIN taken_{self.number} USING (record) "
                f"WHERE {condition} ORDER BY 1 LIMIT {MAX_SHOWN}"
            ).fetchall()
            found += [(record, field, value or field.source.constant) for record, value in rows]
        found = sorted(found, key=lambda one: one[0])[:MAX_SHOWN]
        lines = text.lines_at(self.file, [record for record, _, _ in found])
        problems = tuple(
            Problem(
                self.file.name,
                lines.get(record, 0),
                field.source.column or field.name,
                shown(value),
                field.fault(value),
            )
            for record, field, value in found
        )
        return Found(problems, total - len(problems))

    def _cell(self, column: str | None) -> str:
        return "NULL" if column is None else f"c{self.columns.index(column)}"

    def _empties(self) -> str:
        """Whether the cell behind each field that may be empty is so."""
        kept = [field for field in self.fields if field.may_be_empty]
        return "".join(f"{self._cell(field.source.column)} IS NULL AS empty_{field.name}, " for field in kept)

    @staticmethod
    def _is_wrong(field: Field) -> str:
        unread = f"f_{field.name} IS NULL"
        return f"({unread} AND NOT empty_{field.name})" if field.may_be_empty else f"({unread})"

    def _unwanted(self, index: int, only: Only) -> str:
        """The SQL condition of the rows to leave out; a lookup file is loaded first."""
        values = ", ".join(map(quoted, only.is_in if only.is_in is not None else only.not_in or ()))
        negation = "NOT" if only.is_in is not None else ""
        cell = self._cell(only.column)
        if only.file is None:
            return f"{negation} coalesce({cell}, '') IN ({values})"
        table = f"lookup_{self.number}_{index}"
        self._load_lookup(table, only)
        unwanted = f"{negation} coalesce(c1, '') IN ({values})"
        wanted = f"SELECT c0 FROM {table} WHERE c0 IS NOT NULL AND NOT ({unwanted})"
        return f"({cell} IS NULL OR {cell} NOT IN ({wanted}))"

    def _load_lookup(self, table: str, only: Only) -> None:
        file = self._plain(self.path.parent / str(only.file), f"{table}.csv", lambda percent: None)
        columns = [str(only.key), str(only.where)]
        problems = tuple(text.absent(file, columns)) or load_text(self.db, table, file, columns).problems
        if problems:
            raise text.Refused(*problems)

    def _count_left_out(self, reason: str, count: int) -> None:
        self.left_out[reason] = self.left_out.get(reason, 0) + int(count)


def load_text(
    connection: duckdb.DuckDBPyConnection, table: str, file: text.Plain, columns: Sequence[str]
) -> Found:
    """Load columns of a CSV file as text c0, c1, …, trimmed, empty cells NULL; the rowid is the record."""
    header = ", ".join(f"'h{index}': 'VARCHAR'" for index in range(len(file.header)))
    chosen = ", ".join(
        f"nullif(trim(h{file.header.index(column)}), '') AS c{index}" for index, column in enumerate(columns)
    )
    try:
        connection.execute(
            f"CREATE TABLE {table} AS SELECT {chosen} FROM read_csv({quoted(str(file.path))}, "
            f"auto_detect=false, header=true, columns={{{header}}}, delim={quoted(file.delimiter)}, "
            f"quote='\"', escape='\"', store_rejects=true, rejects_table='rejects_{table}', "
            f"rejects_scan='scans_{table}', rejects_limit={MAX_SHOWN + 1})"
        )
    except duckdb.InvalidInputException as error:
        what = str(error).split("\n")[0]
        raise text.Refused(Problem(file.name, 0, "", "", f"cannot be read as CSV: {what}")) from error
    # DuckDB names every surplus cell of a line: the last says how many there are.
    rows = connection.execute(
        f"SELECT line, first(csv_line), last(error_message) FROM (SELECT * FROM rejects_{table} "
        f"ORDER BY line, column_idx) GROUP BY line ORDER BY line"
    ).fetchall()
    problems = [
        Problem(file.name, int(line), "", "", f"malformed line {shown(written)}: {_plainly(message)}")
        for line, written, message in rows
    ]
    return Found(tuple(problems[:MAX_SHOWN]), max(0, len(problems) - MAX_SHOWN))


def _plainly(message: str) -> str:
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    return f"{counts[2]} cells where the header has {counts[1]}" if counts else message


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    # Fetched whole: a result that is not fetched to its end blocks the connection.
    return tuple(connection.execute(query).fetchall()[0])
