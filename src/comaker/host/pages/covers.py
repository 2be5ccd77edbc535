"""Draws the cover of a project that has no picture: the same for the same name, like a printed sleeve."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from math import ceil, sqrt

from django.utils.html import escape

from comaker.host.wording import clean_name

SIZE = 600
LINE_LETTERS = 14
# Ground, shape, second shape, letters: each pair of ground and letters has a contrast of 4.5 : 1 or more.
PALETTES = (
    ("#ffc42e", "#d8432b", "#17130f", "#17130f"),
    ("#17130f", "#ffc42e", "#d8432b", "#fff6e6"),
    ("#1d4f4a", "#f2a65a", "#f6e7cb", "#fff6e6"),
    ("#f6e7cb", "#1f4a82", "#d8432b", "#17130f"),
    ("#b8331b", "#ffd98a", "#17130f", "#fff6e6"),
    ("#223a70", "#f48fb1", "#ffc42e", "#fff6e6"),
    ("#f3b7b0", "#6b1f3a", "#ffefd9", "#17130f"),
    ("#cfe0c3", "#17603c", "#f28c28", "#17130f"),
)


def cover_svg(slug: str, name: str) -> str:
    """An SVG document of ``SIZE`` × ``SIZE``: flat colours, one figure, the name set large."""
    chance = sha256(slug.encode()).digest()
    ground, first, second, letters = PALETTES[chance[0] % len(PALETTES)]
    figure = FIGURES[chance[1] % len(FIGURES)](chance, first, second)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">'
        f'<rect width="{SIZE}" height="{SIZE}" fill="{ground}"/>{"".join(figure)}'
        f"{''.join(_title(name, ground, letters))}</svg>"
    )


def _title(name: str, ground: str, letters: str) -> Iterator[str]:
    lines = list(_lines(clean_name(name).upper()))[:3]
    longest = max((len(line) for line in lines), default=1)
    size = min(104, int(536 / max(longest, 1) / 0.56))
    height = len(lines) * size + 52
    yield f'<rect y="{SIZE - height}" width="{SIZE}" height="{height}" fill="{ground}"/>'
    for number, line in enumerate(lines):
        y = SIZE - height + 26 + round(size * (number + 0.82))
        fit = f' textLength="{min(536, round(len(line) * size * 0.6))}" lengthAdjust="spacingAndGlyphs"'
        yield (
            f'<text x="32" y="{y}" font-family="Helvetica Neue, Arial, sans-serif" font-weight="800" '
            f'font-size="{size}" fill="{letters}"{fit if len(line) > 6 else ""}>{escape(line)}</text>'
        )


def _lines(name: str) -> Iterator[str]:
    line = ""
    for word in name.split():
        word = word[:LINE_LETTERS]
        if line and len(line) + 1 + len(word) > LINE_LETTERS:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line


def _grooves(chance: bytes, first: str, second: str) -> Iterator[str]:
    x, y = 170 + chance[2], 120 + chance[3] // 2
    yield f'<circle cx="{x}" cy="{y}" r="330" fill="{first}"/>'
    for radius in range(90, 330, 24 + chance[4] % 20):
        yield f'<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="{second}" stroke-width="5"/>'
    yield f'<circle cx="{x}" cy="{y}" r="52" fill="{second}"/>'


def _bars(chance: bytes, first: str, second: str) -> Iterator[str]:
    count = 7 + chance[2] % 5
    width = SIZE / count
    for number in range(count):
        height = 90 + chance[3 + number] * 1.6
        colour = second if chance[16 + number] % 4 == 0 else first
        x = number * width + 6
        yield f'<rect x="{x:.0f}" width="{width - 12:.0f}" height="{height:.0f}" fill="{colour}"/>'


def _quarters(chance: bytes, first: str, second: str) -> Iterator[str]:
    side = 200
    for number in range(9):
        x, y = number % 3 * side, number // 3 * side
        turn = chance[2 + number] % 4 * 90
        colour = second if chance[12 + number] % 3 == 0 else first
        yield (
            f'<path d="M0 0H{side}A{side} {side} 0 0 1 0 {side}Z" fill="{colour}" '
            f'transform="translate({x} {y}) rotate({turn} {side // 2} {side // 2})"/>'
        )


def _moon(chance: bytes, first: str, second: str) -> Iterator[str]:
    x, radius = 150 + chance[2], 150 + chance[3] // 2
    yield f'<circle cx="{x}" cy="210" r="{radius}" fill="{first}"/>'
    x, y = x + 60 + chance[4] // 3, 150 + chance[5] // 4
    yield f'<circle cx="{x}" cy="{y}" r="{radius // 2}" fill="{second}"/>'


def _rays(chance: bytes, first: str, second: str) -> Iterator[str]:
    x, y = chance[2] * 2, 560
    points = [number * 60 - 300 for number in range(22)]
    for number, (left, right) in enumerate(pairwise(points)):
        if number % 2 == chance[3] % 2:
            colour = second if number % 6 == 0 else first
            yield f'<path d="M{x} {y}L{left} 0H{right}Z" fill="{colour}"/>'


def _dots(chance: bytes, first: str, second: str) -> Iterator[str]:
    side = 5 + chance[2] % 3
    step = SIZE / side
    for number in range(side * side):
        row, column = divmod(number, side)
        size = step * (0.14 + sqrt(chance[number % 29 + 3] / 255) * 0.32)
        colour = second if chance[number % 31] % 5 == 0 else first
        x, y = (column + 0.5) * step, (row + 0.5) * step
        yield f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{ceil(size)}" fill="{colour}"/>'


FIGURES = (_grooves, _bars, _quarters, _moon, _rays, _dots)
