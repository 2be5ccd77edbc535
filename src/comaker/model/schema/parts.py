"""Resources, offers, roles, sharing, techniques, staff, costs, amendments: the tables beside the tasks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from comaker.model.schema.base import Assumed, Assumption, Chance, Found, Names, Note, Sources, Table
from comaker.model.schema.units import (
    WHOLE_PPM,
    Count,
    Day,
    Money,
    Name,
    Percent,
    Switch,
    Text,
)
from comaker.words import (
    ClaritySource,
    Component,
    CostCause,
    Limitation,
    Link,
    Outcome,
    Process,
    Raiser,
    RevenueSource,
    Stage,
    Technique,
    Use,
)


class Externality(StrEnum):
    """How a base of customers is worth more by being there (F4.1, F4.2, F37, F38)."""

    NONE = "none"
    DIRECT = "direct"
    """Worth more to each other, as players or members are."""
    INDIRECT = "indirect"
    """Worth more to another side, as buyers are to sellers and readers to advertisers."""


class Resource(Table):
    """RC: a resource or competence; customers are one (F1, F3)."""

    customers: Switch = False
    """Whether the resource is customers."""
    uses: tuple[Use, ...] = ()
    """What the customers are used as (F7)."""
    externality: Externality = Externality.NONE
    """How the base itself is valued."""
    value_of: dict[Name, Assumption] = {}
    """Stated or assumed figures about the resource, by name."""
    text: Text | None = None
    """What it is, in words."""
    links: tuple[Link, ...] = ()
    """Links between components it carries (F4)."""
    assumes: Assumed
    sources: Sources


class Offer(Table):
    """VP: what is sold, to whom, at what price and cost (F1, F10)."""

    kind: Literal["good", "service", "access", "audience"]
    """A good or a service (F10), access to other customers (F32), an audience sold to others (F38)."""
    to: Names = ()
    """Roles or outside parties it is sold to."""
    price_minor: Money = Field(default=0, alias="price")
    """Price of a unit; 0 where each sale has its own."""
    unit_cost_minor: Money = Field(default=0, alias="unit_cost")
    """What a unit costs the firm."""
    revenue: RevenueSource = RevenueSource.TURNOVER
    """Under which source its revenue is booked (F2, F20)."""
    based_on: Names = ()
    """Resources that are the basis of the offer (link 1)."""
    tasks: Names = ()
    """Tasks by which customers conceive, make or deliver it (link 5)."""
    text: Text | None = None
    """What it is, in words."""
    links: tuple[Link, ...] = ()
    """Links between components it carries (F4)."""
    assumes: Assumed
    sources: Sources


class Role(Table):
    """Who somebody is in the model and what she may do."""

    tasks: Names = ()
    """Tasks that the role includes."""
    customer: Switch = True
    """Whether those in the role are customers."""
    uses: tuple[Use, ...] = ()
    """What the firm uses the role as (F7)."""
    after: Names = ()
    """Tasks that must be done to get into the role."""
    text: Text | None = None
    """Who it is, in words."""
    assumes: Assumed
    sources: Sources


class Flow(Table):
    """One stream of money and how it is divided (E2, F21.5). What is not given to others is the firm's."""

    of: Literal["net income", "revenue", "sale price", "net sales", "saving", "prize"]
    """What is divided."""
    offer: Name | None = None
    """The offer it comes from."""
    to: dict[Name, Percent] = {}
    """Parties and their shares, such as { producer = "30%" }."""
    by_shares: dict[Name, Name] = {}
    """Parties who divide theirs pro rata to the shares of a task, such as { producer = "stake" }."""
    prize: dict[Name, Money] = {}
    """Fixed sums by party."""
    assumes: Assumed
    sources: Sources

    def mistakes(self, digits: int) -> Found:
        total = sum(self.to.values())
        if total > WHOLE_PPM:
            yield ("to",), f"the shares add up to {total / 10_000:g}%, more than 100%"
        elif "firm" in self.to and total != WHOLE_PPM:
            yield ("to",), f"the shares add up to {total / 10_000:g}%; the firm has the rest: leave it out"
        for party in self.by_shares:
            if party not in self.to:
                yield ("by_shares", party), "has no share in `to`"

    @property
    def firm_ppm(self) -> int:
        """What stays with the firm, in parts per million."""
        return WHOLE_PPM - sum(ppm for party, ppm in self.to.items() if party != "firm")


