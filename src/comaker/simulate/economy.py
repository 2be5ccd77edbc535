"""Money of the firm as the model declares it, in minor units, ready for compiled code (F2, E2, E8)."""

from __future__ import annotations

from typing import NamedTuple

from comaker.model import Model, ModelError, Problem
from comaker.simulate import record
from comaker.words import CostCause, Technique


class Economy(NamedTuple):
    """Prices and costs in minor units.

    ``price_minor`` and ``unit_cost_minor`` of a copy; ``production_minor`` a project; ``promoter_minor`` what
    it costs to replace one missing promoter (E5); ``request_minor`` coordination of a request;
    ``complaint_minor``, ``withdrawal_minor`` what techniques cost each; ``weekly_minor`` running costs and
    ``once_minor`` those of the first week, by entry of the accounts in the order of ``record.ENTRIES``.
    ``holders_ppm`` and ``partners_ppm``: parts per million of a project's net income for holders and for
    other parties (E2).
    """

    price_minor: int
    unit_cost_minor: int
    production_minor: int
    promoter_minor: int
    request_minor: int
    complaint_minor: int
    withdrawal_minor: int
    weekly_minor: tuple[int, ...]
    once_minor: tuple[int, ...]
    holders_ppm: int
    partners_ppm: int


_HOURS_A_WEEK = 35
_ENTRY = {cause: entry for entry, (_, side, cause) in enumerate(record.ENTRIES) if side == "cost"}
_READ = {
    (CostCause.PRODUCTION, "project"),
    (CostCause.PRODUCTION, "unit"),
    (CostCause.PROMOTION, "customer"),
    (CostCause.COORDINATION, "encounter"),
}
"""Costs that arise with something which is simulated; those of any cause may arise weekly or once."""


def economy_of(model: Model, *, task: str) -> Economy:
    """The economy of a model whose projects are funded by one staking task.

    Raises ``ModelError`` unless exactly one sharing flow of an offer pays those who hold shares from it, and
    for a cost that arises with something which is not simulated.
    """
    _check_costs(model)
    flows = [flow for flow in model.sharing.values() if flow.offer and task in flow.by_shares.values()]
    if len(flows) != 1:
        message = f'a simulation needs one flow with an offer and by_shares = {{ role = "{task}" }}'
        raise ModelError([Problem(model.name, 0, "sharing", ", ".join(model.sharing), message)])
    flow = flows[0]
    offer = model.offer[str(flow.offer)]
    return Economy(
        price_minor=offer.price_minor,
        unit_cost_minor=offer.unit_cost_minor + _cost(model, CostCause.PRODUCTION, "unit"),
        production_minor=_cost(model, CostCause.PRODUCTION, "project"),
        promoter_minor=_cost(model, CostCause.PROMOTION, "customer"),
        request_minor=_cost(model, CostCause.COORDINATION, "encounter"),
        complaint_minor=_encounters(model, Technique.COMPLAINTS),
        withdrawal_minor=_encounters(model, Technique.WITHDRAWAL),
        weekly_minor=_weekly(model),
        once_minor=_by_entry(model, "once"),
        holders_ppm=sum(flow.to[party] for party, held in flow.by_shares.items() if held == task),
        partners_ppm=sum(part for party, part in flow.to.items() if party not in {*flow.by_shares, "firm"}),
    )


def _weekly(model: Model) -> tuple[int, ...]:
    weekly_minor = list(_by_entry(model, "week"))
    for staff in model.staff.values():
        weekly_minor[record.STAFF] += staff.number * staff.cost_per_hour_minor * _HOURS_A_WEEK
    for technique in model.technique.values():
        weekly_minor[record.SOCIALIZATION] += technique.cost_per_week_minor * technique.on
    return tuple(weekly_minor)


def _by_entry(model: Model, each: str) -> tuple[int, ...]:
    amounts_minor = [0] * len(record.ENTRIES)
    for cost in model.cost.values():
        if cost.each == each:
            amounts_minor[_ENTRY[cost.cause]] += cost.amount_minor
    return tuple(amounts_minor)


def _check_costs(model: Model) -> None:
    known = ", ".join(f"{cause} a {each}" for cause, each in sorted(_READ))
    problems = [
        Problem(
            model.name,
            0,
            f"cost.{name}",
            f"{cost.cause} a {cost.each}",
            f"a simulation reads {known}, or each week or once",
        )
        for name, cost in model.cost.items()
        if cost.each not in ("week", "once") and (cost.cause, cost.each) not in _READ
    ]
    if problems:
        raise ModelError(problems)


def _cost(model: Model, cause: CostCause, each: str) -> int:
    return sum(cost.amount_minor for cost in model.cost.values() if cost.cause == cause and cost.each == each)


def _encounters(model: Model, kind: Technique) -> int:
    techniques = [each for each in model.technique.values() if each.on and each.kind == kind]
    return sum(technique.cost_per_encounter_minor for technique in techniques)
