"""Loads a model: its launch terms, what overrides change in them, and every version by its amendments."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import os
from collections.abc import Iterable
from itertools import takewhile
from typing import Any, NamedTuple

from pydantic import PrivateAttr

from comaker.model.checks import Finding
from comaker.model.paths import dotted, locate, parse_path, set_at, split_change, value_at
from comaker.model.places import Path
from comaker.model.problems import ModelError, Problem, did_you_mean, shown
from comaker.model.reading import read
from comaker.model.schema.document import Document
from comaker.model.schema.tasks import StakeTask
from comaker.model.schema.units import read_date
from comaker.model.validate import validate

CHANGE = "change"
"""What a problem names as its file when an override is to blame; its line is the override's number."""

_PLAIN_WORDS = frozenset({"name", "slogan", "currency", "launched", "sources", "amendment", "text"})
_WORDS = {word: word not in _PLAIN_WORDS for word in Document.model_fields}
_NEVER_AMENDED = frozenset({"name", "currency", "launched", "amendment"})


class Model(Document):
    """A declared business model: the terms at launch, and by ``versions`` those after each amendment.

    Frozen: do not change the tables in it. A version's own model has no amendments.
    """

    _versions: tuple[Version, ...] = PrivateAttr(default=())

    @property
    def versions(self) -> tuple[Version, ...]:
        """The terms in force, oldest first; the first are those of the launch."""
        return self._versions or (Version(self.launched, "launch", self, self.terms_hash),)

    @property
    def hash(self) -> str:
        """16 hexadecimal digits of what the model means, amendments included; equal for equal meaning."""
        versions = self.versions
        if len(versions) == 1:
            return self.terms_hash
        history = "\n".join(f"{version.in_force} {version.hash}" for version in versions)
        return hashlib.sha256(history.encode()).hexdigest()[:16]

    def at(self, when: dt.date) -> Model:
        """The terms in force on a day or at an instant (aware, or taken as UTC).

        Terms begin at midnight UTC. ValueError before the launch.
        """
        if isinstance(when, dt.datetime):
            when = (when.astimezone(dt.UTC) if when.tzinfo else when).date()
        in_force = [version for version in self.versions if version.in_force <= when]
        if not in_force:
            raise ValueError(f"no terms are in force on {when}: {self.name} was launched on {self.launched}")
        return in_force[-1].model

    def value(self, name: str) -> float:
        """The value of an assumption; ModelError when the model does not declare it."""
        if name not in self.assumption:
            message = f"the model declares no such assumption; {did_you_mean(name, self.assumption)}"
            raise ModelError([Problem(self.name, 0, f"assumption.{name}", "", message)])
        return self.assumption[name].value


class Version(NamedTuple):
    """Terms and the day from which they are in force, from midnight UTC."""

    in_force: dt.date
    why: str
    model: Model
    hash: str


class _Place(NamedTuple):
    file: str
    line: int


class _Draft:
    """Values on their way to a model, with the place to blame for each.

    ``made`` are the places of what was set since the draft was copied.
    """

    def __init__(self, raw: dict[str, Any], places: dict[Path, _Place], file: str) -> None:
        self.raw = raw
        self.places = places
        self.file = file
        self.made: dict[Path, _Place] = {}

    def copy(self) -> _Draft:
        return _Draft(copy.deepcopy(self.raw), dict(self.places), self.file)

    def place(self, path: Path) -> _Place:
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, _Place(self.file, 1))

    def inside(self, path: Path) -> dict[Path, _Place]:
        """The places of a value and of all in it, by the key path inside it."""
        size = len(path)
        return {at[size:]: place for at, place in self.places.items() if at[:size] == path}

    def set(self, key: str, value: Any, places: dict[Path, _Place]) -> None:
        """Sets one value and blames ``places`` for it and all in it; ValueError when it cannot be set."""
        path = set_at(self.raw, parse_path(key), copy.deepcopy(value), words=_WORDS)
        new = {(*path, *below): place for below, place in places.items()}
        self.places = {at: old for at, old in self.places.items() if at[: len(path)] != path} | new
        self.made |= new

    def problem(self, finding: Finding, since: str = "") -> Problem:
        """A finding with its place; where none of its own keys was set, what was set nearest is to blame."""
        path, message = finding
        place = self.place(path)
        if self.made and place not in self.made.values():
            place = self.made[max(self.made, key=lambda at: _common(at, path))]
        value = shown(value_at(self.raw, locate(self.raw, path)))
        return Problem(*place, dotted(path), value, f"{message}{since}")


