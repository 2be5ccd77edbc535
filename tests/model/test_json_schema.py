from __future__ import annotations

import copy
import enum
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from comaker import words
from comaker.model import gallery_names, gallery_text, json_schema

SYSTEMS = sorted((Path(__file__).parent / "systems").glob("*.toml"))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(json.dumps(json_schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def as_json(text: str) -> Any:
    """What an editor's JSON Schema sees of a TOML file: dates as text."""
    return json.loads(json.dumps(tomllib.loads(text), default=str))


@pytest.mark.parametrize("name", gallery_names())
def test_gallery_models_fit_the_schema(validator: jsonschema.Draft202012Validator, name: str) -> None:
    assert list(validator.iter_errors(as_json(gallery_text(name)))) == []


@pytest.mark.parametrize("path", SYSTEMS, ids=lambda path: path.stem)
def test_every_system_fits_the_schema(validator: jsonschema.Draft202012Validator, path: Path) -> None:
    assert list(validator.iter_errors(as_json(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("currency",), "euro"),
        (("slogn",), "x"),
        (("task", "stake", "terms", "goal"), 70000),
        (("task", "stake", "terms", "gaol"), "70000.00"),
        (("task", "stake", "stage"), "produktion"),
        (("task", "stake", "kind"), "steak"),
        (("sharing", "album", "to", "producer"), 0.3),
        (("technique", "faq", "raises", "clarety"), {"value": 0, "low": 0, "high": 0, "source": "x"}),
        (("assumption", "speculators", "source"), ""),
    ],
)
def test_the_schema_shows_what_is_wrong_while_one_types(
    validator: jsonschema.Draft202012Validator, path: tuple[str, ...], value: object
) -> None:
    document = copy.deepcopy(as_json(gallery_text("my-major-company")))
    table = document
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    assert not validator.is_valid(document)


def test_every_key_is_described() -> None:
    for name, table in json_schema()["$defs"].items():
        for key, content in table.get("properties", {}).items():
            assert "description" in content or "$ref" in content or "const" in content, f"{name}.{key}"


NOT_WRITTEN = {
    "Completeness",
    "Representation",
    "Expertise",
    "Product",
    "Determinant",
    "AwarenessLevel",
    "Ability",
}
"""Vocabularies that a model file does not write as such: computed from it, or part of a longer key."""


def test_every_vocabulary_of_the_framework_can_be_written() -> None:
    written = set(_strings(json_schema()))
    for name, vocabulary in vars(words).items():
        if isinstance(vocabulary, enum.EnumMeta) and name not in NOT_WRITTEN:
            assert set(vocabulary) <= written, name


def test_every_side_of_every_determinant_can_be_raised() -> None:
    written = set(_strings(json_schema()))
    for whole, sides in (("awareness", words.AwarenessLevel), ("ability", words.Ability)):
        assert {f"{whole}.{side}" for side in sides} <= written
    assert set(words.Determinant) <= written
    assert set(words.Product) <= written


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)
