"""What bodies of the API look like: strict on the way in, named fields alone on the way out."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from ninja import Header
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from comaker.host.api.stakes import MOST, MOST_SHARES, SHOWN_LENGTH
from comaker.words import Stage

MOST_MINOR = 10**12
PAGE = 100
"""The most rows of one answer."""


def _digits(value: object) -> object:
    """Addresses are text: plain digits alone are a number there."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) < 20):
        raise ValueError("write a whole number in digits")
    return value


Slug = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,60}$", description="The name in its address.")]
ProjectNamed = Annotated[
    Slug | Annotated[int, Field(ge=1, le=MOST)],
    Field(description="The project's short name, as in its address, or its number."),
]
Count = Annotated[int, Field(ge=1, le=MOST_SHARES)]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Money = Annotated[int, Field(ge=1, le=MOST_MINOR, description="Minor units of the currency.")]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="New for each act, the same when the act is sent again: then it is done once, and the "
        "same answer given again. Bound to the account and the operation.",
    ),
]
Number = Annotated[int, Field(ge=1, le=MOST), BeforeValidator(_digits)]
Limit = Annotated[int, Field(ge=1, le=PAGE), BeforeValidator(_digits)]
Offset = Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(_digits)]
After = Annotated[int, Field(ge=0, le=MOST), BeforeValidator(_digits)]


class Body(BaseModel):
    """What comes in: no other fields than these, and no number written as text."""

    model_config = ConfigDict(extra="forbid", strict=True)


class StakeIn(Body):
    """A stake."""

    project: ProjectNamed
    shares: Count
    shown: Annotated[str, Field(max_length=SHOWN_LENGTH, pattern=r"^[\x20-\x7e]*$")] | None = None


class WithdrawalIn(Body):
    """Shares wanted back."""

    project: ProjectNamed
    shares: Count


class PurchaseIn(Body):
    """Copies to be bought."""

    project: ProjectNamed
    copies: Count


class IncomeIn(Body):
    """Money that a project earned."""

    project: ProjectNamed
    money_minor: Money
    stage: Literal[tuple(stage.value for stage in Stage)] | None = None  # type: ignore[valid-type]


class CostIn(Body):
    """Money that was paid for a project: of ``production`` out of the stakes, else out of its income."""

    project: ProjectNamed
    money_minor: Money
    stage: Literal[tuple(stage.value for stage in Stage)]  # type: ignore[valid-type]


class MilestoneIn(Body):
    """What a funded project has come to."""

    project: ProjectNamed
    milestone: Literal["produced", "released"]


class ProjectIn(Body):
    """A project."""

    project: ProjectNamed


class ProposalIn(Body):
    """A payout to be proposed; ``total_minor``, where it is given, must be what is due now."""

    project: ProjectNamed
    total_minor: Money | None = None


class Out(BaseModel):
    """What goes out."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Problem(Out):
    """Why nothing was done, in a sentence."""

    detail: str


class Outcome(Out):
    """What became of a request: done, or refused by a rule."""

    accepted: int = Field(description="Shares or copies; 0 where it was refused.")
    money_minor: int
    held_shares: int
    collected_shares: int
    refusal: str | None
    sentence: str
    lapses_at: Instant | None = Field(description="Until when the money must be there.")
    event: int | None


class ProjectOut(Out):
    """A project and where it stands. ``room_shares``: what the caller could still stake now."""

    project: int
    slug: str
    name: str
    line: str
    status: Literal["open", "funded", "expired"]
    currency: str
    share_price_minor: int
    goal_shares: int
    collected_shares: int
    reserved_shares: int
    holders: int
    cap_shares: int = Field(description="What one customer may hold now.")
    room_shares: int | None = Field(description="Null where no customer is logged in.")
    opened_at: Instant
    closed_at: Instant | None
    produced_at: Instant | None
    released_at: Instant | None


class ProjectsOut(Out):
    """A page of projects, the latest first; ``count`` of all."""

    count: int
    items: list[ProjectOut]


class StoryOut(ProjectOut):
    """A project with its texts."""

    story: str
    opinion: str


class VersionOut(Out):
    """Terms and the day from which they are in force."""

    in_force: dt.date
    why: str
    hash: str
    share_price_minor: int
    goal_shares: int
    reserved_seconds: int
    closes_at_goal: bool


class RulesOut(Out):
    """The terms: all versions, the oldest first, and the hash of those in force."""

    name: str
    currency: str
    in_force: str
    versions: list[VersionOut]


class PostingOut(Out):
    """A line of the books: what moved from one account to another; ``hash`` covers it and the line before."""

    number: int
    event: int
    source: str
    target: str
    currency: str
    amount_minor: int
    rule: str
    version: str
    hash: str


class BooksOut(Out):
    """Lines of the books in order; ``next_after`` is what to ask for next, null at the end."""

    items: list[PostingOut]
    next_after: int | None


class PayoutOut(Out):
    """One payment of a payout."""

    event: int
    at: Instant
    role: str | None
    customer: int | None
    money_minor: int


class PayoutsOut(Out):
    """Payments in order; ``next_after`` is what to ask for next, null at the end."""

    items: list[PayoutOut]
    next_after: int | None


class HoldingOut(Out):
    """What the caller holds of a project, reserved shares included, and what it paid her so far."""

    project: int
    slug: str
    name: str
    shares: int
    reserved_shares: int
    paid_minor: int


class HoldingsOut(Out):
    """A page of holdings; ``count`` of all."""

    count: int
    items: list[HoldingOut]


class StatementLine(Out):
    """Something that happened between the caller and a project."""

    event: int
    at: Instant
    kind: str
    task: str | None
    quantity: int | None
    money_minor: int | None
    refusal: str | None


class StatementOut(Out):
    """The caller's dealings with a project, the latest first; ``next_before`` is what to ask for next."""

    holding: HoldingOut
    items: list[StatementLine]
    next_before: int | None


class ReservationOut(Out):
    """A stake or purchase that waits for its money."""

    reservation: int
    project: int
    customer: int
    task: str
    quantity: int
    money_minor: int
    lapses_at: Instant


class ReservationsOut(Out):
    """A page of reservations that wait, those that lapse first coming first; ``count`` of all."""

    count: int
    items: list[ReservationOut]


class AccountOut(Out):
    """Who calls."""

    account: int
    name: str
    is_staff: bool


class SettlementOut(Out):
    """A payout that was proposed."""

    settlement: int
    project: int
    total_minor: int
    earned_minor: int
    proposed_by: int
    approved_by: int | None
    state: str


class SettlementsOut(Out):
    """A page of payouts, the latest first; ``count`` of all."""

    count: int
    items: list[SettlementOut]
