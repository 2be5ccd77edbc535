"""Who stands on the demonstration's stage: texts from ``artists.toml``."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import NamedTuple


class Artist(NamedTuple):
    """An invented artist: texts for the page; ``hue`` in degrees and ``motif`` for the cover; ``tempo`` in
    beats a minute, ``root`` as a MIDI note and ``mode`` for the music; ``news``: a title and a text, or none.
    """

    slug: str
    name: str
    line: str
    story: str
    opinion: str
    hue: int
    motif: str
    tempo: int
    root: int
    mode: str
    news: tuple[str, ...]


def artists() -> list[Artist]:
    """All of them, in order of their first day; the last one is still a draft."""
    text = files("comaker.host.demo").joinpath("artists.toml").read_text("utf-8")
    return [Artist(**{**each, "news": tuple(each["news"])}) for each in tomllib.loads(text)["artist"]]
