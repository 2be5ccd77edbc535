"""Colours, type and widths of every picture, apart from Altair, which takes most of a second to import."""

from __future__ import annotations

# Blue and orange of equal weight: told apart with every common colour blindness, in grey print by lightness.
NOW = "#1f6fb2"
CHANGED = "#d9730d"
INK = "#1c2733"
MUTED = "#5d6a78"
GRID = "#e4e9ee"
PAPER = "#ffffff"
WASH = "#f5f7f9"
NEUTRAL = "#9aa6b2"
REASONS = ("#d9730d", "#7b5ea7", "#c2a11c", "#4f9a94", "#b2556f", "#9aa6b2")

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
TITLE_SIZE = 19
SUBTITLE_SIZE = 13
SUBTITLE_LINE = 17
PADDING = 6


def wrap(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many characters: charts do not wrap by themselves."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > columns:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines
