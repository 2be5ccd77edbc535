"""The map of an import: which columns of somebody else's file become which of the event table.

Nothing of the file's format is guessed: its decimal mark, its time zone, its encoding are declared here.
"""

from __future__ import annotations

import os
import re
import zoneinfo
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from comaker import events
from comaker.model.places import nearest
from comaker.model.problems import ModelError, Problem, did_you_mean, shown
from comaker.model.reading import Source as TomlSource
from comaker.model.reading import read
from comaker.model.schema.units import minor_digits

MAPPED = tuple(name for name in events.SCHEMA.names if name not in {"event_id", "run", "kind"})
"""The columns a map may fill; the other three are made by the import itself."""

ID_SPACES = {"customer": "customer", "referrer": "customer", "subject": "subject"}
"""Columns whose text ids become numbers, and the key table each uses: a referrer is a customer."""

UNIX_US = {"unix": 1_000_000, "unix ms": 1_000}
"""Times written as a number of seconds or milliseconds since 1970 UTC, and the microseconds of one."""

TIME_PARTS = "YymdbBjHIpMSfz"
"""What a pattern of times may consist of, each behind a per cent sign."""

NEVER_EMPTY = ("at",)
MONEY = ("money_minor",)


class MapError(ValueError):
    """The map was refused; ``problems`` holds every mistake found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Part(BaseModel):
    """A table of a map file: it knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Key and sentence of mistakes that no key shows alone."""
        yield from ()

    @model_validator(mode="after")
    def _keys_agree(self) -> Self:
        found = list(self.mistakes())
        if found:
            raise PydanticCustomError("mistakes", "the keys disagree", {"found": found})
        return self


class Format(Part):
    """How the file writes letters, numbers and times."""

    encoding: Literal["utf-8", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"] = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] | None = None
    """The decimal mark; there is no default, because 1.234 means two things."""
    thousands: Literal["", ",", ".", " ", "'", "\u00a0", "\u202f"] = ""
    time: str = "iso"
    """``iso``, ``unix`` or ``unix ms``, or a pattern such as ``%d/%m/%Y %H:%M``."""
    zone: str | None = None
    """The IANA zone of times written without one."""
    repeated_hour: Literal["first", "second"] | None = None
    """Which is meant where the clock showed the same hour twice (the end of summer time)."""

    def mistakes(self) -> Iterator[tuple[str, str]]:
        if self.decimal is not None and self.decimal == self.thousands:
            yield "thousands", "the decimal mark and the thousands mark must differ"
        if self.zone is not None and self.zone not in zoneinfo.available_timezones():
            yield "zone", f"not an IANA time zone: {did_you_mean(self.zone, zoneinfo.available_timezones())}"
        unknown = set(re.findall("%(.?)", self.time.replace("%%", ""))) - set(TIME_PARTS)
        named = self.time == "iso" or self.time in UNIX_US
        if not named and (unknown or "%" not in self.time):
            parts = " ".join(f"%{part}" for part in TIME_PARTS)
            right = f'a pattern such as "%d/%m/%Y %H:%M" of {parts}'
            yield "time", f'write "iso", "unix", "unix ms", or {right}'
        if self.time in UNIX_US and self.zone is not None:
            yield "zone", "seconds since 1970 are UTC everywhere: declare no zone"
        if self.delimiter in '"\r\n':
            yield "delimiter", "cells cannot be parted by quotes or line breaks"


class Source(Part):
    """Where one column of the event table comes from: a column of the file, or a constant."""

    column: str | None = None
    constant: str | None = None
    values: dict[str, str] | None = None
    """What each value of the file's column becomes; a value not listed is an error."""
    text: bool = False
    """True where ids are text: they become 1, 2, 3… and the key table is written beside the output."""
    empty: Literal["error", "keep", "leave out"] = "error"
    """What an empty cell means."""
    rounds: bool = False
    """Whether an amount finer than the currency becomes the nearest minor unit (halves up); else an error."""

    def mistakes(self) -> Iterator[tuple[str, str]]:
        if (self.column is None) == (self.constant is None):
            yield "column", "name either a column of the file or a constant, not both or neither"
        if self.constant is not None and (self.values is not None or self.text):
            yield "constant", "a constant has no values and is no text id"


class Only(Part):
    """Which rows are taken: those whose column holds (or does not hold) one of some values.

    With ``file``, ``key`` and ``where``, the row's column is looked up in the key column of another file
    of the same folder, and it is the ``where`` column found there that decides.
    """

    column: str
    is_in: tuple[str, ...] | None = Field(default=None, alias="in")
    not_in: tuple[str, ...] | None = None
    file: str | None = None
    key: str | None = None
    where: str | None = None
    reason: str | None = None
    """The words under which the rows left out are counted."""

    @property
    def left_out_as(self) -> str:
        """The words under which the rows left out are counted."""
        named = f"{self.where} in {self.file}" if self.file else self.column
        wanted = f"in {list(self.is_in)}" if self.is_in is not None else f"outside {list(self.not_in or ())}"
        return self.reason or f"{named} is not {wanted}"

    def mistakes(self) -> Iterator[tuple[str, str]]:
        if (self.is_in is None) == (self.not_in is None):
            yield "in", "give either the values to take (in) or those to leave out (not_in)"
        if len({part is None for part in (self.file, self.key, self.where)}) > 1:
            yield "file", "a lookup needs all of file, key and where"


