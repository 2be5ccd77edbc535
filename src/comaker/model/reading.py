"""Reads a TOML text from a file or the gallery, refusing what no model file can be before parsing it."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path as File
from typing import Any, NamedTuple

from comaker.model.gallery import gallery_names, gallery_text
from comaker.model.places import Path, lines_of
from comaker.model.problems import ModelError, Problem, did_you_mean

MAX_BYTES = 1_000_000
"""A model file is at most so large."""

MAX_DEPTH = 12
"""Tables and lists lie at most so deep in one another."""

MAX_LINE = 2_000
"""A line is at most so long: keeps the time to parse a hostile file short."""

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


class Source(NamedTuple):
    """What a file says: its name for messages, its values, and the line of each key."""

    file: str
    raw: dict[str, Any]
    lines: dict[Path, int]


def read(source: str | os.PathLike[str]) -> Source:
    """The values of a model file or a gallery model; ModelError when it cannot be read at all."""
    file, text = text_of(source)
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            raise _refused(file, f"this line has {len(line)} characters, at most {MAX_LINE}", number)
    try:
        raw = tomllib.loads(text)
    except RecursionError:
        raise _refused(file, f"nested too deep: at most {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise _broken(file, text, str(error)) from None
    deep = _deeper_than(raw, MAX_DEPTH)
    if deep:
        raise _refused(file, f"{deep} is nested too deep: at most {MAX_DEPTH} levels")
    return Source(file, raw, lines_of(text))


def text_of(source: str | os.PathLike[str]) -> tuple[str, str]:
    """A model's name for messages and its text as it was written; ModelError when it cannot be read."""
    path = File(source)
    if isinstance(source, str) and source in gallery_names() and not path.is_file():
        return f"{source}.toml", gallery_text(source)
    file = str(path)
    try:
        if not path.exists():
            raise _refused(file, _no_such(str(source)))
        if path.is_dir():
            raise _refused(file, "this is a directory: name the model file in it")
        if not path.is_file():
            raise _refused(file, "this is not a file")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _refused(file, f"{size:,} bytes: a model file has at most {MAX_BYTES:,}")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise _refused(file, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        return file, data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8: byte 0x{data[error.start]:02x}; save the file as UTF-8"
        raise _refused(file, message, line) from None


def _no_such(source: str) -> str:
    if File(source).suffix or os.sep in source:
        return "no such file"
    return f"no such file, and no such model in the gallery; {did_you_mean(source, gallery_names())}"


def _refused(file: str, message: str, line: int = 0) -> ModelError:
    return ModelError([Problem(file, line, "", "", message)])


def _broken(file: str, text: str, said: str) -> ModelError:
    place = _AT_LINE.search(said)
    line = int(place.group(1)) if place else 0
    if said.endswith("(at end of document)"):
        line = text.count("\n") + 1
    message = re.sub(r" \(at .*\)$", "", said)
    if "integer string conversion" in message:
        message = "a number with thousands of digits"
    return _refused(file, f"not valid TOML: {message[:1].lower()}{message[1:]}", line)


def _deeper_than(raw: dict[str, Any], limit: int) -> str:
    level: list[tuple[str, Any]] = list(raw.items())
    for _ in range(limit):
        below: list[tuple[str, Any]] = []
        for top, value in level:
            inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            below += [(top, each) for each in inner]
        level = below
    return level[0][0] if level else ""
