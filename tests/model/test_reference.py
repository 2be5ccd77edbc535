"""The operators' reference names every table, key and word that the schema knows, and its examples load."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from comaker.model import json_schema

PAGE = (Path(__file__).parents[2] / "docs" / "model-file.md").read_text(encoding="utf-8")
IN_CODE = set(re.findall(r"`([^`\n]+)`", PAGE)) | set(re.findall(r"`(\w+)`\w", PAGE))


def test_every_top_level_word_is_explained() -> None:
    for word in json_schema()["properties"]:
        assert f"`{word}`" in PAGE or f"\n## {word}\n" in PAGE, word


@pytest.mark.parametrize("table", sorted(json_schema()["$defs"]))
def test_every_key_and_word_of_a_table_is_explained(table: str) -> None:
    content = json_schema()["$defs"][table]
    terms = [*content.get("properties", {}), *content.get("enum", [])]
    for key in content.get("properties", {}).values():
        terms += key.get("enum", [])
    for term in terms:
        assert term in IN_CODE or re.search(rf"[`{{ ]{re.escape(term)} =", PAGE), f"{table}: {term}"


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", PAGE, re.S))
def test_every_example_is_valid_toml(example: str) -> None:
    assert tomllib.loads(example)
