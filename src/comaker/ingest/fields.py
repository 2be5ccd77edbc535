"""Reads one cell: as an expression for DuckDB that gives a value or NULL, and in words why it gave NULL.

Money never passes through floating point: the digits of the text become an integer of minor units.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import NamedTuple

import pyarrow as pa

from comaker import events
from comaker.ingest.maps import MONEY, NEVER_EMPTY, UNIX_US, Format, Source
from comaker.model.problems import did_you_mean
from comaker.model.schema.units import money_text

MAX_MONEY_DIGITS = 15
"""An amount of more digits, in minor units, is taken for a mistake of the file."""

_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))? ?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?",
    re.ASCII,
)
_LOCAL_SQL = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?"
_OFFSET_SQL = rf"({_LOCAL_SQL}) ?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)"
_MINUTE_US = 60_000_000
_QUARTER_US = 15 * _MINUTE_US
_END_US = 4_102_444_800_000_000
_LIMITS = {8: 2**7 - 1, 32: 2**31 - 1, 64: 2**63 - 1}


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


class Field(NamedTuple):
    """One column of the event table as it is read from a column of the file."""

    name: str
    source: Source
    format: Format
    digits: int

    @property
    def type(self) -> str:
        """What its cells are: kind, time, money, whole, words or id (text that becomes a number)."""
        if self.name == "at":
            return "time"
        if self.name in MONEY:
            return "money"
        if self.source.text:
            return "id"
        arrow = events.SCHEMA.field(self.name).type
        return "whole" if pa.types.is_integer(arrow) else "words"

    @property
    def may_be_empty(self) -> bool:
        """Whether an empty cell of a kept row is right."""
        return self.source.empty == "keep" and self.name not in NEVER_EMPTY

    def sql(self, cell: str) -> str:
        """The value of a cell (an SQL expression of text, NULL when empty), or NULL where it is wrong.

        A time is read from rows of ``timed_sql``.
        """
        cell = self.cell(cell)
        if self.type == "time":
            return _time_sql(cell, self.format)
        if self.type == "money":
            return _money_sql(cell, self.format, self.digits, rounds=self.source.rounds)
        return _whole_sql(cell, self._bits) if self.type == "whole" else cell

    def cell(self, cell: str) -> str:
        """The text to be read: the cell, what the map makes of it, or the constant."""
        if self.source.constant is not None:
            return quoted(self.source.constant)
        if self.source.values is not None:
            cases = " ".join(
                f"WHEN {quoted(old)} THEN {quoted(new)}" for old, new in self.source.values.items()
            )
            return f"(CASE {cell} {cases} END)"
        return cell

    @property
    def _bits(self) -> int:
        return int(events.SCHEMA.field(self.name).type.bit_width)

    def fault(self, cell: str | None) -> str:
        """Why a cell (or a constant) cannot be read, and what would be right."""
        if cell is None:
            return 'is empty; if that has a meaning, declare empty = "keep" or "leave out"'
        if self.source.values is not None:
            if cell not in self.source.values:
                return f"not among the values of the map: {did_you_mean(cell, self.source.values)}"
            cell = self.source.values[cell]
        if self.type == "time":
            return _time_fault(cell, self.format)
        if self.type == "money":
            return _money_fault(cell, self.format, self.digits, rounds=self.source.rounds)
        return f"not a whole number from {-_LIMITS[self._bits] - 1} to {_LIMITS[self._bits]}"


def _whole_sql(cell: str, bits: int) -> str:
    type_name = {8: "TINYINT", 32: "INTEGER", 64: "BIGINT"}[bits]
    return f"CASE WHEN regexp_full_match({cell}, '-?[0-9]+') THEN TRY_CAST({cell} AS {type_name}) END"


def _number_pattern(form: Format) -> str:
    whole = "[0-9]+"
    if form.thousands:
        mark = re.escape(form.thousands)
        whole = f"([0-9]+|[0-9]{{1,3}}({mark}[0-9]{{3}})+)"
    return rf"{whole}({re.escape(form.decimal or '.')}[0-9]+)?"


def _money_sql(cell: str, form: Format, digits: int, *, rounds: bool) -> str:
    mark = quoted(form.decimal or ".")
    whole = f"split_part({cell}, {mark}, 1)"
    if form.thousands:
        whole = f"replace({whole}, {quoted(form.thousands)}, '')"
    part = f"rtrim(split_part({cell}, {mark}, 2), '0')"
    minor = f"TRY_CAST({whole} || rpad({part}, {digits}, '0') AS DECIMAL({MAX_MONEY_DIGITS}, 0))"
    is_number = f"regexp_full_match({cell}, {quoted(_number_pattern(form))})"
    if rounds:
        # rpad cuts what is finer off; the first digit that it cuts says whether to go up.
        up = f"CAST(substr({part}, {digits + 1}, 1) >= '5' AS BIGINT)"
        return f"CASE WHEN {is_number} THEN CAST({minor} AS BIGINT) + {up} END"
    return f"CASE WHEN {is_number} AND length({part}) <= {digits} THEN CAST({minor} AS BIGINT) END"


def _money_fault(cell: str, form: Format, digits: int, *, rounds: bool) -> str:
    if cell.startswith(("-", "−", "(")):
        return "a negative amount: leave such rows out (only), or map them as withdrawn in a log of their own"
    example = "1234" + (form.decimal or ".") + "50"
    if form.thousands:
        example = example.replace("1234", f"1{form.thousands}234")
    if not re.fullmatch(_number_pattern(form), cell):
        return f"not a number as the map declares them (decimal = {form.decimal!r}, such as {example})"
    part = cell.partition(form.decimal or ".")[2].rstrip("0")
    if len(part) > digits and not rounds:
        return f"finer than the currency's {digits} decimals; is the decimal mark really {form.decimal!r}?"
    return f"absurdly large: more than {money_text(10**MAX_MONEY_DIGITS - 1, digits)}"


def _time_sql(cell: str, form: Format) -> str:
    """Microseconds since 1970 UTC of a cell of ``timed_sql``, from 1970 to 2099."""
    zoned = "local_us + shift_us"
    if form.time == "iso":
        is_local = f"regexp_full_match({cell}, {quoted(_LOCAL_SQL)})"
        return f"CASE WHEN {is_local} THEN {zoned} ELSE {_within(_offset_sql(cell))} END"
    if form.time in UNIX_US:
        return _within(_unix_sql(cell, UNIX_US[form.time]))
    if "%z" in form.time:
        return _within(f"epoch_us(TRY_STRPTIME({cell}, {quoted(form.time)}))")
    return zoned


def _within(us: str) -> str:
    return f"CASE WHEN {us} BETWEEN 0 AND {_END_US} THEN {us} END"


def _unix_sql(cell: str, unit_us: int) -> str:
    """Microseconds of a number of seconds or milliseconds, of its digits alone: no float comes between."""
    decimals = len(str(unit_us)) - 1
    part = f"rpad(split_part({cell}, '.', 2), {decimals}, '0')"
    us = f"TRY_CAST(split_part({cell}, '.', 1) || {part} AS BIGINT)"
    return f"CASE WHEN regexp_full_match({cell}, {quoted(_unix_pattern(unit_us))}) THEN {us} END"


def _unix_pattern(unit_us: int) -> str:
    return rf"[0-9]{{1,15}}(\.[0-9]{{1,{len(str(unit_us)) - 1}}})?"


def _local_sql(cell: str, form: Format) -> str:
    """Microseconds since 1970 on the clock of the file, NULL where the cell is no time."""
    if form.time in UNIX_US:
        return _unix_sql(cell, UNIX_US[form.time])
    if form.time == "iso":
        return f"epoch_us(TRY_CAST({cell} AS TIMESTAMP))"
    return f"epoch_us(CAST(TRY_STRPTIME({cell}, {quoted(form.time)}) AS TIMESTAMP))"


def clock_sql(cell: str, form: Format, rows: str) -> str:
    """What to add to local time to get UTC, for every quarter of an hour that the rows tell of.

    Clocks are moved on the quarter, and a time zone is asked far fewer times than there are rows.
    """
    quarters = f"SELECT DISTINCT {_local_sql(cell, form)} // {_QUARTER_US} AS quarter FROM {rows}"
    if form.zone is None:
        return f"SELECT quarter, CAST(NULL AS BIGINT) AS shift_us FROM ({quarters})"
    start = f"(quarter * {_QUARTER_US})"
    within = f"quarter BETWEEN 0 AND {_END_US // _QUARTER_US}"
    return f"SELECT quarter, utc_us({start}) - {start} AS shift_us FROM ({quarters}) WHERE {within}"


def timed_sql(cell: str, form: Format, rows: str, clock: str) -> str:
    """The rows with their local time and what the table ``clock`` (of ``clock_sql``) adds to it."""
    local = f"SELECT *, {_local_sql(cell, form)} AS local_us FROM {rows}"
    return f"({local}) LEFT JOIN {clock} ON quarter = local_us // {_QUARTER_US}"


def _offset_sql(cell: str) -> str:
    """UTC of a cell written with its offset."""
    local, mark = (f"regexp_extract({cell}, {quoted(_OFFSET_SQL)}, {group})" for group in (1, 5))
    minutes = f"(TRY_CAST({mark}[2:3] AS BIGINT) * 60 + TRY_CAST({mark}[-2:] AS BIGINT))"
    offset = f"(CASE {mark}[1] WHEN 'Z' THEN 0 WHEN '-' THEN -{minutes} ELSE {minutes} END)"
    utc = f"epoch_us(TRY_CAST({local} AS TIMESTAMP)) - {offset} * {_MINUTE_US}"
    return f"CASE WHEN regexp_full_match({cell}, {quoted(_OFFSET_SQL)}) THEN {utc} END"


def macros(form: Format) -> list[str]:
    """SQL macros that turn local time of the declared zone to UTC, a repeated hour by the declared rule."""
    if form.zone is None:
        return []
    zone = quoted(form.zone)
    local = f"epoch_us(timezone({zone}, to_timestamp(0) + to_microseconds(u)))"
    guess = f"epoch_us(timezone({zone}, make_timestamp(n)))"
    # A clock that is put back shows times twice, an hour apart (half an hour on Lord Howe Island).
    before, after = (
        f"CASE WHEN local_us(u {sign} 3600000000) = n THEN u {sign} 3600000000 "
        f"WHEN local_us(u {sign} 1800000000) = n THEN u {sign} 1800000000 END"
        for sign in "-+"
    )
    choice = {
        "first": "coalesce(b, u)",
        "second": "coalesce(a, u)",
        None: "CASE WHEN b IS NULL AND a IS NULL THEN u END",
    }
    return [
        f"CREATE OR REPLACE TEMP MACRO local_us(u) AS {local}",
        f"CREATE OR REPLACE TEMP MACRO chosen_us(n, u, b, a) AS "
        f"CASE WHEN local_us(u) = n THEN {choice[form.repeated_hour]} END",
        f"CREATE OR REPLACE TEMP MACRO either_us(n, u) AS chosen_us(n, u, {before}, {after})",
        f"CREATE OR REPLACE TEMP MACRO utc_us(n) AS either_us(n, {guess})",
    ]


def _time_fault(cell: str, form: Format) -> str:
    if form.time in UNIX_US:
        return _unix_fault(cell, form)
    local = _local(cell, form)
    if local is None:
        right = (
            "2018-04-14T20:15:00"
            if form.time == "iso"
            else dt.datetime(2018, 4, 14, 20, 15).strftime(form.time)
        )
        return f"not a time as the map declares them (time = {form.time!r}, such as {right})"
    if not 1970 <= local.year < 2100:
        return "a time out of the years 1970 to 2099"
    if form.zone is None:
        return 'a time without a zone: declare [format] zone, such as "Europe/London"'
    zone = zoneinfo.ZoneInfo(form.zone)
    back = local.replace(tzinfo=zone).astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None)
    if back != local:
        return f"the clocks of {form.zone} skipped this time; is that the right zone?"
    right = '[format] repeated_hour = "first" or "second"'
    return f"the clocks of {form.zone} showed this time twice: declare {right}"


def _unix_fault(cell: str, form: Format) -> str:
    unit_us = UNIX_US[form.time]
    if not re.fullmatch(_unix_pattern(unit_us), cell, re.ASCII):
        right = 1_523_736_900 * 1_000_000 // unit_us
        return f"not a time as the map declares them (time = {form.time!r}, such as {right})"
    other = "unix ms" if form.time == "unix" else "unix"
    return f"a time out of the years 1970 to 2099: is it {other!r}?"


def _local(cell: str, form: Format) -> dt.datetime | None:
    try:
        if form.time != "iso":
            return dt.datetime.strptime(cell, form.time)
        match = _ISO.fullmatch(cell)
        return dt.datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00'}") if match else None
    except ValueError:
        return None
