"""Stakes: customers buy shares in a project until its goal is reached (E2, E5).

Counted in shares, so that every product of the declared maxima stays below 2**63 in compiled code.
"""

from __future__ import annotations

from typing import NamedTuple

from comaker.refusals import Refusal

CAP_STEPS = 8
"""How many steps a cap may have."""

NEVER_SHARES = 2**62
"""The amount at which an unused step would begin: more than any project can collect."""

OPEN = 0
FUNDED = 1
EXPIRED = 2


class StakeTerms(NamedTuple):
    """The terms of staking in force at one instant.

    ``share_price_minor``: price of a share in minor units. ``goal_shares``: shares that fund a project
    opened under these terms. ``cap_from_shares`` and ``cap_shares``: from so many shares collected, one
    customer may hold at most so many in the project (E5); ``CAP_STEPS`` entries each in rising order, unused
    ones begin at ``NEVER_SHARES``. ``closes_at_goal``: 1 where staking ends at the goal, 0 where it runs on
    to the deadline. ``open_seconds``: how long a project stays open, 0 without limit. ``trims``: 1 where a
    stake that is too large is cut to what fits, 0 where it is refused whole.
    """

    share_price_minor: int
    goal_shares: int
    cap_from_shares: tuple[int, int, int, int, int, int, int, int]
    cap_shares: tuple[int, int, int, int, int, int, int, int]
    closes_at_goal: int
    open_seconds: int
    trims: int


class ProjectState(NamedTuple):
    """What a project has come to: ``status`` is OPEN, FUNDED or EXPIRED.

    ``goal_shares`` is the goal it was opened with: a later change of terms binds new projects only.
    ``opened_s`` is the time of its opening in seconds, on the clock that the caller uses throughout.
    """

    status: int
    collected_shares: int
    goal_shares: int
    opened_s: int


def cap_at(collected_shares: int, terms: StakeTerms) -> int:
    """Shares one customer may hold in a project that has collected so many (E5)."""
    cap_shares = terms.cap_shares[0]
    for step in range(1, len(terms.cap_from_shares)):
        if collected_shares < terms.cap_from_shares[step]:
            break
        cap_shares = terms.cap_shares[step]
    return cap_shares


def has_expired(project: ProjectState, terms: StakeTerms, now_s: int) -> bool:
    """Whether the time to stake on the project is over."""
    return terms.open_seconds > 0 and now_s - project.opened_s >= terms.open_seconds


def stake_room(held_shares: int, project: ProjectState, terms: StakeTerms) -> int:
    """The most shares a customer who holds so many could still buy now (shown before she asks)."""
    room_shares = cap_at(project.collected_shares, terms) - held_shares
    if terms.closes_at_goal:
        room_shares = min(room_shares, project.goal_shares - project.collected_shares)
    return max(room_shares, 0)


def decide_stake(
    asked_shares: int, held_shares: int, project: ProjectState, terms: StakeTerms, now_s: int
) -> tuple[int, Refusal]:
    """Shares accepted of those asked for, and why not more.

    The cap is cumulative: it counts what the customer already holds in the project. It follows what the
    project has collected before this stake.
    """
    if asked_shares < 1:
        return 0, Refusal.NOT_WHOLE
    if project.status == EXPIRED:
        return 0, Refusal.DEADLINE_PASSED
    if terms.closes_at_goal and (project.status == FUNDED or project.collected_shares >= project.goal_shares):
        return 0, Refusal.GOAL_REACHED
    if has_expired(project, terms, now_s):
        return 0, Refusal.DEADLINE_PASSED
    room_shares = stake_room(held_shares, project, terms)
    if asked_shares <= room_shares:
        return asked_shares, Refusal.NONE
    if terms.trims and room_shares > 0:
        return room_shares, Refusal.NONE
    if asked_shares > cap_at(project.collected_shares, terms) - held_shares:
        return 0, Refusal.OVER_CAP
    return 0, Refusal.OVER_GOAL


def decide_withdrawal(
    asked_shares: int, held_shares: int, project: ProjectState, terms: StakeTerms, now_s: int
) -> tuple[int, Refusal]:
    """Shares given back of those a customer wants back: possible until the project is funded (F16).

    Stakes in a project that expired go back too; ``held_shares`` is what has not gone back yet.
    """
    if asked_shares < 1:
        return 0, Refusal.NOT_WHOLE
    is_over = terms.closes_at_goal or has_expired(project, terms, now_s)
    if project.status == FUNDED or (is_over and project.collected_shares >= project.goal_shares):
        return 0, Refusal.GOAL_REACHED
    if asked_shares > held_shares:
        return 0, Refusal.NOTHING_HELD
    return asked_shares, Refusal.NONE


def status_after(project: ProjectState, terms: StakeTerms, now_s: int) -> int:
    """The status a project has now: FUNDED at its goal, EXPIRED when its time ran out below it (E2)."""
    if project.status != OPEN:
        return project.status
    if has_expired(project, terms, now_s):
        return FUNDED if project.collected_shares >= project.goal_shares else EXPIRED
    if terms.closes_at_goal and project.collected_shares >= project.goal_shares:
        return FUNDED
    return OPEN
