"""Reads files of votes on how to spend a budget, in the format of Pabulib (.pb, plain or gzip).

Written by hand: the library that reads them (pabutools) is under the GPL. The format is that of Faliszewski
et al. 2023 (IJCAI): the sections META, PROJECTS and VOTES, each with a header line, cells parted by
semicolons.
"""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from comaker.ingest import text
from comaker.model.problems import Problem, did_you_mean, shown
from comaker.model.schema.units import minor_digits

SECTIONS = ("META", "PROJECTS", "VOTES")
MAX_SHOWN = 20
"""How many mistakes are named; the rest are counted."""

APPROVAL, CHOOSE_1, CUMULATIVE, ORDINAL = "approval", "choose-1", "cumulative", "ordinal"
TYPES = (APPROVAL, CHOOSE_1, CUMULATIVE, ORDINAL)
"""Kinds of ballots: options approved of, one option, points shared out, options in order of liking."""

_AMOUNT = re.compile(r"([0-9]{1,15})(?:\.([0-9]+))?", re.ASCII)


class BallotsRefused(ValueError):
    """A file that holds no votes on a budget; ``problems`` names mistakes, ``more`` counts further ones."""

    def __init__(self, problems: tuple[Problem, ...], more: int = 0) -> None:
        self.problems = problems
        self.more = more
        super().__init__("\n".join([*map(str, problems), *([f"… and {more} more of these"] if more else [])]))


class Option(NamedTuple):
    """A project that was voted on. ``votes`` and ``is_chosen`` as the file states them; None: it does not."""

    id: str
    name: str
    cost_minor: int
    votes: int | None
    is_chosen: bool | None


class Ballots(NamedTuple):
    """Votes on how to spend a budget. ``ballots``: the places in ``options`` that each voter named, each
    once; ``points``: what she gave each of them, in ballots of points; ``repeated``: options that a ballot
    named again, an entry each time, which ``ballots`` hold once. Money is in minor units of ``digits``
    decimals."""

    type: str
    currency: str
    digits: int
    budget_minor: int
    meta: Mapping[str, str]
    options: tuple[Option, ...]
    ballots: tuple[tuple[int, ...], ...]
    points: tuple[tuple[int, ...], ...]
    repeated: tuple[int, ...]


class _Section:
    """The rows of a section: line and cells, in the order of ``header``."""

    def __init__(self) -> None:
        self.header: list[str] = []
        self.rows: list[tuple[int, list[str]]] = []

    def columns(self, *names: str) -> Iterator[tuple[int, list[str]]]:
        """Line and cells of these columns in each row; "" where the section or the row lacks one."""
        places = [self.header.index(name) if name in self.header else -1 for name in names]
        for line, cells in self.rows:
            last = len(cells)
            yield line, [cells[place].strip() if 0 <= place < last else "" for place in places]


