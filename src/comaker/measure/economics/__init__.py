"""What customer participation brings and costs, and what customers are worth (F2, F17, F20)."""

from __future__ import annotations

from comaker.measure.economics.cohorts import cohorts
from comaker.measure.economics.comparison import by_arm, by_part
from comaker.measure.economics.customers import customers_of
from comaker.measure.economics.lifetime import lifetime, parameter_table, terms_of
from comaker.measure.economics.participation import participation
from comaker.measure.economics.returns import by_customer, fitted
from comaker.measure.economics.yearly import yearly
from comaker.measure.figures import Section
from comaker.measure.log import Log


def section(log: Log) -> Section:
    """Cost and benefit of participation by role and task; who stays; how often customers come back, and their
    lifetime value, with and without participation."""
    known, terms = customers_of(log), terms_of(log)
    benefit, benefit_tables = participation(log)
    staying, staying_tables = cohorts(known)
    found = by_customer(known)
    whole = fitted(found)
    compared, groups = by_part(found, whole, terms)
    figures = [
        *benefit,
        *staying,
        *lifetime(whole, terms),
        *compared,
        *by_arm(found, whole, terms),
        *yearly(known, log.weeks),
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
