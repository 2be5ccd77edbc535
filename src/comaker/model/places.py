"""Finds the line on which each key of a TOML text stands: the standard parser does not say."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}(?!")', re.S),
    re.compile(r"'''.*?'{3,5}(?!')", re.S),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of every key, table and array item of a *valid* TOML text, by key path.

    A table's line is its header's or that of the first key that made it.
    """
    return _Scanner(text.replace("\r\n", "\n")).document()


def nearest(lines: Mapping[Path, int], path: Path) -> int:
    """The line of the path, or of the nearest table around it; 1 when nothing is known."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.lines: dict[Path, int] = {}
        self.items: dict[Path, int] = {}

    def document(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            table = self._header() if self.text[self.at] == "[" else self._pair(table)
            self._skip(_BLANK)
        return self.lines

    def _header(self) -> Path:
        line = self._line()
        of_array = self.text.startswith("[[", self.at)
        self.at += 2 if of_array else 1
        keys = self._keys()
        self.at += 2 if of_array else 1
        path = self._resolve(keys[:-1]) + keys[-1:]
        self._note(path, line)
        if of_array:
            self.items[path] = self.items.get(path, 0) + 1
        path = self._resolve(keys)
        self._note(path, line)
        return path

    def _resolve(self, keys: tuple[str, ...]) -> Path:
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self.items:
                path = (*path, self.items[path] - 1)
        return path

    def _pair(self, table: Path) -> Path:
        line = self._line()
        path = (*table, *self._keys())
        self._note(path, line)
        self.at += 1
        self._skip(_SPACE)
        self._value(path)
        return table

    def _keys(self) -> tuple[str, ...]:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            keys.append(self._key())
            self._skip(_SPACE)
            if self.text[self.at] != ".":
                return tuple(keys)
            self.at += 1

    def _key(self) -> str:
        bare = _BARE.match(self.text, self.at)
        if bare:
            self.at = bare.end()
            return bare.group()
        start = self.at
        self._string()
        quoted = self.text[start + 1 : self.at - 1]
        return quoted if self.text[start] == "'" else _ESCAPE.sub(_unescape, quoted)

    def _string(self) -> bool:
        for pattern in _STRINGS:
            match = pattern.match(self.text, self.at)
            if match:
                self.at = match.end()
                return True
        return False

    def _value(self, path: Path) -> None:
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif not self._string():
            self._skip(_SCALAR)

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while not self._closes("]"):
            item = (*path, index)
            self._note(item, self._line())
            self._value(item)
            index += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while not self._closes("}"):
            self._pair(path)
        self.at += 1

    def _closes(self, bracket: str) -> bool:
        self._skip(_BLANK)
        if self.text[self.at] == ",":
            self.at += 1
            self._skip(_BLANK)
        return self.text[self.at] == bracket

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()

    def _line(self) -> int:
        return bisect_right(self.starts, self.at)

    def _note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1) or match.group(2)
    return chr(int(code, 16)) if code else _ESCAPES.get(match.group(3), match.group(3))
