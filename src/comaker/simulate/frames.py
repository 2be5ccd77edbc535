"""What the runs leave behind, as tidy tables: each made once from the columns of all runs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from comaker.rules.stake import EXPIRED, FUNDED
from comaker.simulate import record
from comaker.simulate.metrics import METRICS, MONEY, Run, gini
from comaker.simulate.projects import PROJECTS_USED
from comaker.simulate.run import Outcome

_STATUS = {FUNDED: "funded", EXPIRED: "expired"}
_KEPT = [
    *("run", "project", "opened_week", "funded_week", "released_week", "status", "producers"),
    *("collected_minor", "largest_minor", "gini", "speculators_share"),
    *("copies", "income_minor", "paid_minor", "appeal"),
]


class Frames(NamedTuple):
    """The tables of one arm, as ``Simulation`` describes them."""

    metrics: pd.DataFrame
    projects: pd.DataFrame
    stakes: pd.DataFrame
    weekly: pd.DataFrame
    accounts: pd.DataFrame


def frames_of(outcomes: list[Outcome], *, currency: str, per_major: int, settle_weeks: int) -> Frames:
    """The tables of one arm from its runs; ``per_major`` minor units make one of the currency."""
    numbers = [outcome.run for outcome in outcomes]
    projects = [projects_of(outcome) for outcome in outcomes]
    held = [holdings_of(outcome, rows) for outcome, rows in zip(outcomes, projects, strict=True)]
    weekly = [weekly_of(outcome) for outcome in outcomes]
    totals = [outcome.books.accounts.sum(axis=0) for outcome in outcomes]
    runs = [
        Run(
            rows,
            rows[rows.status == FUNDED],
            weeks,
            dict(zip(record.ENTRIES, booked, strict=True)),
            per_major,
            settle_weeks,
        )
        for rows, weeks, booked in zip(projects, weekly, totals, strict=True)
    ]
    return Frames(
        metrics=_metrics(numbers, runs, currency),
        projects=_projects(numbers, projects),
        stakes=_stakes(numbers, held),
        weekly=_weekly(numbers, weekly),
        accounts=_accounts(numbers, totals),
    )


def projects_of(outcome: Outcome) -> np.recarray:
    """The projects of a run (``PROJECT`` records) with their largest holder and their Gini coefficient."""
    rows = outcome.market.projects[: outcome.market.used[PROJECTS_USED]].view(np.recarray)
    for project, row in enumerate(rows):
        held_minor = stakes_minor(outcome, project)
        row.largest_minor = held_minor.max(initial=0)
        row.gini = gini(held_minor)
    return rows


def stakes_minor(outcome: Outcome, project: int) -> npt.NDArray[np.int64]:
    """What each holder of a closed project staked, in minor units; empty while it is open."""
    row = outcome.market.projects[project]
    shares = outcome.market.holders["shares"][row["first_holder"] :][: row["holders"]]
    price_minor = int(row["collected_minor"]) // max(int(shares.sum()), 1)
    return np.asarray(shares * price_minor, np.int64)


def holdings_of(outcome: Outcome, projects: np.recarray) -> list[tuple[int, npt.NDArray[np.int64]]]:
    """Each funded project with the stakes of its holders, the largest first."""
    funded = np.flatnonzero(projects.status == FUNDED).tolist()
    return [(project, np.sort(stakes_minor(outcome, project))[::-1]) for project in funded]


def weekly_of(outcome: Outcome) -> dict[str, npt.NDArray[np.generic]]:
    """Columns by week: who knows, takes part, promotes, left; money, copies, cash, feelings."""
    books = outcome.books
    columns: dict[str, npt.NDArray[np.generic]] = dict(zip(record.FIGURES, books.figures.T, strict=True))
    signs = np.array([1 if side == "revenue" else -1 for _, side, _ in record.ENTRIES])
    flows = books.accounts.copy()
    # Stakes are cash when they come in, long before they are revenue (E8).
    flows[:, record.ASSETS] = books.stakes_minor
    columns["cash_minor"] = (flows @ signs).cumsum()
    columns["satisfaction"], columns["fairness"] = books.feelings.T
    return columns


def _metrics(numbers: list[int], runs: list[Run], currency: str) -> pd.DataFrame:
    names = [metric.name for metric in METRICS]
    units = [metric.unit.replace(MONEY, currency) for metric in METRICS]
    values = [metric.of(run) for run in runs for metric in METRICS]
    columns = {"name": names * len(runs), "unit": units * len(runs), "value": values}
    return pd.DataFrame({"run": np.repeat(numbers, len(METRICS)), **columns})


def _projects(numbers: list[int], projects: list[np.recarray]) -> pd.DataFrame:
    frame = pd.DataFrame(np.concatenate(projects))
    frame["run"] = np.repeat(numbers, [len(rows) for rows in projects])
    frame["project"] = np.concatenate([np.arange(len(rows)) for rows in projects])
    frame["speculators_share"] = frame.speculated_shares / frame.collected_shares.replace(0, np.nan)
    frame["status"] = frame.status.map(_STATUS).fillna("open")
    return frame[_KEPT]


def _stakes(numbers: list[int], held: list[list[tuple[int, npt.NDArray[np.int64]]]]) -> pd.DataFrame:
    pieces = [(run, *piece) for run, funded in zip(numbers, held, strict=True) for piece in funded]
    sizes = [len(stakes) for _, _, stakes in pieces]
    ranks = [np.arange(1, size + 1) for size in sizes]
    none = np.zeros(0, np.int64)
    return pd.DataFrame(
        {
            "run": np.repeat(np.array([run for run, _, _ in pieces], np.int64), sizes),
            "project": np.repeat(np.array([project for _, project, _ in pieces], np.int64), sizes),
            "rank": np.concatenate([none, *ranks]),
            "stake_minor": np.concatenate([none, *(stakes for _, _, stakes in pieces)]),
        }
    )


def _weekly(numbers: list[int], weekly: list[dict[str, npt.NDArray[np.generic]]]) -> pd.DataFrame:
    weeks = len(next(iter(weekly[0].values())))
    columns = {name: np.concatenate([run[name] for run in weekly]) for name in weekly[0]}
    counted = {"run": np.repeat(numbers, weeks), "week": np.tile(np.arange(weeks), len(numbers))}
    return pd.DataFrame({**counted, **columns})


def _accounts(numbers: list[int], totals: list[npt.NDArray[np.int64]]) -> pd.DataFrame:
    entries = np.array(record.ENTRIES, object)
    columns = {
        name: np.tile(entries[:, at], len(numbers)) for at, name in enumerate(("component", "side", "cause"))
    }
    run = np.repeat(numbers, len(record.ENTRIES))
    return pd.DataFrame({"run": run, **columns, "amount_minor": np.concatenate(totals)})
