"""Mistakes between tables: names that lead nowhere, circles of tasks, the order of amendments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from comaker.model.places import Path
from comaker.model.problems import did_you_mean

Finding = tuple[Path, str]

_REFERENCES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("role", "*", "tasks"), ("task",)),
    (("role", "*", "after"), ("task",)),
    (("task", "*", "after"), ("task",)),
    (("task", "*", "interface", "*", "staff"), ("staff",)),
    (("task", "*", "interface", "*", "roles"), ("role",)),
    (("task", "*", "terms", "offer"), ("offer",)),
    (("task", "*", "terms", "seller"), ("role",)),
    (("task", "*", "terms", "of"), ("task", "role", "offer")),
    (("task", "*", "terms", "about"), ("task", "role", "offer")),
    (("offer", "*", "to"), ("role",)),
    (("offer", "*", "tasks"), ("task",)),
    (("offer", "*", "based_on"), ("resource",)),
    (("sharing", "*", "offer"), ("offer",)),
    (("sharing", "*", "by_shares", "*"), ("task",)),
    (("technique", "*", "tasks"), ("task",)),
    (("technique", "*", "roles"), ("role",)),
    (("technique", "*", "enables"), ("assumption",)),
    (("staff", "*", "tasks"), ("task",)),
    (("cost", "*", "task"), ("task",)),
)


def reference_mistakes(raw: dict[str, Any]) -> Iterator[Finding]:
    """Names of tasks, roles, offers … that are declared nowhere, and tasks that wait for each other.

    Reads the values as they stand in the file, so that it finds its mistakes beside those of the types.
    """
    for pattern, tables in _REFERENCES:
        known = [name for table in tables for name in _table(raw, table)]
        for path, name in _matches(raw, pattern):
            if name not in known:
                kinds = " or ".join(tables)
                yield path, f"no {kinds} {name!r} is declared: {did_you_mean(name, known)}"
    yield from _party_mistakes(raw)
    yield from _cycles(raw)


def _table(raw: Any, key: str) -> dict[str, Any]:
    inner = raw.get(key) if isinstance(raw, dict) else None
    return inner if isinstance(inner, dict) else {}


def _matches(value: Any, pattern: tuple[str, ...], path: Path = ()) -> Iterator[tuple[Path, str]]:
    if pattern:
        if not isinstance(value, dict):
            return
        for key in value if pattern[0] == "*" else [pattern[0]]:
            if key in value:
                yield from _matches(value[key], pattern[1:], (*path, key))
    elif isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        yield from (((*path, index), name) for index, name in enumerate(value) if isinstance(name, str))


def _party_mistakes(raw: dict[str, Any]) -> Iterator[Finding]:
    known = [*_table(raw, "role"), "firm"]
    for flow, content in _table(raw, "sharing").items():
        for key in ("to", "prize"):
            for party in _table(content, key):
                if party not in known:
                    yield ("sharing", flow, key, party), f"no such role: {did_you_mean(party, known)}"
    for path, name in _matches(raw, ("sharing", "*", "by_shares", "*")):
        if _table(_table(raw, "task"), name).get("kind", "stake") != "stake":
            yield path, f"task {name!r} is not of kind stake: only stakes hold shares"


def _cycles(raw: dict[str, Any]) -> Iterator[Finding]:
    waits: dict[str, set[str]] = {name: set() for name in _table(raw, "task")}
    for path, before in _matches(raw, ("task", "*", "after")):
        waits[str(path[1])].add(before)
    while True:
        try:
            TopologicalSorter(waits).prepare()
        except CycleError as error:
            circle = error.args[1][:0:-1]
            start = circle.index(min(circle))
            circle = [*circle[start:], *circle[:start], circle[start]]
            chain = " waits for ".join(circle)
            yield ("task", circle[0], "after"), f"tasks in a circle: {chain}; take one `after` away"
            waits[circle[0]].clear()
        else:
            return


def amendment_mistakes(raw: dict[str, Any]) -> Iterator[Finding]:
    """Amendments before the launch, or two on one day."""
    launched = raw.get("launched")
    seen: dict[dt.date, int] = {}
    amendments = raw.get("amendment")
    for index, amendment in enumerate(amendments if isinstance(amendments, list) else ()):
        date = amendment.get("in_force") if isinstance(amendment, dict) else None
        if type(date) is not dt.date:
            continue
        path: Path = ("amendment", index, "in_force")
        if type(launched) is dt.date and date <= launched:
            yield path, f"must come after the launch, {launched}"
        if date in seen:
            yield path, f"amendment {seen[date] + 1} is in force from the same day: make them one"
        seen.setdefault(date, index)