def load(
    source: str | os.PathLike[str],
    *,
    changes: Iterable[str | tuple[str, Any]] = (),
    amendments: bool = True,
) -> Model:
    """Loads a gallery model by name or a model file by path.

    ``changes`` override launch terms, ``"task.stake.terms.cap=1000.00"`` or ``(key path, text)``; an
    amendment that sets the same key later still applies, unless ``amendments`` is False: then the launch
    terms hold for ever. Raises ModelError with every problem of the file, the overrides and all versions.
    """
    file, raw, lines = read(source)
    written = _Draft(raw, {path: _Place(file, line) for path, line in lines.items()}, file)
    draft = written.copy()
    problems = _apply_changes(draft, changes)
    model, findings = validate(Model, draft.raw)
    if findings:
        before = validate(Model, written.raw)[1] if draft.made else findings
        problems += [(written if each in before else draft).problem(each) for each in findings]
    later = _later_versions(draft, model, findings, problems) if amendments else ()
    if problems or model is None:
        raise ModelError(sorted(dict.fromkeys(problems), key=lambda each: (each.file == CHANGE, each.line)))
    launch = model.model_copy(update={"amendment": ()})
    if not amendments or not later:
        return launch
    model._versions = (Version(model.launched, "launch", launch, launch.terms_hash), *later)
    return model


def _apply_changes(draft: _Draft, changes: Iterable[str | tuple[str, Any]]) -> list[Problem]:
    problems = []
    for number, change in enumerate(changes, 1):
        key, value = (change, None) if isinstance(change, str) else (str(change[0]), change[1])
        try:
            key, value = split_change(change)
            draft.set(key, value, {(): _Place(CHANGE, number)})
        except ValueError as error:
            problems.append(Problem(CHANGE, number, key, shown(value), str(error)))
    return problems


def _later_versions(
    draft: _Draft, launch: Model | None, findings: list[Finding], problems: list[Problem]
) -> list[Version]:
    """The versions that the amendments make, in order of date; adds what is wrong with them to problems."""
    known = set(findings)
    versions = []
    terms = draft
    for index, date, why in _in_order(draft.raw):
        terms = terms.copy()
        terms.raw.pop("amendment", None)
        path: Path = ("amendment", index, "set")
        for key, value in value_at(draft.raw, path).items():
            places = {(): draft.place((*path, key))} | draft.inside((*path, key))
            try:
                _refuse_constants(key, value)
                terms.set(key, value, places)
            except ValueError as error:
                problems.append(Problem(*places[()], f"{dotted(path)}.{key}", shown(value), str(error)))
        model, found = validate(Model, terms.raw)
        problems += [terms.problem(each, f" (from {date})") for each in found if each not in known]
        known |= set(found)
        if model is not None and launch is not None:
            found = _amended_prices(launch, model)
            problems += [terms.problem(each, f" (from {date})") for each in found if each not in known]
            known |= set(found)
        if model is not None:
            versions.append(Version(date, why, model, model.terms_hash))
    return versions


def _amended_prices(launch: Model, amended: Model) -> list[Finding]:
    """Shares that cost something else than at launch: what is held, and every goal, is counted in shares."""
    message = (
        "the price of a share cannot be amended, what is held counts in shares: declare another stake task"
    )
    return [
        (("task", name, "terms", "share_price"), message)
        for name, task in amended.task.items()
        for before in [launch.task.get(name)]
        if isinstance(task, StakeTask) and isinstance(before, StakeTask)
        if task.terms.share_price_minor != before.terms.share_price_minor
    ]


def _in_order(raw: dict[str, Any]) -> list[tuple[int, dt.date, str]]:
    """Number, date and reason of the amendments whose form allows applying them, by date."""
    found = []
    amendments = raw.get("amendment")
    for index, amendment in enumerate(amendments if isinstance(amendments, list) else ()):
        if isinstance(amendment, dict) and isinstance(amendment.get("set"), dict):
            try:
                found.append((index, read_date(amendment.get("in_force")), str(amendment.get("why", ""))))
            except ValueError:
                continue
    return sorted(found, key=lambda each: each[1])


def _refuse_constants(key: str, value: Any) -> None:
    path = parse_path(key)
    word = path[0]
    if word in _NEVER_AMENDED:
        raise ValueError(f"{word} cannot be amended")
    if word == "task" and len(path) == 3 and path[2] == "kind":
        raise ValueError("the kind of a task cannot be amended: declare another task")
    if word == key.strip() and isinstance(value, dict):
        raise ValueError('put the whole key path in quotes, such as "task.stake.terms.cap"')


def _common(one: Path, other: Path) -> int:
    """How many parts two key paths have in common before they part."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
