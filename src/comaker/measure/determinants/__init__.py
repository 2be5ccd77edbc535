"""Determinants of participation (F15): what customers do step by step, and what they say of themselves."""

from __future__ import annotations

from comaker.measure.determinants.ability import ability
from comaker.measure.determinants.funnel import funnel
from comaker.measure.determinants.scales import answered, scales
from comaker.measure.figures import Section
from comaker.measure.log import Log

__all__ = ["section"]


def section(log: Log) -> Section:
    """Section "determinants" (F15): the behavioural funnel beside the survey's scales, and ability as it is
    believed beside ability as it is."""
    steps, counts, untold = funnel(log)
    answers = answered(log)
    said, table, remarks = scales(answers)
    able, calibration = ability(log, answers)
    tables = {"funnel": counts, "scales": table, "calibration": calibration}
    return Section(
        key="determinants",
        title="Determinants of participation",
        question="Where do customers stop: do they not know of it, not see how, not want to, or fail?",
        figures=[*steps, *said, *able],
        tables=tables,
        remarks=[*untold, *remarks],
    )
