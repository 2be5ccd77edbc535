"""What customer participation brings and costs, and what customers are worth (F2, F17, F20)."""

from __future__ import annotations

from comaker.measure.economics.cohorts import cohorts
from comaker.measure.economics.comparison import by_arm, by_part
from comaker.measure.economics.lifetime import lifetime, parameter_table, terms_of
from comaker.measure.economics.participation import participation
from comaker.measure.economics.returns import by_customer, counted, fitted, occasions
from comaker.measure.economics.yearly import yearly
from comaker.measure.figures import Section
from comaker.measure.log import Log


def section(log: Log) -> Section:
    """Cost and benefit of participation by role and task; who stays; how often customers come back, and their
    lifetime value, with and without participation."""
    benefit, benefit_tables = participation(log)
    staying, staying_tables = cohorts(log)
    terms, own = terms_of(log), occasions(log)
    found = by_customer(log, own)
    rows = counted(log, found, "part")
    whole = fitted(log, found, rows)
    compared, groups = by_part(log, found, rows, whole, terms)
    figures = [
        *benefit,
        *staying,
        *lifetime(whole, terms),
        *compared,
        *by_arm(log, found, terms),
        *yearly(log, own),
    ]
    tables = {
        **benefit_tables,
        **staying_tables,
        "repeat_parameters": parameter_table({"all": whole, **groups}),
    }
    return Section(
        key="economics",
        title="Economics of participation",
        question="Does customer participation pay, who stays, and what is a customer worth?",
        figures=figures,
        tables=tables,
        remarks=[
            "Sums are those of the record, at the rates that the model declares; who would have bought "
            "without taking part is not known from sums.",
        ],
    )
