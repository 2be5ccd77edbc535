"""Draws up an amendment: the published text with one amendment more, which must be a model."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit

from comaker.host.firm import model_of
from comaker.model import Model, ModelError, Problem
from comaker.model.paths import parse_text
from comaker.model.schema.units import Given


def draw_up(
    base: str, changes: Mapping[str, str], *, why: str, in_force: dt.date, announced: dt.date
) -> tuple[str, Model]:
    """The text with the amendment at its end, nothing before it touched, and the model it declares.

    ``changes``: new values by key path, as a person writes them: ``12`` may be a number or money, and is what
    the model takes there. Raises ``ModelError`` with every problem where it takes neither.
    """
    problems: list[Problem] = []
    readings: dict[str, list[Any]] = {}
    for key, value in changes.items():
        try:
            readings[key] = list(_readings(value))
        except ValueError as error:
            problems.append(Problem("change", 0, key, value, str(error)))
    if problems:
        raise ModelError(problems)
    refused: ModelError | None = None
    for values in itertools.product(*readings.values()):
        text = _append(base, dict(zip(readings, values, strict=True)), why, in_force, announced)
        try:
            return text, model_of(text)
        except ModelError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _readings(written: str) -> Iterator[Any]:
    value = parse_text(written)
    yield str(value) if isinstance(value, Given) else value
    if isinstance(value, Given):
        # A bare number: money, durations and shares are text in a model file, counts and assumptions are not.
        for number in (int, float):
            try:
                yield number(value)
                return
            except ValueError:
                continue


def _append(base: str, values: Mapping[str, Any], why: str, in_force: dt.date, announced: dt.date) -> str:
    table = tomlkit.table()
    table["in_force"] = in_force
    table["announced"] = announced
    table["why"] = why
    changed = tomlkit.table()
    for key, value in values.items():
        changed[key] = value
    table["set"] = changed
    array = tomlkit.aot()
    array.append(table)
    document = tomlkit.document()
    document["amendment"] = array
    return f"{base.rstrip()}\n\n{document.as_string().strip()}\n"
