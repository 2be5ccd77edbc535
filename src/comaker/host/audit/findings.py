"""What an audit finds: wrong rows, each named with what it says and what would be right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Finding(NamedTuple):
    """A wrong row: its table, its number there (``key``), what is wrong in it, what it says, what is right.

    ``key`` is the row's id; of a standing it is the project, of a holding ``project/customer``.
    """

    table: str
    key: str
    what: str
    says: str
    right: str

    @property
    def line(self) -> str:
        """The finding in one line."""
        return f"{self.table} {self.key}: {self.what} is {self.says}; right is {self.right}"


class Findings:
    """The first finding of each kind; a kind is a table and what is wrong in it."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], Finding] = {}
        self.counted = 0

    def add(self, table: str, key: object, what: str, *, says: object, right: object) -> None:
        """Note that a row is wrong."""
        self.counted += 1
        found = Finding(table, str(key), what, _shown(says), _shown(right))
        self._first.setdefault((table, what), found)

    def check(self, table: str, key: object, what: str, *, says: object, right: object) -> None:
        """Note that a row is wrong where it does not say what is right."""
        if says != right:
            self.add(table, key, what, says=says, right=right)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._first.values())


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bytes):
        return f"{value.hex()[:16]}…" if len(value) > 8 else value.hex() or "empty"
    return str(value)