class Log(Part):
    """One file of the import: the source itself, or (``file``) another of the same folder."""

    file: str | None = None
    id: str | None = None
    """The column that names a row; ids are checked to be unique."""
    duplicates: Literal["error", "keep first"] = "error"
    kind: str | Source
    columns: dict[str, str | Source]
    only: tuple[Only, ...] = ()

    @property
    def sources(self) -> dict[str, Source]:
        """Every event column that the file fills, ``kind`` among them, in the order of the event table."""
        written = {**self.columns, "kind": self.kind}
        return {name: _as_source(name, written[name]) for name in events.SCHEMA.names if name in written}

    def mistakes(self) -> Iterator[tuple[str, str]]:
        for name in self.columns:
            if name not in MAPPED:
                yield f"columns.{name}", f"not a column of the event table: {did_you_mean(name, MAPPED)}"
        if "at" not in self.columns:
            yield "columns", "the column at (when it happened) must be mapped"
        kinds = [kind.value for kind in events.Kind]
        source = _as_source("kind", self.kind)
        for kind in [source.constant] if source.constant is not None else (source.values or {}).values():
            if kind not in kinds:
                yield "kind", f"{kind!r} is no kind of event: {did_you_mean(str(kind), kinds)}"
        if source.column is not None and source.values is None:
            yield "kind", "a kind read from a column needs values, such as { paid = 'done' }"
        for name in self.columns:
            if name in events.SCHEMA.names:
                yield from self._column_mistakes(name, self.sources[name])

    @staticmethod
    def _column_mistakes(name: str, source: Source) -> Iterator[tuple[str, str]]:
        if source.text and name not in ID_SPACES:
            yield f"columns.{name}", f"text ids are for {', '.join(ID_SPACES)}"
        if source.rounds and name not in MONEY:
            yield f"columns.{name}", f"only money is rounded: {', '.join(MONEY)}"
        if source.empty == "keep" and name in NEVER_EMPTY:
            yield f"columns.{name}", "may not be empty: leave such rows out, or let them be errors"


class Map(Part):
    """A whole map file."""

    name: str
    currency: str = Field(pattern="^[A-Z]{3}$")
    format: Format = Format()
    log: tuple[Log, ...]

    @property
    def digits(self) -> int:
        """Decimals of the currency."""
        return minor_digits(self.currency)

    def mistakes(self) -> Iterator[tuple[str, str]]:
        if sum(log.file is None for log in self.log) != 1:
            yield "log", "exactly one [[log]] is the source itself and has no file"
        for index, log in enumerate(self.log):
            if self.format.decimal is None and any(log.sources.get(name) for name in MONEY):
                key = f"log.{index}.columns.money_minor"
                yield key, 'declare [format] decimal = "." (1,234.50) or "," (1.234,50): it is not guessed'


def _as_source(name: str, written: str | Source) -> Source:
    if isinstance(written, Source):
        return written
    return Source(constant=written) if name == "kind" else Source(column=written)


def load_map(path: str | os.PathLike[str]) -> Map:
    """Read a map file; raises ``MapError`` with every mistake and its line."""
    try:
        found = read(Path(path))
    except ModelError as error:
        raise MapError(error.problems) from error
    try:
        return Map.model_validate(found.raw, strict=False)
    except ValidationError as error:
        raise MapError(_problems(found, error)) from error


def _problems(source: TomlSource, error: ValidationError) -> list[Problem]:
    found = []
    for one in error.errors():
        path = tuple(part for part in one["loc"] if part not in {"str", "Source"})
        if one["type"] == "mistakes":
            for key, sentence in one["ctx"]["found"]:
                inner = tuple(int(part) if part.isdigit() else part for part in key.split(".") if part)
                found.append((path + inner, "", sentence))
        elif not (one["loc"] and one["loc"][-1] == "str"):
            found.append((path, _value(one), _sentence(one, path)))
    problems = (
        Problem(source.file, nearest(source.lines, path), ".".join(map(str, path)), value, sentence)
        for path, value, sentence in found
    )
    return sorted(dict.fromkeys(problems), key=lambda problem: problem.line)


def _value(one: Any) -> str:
    return "" if one["type"] == "missing" or isinstance(one["input"], dict | list) else shown(one["input"])


def _sentence(one: Any, path: tuple[str | int, ...]) -> str:
    if one["type"] == "extra_forbidden":
        return f"unknown key: {did_you_mean(str(path[-1]), _known(path[:-1]))}"
    if one["type"] == "missing":
        return "is missing"
    return str(one["msg"])


def _known(table: tuple[str | int, ...]) -> list[str]:
    """The keys of the table at this path of a map file."""
    names = [part for part in table if isinstance(part, str)]
    parts: dict[str, type[Part]] = {"format": Format, "log": Log, "only": Only}
    part = parts.get(names[-1], Source) if names else Map
    return [field.alias or name for name, field in part.model_fields.items()]
