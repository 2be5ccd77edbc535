"""Limitation 4, blurred roles: who plays several, follows the crowd, and does not buy (F21.4, E6, E7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from comaker.measure import tables
from comaker.measure.estimators.clustered import Occasions, share
from comaker.measure.estimators.herding import goal_gradient
from comaker.measure.estimators.intervals import proportion, ratio
from comaker.measure.estimators.role_mix import RoleMix, role_mix
from comaker.measure.figures import About, Figure
from comaker.measure.limitations.finding import Finding, Sign
from comaker.measure.limitations.patterns import WHO
from comaker.measure.limitations.projects import FIRST_DAYS, PROJECT, Projects
from comaker.measure.log import Log
from comaker.words import Limitation, Performer, TaskKind, Use

HERDING_LIMITS, ROLES_LIMITS = (1.0, 1.25), (0.05, 0.25)
"""Nobody minds the goal, or stakes come a quarter more often near it; one customer in twenty plays three
roles or more, or one in four does. Ours: no source states them."""

NEAR, FAR = 2 / 3, 1 / 3
"""A look is near the goal from so much of it collected on, and far from it up to so much."""

ANSWER_US = tables.DAY_US
"""A stake answers the customer's last look at the project within so long before it."""

LOOKS = 3
"""From so many looks of hers on, a customer knows a project as well as she will."""

BUYER = "buyer"
ROLES: dict[TaskKind, str] = {
    TaskKind.STAKE: Use.INVESTOR.value,
    TaskKind.BALLOT: Use.RATER.value,
    TaskKind.REVIEW: Use.RATER.value,
    TaskKind.RATING: Use.RATER.value,
    TaskKind.PURCHASE: BUYER,
    TaskKind.PROMOTION: Use.PROMOTER.value,
    TaskKind.PROPOSAL: Use.CO_DESIGNER.value,
    TaskKind.MAKING: Use.CO_PRODUCER.value,
    TaskKind.SELF_SERVICE: Use.CO_PRODUCER.value,
    TaskKind.HELP: Use.CO_PRODUCER.value,
    TaskKind.TESTING: Use.TESTER.value,
}
"""The role that a customer plays by doing a task of a kind (F7); reading and discussing is none."""

TWO = About(
    "two_roles_share",
    "Share of the customers who did anything that did tasks of two roles or more (F7)",
    "share",
    "customers",
    "F21.4, F7; Wilson 1927",
)
THREE = TWO._replace(
    name="three_roles_share",
    estimand="Share of the customers who did anything that did tasks of three roles or more (F7)",
)
KINDS = About(
    "kinds_of_customer",
    "How many kinds of customer differ in the roles they play; the interval holds 95 % of what is likely",
    "kinds",
    "customers",
    "F21.4; latent classes, Lazarsfeld & Henry 1968, by BIC, Schwarz 1978",
)
HERDING = About(
    "goal_pull",
    "Chance that a look at a project two thirds funded or more ends in asking for a stake, over that of a "
    "look at the same project up to a third funded, of customers who looked as often and hold none of it",
    "",
    "looks",
    "F21.4, E7; Mantel & Haenszel 1959, clustered by customer; Kuppuswamy & Bayus 2017 for the sign",
)
BUY = About(
    "producers_who_buy",
    "Share of the holdings in released projects whose holder also bought what came of it",
    "share",
    "holdings",
    "F21.4, E6; Wilson 1927 at the effective number, Korn & Graubard 1998",
)
COPIES = About(
    "copies_a_producer",
    "Copies sold of released projects, for each holder of them",
    "copies",
    "holders",
    "F21.4, E6",
)
FIRST_COPIES = COPIES._replace(
    name="copies_a_producer_in_two_weeks",
    estimand="Copies sold in the first two weeks after release, for each holder (Agonie: 671 for 300)",
)


def blurred_roles(projects: Projects) -> Finding:
    """Whether the same people design, stake, vote, promote and buy, and whether they follow one another.

    Of customers drawn by number where there are many events.
    """
    log = projects.log
    played, mix = _roles(log)
    herding = _herding(projects)
    figures = [*played, herding, *_buyers(projects)]
    signs = [Sign(herding, *HERDING_LIMITS), Sign(played[1], *ROLES_LIMITS)]
    return Finding(
        limitation=Limitation.BLURRED_ROLES, figures=figures, signs=signs, tables={"role_mixes": mix}
    )


def _roles(log: Log) -> tuple[list[Figure], pd.DataFrame]:
    by_role: dict[str, list[str]] = {}
    for name, task in log.model.task.items():
        if task.kind in ROLES and task.performer != Performer.FIRM and log.count("done", task=name):
            by_role.setdefault(ROLES[task.kind], []).append(name)
    nobody = pd.DataFrame({"share": [], **{role: [] for role in by_role}})
    if not by_role:
        needs = "rows of kind done of customers' tasks are needed"
        return [about.missing(needs) for about in (TWO, THREE, KINDS)], nobody
    shown, many = _mixes(log.sampled_tasks, list(by_role.values()))
    active = int(many[shown.any(axis=1)].sum())
    figures = []
    for about, least in ((TWO, 2), (THREE, 3)):
        if len(by_role) < least:
            needs = f"tasks of {least} roles in the log; it has {', '.join(by_role)}"
            figures.append(about.missing(needs, n=active))
        else:
            several = int(many[shown.sum(axis=1) >= least].sum())
            figures.append(about.estimate(*proportion(several, active), n=active))
    mix = role_mix(shown, many)
    if mix is None:
        needs = f"tasks of three roles or more in the log; it has {', '.join(by_role)}"
        return [*figures, KINDS.missing(needs, n=int(many.sum()))], nobody
    kinds = KINDS.estimate(len(mix.shares), mix.fewest, mix.most, n=int(many.sum()))
    return [*figures, kinds], _mix_table(mix, list(by_role))


