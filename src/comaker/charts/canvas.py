"""Pictures of a few shapes and words, written as SVG.

By hand, because Altair needs two to three seconds before its first picture, a good part of what a whole
measurement may take, and because no grammar of charts draws boxes and arrows.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree

from comaker.charts import palette

_SVG = "http://www.w3.org/2000/svg"

LETTER = 0.53
"""The width of an average letter, in font sizes."""

LINE = 1.3
"""The height of a line of text, in font sizes."""


class Drawn(NamedTuple):
    """A picture and the words that belong to it: ``description`` says in numbers what it shows.

    ``svg``: a whole SVG document in the light palette.
    """

    name: str
    title: str
    subtitle: str
    description: str
    svg: bytes


class Canvas:
    """An SVG picture in the making; places and sizes are pixels from the top left corner."""

    def __init__(self, width: float, height: float) -> None:
        ElementTree.register_namespace("", _SVG)
        self.width, self.height = width, height
        self._root = ElementTree.Element(
            f"{{{_SVG}}}svg", {"version": "1.1", "font-family": palette.FONT, "fill": palette.INK}
        )

    def _add(self, tag: str, **attributes: object) -> ElementTree.Element:
        written = {name.replace("_", "-"): _plain(value) for name, value in attributes.items()}
        return ElementTree.SubElement(self._root, f"{{{_SVG}}}{tag}", written)

    def text(
        self, x: float, y: float, words: str, *, size: float = 13, colour: str = palette.INK, **more: object
    ) -> None:
        """One line of words on the base line ``y``; ``more``: ``font_weight``, ``text_anchor``."""
        self._add("text", x=x, y=y, font_size=f"{size}px", fill=colour, **more).text = words

    def lines(
        self,
        x: float,
        y: float,
        words: str,
        *,
        width: float,
        size: float = 13,
        colour: str = palette.INK,
        **more: object,
    ) -> float:
        """Words in lines of at most ``width`` pixels from the base line ``y`` on; gives the next one."""
        for line in palette.wrap(words, max(int(width / (LETTER * size)), 1)):
            self.text(x, y, line, size=size, colour=colour, **more)
            y += LINE * size
        return y

    def box(self, x: float, y: float, width: float, height: float, *, fill: str, **more: object) -> None:
        """A filled rectangle; ``more``: ``rx``, ``stroke``, ``fill_opacity``."""
        self._add("rect", x=x, y=y, width=max(width, 0), height=max(height, 0), fill=fill, **more)

    def line(self, x1: float, y1: float, x2: float, y2: float, *, colour: str, **more: object) -> None:
        """A straight line; ``more``: ``stroke_width``, ``stroke_dasharray``."""
        self._add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, **more)

    def curve(self, points: list[tuple[float, float]], *, colour: str, **more: object) -> None:
        """A line through points."""
        written = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._add("polyline", points=written, fill="none", stroke=colour, **more)

    def dot(self, x: float, y: float, radius: float, *, fill: str, **more: object) -> None:
        """A filled circle."""
        self._add("circle", cx=x, cy=y, r=radius, fill=fill, **more)

    def shape(self, points: list[tuple[float, float]], *, fill: str) -> None:
        """A filled polygon."""
        self._add("polygon", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), fill=fill)

    def drawn(self) -> bytes:
        """The picture as an SVG document."""
        sides = {"width": _plain(self.width), "height": _plain(self.height)}
        self._root.attrib |= sides | {"viewBox": f"0 0 {sides['width']} {sides['height']}"}
        return ElementTree.tostring(self._root)


def _plain(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def room(words: str, size: float) -> float:
    """About how many pixels a line of words takes."""
    return LETTER * size * len(words)


def shortened(words: str, width: float, size: float = 13) -> str:
    """The words, or as many of their letters as find room."""
    letters = max(int(width / (LETTER * size)), 2)
    return words if len(words) <= letters else f"{words[: letters - 1].rstrip()}…"
