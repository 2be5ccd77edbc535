"""What measuring gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from comaker.measure.figures import Figure, Section, frame

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

FORMAT = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Figures of one event table: sections by key, in the order of the report.

    ``label``: "measured", or "simulated" where the events are of simulated runs. ``rows`` were read;
    ``dropped`` counts those that could not be measured, by reason; ``backwards`` those whose time is before
    that of the row above: they are measured at the time they have. ``from_us``, ``until_us``: µs since 1970
    UTC. Money is in minor units of ``currency``.
    """

    model: str
    hash: str
    currency: str
    minor_digits: int
    label: Literal["measured", "simulated"]
    rows: int
    dropped: Mapping[str, int]
    backwards: int
    runs: int
    customers: int
    from_us: int
    until_us: int
    sections: Mapping[str, Section]

    @property
    def figures(self) -> pd.DataFrame:
        """Every figure, one a row: section, then the columns of ``figures.FIELDS``."""
        parts = [frame(section.figures).assign(section=key) for key, section in self.sections.items()]
        joined = pd.concat(parts, ignore_index=True)
        return joined[["section", *joined.columns.drop("section")]]

    def figure(self, section: str, name: str, of: str = "") -> Figure:
        """One figure; KeyError where there is none of that section, name and breakdown."""
        return self.sections[section].figure(name, of)

    def table(self, section: str, name: str) -> pd.DataFrame:
        """A table behind the figures, as a pandas frame; KeyError where there is none of that name."""
        return self.sections[section].tables[name]

    def arrow(self, section: str, name: str) -> pa.Table:
        """The same as an Arrow table."""
        import pyarrow as pa

        return pa.Table.from_pandas(self.table(section, name), preserve_index=False)

    def polars(self, section: str, name: str) -> pl.DataFrame:
        """The same as a Polars frame; Polars must be installed."""
        import polars as pl

        return pl.DataFrame(self.arrow(section, name))

    def as_dict(self) -> dict[str, Any]:
        """What ``measure --json`` prints: None where a figure is not identified."""
        names = ("model", "hash", "currency", "label", "rows", "runs", "customers", "from_us", "until_us")
        sections = {
            key: {
                "title": section.title,
                "figures": [each.as_dict() for each in section.figures],
                "remarks": list(section.remarks),
            }
            for key, section in self.sections.items()
        }
        return {
            **{name: getattr(self, name) for name in names},
            "dropped": dict(self.dropped),
            "backwards": self.backwards,
            "sections": sections,
        }
