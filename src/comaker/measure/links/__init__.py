"""The six links between the components of a business model, each as far as the log tells it (F4)."""

from __future__ import annotations

from comaker.measure.figures import Section
from comaker.measure.links import acquisition, adaptation, coproduction, installed_base, learning, socializing
from comaker.measure.links.part import Part
from comaker.measure.log import Log

_PARTS = (
    installed_base.measured,
    acquisition.measured,
    socializing.measured,
    learning.measured,
    coproduction.measured,
    adaptation.measured,
)
"""In the order of the links, F4.1 to F4.6."""


def section(log: Log) -> Section:
    """The six links' figures in order; tables keep the names their links give them."""
    parts: list[Part] = [measured(log) for measured in _PARTS]
    return Section(
        key="links",
        title="The six links",
        question="Do customers, work and offer drive one another, and how strongly?",
        figures=[figure for part in parts for figure in part.figures],
        tables={name: table for part in parts for name, table in part.tables.items()},
        remarks=[remark for part in parts for remark in part.remarks],
    )
