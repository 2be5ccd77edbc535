"""The gallery: one runnable model file a system of the sources (framework section D)."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import NamedTuple


class Entry(NamedTuple):
    """A gallery model: the name by which it is loaded, the firm's name and its slogan."""

    key: str
    name: str
    slogan: str


def gallery_names() -> tuple[str, ...]:
    """The names by which gallery models are loaded, in alphabetical order."""
    folder = files("comaker") / "gallery"
    return tuple(sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".toml")))


def gallery_text(name: str) -> str:
    """The text of a gallery model, comments included; KeyError when there is none of that name."""
    if name not in gallery_names():
        raise KeyError(name)
    return (files("comaker") / "gallery" / f"{name}.toml").read_text(encoding="utf-8")


def gallery() -> list[Entry]:
    """Every gallery model with its firm's name and slogan."""
    entries = []
    for key in gallery_names():
        raw = tomllib.loads(gallery_text(key))
        entries.append(Entry(key, raw["name"], raw.get("slogan", "")))
    return entries
