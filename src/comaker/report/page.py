"""The page of a report, from a template of this package."""

from __future__ import annotations

from importlib.metadata import version

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from comaker.charts import amounts
from comaker.report import summary


def render(template: str, **values: object) -> str:
    """The page from a template of this package; every text is escaped."""
    environment = Environment(
        loader=PackageLoader("comaker.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": amounts.number, "unit": amounts.with_unit, "label": amounts.label}
    environment.globals |= {
        "interval": amounts.interval,
        "is_clear": summary.is_clear,
        "difference_missing": summary.difference_missing,
        "picture": Markup,
        "version": version("comaker"),
    }
    return environment.get_template(template).render(**values)
