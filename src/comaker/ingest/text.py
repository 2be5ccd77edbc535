"""Reads a file of somebody else's as text: unpacked, decoded, checked, in bounded memory."""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from comaker.model.problems import Problem, did_you_mean, shown

BLOCK_BYTES = 1 << 20

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Refused(Exception):
    """A file that cannot be read on; ``problems`` says why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


class Plain(NamedTuple):
    """A UTF-8 copy of a file without byte-order mark, with its header; lines end in a line feed."""

    path: Path
    name: str
    delimiter: str
    header: tuple[str, ...]


def plain(
    source: Path, copy: Path, *, encoding: str, delimiter: str, read_bytes: Callable[[int, int], None]
) -> Plain:
    """Copy the file as UTF-8 and read its header; raises ``Refused``."""
    name = str(source)
    try:
        with source.open("rb") as packed, copy.open("wb") as out:
            size = source.stat().st_size
            if size == 0:
                raise Refused(Problem(name, 0, "", "", "the file is empty; a header line is expected"))
            blocks = _blocks(name, packed, lambda done: read_bytes(done, size))
            for text in _decoded(name, blocks, encoding):
                out.write(text.encode())
    except OSError as error:
        raise Refused(Problem(name, 0, "", "", f"cannot be read: {error.strerror or error}")) from error
    return _with_header(name, copy, delimiter)


def _blocks(name: str, packed: BinaryIO, done: Callable[[int], None]) -> Iterator[bytes]:
    start = packed.read(4)
    packed.seek(0)
    if start.startswith(b"PK\x03\x04"):
        raise Refused(Problem(name, 0, "", "", "a zip archive or a workbook, not CSV: export it as CSV"))
    packs = start.startswith(b"\x1f\x8b")
    stream: gzip.GzipFile | BinaryIO = gzip.GzipFile(fileobj=packed) if packs else packed
    try:
        while block := stream.read(BLOCK_BYTES):
            yield block
            done(packed.tell())
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Refused(Problem(name, 0, "", "", f"the gzip file is damaged or cut off: {error}")) from error


def _decoded(name: str, blocks: Iterator[bytes], encoding: str) -> Iterator[str]:
    """The text, or ``Refused`` at the first byte that the declared encoding cannot hold."""
    first = next(blocks, b"")
    marked = next((other for mark, other in _MARKS if first.startswith(mark)), None)
    if marked and not encoding.startswith(marked):
        message = f'begins with the mark of {marked}: declare [format] encoding = "{marked}"'
        raise Refused(Problem(name, 1, "", f"encoding {encoding}", message))
    if encoding == "utf-16" and marked is None:
        message = 'has no byte-order mark: declare [format] encoding = "utf-16-le" or "utf-16-be"'
        raise Refused(Problem(name, 1, "", f"encoding {encoding}", message))
    decode = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)()
    unlike = _UnlikeUtf8() if encoding in {"latin-1", "cp1252"} else None
    # DuckDB takes one kind of line break in a file; messages count them as an editor does.
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    lines = bytes_before = 0
    for block in _and_end(first, blocks):
        pending = len(decode.getstate()[0])
        try:
            text = newlines.decode(decode.decode(block, final=not block), final=not block)
        except UnicodeDecodeError as error:
            at = bytes_before - pending + error.start
            lines += _newlines(error.object[: error.start], encoding)
            raise Refused(_undecodable(name, error, at, lines + 1, encoding)) from error
        if "\0" in text:
            line = lines + text.count("\n", 0, text.index("\0")) + 1
            raise Refused(Problem(name, line, "", "", _NUL.format(encoding=encoding)))
        if unlike:
            unlike.see(block)
        lines += text.count("\n")
        bytes_before += len(block)
        yield text.removeprefix("\ufeff") if block is first else text
    if unlike and unlike.is_utf8:
        message = 'every letter reads as UTF-8: declare [format] encoding = "utf-8"'
        raise Refused(Problem(name, 0, "", f"encoding {encoding}", message))


_NUL = "holds a zero character: not text in {encoding}; is it UTF-16, or no CSV at all?"


def _and_end(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from blocks
    yield b""


def _newlines(read: bytes, encoding: str) -> int:
    return len(re.findall("\r\n?|\n", read.decode(encoding, errors="ignore")))


def _undecodable(name: str, error: UnicodeDecodeError, at: int, line: int, encoding: str) -> Problem:
    byte = error.object[error.start]
    message = (
        f"byte 0x{byte:02x} at position {at} is not {encoding}: "
        f'declare what it is, such as [format] encoding = "{"cp1252" if encoding == "utf-8" else "utf-8"}"'
    )
    return Problem(name, line, "", "", message)


class _UnlikeUtf8:
    """Whether bytes read as a one-byte encoding are really UTF-8: any other text fails as UTF-8 at once."""

    def __init__(self) -> None:
        self.decode = codecs.getincrementaldecoder("utf-8")()
        self.valid = True
        self.beyond_ascii = False

    def see(self, block: bytes) -> None:
        if self.valid:
            try:
                self.beyond_ascii |= not self.decode.decode(block, final=not block).isascii()
            except UnicodeDecodeError:
                self.valid = False

    @property
    def is_utf8(self) -> bool:
        return self.valid and self.beyond_ascii


def _records(copy: Path, delimiter: str) -> Iterator[tuple[list[str], int]]:
    """Records with the line on which each begins."""
    with copy.open(encoding="utf-8", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter)
        begins = 1
        for record in reader:
            yield record, begins
            begins = reader.line_num + 1


def _with_header(name: str, copy: Path, delimiter: str) -> Plain:
    records = _records(copy, delimiter)
    try:
        header, _ = next(records, ([], 0))
        _, second_begins = next(((record, line) for record, line in records if record), ([], 0))
    except csv.Error as error:
        raise Refused(Problem(name, 1, "", "", f"the header cannot be read as CSV: {error}")) from error
    names = tuple(column.strip() for column in header)
    if not any(names):
        raise Refused(Problem(name, 1, "", "", "the first line is empty; a header line is expected"))
    if not second_begins:
        raise Refused(Problem(name, 1, "", "", "has a header and no rows"))
    twice = sorted({column for column in names if column and names.count(column) > 1})
    if twice:
        raise Refused(Problem(name, 1, ", ".join(twice), "", "more than one column has this name"))
    return Plain(copy, name, delimiter, names)


def absent(file: Plain, wanted: Iterable[str]) -> list[Problem]:
    """A problem for each wanted column that the file's header lacks."""
    missing = [column for column in dict.fromkeys(wanted) if column not in file.header]
    other = next((mark for mark in ",;\t|" if mark != file.delimiter and mark in file.header[0]), None)
    if missing and len(file.header) == 1 and other:
        message = f"the header is one column with the delimiter {file.delimiter!r}: declare {other!r}?"
        return [Problem(file.name, 1, "", shown(file.header[0]), message)]
    return [
        Problem(
            file.name, 1, column, "", f"the header has no such column: {did_you_mean(column, file.header)}"
        )
        for column in missing
    ]


def lines_at(file: Plain, records: Iterable[int]) -> dict[int, int]:
    """The line on which each record (numbered from 0 behind the header) begins, for messages."""
    wanted = set(records)
    lines: dict[int, int] = {}
    number = -1
    # A field longer than the csv module takes hides the lines behind it: the messages then name none.
    with contextlib.suppress(csv.Error):
        for record, line in _records(file.path, file.delimiter):
            if len(record) != len(file.header):
                continue
            if number in wanted:
                lines[number] = line
            if len(lines) == len(wanted):
                break
            number += 1
    return lines
