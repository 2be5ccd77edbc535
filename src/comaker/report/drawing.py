"""Charts made ready for the page: pictures inside the HTML that take on its colours."""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.etree import ElementTree

from comaker import charts
from comaker.charts.alone import alone
from comaker.charts.look import Figure

_SVG = "http://www.w3.org/2000/svg"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


class Picture(NamedTuple):
    """A figure on the page, for wide screens and paper, and for phones: both are SVG elements.

    ``alone`` is the wide one as an SVG file, with its title.
    """

    figure: Figure
    wide: str
    narrow: str
    alone: bytes


def picture(wide: Figure, narrow: Figure) -> Picture:
    """Both widths of one figure as elements of an HTML page, each drawn once."""
    drawn = charts.rendered(wide.chart, ".svg")
    on_phone = charts.rendered(narrow.chart, ".svg")
    return Picture(
        wide,
        inline(drawn, wide, f"{wide.name}-wide"),
        inline(on_phone, narrow, f"{wide.name}-narrow"),
        alone(drawn, wide),
    )


def inline(drawn: bytes, figure: Figure, prefix: str) -> str:
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