DeterminantKey = Literal[
    "awareness.need",
    "awareness.practice",
    "awareness.gain",
    "clarity",
    "ability.actual",
    "ability.perceived",
    "willingness",
]
"""A determinant that a technique may raise (F15)."""

AddressKey = Literal[DeterminantKey, "awareness", "ability"]
"""A determinant that content may address: the whole, or one of its sides (E9)."""


def _counted(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return dict.fromkeys(value, 1)
    return value


class TechniqueUse(Table):
    """Organizational socialization: something the firm does about the determinants (F16)."""

    kind: Technique
    """Which technique."""
    on: Switch = True
    """Whether it is in use."""
    process: Process | None = None
    """Through which process it acts (F17)."""
    tasks: Names = ()
    """Tasks it is about; empty: all."""
    roles: Names = ()
    """Roles it reaches; empty: everybody who comes."""
    stage: Stage | None = None
    """When it acts."""
    items: Count = 1
    """How many pieces it consists of, such as the entries of a FAQ."""
    addresses: Annotated[
        dict[AddressKey, Count],
        BeforeValidator(_counted, json_schema_input_type=tuple[AddressKey, ...] | dict[AddressKey, Count]),
    ] = {}
    """Determinants its pieces speak to, one piece perhaps to several: a list, or with numbers (E9)."""
    raises: dict[DeterminantKey, Chance] = {}
    """Part of the gap to 1 of a determinant that one encounter closes, each an assumption (F15)."""
    enables: Names = ()
    """Assumptions that act only while it is on, such as the pull of a progress bar: off, they count as 0."""
    clarity_from: tuple[ClaritySource, ...] = ()
    """Which source of role clarity it feeds (F15)."""
    raisers: tuple[Raiser, ...] = ()
    """What it makes customers willing by (F15)."""
    remedies: tuple[Limitation, ...] = ()
    """Limitations it is a remedy for (F21)."""
    expects: tuple[Outcome, ...] = ()
    """Outcomes it is meant to bring (F20)."""
    cost_per_week_minor: Money = Field(default=0, alias="cost_per_week")
    """What running it costs a week."""
    cost_per_encounter_minor: Money = Field(default=0, alias="cost_per_encounter")
    """What it costs each time a customer meets it."""
    text: Text | None = None
    """What it is, in words."""
    assumes: Assumed
    sources: Sources

    def mistakes(self, digits: int) -> Found:
        for key, number in self.addresses.items():
            if number > self.items:
                yield ("addresses", key), f"there are only {self.items} items: set items, or count fewer"


class Staff(Table):
    """The firm's people whom customers meet or make work for (F12, F17)."""

    number: Count = 1
    """How many there are."""
    cost_per_hour_minor: Money = Field(default=0, alias="cost_per_hour")
    """What one of them costs an hour."""
    tasks: Names = ()
    """Tasks they take part in."""
    text: Text | None = None
    """Who they are, in words."""
    assumes: Assumed
    sources: Sources


class Cost(Table):
    """A cost of the firm that no other table declares (F2)."""

    cause: CostCause
    """What causes it (F2, F20)."""
    component: Component = Component.ORGANIZATION
    """Where it arises."""
    amount_minor: Money = Field(alias="amount")
    """How much it is."""
    each: Literal["week", "project", "unit", "customer", "encounter", "once"]
    """How often it arises."""
    task: Name | None = None
    """The task that causes it."""
    text: Text | None = None
    """What it is for, in words."""
    assumes: Assumed
    sources: Sources


class Amendment(Table):
    """A change of the terms from a date on: history is amended, never edited (F4, link 6; E5)."""

    in_force: Day
    """The first day of the new terms; they begin at midnight UTC."""
    why: Text
    """What participation taught the firm."""
    announced: Day | None = None
    """When customers were told, if before."""
    set: dict[str, Any] = Field(min_length=1)
    """New values by key path, the path in quotes: { "task.stake.terms.cap" = "1000.00" }."""
    note: Note
    assumes: Assumed
    sources: Sources

    def mistakes(self, digits: int) -> Found:
        if self.announced and self.announced > self.in_force:
            yield ("announced",), f"must not come after in_force ({self.in_force})"
