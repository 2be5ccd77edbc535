"""What socialization costs: the techniques that bring customers in, for as long as they were on (F16,
F20)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import pairwise

from comaker.measure.economics.lines import SEVERAL, SOCIALIZATION, Line, Part, label_of
from comaker.measure.log import Log
from comaker.measure.tables import DAY_US

_WEEK_US = 7 * DAY_US


def technique_lines(log: Log, parts: Sequence[Part]) -> Iterator[Line]:
    """Each technique's declared cost a week, over the weeks it was on while the log was kept, and its
    declared cost an encounter, over the rows of kind seen whose ``shown`` names it."""
    techniques = {
        name: use for version in log.model.versions for name, use in version.model.technique.items()
    }
    if not techniques:
        yield Line(SEVERAL, SOCIALIZATION, 0, "the model declares no technique")
        return
    if not any(use.cost_per_week_minor or use.cost_per_encounter_minor for use in techniques.values()):
        needs = "no technique declares what it costs: cost_per_week or cost_per_encounter in [technique.*]"
        yield Line(SEVERAL, SOCIALIZATION, None, needs)
        return
    met = _met(log)
    for name, use in techniques.items():
        of = label_of(parts, use.tasks[0]) if len(use.tasks) == 1 else SEVERAL
        weeks, cost_minor = _weekly(log, name)
        if cost_minor:
            yield Line(
                of, SOCIALIZATION, cost_minor, f"{name}: {weeks:,.0f} weeks at its declared cost a week"
            )
        if not use.cost_per_encounter_minor:
            continue
        if met:
            times = met.get(name, 0)
            rests = f"{name}: met {times:,} times at its declared cost an encounter"
            yield Line(of, SOCIALIZATION, times * use.cost_per_encounter_minor, rests)
        else:
            yield Line(
                of, SOCIALIZATION, None, f"{name}: no row of kind seen tells in shown which technique was met"
            )


def _met(log: Log) -> dict[str, int]:
    """How often each technique was met; nothing is looked for where no encounter costs anything."""
    costs = any(
        use.cost_per_encounter_minor
        for version in log.model.versions
        for use in version.model.technique.values()
    )
    if not costs:
        return {}
    counted = log.frame(log.meetings.group_by("technique").aggregate(times=log.meetings.times.sum()))
    return {str(name): int(times) for name, times in zip(counted.technique, counted.times, strict=True)}


def _weekly(log: Log, name: str) -> tuple[float, int]:
    """For how many weeks of the log a technique was on, all runs together, and what these cost."""
    versions = log.model.versions
    begins = [
        log.cleaned.from_us,
        *(_instant(version.in_force) for version in versions[1:]),
        log.cleaned.until_us,
    ]
    weeks, cost_minor = 0.0, 0.0
    for version, (begin, end) in zip(versions, pairwise(begins), strict=True):
        use = version.model.technique.get(name)
        first, last = max(begin, log.cleaned.from_us), min(end, log.cleaned.until_us)
        if use is None or not use.on or last <= first:
            continue
        lasted = (last - first) / _WEEK_US * log.cleaned.runs
        weeks += lasted
        cost_minor += lasted * use.cost_per_week_minor
    return weeks, round(cost_minor)


def _instant(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()) * 1_000_000
