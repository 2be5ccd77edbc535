"""Tasks: the customer's job, and what the firm does beside it (F10 to F17)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from comaker.model.schema import terms as t
from comaker.model.schema.base import Assumed, Found, Names, Sources, Table
from comaker.model.schema.units import Count, Duration, Money, Name, Text
from comaker.words import (
    Actor,
    Input,
    Interface,
    Limitation,
    Link,
    Lowerer,
    Performer,
    Raiser,
    Stage,
    TaskKind,
)


class Emotionality(StrEnum):
    """How much feeling an encounter carries; interfaces must fit it (F17)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Guide(Table):
    """Socialization shown on the task's page: the four questions of a newcomer (F16)."""

    what: Text
    """What the customer does."""
    how: Text
    """How she does it."""
    why: Text
    """What she gains."""
    stop: Text
    """How and when the participation ends."""


class InterfaceUse(Table):
    """One way to do the task: staff, kiosk, web, telephone (F17)."""

    kind: Interface
    """People or technology."""
    performer: Performer
    """Who does the work through this interface."""
    emotionality: Emotionality = Emotionality.LOW
    """How much feeling the encounter carries."""
    cost_per_minute_minor: Money = Field(default=0, alias="cost_per_minute")
    """What a minute costs the firm."""
    cost_per_encounter_minor: Money = Field(default=0, alias="cost_per_encounter")
    """What one encounter costs the firm."""
    takes_s: Duration = Field(default=0, alias="takes")
    """How long one encounter takes."""
    staff: Name | None = None
    """The staff who serve it."""
    roles: Names = ()
    """Kinds of customer it is meant for; empty: all."""
    assumes: Assumed
    sources: Sources


class Task(Table):
    """What somebody does in the making of the offer; kind and terms say by which rules."""

    stage: Stage
    """When in the making of the offer (F11)."""
    performer: Performer
    """Who does the work: firm, joint or customer (F14)."""
    asks: dict[Input, Text] = {}
    """Which of the seven inputs it asks for, in words (F13)."""
    takes_s: Duration = Field(default=0, alias="takes")
    """Time it takes the customer."""
    guide: Guide | None = None
    """What a newcomer is told (F16)."""
    after: Names = ()
    """Tasks that must be done before."""
    limit: Count = 0
    """How often one customer may do it; 0 without limit."""
    interface: dict[Name, InterfaceUse] = {}
    """Ways to do it, by name (F17)."""
    affects: tuple[Actor, ...] = ()
    """Who feels it beside the customer (F12)."""
    raisers: tuple[Raiser, ...] = ()
    """What makes customers willing (F15)."""
    lowerers: tuple[Lowerer, ...] = ()
    """What makes customers unwilling (F15)."""
    risks: tuple[Limitation, ...] = ()
    """Limitations to watch for (F21)."""
    links: tuple[Link, ...] = ()
    """Links between components it carries (F4)."""
    assumes: Assumed
    sources: Sources

    def mistakes(self, digits: int) -> Found:
        terms: t.Terms | None = getattr(self, "terms", None)
        if isinstance(terms, t.SelfServiceRules) and terms.falls_back_to not in (None, *self.interface):
            ways = ", ".join(self.interface) or "none is declared"
            yield ("terms", "falls_back_to"), f"must name an interface of this task: {ways}"


class StakeTask(Task):
    """Putting money on a project (E2)."""

    kind: Literal[TaskKind.STAKE]
    terms: t.StakeRules


class BallotTask(Task):
    """Voting or supporting (E3)."""

    kind: Literal[TaskKind.BALLOT]
    terms: t.BallotRules = t.BallotRules()


class PurchaseTask(Task):
    """Buying, from the firm or from another customer (B3, F32)."""

    kind: Literal[TaskKind.PURCHASE]
    terms: t.PurchaseRules = t.PurchaseRules.model_validate({})


class PromotionTask(Task):
    """Making the firm or a project known (E3)."""

    kind: Literal[TaskKind.PROMOTION]
    terms: t.PromotionRules = t.PromotionRules()


class ProposalTask(Task):
    """Submitting an idea, a design, a listing or a solution (F33)."""

    kind: Literal[TaskKind.PROPOSAL]
    terms: t.ProposalRules = t.ProposalRules()


class ReviewTask(Task):
    """Judging a proposal (F36)."""

    kind: Literal[TaskKind.REVIEW]
    terms: t.ReviewRules = t.ReviewRules()


class RatingTask(Task):
    """Rating a person or an offer (F32)."""

    kind: Literal[TaskKind.RATING]
    terms: t.RatingRules = t.RatingRules()


class MakingTask(Task):
    """Making the product at stations (B1)."""

    kind: Literal[TaskKind.MAKING]
    terms: t.MakingRules


class SelfServiceTask(Task):
    """Serving oneself instead of being served (F34)."""

    kind: Literal[TaskKind.SELF_SERVICE]
    terms: t.SelfServiceRules = t.SelfServiceRules()


class HelpTask(Task):
    """Helping another customer (F12)."""

    kind: Literal[TaskKind.HELP]
    terms: t.HelpRules = t.HelpRules()


class TestingTask(Task):
    """Trying a concept or a service (F41)."""

    kind: Literal[TaskKind.TESTING]
    terms: t.TestingRules = t.TestingRules()


class DiscussionTask(Task):
    """Reading, listening, comparing and discussing (E1)."""

    kind: Literal[TaskKind.DISCUSSION]
    terms: t.DiscussionRules = t.DiscussionRules()


AnyTask = Annotated[
    StakeTask
    | BallotTask
    | PurchaseTask
    | PromotionTask
    | ProposalTask
    | ReviewTask
    | RatingTask
    | MakingTask
    | SelfServiceTask
    | HelpTask
    | TestingTask
    | DiscussionTask,
    Field(discriminator="kind"),
]
