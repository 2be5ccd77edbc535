"""Approval: what moves other people's money needs two persons of the staff (F21.5)."""

from __future__ import annotations

from comaker.refusals import Refusal


def decide_approval(proposer: int, approver: int, proposed_minor: int, computed_minor: int) -> Refusal:
    """Whether a proposed payout may be booked: by a second person, of the amount that is due now, if any.

    ``proposer`` and ``approver``: account numbers; ``proposed_minor``: what was proposed to be paid out in
    all; ``computed_minor``: what the rules come to now.
    """
    if proposer == approver:
        return Refusal.SECOND_PERSON_NEEDED
    if proposed_minor != computed_minor:
        return Refusal.OUT_OF_DATE
    if computed_minor == 0:
        return Refusal.NOTHING_DUE
    return Refusal.NONE
