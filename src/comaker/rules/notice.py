"""Notice: customers are told of new terms some time before these take effect (F4, link 6)."""

from __future__ import annotations

from comaker.refusals import Refusal


def decide_notice(announced_s: int, in_force_s: int, notice_seconds: int) -> Refusal:
    """Whether terms announced at one instant may be in force from another: the notice between them must be
    full. Both in seconds on the same clock."""
    return Refusal.TOO_SHORT_NOTICE if in_force_s - announced_s < notice_seconds else Refusal.NONE
