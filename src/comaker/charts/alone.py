"""A chart that was drawn, with its title above it: what stands alone in a slide or a paper."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from comaker.charts import palette

if TYPE_CHECKING:
    from comaker.charts.canvas import Drawn
    from comaker.charts.look import Figure

_SVG = "http://www.w3.org/2000/svg"
_MARGIN = 12
"""Pixels around the chart, beyond its own padding."""

_LETTER = 6.6
"""Pixels that a letter of the subtitle takes at most, on average."""


def alone(drawn: bytes, figure: Figure | Drawn) -> bytes:
    """The SVG of a figure on white paper under its title and subtitle, as SVG."""
    ElementTree.register_namespace("", _SVG)
    chart = ElementTree.fromstring(drawn)
    width, height = (float(chart.attrib[side]) for side in ("width", "height"))
    left, page_width = _MARGIN + palette.PADDING, width + 2 * _MARGIN
    lines = palette.wrap(figure.subtitle, int((page_width - 2 * left) / _LETTER))
    texts = [(figure.title, palette.TITLE_SIZE, "bold", palette.INK)]
    texts += [(line, palette.SUBTITLE_SIZE, "normal", palette.MUTED) for line in lines]
    page = ElementTree.Element(f"{{{_SVG}}}svg", {"version": "1.1"})
    paper = ElementTree.SubElement(page, f"{{{_SVG}}}rect", {"fill": palette.PAPER})
    top = float(left)
    for text, size, weight, colour in texts:
        style = {"font-family": palette.FONT, "font-size": f"{size}px", "font-weight": weight, "fill": colour}
        place = {"x": f"{left}", "y": f"{top + 0.8 * size:.1f}"}
        ElementTree.SubElement(page, f"{{{_SVG}}}text", place | style).text = text
        top += palette.SUBTITLE_LINE + (size - palette.SUBTITLE_SIZE)
    chart.attrib |= {"x": f"{_MARGIN}", "y": f"{top:.1f}"}
    page.append(chart)
    sides = {"width": f"{page_width:.0f}", "height": f"{top + height + _MARGIN:.0f}"}
    paper.attrib |= sides
    page.attrib |= sides | {"viewBox": f"0 0 {sides['width']} {sides['height']}"}
    return ElementTree.tostring(page)
