"""Reservations: a stake or a purchase whose money has not come in yet keeps its place for a while.

Reserved shares count in what a project has collected, so that a place is never sold twice; a project is
funded when what it has collected without them reaches its goal.
"""

from __future__ import annotations

from comaker.refusals import Refusal


def lapses_at(now_us: int, reserved_us: int, opened_us: int, open_us: int) -> int:
    """Until when the money of what is reserved now must be there: until the time of the reservation is over
    or that to stake on the project, whichever ends first (``open_us`` 0: no such time, as for a purchase).

    Instants and lengths of time are in microseconds.
    """
    over_us = now_us + reserved_us
    return min(over_us, opened_us + open_us) if open_us > 0 else over_us


def has_lapsed(lapses_s: int, now_s: int) -> bool:
    """Whether the time in which the money had to come is over."""
    return now_s >= lapses_s


def decide_confirmation(waiting_quantity: int, lapses_s: int, now_s: int) -> Refusal:
    """Whether a reservation can be confirmed: ``waiting_quantity`` of it is neither confirmed, given back nor
    lapsed, and its time is not over."""
    if waiting_quantity < 1 or has_lapsed(lapses_s, now_s):
        return Refusal.RESERVATION_OVER
    return Refusal.NONE


def reserved_given_back(reserved_shares: int, withdrawn_shares: int) -> int:
    """Of shares that a customer takes back, those that were only reserved: they go first."""
    return min(reserved_shares, withdrawn_shares)
