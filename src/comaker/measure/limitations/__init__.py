"""The five limitations of participation: what was seen of each, how sure that is, and the remedy (F21)."""

from __future__ import annotations

import pandas as pd

from comaker.measure.figures import Section
from comaker.measure.limitations.blurred_roles import blurred_roles
from comaker.measure.limitations.cognitive import cognitive
from comaker.measure.limitations.inappropriate import inappropriate
from comaker.measure.limitations.pressure import pressure
from comaker.measure.limitations.projects import Projects
from comaker.measure.limitations.unclear_sharing import unclear_sharing
from comaker.measure.log import Log

__all__ = ["section"]


def section(log: Log) -> Section:
    """Section 7 of the report: a detector for each limitation.

    Table ``verdicts``: limitation, verdict (seen, not seen, cannot tell), evidence, criterion, remedy.
    """
    projects = Projects(log)
    findings = [
        inappropriate(log),
        cognitive(projects),
        pressure(projects),
        blurred_roles(projects),
        unclear_sharing(projects),
    ]
    verdicts = pd.DataFrame([finding.row(log.model) for finding in findings])
    others = {name: table for finding in findings for name, table in finding.tables.items()}
    return Section(
        key="limitations",
        title="Limitations",
        question="Does participation do harm, and what could be done about it?",
        figures=[figure for finding in findings for figure in finding.figures],
        tables={"verdicts": verdicts, **others},
        remarks=[
            "What counts as harmless or harmful is ours: no source states it. It stands beside each verdict.",
            *_drawn(projects),
            *(remark for finding in findings for remark in finding.remarks),
        ],
    )


def _drawn(projects: Projects) -> list[str]:
    """What a long log is looked at by parts for."""
    remarks = []
    if projects.log.draws.is_long:
        remarks.append("The log is long: what is said of customers is that of customers drawn by number.")
    if projects.is_drawn:
        remarks.append(
            "Payouts are traced, and the crowd is compared with the market, for projects drawn by number."
        )
    return remarks
