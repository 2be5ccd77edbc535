"""Key paths: naming one value of a model file, and setting it."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from comaker.model.places import Path
from comaker.model.problems import did_you_mean
from comaker.model.schema.units import Given

_PART = re.compile(r'([A-Za-z0-9_-]+)|"([^"]*)"')
_TOML_OPENINGS = ("[", "{", '"', "'")


def dotted(path: Path) -> str:
    """A key path as it is written in a message or a change."""
    return ".".join(str(part) for part in path)


def parse_path(text: str) -> Path:
    """The parts of a dotted key path; ValueError when it is none."""
    parts: list[str | int] = []
    at = 0
    text = text.strip()
    while True:
        match = _PART.match(text, at)
        if not match:
            raise ValueError("a key path is names with points between, such as task.stake.terms.cap")
        parts.append(match.group(1) or match.group(2))
        at = match.end()
        if at == len(text):
            return tuple(parts)
        if text[at] != ".":
            raise ValueError("a key path is names with points between, such as task.stake.terms.cap")
        at += 1


def parse_text(text: str) -> Any:
    """The value of a change: TOML where it is a list, a table, a date, true or false or in quotes; else as
    it stands, for the schema to read as money, number or word. ValueError for broken TOML."""
    text = text.strip()
    try:
        value = tomllib.loads(f"value = {text}")["value"] if "\n" not in text else None
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, (bool, str, list, dict, dt.date)):
        return value
    if text.startswith(_TOML_OPENINGS):
        raise ValueError('not valid TOML: write lists like [{ from = "0", cap = "10.00" }], text in quotes')
    return Given(text)


def split_change(change: str | tuple[str, Any]) -> tuple[str, Any]:
    """The key path and value of one change, ``key=value`` or a pair; ValueError says what is wrong."""
    if isinstance(change, str):
        key, equals, value = change.partition("=")
        if not equals:
            raise ValueError("a change is written key=value, such as task.stake.terms.cap=1000.00")
        return key.strip(), parse_text(value)
    key, value = change
    return key, parse_text(value) if isinstance(value, str) else value


def value_at(raw: Any, path: Path) -> Any:
    """What stands at a path, or None."""
    for part in path:
        if isinstance(raw, list):
            raw = dict(enumerate(raw))
        raw = raw.get(part) if isinstance(raw, dict) else None
    return raw


def locate(raw: Any, path: Path) -> Path:
    """The same path in the file's own spelling: ``awareness.need`` may be one key in quotes or two, a list
    item is numbered, and what the schema split further than the file ends where the file ends."""
    found, rest = _follow(raw, path)
    here = value_at(raw, found)
    return found + rest if here is None or isinstance(here, (dict, list)) else found


def _follow(raw: Any, path: Path) -> tuple[Path, Path]:
    """As far as the file has the path, in the file's spelling; and the rest."""
    found: list[str | int] = []
    rest = list(path)
    while rest:
        step = _step(raw, rest)
        if not step:
            break
        key, used = step
        found.append(key)
        raw = raw[key]
        del rest[:used]
    return tuple(found), tuple(rest)


def _step(raw: Any, rest: list[str | int]) -> tuple[str | int, int] | None:
    part = rest[0]
    if isinstance(raw, list):
        number = int(part) if isinstance(part, int) or part.isdecimal() else -1
        return (number, 1) if 0 <= number < len(raw) else None
    # A key in quotes may hold points itself: "awareness.need".
    for used in range(1, len(rest) + 1 if isinstance(raw, dict) else 1):
        key = ".".join(map(str, rest[:used]))
        if key in raw:
            return key, used
    return None


def set_at(raw: dict[str, Any], path: Path, value: Any, *, words: Mapping[str, bool]) -> Path:
    """Sets one value in place and returns the path that was set; ValueError says why it cannot be.

    ``words`` are the top-level words, True for those that hold named tables. A table is not made by
    setting something inside it, so a misspelt name cannot pass for a new one. A number set where an
    assumption stands sets its ``value``.
    """
    if path[0] not in words:
        raise ValueError(f"unknown key {path[0]!r}: {did_you_mean(str(path[0]), words)}")
    found, rest = _follow(raw, path)
    path = found + rest
    if words[str(path[0])] and len(path) > 2 and not isinstance(value_at(raw, path[:2]), dict):
        known = raw.get(str(path[0]))
        names = known if isinstance(known, dict) else {}
        raise ValueError(f"there is no {path[0]} {path[1]!r}: {did_you_mean(str(path[1]), names)}")
    before = value_at(raw, path)
    if isinstance(before, dict) and "value" in before and not isinstance(value, (dict, list)):
        path = (*path, "value")
    here: Any = raw
    for depth, part in enumerate(path[:-1], 1):
        here = here.setdefault(part, {}) if isinstance(here, dict) else here[part]
        if isinstance(here, list) and not isinstance(path[depth], int):
            raise ValueError(f"{dotted(path[:depth])} is a list of {len(here)}, numbered from 0")
        if not isinstance(here, (dict, list)):
            raise ValueError(f"{dotted(path[:depth])} is one value: nothing can be set inside it")
    here[path[-1]] = value
    return path