def _mixes(rows: pd.DataFrame, names: Sequence[Sequence[str]]) -> tuple[Any, Any]:
    """Which roles (groups of tasks) are played together (int64[n, roles]), and by how many customers."""
    who = rows.groupby(WHO, sort=False).ngroup().to_numpy()
    plays = np.zeros((who.max(initial=-1) + 1, len(names)), np.int64)
    for place, tasks in enumerate(names):
        plays[who[((rows.done > 0) & rows.task.isin(tasks)).to_numpy(bool)], place] = 1
    bits = 1 << np.arange(len(names))[::-1]
    found, many = np.unique(plays @ bits, return_counts=True)
    return (found[:, None] & bits > 0).astype(np.int64), many


def _mix_table(mix: RoleMix, roles: Sequence[str]) -> pd.DataFrame:
    """A row a kind of customer: its share, and the share of it that plays each role."""
    return pd.DataFrame(
        {"share": mix.shares, **{role: mix.plays[:, place] for place, role in enumerate(roles)}}
    )


def _herding(projects: Projects) -> Figure:
    """From looks at projects with the progress that was shown, of a sample of customers."""
    looks = _looks(projects.log, projects.stake_tasks)
    looks = looks[(looks.progress <= FAR) | (looks.progress >= NEAR)]
    needs = (
        "looks (kind seen, with what was shown of collected and goal) near the goal and far from it, at the "
        "same projects, some of which end in a stake"
    )
    if looks.empty:
        return HERDING.missing(needs)
    stratum = looks.groupby([*PROJECT, "looked"], sort=False).ngroup()
    found = goal_gradient(
        looks.progress >= NEAR, looks.acted, stratum, looks.groupby(WHO, sort=False).ngroup()
    )
    if not np.isfinite(found.value):
        return HERDING.missing(needs, n=len(looks))
    return HERDING.estimate(*found, n=len(looks))


def _looks(log: Log, stake_tasks: Sequence[str]) -> pd.DataFrame:
    """One row a look at a project before the customer's first stake in it: ``progress`` shown, how often she
    had ``looked`` (up to ``LOOKS``), and whether she ``acted``: asked for a stake, be it refused or not,
    before her next look and within a day. Who has staked is left out, because she may want no more."""
    keys = [*WHO, "subject"]
    seen = log.exposures
    seen = seen[(seen.kind == "seen") & seen.subject.notna() & seen.customer.notna()]
    progress = _progress(seen.shown)
    seen = seen[[*keys, "at_us", "event_id"]].assign(progress=progress)[progress.notna()]
    tried = log.attempts
    tried = tried[tried.subject.notna() & tried.task.isin(stake_tasks) & (tried.kind != "abandoned")]
    acts = tried[[*keys, "at_us", "event_id"]].assign(progress=np.nan)
    both = pd.concat([seen, acts], ignore_index=True).sort_values([*keys, "at_us", "event_id"])
    whose = both.groupby(keys, sort=False).ngroup().to_numpy()
    is_look, at_us = both.progress.notna().to_numpy(), both.at_us.to_numpy()
    is_act_next = np.zeros(len(both), bool)
    is_act_next[:-1] = (whose[1:] == whose[:-1]) & ~is_look[1:] & (np.diff(at_us) <= ANSWER_US)
    looked = pd.Series(is_look).groupby(whose).cumsum().clip(upper=LOOKS).to_numpy()
    asked_before = (pd.Series(~is_look).groupby(whose).cumsum() > 0).to_numpy()
    return both.assign(acted=is_act_next, looked=looked)[is_look & ~asked_before]


def _progress(shown: pd.Series[str]) -> pd.Series[float]:
    """Part of the goal collected, of what was shown: collected and goal, in shares or in money."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array(shown, pa.string())
    numbers = []
    for word in ("collected", "goal"):
        matched = pc.extract_regex(texts, rf'"{word}(?:_shares)?":\s*(?P<number>[0-9]{{1,15}})')
        numbers.append(pd.Series(pc.struct_field(matched, "number").cast("float64"), shown.index))
    return (numbers[0] / numbers[1]).where(numbers[1] > 0)


def _copies(about: About, copies: pd.Series[int], holders: pd.Series[int], *, is_drawn: bool) -> Figure:
    """Copies for each holder: exact where all projects are known, estimated where some were drawn."""
    n = int(holders.sum())
    if not n or not copies.sum():
        return about.missing(
            "rows of kind income with quantity (copies) of projects that were released and have holders"
        )
    return about.estimate(*ratio(copies, holders), n=n) if is_drawn else about.record(copies.sum() / n, n=n)


def _buyers(projects: Projects) -> list[Figure]:
    released, log = projects.released, projects.log
    soon = released[released.market_days >= FIRST_DAYS]
    figures = [
        _copies(COPIES, released.all_copies, released.holders, is_drawn=projects.is_drawn),
        _copies(FIRST_COPIES, soon.first_copies, soon.holders, is_drawn=projects.is_drawn),
    ]
    held = pd.DataFrame({"bought": []})
    if len(released):
        held = projects.own[projects.own.shares > 0].merge(projects.out, on=PROJECT)
    if held.empty or not any(log.count("done", task=name) for name in projects.buying_tasks):
        needs = (
            "purchases with customer and subject (kind done of a task of purchase) of projects that have "
            "holders are needed; sales recorded as income alone do not say who bought"
        )
        return [BUY.missing(needs, n=len(held)), *figures]
    buys = (held.bought > 0).groupby([held.run, held.customer]).agg(["sum", "size"])
    return [BUY.estimate(*share(Occasions.of(buys["sum"], buys["size"])), n=len(held)), *figures]
