"""Why a rule says no.

A refusal is a value, never an exception. The members stand in order of precedence: where several reasons
hold at once, the one that stands first is given, on every floor, so that the site, a replay and a
simulation always name the same reason.
"""

from __future__ import annotations

from enum import IntEnum


class Refusal(IntEnum):
    """The reasons a request is refused, most fundamental first; ``NONE`` means accepted."""

    NONE = 0
    ROLE_NOT_ALLOWED = 1
    NOT_WHOLE = 2
    NOT_OPEN = 3
    GOAL_REACHED = 4
    DEADLINE_PASSED = 5
    STEP_MISSING = 6
    LIMIT_REACHED = 7
    OVER_CAP = 8
    OVER_GOAL = 9
    NOTHING_HELD = 10
    SOLD_OUT = 11
    UNKNOWN_CHOICE = 12
    OWN_REFERRAL = 13
    RESERVATION_OVER = 14
    SECOND_PERSON_NEEDED = 15
    NOTHING_DUE = 16
    OUT_OF_DATE = 17
    TOO_SHORT_NOTICE = 18

    @property
    def sentence(self) -> str:
        """The reason in words a customer understands."""
        return _SENTENCES[self]

    @property
    def is_transient(self) -> bool:
        """True where the same request could be accepted later without a change of the rules."""
        return self in _TRANSIENT


_SENTENCES = {
    Refusal.NONE: "Accepted.",
    Refusal.ROLE_NOT_ALLOWED: "Your role does not include this task.",
    Refusal.NOT_WHOLE: "Please ask for a whole number, one or more.",
    Refusal.NOT_OPEN: "This is not open for participation.",
    Refusal.GOAL_REACHED: "The goal has been reached, so nothing more is taken and nothing can be withdrawn.",
    Refusal.DEADLINE_PASSED: "The time to take part is over.",
    Refusal.STEP_MISSING: "Another step has to be done first.",
    Refusal.LIMIT_REACHED: "You have already done this as often as it can be done.",
    Refusal.OVER_CAP: "That is more than one person may hold here at the moment.",
    Refusal.OVER_GOAL: "That is more than is still missing to the goal.",
    Refusal.NOTHING_HELD: "You do not hold that much.",
    Refusal.SOLD_OUT: "There is not that much left.",
    Refusal.UNKNOWN_CHOICE: "That choice is not on offer.",
    Refusal.OWN_REFERRAL: "Bringing in oneself does not count.",
    Refusal.RESERVATION_OVER: "This reservation is over: it was confirmed, given back, or its time ran out.",
    Refusal.SECOND_PERSON_NEEDED: "A second person has to approve this: not the one who proposed it.",
    Refusal.NOTHING_DUE: "There is nothing to pay out at the moment.",
    Refusal.OUT_OF_DATE: "Something has changed since this was proposed; please propose it again.",
    Refusal.TOO_SHORT_NOTICE: "New terms need more notice: please choose a later day.",
}

_TRANSIENT = frozenset(
    {
        Refusal.NOT_OPEN,
        Refusal.STEP_MISSING,
        Refusal.OVER_CAP,
        Refusal.OVER_GOAL,
        Refusal.NOTHING_HELD,
        Refusal.SOLD_OUT,
    }
)
