"""Who may take part in a task, and how far a business model integrates its customers (F3, F14, F15)."""

from __future__ import annotations

from comaker.refusals import Refusal


def decide_participation(
    role_includes_task: bool, steps_missing: int, times_done: int, limit_times: int
) -> Refusal:
    """Whether somebody may start a task: her role must include it, the steps before it must be done, and
    she may not have done it ``limit_times`` times already (0: no limit)."""
    if not role_includes_task:
        return Refusal.ROLE_NOT_ALLOWED
    if steps_missing > 0:
        return Refusal.STEP_MISSING
    if limit_times > 0 and times_done >= limit_times:
        return Refusal.LIMIT_REACHED
    return Refusal.NONE
