"""Promotion by customers: who counts as a promoter, whom a referral is credited to (E3, E5, F12)."""

from __future__ import annotations

from comaker.refusals import Refusal


def decide_referral(referrer: int, newcomer: int, is_first_encounter: bool) -> Refusal:
    """Whether bringing in a newcomer is credited to the referrer: not to oneself, and only once."""
    if not is_first_encounter:
        return Refusal.LIMIT_REACHED
    if referrer == newcomer:
        return Refusal.OWN_REFERRAL
    return Refusal.NONE


def promotion_due(needed_promoters: int, promoters: int, price_minor: int) -> int:
    """What the firm spends on promotion, in minor units, to make up for the promoters a project lacks.

    By number of promoters, not by size of stake: one customer with 700 shares promotes like one with a
    single share (E5, E8). ``price_minor`` is what it costs the firm to replace one promoter.
    """
    return max(needed_promoters - promoters, 0) * price_minor


def promotion_saved(needed_promoters: int, promoters: int, price_minor: int) -> int:
    """What the promoters of a project save the firm, in minor units; those beyond the need save nothing."""
    return min(needed_promoters, promoters) * price_minor
