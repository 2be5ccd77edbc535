"""Ballots: customers choose between options, or support a proposal until a threshold (E3, F33)."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from comaker.refusals import Refusal


class Indexed(Protocol):
    """Whole numbers by position: a list, a tuple or a column."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, position: int, /) -> int:
        """The number at a position."""


UNDECIDED = -1
"""The winner of a ballot that chose nothing."""


class BallotTerms(NamedTuple):
    """How a ballot runs: number of ``options``, ``choices`` each voter may name, ``quorum`` of voters below
    which nothing is decided, ``threshold`` of supporters an option needs, ``open_seconds`` (0: no limit)."""

    options: int
    choices: int
    quorum: int
    threshold: int
    open_seconds: int


def decide_vote(option: int, named: bool, votes_cast: int, age_s: int, terms: BallotTerms) -> Refusal:
    """Whether a customer who has cast so many votes in a ballot so old may vote for an option; ``named``:
    whether one of those votes was for this option already."""
    if terms.open_seconds > 0 and age_s >= terms.open_seconds:
        return Refusal.DEADLINE_PASSED
    if named or votes_cast >= terms.choices:
        return Refusal.LIMIT_REACHED
    if option < 0 or option >= terms.options:
        return Refusal.UNKNOWN_CHOICE
    return Refusal.NONE


def winning_option(votes: Indexed, voters: int, terms: BallotTerms) -> int:
    """The option with most votes, the first listed where several tie; UNDECIDED without a quorum or where
    none reaches the threshold."""
    if voters < terms.quorum:
        return UNDECIDED
    best = UNDECIDED
    best_votes = max(terms.threshold, 1) - 1
    for option in range(len(votes)):
        if votes[option] > best_votes:
            best = option
            best_votes = votes[option]
    return best
