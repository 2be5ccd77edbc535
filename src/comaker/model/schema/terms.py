"""The terms of each kind of task: what the rules decide by. One class a kind."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from comaker.model.schema.base import Found, Names, Table
from comaker.model.schema.units import Count, Duration, Money, Name, Switch, Text, money_text
from comaker.rules.stake import CAP_STEPS


class Terms(Table):
    """Terms of a task kind that needs none."""


class CapStep(Table):
    """From so much collected, one customer may hold at most so much in one project (E5)."""

    from_minor: Money = Field(alias="from")
    """What the project has collected when this step begins."""
    cap_minor: Money = Field(alias="cap")
    """The most one customer may hold in the project while the step lasts; it counts all her stakes."""


def _as_steps(value: Any) -> Any:
    if value == []:
        raise ValueError("write money, or at least one step { from, cap }")
    return value if isinstance(value, (list, tuple)) else [{"from": "0", "cap": value}]


class StakeRules(Terms):
    """Staking money on a project (E2, E5)."""

    share_price_minor: Money = Field(alias="share_price")
    """Price of one share."""
    goal_minor: Money = Field(alias="goal")
    """Money that funds a project."""
    cap: Annotated[
        tuple[CapStep, ...], BeforeValidator(_as_steps, json_schema_input_type=Money | tuple[CapStep, ...])
    ] = ()
    """The most one customer may hold in one project: money, or a list of steps { from, cap }."""
    closes: Literal["at goal", "at deadline"] = "at goal"
    """When staking ends: "at goal", or "at deadline" (then open_for is needed)."""
    open_seconds: Duration = Field(default=0, alias="open_for")
    """How long a project stays open; without it, until it is funded."""
    reserved_seconds: Duration = Field(default=0, alias="reserved_for")
    """How long a stake keeps its place until its money is there; without it, money comes with the stake."""
    partial: Literal["refuse", "trim"] = "refuse"
    """What happens to a stake too large: refused whole, or trimmed to what fits."""

    def mistakes(self, digits: int) -> Found:
        price = self.share_price_minor
        if price == 0:
            yield ("share_price",), "must be more than zero"
            return
        each = money_text(price, digits)
        if self.goal_minor == 0 or self.goal_minor % price:
            yield ("goal",), f"must be a multiple of the share price, {each}, and more than zero"
        if self.closes == "at deadline" and not self.open_seconds:
            yield ("closes",), 'a deadline needs open_for, such as open_for = "90 days"'
        yield from self._cap_mistakes(digits, each)

    def _cap_mistakes(self, digits: int, each: str) -> Found:
        goal = money_text(self.goal_minor, digits)
        for index, step in enumerate(self.cap):
            if step.cap_minor > self.goal_minor:
                yield ("cap", index, "cap"), f"the cap must not exceed the goal, {goal}"
            if step.cap_minor == 0 or step.cap_minor % self.share_price_minor:
                yield ("cap", index, "cap"), f"must be a multiple of the share price, {each}, more than zero"
            if step.from_minor % self.share_price_minor:
                yield ("cap", index, "from"), f"must be a multiple of the share price, {each}"
        if self.cap and self.cap[0].from_minor:
            yield ("cap", 0, "from"), f'the first step begins at "{money_text(0, digits)}"'
        for index, (before, step) in enumerate(pairwise(self.cap), 1):
            if step.from_minor <= before.from_minor:
                after = money_text(before.from_minor, digits)
                yield ("cap", index, "from"), f"steps overlap: this one must begin above {after}"
        if len(self.cap) > CAP_STEPS:
            yield ("cap",), f"at most {CAP_STEPS} steps"


class BallotRules(Terms):
    """Voting between options, or supporting a proposal until a threshold (E3, F33)."""

    options: Count = 0
    """How many options there are; 0 where each proposal is one."""
    choices: Count = 1
    """How many options one voter may name."""
    quorum: Count = 0
    """Voters below which nothing is decided."""
    threshold: Count = 1
    """Supporters an option needs."""
    open_seconds: Duration = Field(default=0, alias="open_for")
    """How long the ballot runs; without it, until somebody closes it."""
    weight: Literal["customer", "share"] = "customer"
    """What counts as one vote: one customer or one share."""
    shows_counts: Switch = True
    """Whether voters see the counts before they vote."""

    def mistakes(self, digits: int) -> Found:
        if self.choices == 0 or (self.options and self.choices > self.options):
            yield ("choices",), "from 1 to the number of options"


class PurchaseRules(Terms):
    """Buying, from the firm or from another customer (F32, B3)."""

    offer: Name | None = None
    """Which offer is bought."""
    seller: Name | None = None
    """Role of the seller; without it, the firm sells."""
    fee_minor: Money = Field(default=0, alias="fee")
    """What the firm takes for each purchase beside the sharing."""
    limit: Count = 0
    """The most one customer may buy; 0 without limit."""


class PromotionRules(Terms):
    """Making the firm or a project known (E3)."""

    tools: tuple[Text, ...] = ()
    """What promoters are given: banner, player, card."""
    reward_minor: Money = Field(default=0, alias="reward")
    """Paid to a promoter for each customer brought in."""


class ProposalRules(Terms):
    """Submitting an idea, a design, a listing or a solution (F32, F33, F36)."""

    wants: tuple[Text, ...] = ()
    """What a proposal consists of."""
    fee_minor: Money = Field(default=0, alias="fee")
    """What submitting costs the customer."""
    limit: Count = 0
    """How many open proposals one customer may have; 0 without limit."""
    open_seconds: Duration = Field(default=0, alias="open_for")
    """How long a proposal stays open."""
    credited: Switch = False
    """Whether the author is named on what is sold."""


class ReviewRules(Terms):
    """Judging proposals, by the firm or by customers (F36)."""

    of: Name | None = None
    """The task whose results are judged."""
    criteria: tuple[Text, ...] = ()
    """What they are judged by."""
    within_s: Duration = Field(default=0, alias="within")
    """The longest an author waits for an answer."""
    passes: Count = 1
    """How many reviewers must agree."""


class RatingRules(Terms):
    """Rating a person or an offer (F32)."""

    of: Names = ()
    """Roles, offers or tasks that are rated."""
    lowest: Count = 1
    """The worst mark."""
    highest: Count = 5
    """The best mark."""
    both_ways: Switch = False
    """Whether the two sides rate each other."""
    revealed: Literal["at once", "together"] = "at once"
    """When marks are shown: at once, or when both sides have rated."""
    open_seconds: Duration = Field(default=0, alias="open_for")
    """How long one may rate."""

    def mistakes(self, digits: int) -> Found:
        if self.lowest >= self.highest:
            yield ("highest",), "must be above lowest"
        if self.revealed == "together" and not self.both_ways:
            yield ("revealed",), "only marks given both_ways can be revealed together"


class Choice(Table):
    """Something a customer may choose at a station, at a price (B3)."""

    name: Text
    """What the choice is called."""
    price_minor: Money = Field(default=0, alias="price")
    """What it adds to the price."""
    unit_cost_minor: Money = Field(default=0, alias="unit_cost")
    """What it costs the firm."""


class Station(Table):
    """One step of making (B1)."""

    name: Text
    """What the step is called."""
    takes_s: Duration = Field(default=0, alias="takes")
    """How long it takes a customer."""
    choices: tuple[Choice, ...] = ()
    """What may be chosen, with prices."""
    optional: Switch = False
    """Whether it may be left out."""


class MakingRules(Terms):
    """Making the product at stations (B1)."""

    station: tuple[Station, ...] = Field(default=(), min_length=1)
    """The stations, in order."""
    in_order: Switch = True
    """Whether the order is fixed."""
    helpers: Count = 0
    """Staff who help at the same time."""
    serves: Count = 1
    """Customers whom the helpers serve at the same time."""
    queue: Count = 0
    """The most who may wait; 0 without limit."""


class SelfServiceRules(Terms):
    """Serving oneself instead of being served (F34, F35, F39, F40)."""

    attempts: Count = 1
    """Attempts before a customer is passed on."""
    falls_back_to: Name | None = None
    """The interface that takes over after failed attempts."""
    bypass: Switch = True
    """Whether a customer may go there at once."""
    saved_s: Duration = Field(default=0, alias="saves")
    """Staff time saved by one success."""


class HelpRules(Terms):
    """Helping another customer (F12)."""

    of: Names = ()
    """Tasks in which one helps."""
    reward_minor: Money = Field(default=0, alias="reward")
    """What the firm pays for help."""


class TestingRules(Terms):
    """Trying a concept or a service before release (F41)."""

    of: Names = ()
    """Offers that are tried."""
    places: Count = 0
    """How many may take part; 0 without limit."""
    reward_minor: Money = Field(default=0, alias="reward")
    """Paid or discounted for taking part."""
    reports_privately: Switch = True
    """Whether a report goes to the firm before it may be published."""


class DiscussionRules(Terms):
    """Reading, listening, comparing and discussing (E1)."""

    about: Names = ()
    """Roles, offers or tasks that are discussed."""
    who_writes: Literal["anyone", "role"] = "role"
    """Who may write; anyone may read unless private."""
    private: Switch = False
    """Whether only those in the role may read."""
