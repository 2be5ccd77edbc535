"""The heavy tables say what rows say, whatever customers did in which order."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from tests.measure.logs import MINUTE_US, START_US, log_of

from comaker import load
from comaker.events import Kind
from comaker.measure.measuring import open_log
from comaker.measure.tables import STEP_BITS

MODEL = load("my-major-company")


def place_of(kinds: set[Kind], *, at_task: bool) -> int:
    """How far a customer came of whom rows of these kinds are recorded."""
    began = kinds & {Kind.STARTED, Kind.ABANDONED, Kind.WITHDRAWN, Kind.REFUSED, Kind.DONE}
    if not at_task:
        return 0 if began or kinds & {Kind.JOINED, Kind.SEEN} else -1
    if Kind.DONE in kinds:
        return 4
    if began:
        return 2 if Kind.REFUSED in kinds else 3
    return 1 if Kind.SEEN in kinds else 0 if Kind.JOINED in kinds else -1


def test_how_far_a_customer_came_follows_from_which_steps_are_recorded() -> None:
    kinds = [*STEP_BITS, Kind.HELPED]
    sets = [set(some) for size in range(1, len(kinds) + 1) for some in combinations(kinds, size)]
    expected: dict[tuple[int, str], int] = {}
    rows: list[dict[str, Any]] = []
    for customer, some in enumerate(sets):
        for task in ("stake", None):
            expected[customer, task or ""] = place_of(some, at_task=task is not None)
            rows += [{"kind": kind.value, "customer": customer, "task": task} for kind in sorted(some)]
    log = open_log(log_of(rows), MODEL)
    found = log.frame(log.reached)
    assert dict(zip(zip(found.customer, found.task, strict=True), found.place, strict=True)) == expected
    best = log.frame(log.customers)
    assert list(best.place) == [max(expected[each, "stake"], expected[each, ""]) for each in best.customer]


def test_acts_are_counted_and_added_up_and_nothing_else_is() -> None:
    rows: list[dict[str, Any]] = [
        {"kind": "done", "customer": 1, "task": "stake", "seconds": 60, "money_minor": 500},
        {"kind": "done", "customer": 1, "task": "stake", "staff_seconds": 7, "money_minor": 300},
        {"kind": "abandoned", "customer": 1, "task": "stake", "seconds": 40},
        {"kind": "done", "customer": 1, "task": None, "saved_seconds": 9},
        {"kind": "done", "customer": None, "task": "stake", "seconds": 30},
    ]
    log = open_log(log_of(rows), MODEL)
    untold, stake = log.frame(log.acts, by=["task"]).to_dict("records")
    assert (stake["done"], stake["timed"], stake["seconds"], stake["money_minor"]) == (2, 1, 60, 800)
    assert (stake["staff_seconds"], stake["saved_seconds"]) == (7, 0)
    assert (stake["first_us"], stake["last_us"]) == (START_US + MINUTE_US, START_US + 2 * MINUTE_US)
    assert (untold["task"], untold["done"], untold["saved_seconds"]) == ("", 1, 9)
