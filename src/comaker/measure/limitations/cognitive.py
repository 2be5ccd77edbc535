"""Limitation 2, cognitive limits: what the crowd chose against what the market took (F21.2, E6)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from comaker.measure.estimators.intervals import Interval
from comaker.measure.estimators.ranking import FEWEST, brier, favourites_share, rank_correlation
from comaker.measure.figures import About, Figure
from comaker.measure.limitations.finding import Finding, Sign
from comaker.measure.limitations.projects import MARKET_DAYS, Projects
from comaker.model.schema.tasks import StakeTask
from comaker.words import Limitation

GAP_LIMITS = (0.5, 1.0)
"""A gap of 1 is a crowd that knows nothing of the market; up to 0.5 its ranking is of use. Ours."""

_MARKET = f"income of the first {MARKET_DAYS} days after release"
_NEEDS = (
    f"{FEWEST} projects that were released {MARKET_DAYS} days before the log ends, with rows of kind "
    "released and income and, of the crowd, stakes, votes or days to the goal that differ"
)
GAP = About(
    "crowd_market_gap",
    f"1 less the rank correlation, over released projects, of what the crowd gave and the {_MARKET}",
    "",
    "projects",
    "F21.2, E6; Spearman 1904, interval of Bonett & Wright 2000",
)
BRIER = About(
    "forecast_error",
    f"Brier score of the crowd's ranking as forecast of being in the better half by {_MARKET}: "
    "1/12 is the best that a ranking can score, 1/3 a blind one",
    "",
    "projects",
    "F21.2; Brier 1950, jackknife",
)
FAVOURITES = About(
    "favourites_income_share",
    f"What the crowd's best quarter of projects earned, over what the best quarter earned: {_MARKET}",
    "share",
    "projects",
    "F21.2, E6",
)
NOVELTY = About(
    "idea_novelty",
    "How far customers' proposals go beyond what is on offer already",
    "",
    "proposals",
    "F21.2",
)

CROWD = {"speed to the goal": "speed", "money": "stake_minor", "votes": "votes", "holders": "holders"}
"""What the crowd may have said of a project, by name, and the column that holds it; the first that is
identified decides."""


def cognitive(projects: Projects) -> Finding:
    """Whether the crowd knows what the market wants, by each thing that it can say of a project.

    Where staking ends at the goal every project collects what was asked: its money says nothing then, the
    speed to the goal does.
    """
    known = projects.released.assign(speed=-projects.released.days_to_goal)
    enough = known[known.market_days >= MARKET_DAYS]
    said = {name: column for name, column in CROWD.items() if name != "money" or not _ends_at_goal(projects)}
    figures = [figure for name, column in said.items() for figure in _figures(enough, name, column)]
    decides = [figure for figure in figures if figure.name == GAP.name][:1]
    if not figures:
        figures = [about.missing(_NEEDS, n=len(enough)) for about in (GAP, BRIER, FAVOURITES)]
        decides = figures[:1]
    figures.append(
        NOVELTY.missing("the event table holds no text of proposals, and no offer to compare them with")
    )
    return Finding(
        limitation=Limitation.COGNITIVE,
        figures=figures,
        signs=[Sign(figure, *GAP_LIMITS) for figure in decides],
        tables={"projects": _table(known)},
    )


def _ends_at_goal(projects: Projects) -> bool:
    tasks = [projects.log.model.task[name] for name in projects.stake_tasks]
    return any(isinstance(task, StakeTask) and task.terms.closes == "at goal" for task in tasks)


def _figures(known: pd.DataFrame, name: str, column: str) -> Iterator[Figure]:
    """The agreement of one thing that the crowd says; nothing where it is not identified."""
    part = known[known[column].notna()]
    before, after = part[column].astype("float64"), part.income_minor.astype("float64")
    agreement = rank_correlation(before, after)
    if not np.isfinite(agreement.value):
        return
    gap = Interval(1 - agreement.value, 1 - agreement.high, 1 - agreement.low)
    yield GAP.estimate(*gap, n=len(part), of=name)
    yield BRIER.estimate(*brier(before, after), n=len(part), of=name)
    yield FAVOURITES.record(favourites_share(before, after), n=len(part), of=name)


def _table(known: pd.DataFrame) -> pd.DataFrame:
    """Released projects, those that the crowd took to fastest first."""
    columns = {
        "run": known.run,
        "project": known.subject,
        "holders": known.holders,
        "stake_minor": known.stake_minor,
        "votes": known.votes,
        "days_to_goal": known.days_to_goal.astype("Float64"),
        "copies_first_two_weeks": known.first_copies,
        f"copies_{MARKET_DAYS}_days": known.copies,
        f"income_{MARKET_DAYS}_days_minor": known.income_minor,
    }
    return pd.DataFrame(columns).sort_values("days_to_goal", ignore_index=True)
