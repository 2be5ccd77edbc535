"""The page on the command line says everything the command line takes, and what it says works."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer.main

from comaker.cli import app

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text("utf-8")
COMMANDS = typer.main.get_command(app).commands


def section(name: str) -> str:
    found = re.search(rf"^## comaker {name}$(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"no section on comaker {name}"
    return found.group(1)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_of_every_command_is_in_its_section(name: str) -> None:
    text = section(name)
    for command in (COMMANDS[name], *getattr(COMMANDS[name], "commands", {}).values()):
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                assert parameter.opts[0] in text


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_an_example(name: str) -> None:
    assert re.search(rf"^comaker {name}\b", section(name), re.MULTILINE)


def test_every_json_on_the_page_is_json() -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) >= 5
    for block in blocks:
        for text in re.split(r"\n(?=\{)", block.strip()):
            json.loads(text)
