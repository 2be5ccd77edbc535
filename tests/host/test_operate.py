"""The page on running a site is held to the code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operate.md").read_text("utf-8")
SOURCES = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "src").rglob("*.py")))


def test_every_variable_of_the_site_is_in_the_table_and_no_other():
    named = set(re.findall(r"COMAKER_[A-Z_]*[A-Z]", SOURCES))
    assert len(named) >= 10
    assert set(re.findall(r"^\| `(COMAKER_[A-Z_]+)`", PAGE, re.MULTILINE)) == named


def test_every_message_it_explains_is_one_of_the_program():
    table = PAGE.split("## Messages at the start", 1)[1]
    messages = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(messages) >= 5
    words = " ".join(re.sub(r'"\s*\n\s*f?"', "", SOURCES).split())
    missing = [each for each in messages if each not in words]
    assert missing == []


def test_every_address_it_names_is_one_of_the_site():
    from django.urls import resolve

    addresses = set(re.findall(r"`(?:GET )?(/[a-z]+/(?:[a-z]+/)*)`", PAGE))
    assert {"/health/", "/desk/terms/", "/desk/money/", "/desk/log/", "/admin/"} <= addresses
    for address in addresses:
        resolve(address)