def read_ballots(path: str | os.PathLike[str]) -> Ballots:
    """Read a file of votes; raises ``BallotsRefused`` with the mistakes found, each with its line."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            copy = text.plain(
                Path(path),
                Path(folder) / "ballots.pb",
                encoding="utf-8",
                delimiter=";",
                read_bytes=lambda done, total: None,
            )
        except text.Refused as error:
            raise BallotsRefused(error.problems) from error
        reader = _Reader(str(path))
        found = reader.read(copy.path)
    if reader.problems or found is None:
        raise BallotsRefused(tuple(reader.problems[:MAX_SHOWN]), max(len(reader.problems) - MAX_SHOWN, 0))
    return found


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.repeated: list[int] = []

    def wrong(self, line: int, key: str, value: str, message: str) -> None:
        self.problems.append(Problem(self.file, line, key, shown(value) if value else "", message))

    def read(self, copy: Path) -> Ballots | None:
        sections = self._sections(copy)
        if self.problems:
            return None
        said = list(sections["META"].columns("key", "value"))
        meta = {key: value for _, (key, value) in said}
        lines = {key: line for line, (key, _) in said}
        currency = meta.get("currency", "EUR")
        digits = minor_digits(currency)
        kind = meta.get("vote_type", "")
        if kind not in TYPES:
            self.wrong(lines.get("vote_type", 1), "vote_type", kind, did_you_mean(kind, TYPES))
        if "budget" not in meta:
            self.wrong(1, "budget", "", "META names no budget")
        budget = self._minor(lines.get("budget", 1), "budget", meta.get("budget", "0"), digits)
        options = tuple(self._options(sections["PROJECTS"], digits))
        cast = list(self._ballots(sections["VOTES"], options, has_points=kind == CUMULATIVE))
        if not options:
            self.wrong(0, "PROJECTS", "", "names no project: there is nothing to choose")
        return Ballots(
            type=kind,
            currency=currency,
            digits=digits,
            budget_minor=budget,
            meta=meta,
            options=options,
            ballots=tuple(ballot for ballot, _ in cast),
            points=tuple(points for _, points in cast),
            repeated=tuple(self.repeated),
        )

    def _sections(self, copy: Path) -> dict[str, _Section]:
        found: dict[str, _Section] = {}
        needed = {"META": ("key", "value"), "PROJECTS": ("project_id", "cost"), "VOTES": ("vote",)}
        name = ""
        with copy.open(encoding="utf-8", newline="") as lines:
            reader = csv.reader(lines, delimiter=";")
            try:
                for cells in filter(None, reader):
                    first = cells[0].strip()
                    if len(cells) == 1 and first in SECTIONS:
                        name = first
                        found[name] = _Section()
                    elif not name:
                        self.wrong(reader.line_num, "", first, "a file of votes begins with the section META")
                        return found
                    elif not found[name].header:
                        found[name].header = [cell.strip() for cell in cells]
                        self._check_header(reader.line_num, name, found[name].header, needed[name])
                    else:
                        found[name].rows.append((reader.line_num, cells))
            except csv.Error as error:
                self.wrong(reader.line_num, "", "", f"cannot be read: {error}")
        for section in SECTIONS:
            if section not in found:
                self.wrong(0, section, "", "the file has no such section: is it complete?")
        return found

    def _check_header(self, line: int, section: str, header: list[str], needed: tuple[str, ...]) -> None:
        for column in needed:
            if column not in header:
                self.wrong(line, column, "", f"{section} has no such column: {did_you_mean(column, header)}")

    def _minor(self, line: int, key: str, value: str, digits: int) -> int:
        match = _AMOUNT.fullmatch(value)
        part = (match[2] or "").rstrip("0") if match else ""
        if match is None or len(part) > digits:
            self.wrong(line, key, value, f"not an amount of money with at most {digits} decimals")
            return 0
        return int(match[1] + part.ljust(digits, "0"))

    def _whole(self, line: int, key: str, value: str) -> int:
        if not re.fullmatch("[0-9]{1,15}", value, re.ASCII):
            self.wrong(line, key, value, "not a whole number")
            return 0
        return int(value)

    def _options(self, rows: _Section, digits: int) -> Iterator[Option]:
        known: dict[str, int] = {}
        columns = ("project_id", "cost", "votes", "name", "selected")
        for line, (one, cost, votes, name, selected) in rows.columns(*columns):
            if one in known:
                self.wrong(line, "project_id", one, f"the project of line {known[one]} again")
            known.setdefault(one, line)
            yield Option(
                one,
                name,
                self._minor(line, "cost", cost, digits),
                self._whole(line, "votes", votes) if votes else None,
                selected == "1" if selected else None,
            )

    def _ballots(
        self, rows: _Section, options: tuple[Option, ...], *, has_points: bool
    ) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        places = {option.id: place for place, option in enumerate(options)}
        for line, (vote, given) in rows.columns("vote", "points"):
            named = [one.strip() for one in vote.split(",") if one.strip()]
            ballot = [places[one] for one in named if one in places]
            if len(ballot) < len(named):
                unknown = next(one for one in named if one not in places)
                self.wrong(line, "vote", unknown, f"no such project: {did_you_mean(unknown, places)}")
            once = tuple(dict.fromkeys(ballot))
            if len(once) < len(ballot):
                self.repeated += (Counter(ballot) - Counter(once)).elements()
            yield once, self._points(line, vote, given, len(once)) if has_points else ()

    def _points(self, line: int, vote: str, given: str, options: int) -> tuple[int, ...]:
        points = tuple(self._whole(line, "points", one.strip()) for one in given.split(",")) if given else ()
        if len(points) != options:
            self.wrong(line, "points", given, f"one for each project of the vote {vote}, each named once")
        return points
