"""Charts made ready for the page: pictures inside the HTML that take on its colours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

from comaker import charts
from comaker.charts.alone import alone
from comaker.charts.canvas import Drawn

if TYPE_CHECKING:
    from comaker.charts.look import Figure

_SVG = "http://www.w3.org/2000/svg"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


class Picture(NamedTuple):
    """A figure on the page, for wide screens and paper, and for phones: both are SVG elements.

    ``alone`` is the wide one as an SVG file, with its title.
    """

    figure: Figure | Drawn
    wide: str
    narrow: str
    alone: bytes


def picture(wide: Figure, narrow: Figure) -> Picture:
    """Both widths of one figure as elements of an HTML page, each drawn once."""
    drawn, on_phone = (charts.rendered(each.chart, ".svg") for each in (wide, narrow))
    return _both((wide, drawn), (narrow, on_phone))


def hand_drawn(wide: Drawn, narrow: Drawn) -> Picture:
    """The same of a picture that is already SVG."""
    return _both((wide, wide.svg), (narrow, narrow.svg))


def _both(wide: tuple[Figure | Drawn, bytes], narrow: tuple[Figure | Drawn, bytes]) -> Picture:
    figure, drawn = wide
    on_phone = inline(narrow[1], narrow[0], f"{figure.name}-narrow")
    return Picture(figure, inline(drawn, figure, f"{figure.name}-wide"), on_phone, alone(drawn, figure))


def inline(drawn: bytes, figure: Figure | Drawn, prefix: str) -> str:
    """A drawn chart as an ``<svg>`` element with a title and a description that screen readers read.

    ``prefix`` begins every id in it, because ids of several pictures on a page would collide.
    """
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(drawn)
    _rename(root, prefix)
    width = root.attrib.pop("width")
    del root.attrib["height"]
    root.attrib |= {
        "role": "img",
        "aria-labelledby": f"{prefix}-title {prefix}-desc",
        "style": f"max-width:{float(width):.0f}px",
    }
    for place, (tag, text) in enumerate((("title", figure.title), ("desc", figure.description))):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{prefix}-{tag}"})
        element.text = text
        root.insert(place, element)
    return ElementTree.tostring(root, encoding="unicode")


def _rename(root: ElementTree.Element, prefix: str) -> None:
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{prefix}-{value}")
            elif "url(#" in value:
                element.set(key, _REFERENCE.sub(rf"url(#{prefix}-\1)", value))
