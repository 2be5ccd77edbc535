"""What the runs leave behind, as tidy tables."""

from __future__ import annotations

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


def projects_of(outcome: Outcome) -> pd.DataFrame:
    """One row a project, with who holds it once it is closed."""
    market = outcome.market
    frame = pd.DataFrame(market.projects[: market.used[PROJECTS_USED]])
    stakes = [_stakes_minor(outcome, project) for project in range(len(frame))]
    frame.insert(0, "project", np.arange(len(frame)))
    frame.insert(0, "run", outcome.run)
    frame["largest_minor"] = [held.max(initial=0) for held in stakes]
    frame["gini"] = [gini(held) for held in stakes]
    frame["speculators_share"] = frame.speculated_shares / frame.collected_shares.replace(0, np.nan)
    frame["status"] = frame.status.map(_STATUS).fillna("open")
    return frame


def _stakes_minor(outcome: Outcome, project: int) -> npt.NDArray[np.int64]:
    row = outcome.market.projects[project]
    shares = outcome.market.holders["shares"][row["first_holder"] :][: row["holders"]]
    price_minor = int(row["collected_minor"]) // max(int(shares.sum()), 1)
    return np.asarray(shares * price_minor, np.int64)


def stakes_of(outcome: Outcome, projects: pd.DataFrame) -> pd.DataFrame:
    """One row a holder of a funded project, the largest first."""
    pieces = []
    for project in projects.project[projects.status == "funded"]:
        held = np.sort(_stakes_minor(outcome, int(project)))[::-1]
        columns = {"project": project, "rank": np.arange(1, len(held) + 1), "stake_minor": held}
        pieces.append(pd.DataFrame({"run": outcome.run, **columns}))
    empty = pd.DataFrame({name: np.zeros(0, np.int64) for name in ("run", "project", "rank", "stake_minor")})
    return pd.concat([empty, *pieces], ignore_index=True)


def weekly_of(outcome: Outcome) -> pd.DataFrame:
    """One row a week: who knows, takes part, promotes, left; money, copies, cash, feelings."""
    books = outcome.books
    frame = pd.DataFrame(books.figures, columns=list(record.FIGURES))
    frame.insert(0, "week", np.arange(len(frame)))
    frame.insert(0, "run", outcome.run)
    signs = np.array([1 if side == "revenue" else -1 for _, side, _ in record.ENTRIES])
    flows = books.accounts.copy()
    # Stakes are cash when they come in, long before they are revenue (E8).
    flows[:, record.ASSETS] = books.stakes_minor
    frame["cash_minor"] = (flows @ signs).cumsum()
    frame["satisfaction"] = books.feelings[:, 0]
    frame["fairness"] = books.feelings[:, 1]
    return frame


def accounts_of(outcome: Outcome) -> pd.DataFrame:
    """The firm's accounts by RCOV over the whole run, one row a cause (F2, F20)."""
    frame = pd.DataFrame(list(record.ENTRIES), columns=["component", "side", "cause"])
    frame.insert(0, "run", outcome.run)
    frame["amount_minor"] = outcome.books.accounts.sum(axis=0)
    return frame


class Frames:
    """The tables of one arm, made once from its runs."""

    def __init__(self, outcomes: list[Outcome], *, currency: str, per_major: int, settle_weeks: int) -> None:
        projects = [projects_of(outcome) for outcome in outcomes]
        weekly = [weekly_of(outcome) for outcome in outcomes]
        accounts = [accounts_of(outcome) for outcome in outcomes]
        stakes = [stakes_of(outcome, frame) for outcome, frame in zip(outcomes, projects, strict=True)]
        runs = [
            Run(frame, frame[frame.status == "funded"], weeks, _by_cause(books), per_major, settle_weeks)
            for frame, weeks, books in zip(projects, weekly, accounts, strict=True)
        ]
        metrics = pd.concat([_metrics(run, currency) for run in runs], ignore_index=True)
        metrics.insert(0, "run", np.repeat([outcome.run for outcome in outcomes], len(METRICS)))
        self.metrics: pd.DataFrame = metrics
        self.projects: pd.DataFrame = pd.concat(projects, ignore_index=True)[_KEPT]
        self.stakes: pd.DataFrame = pd.concat(stakes, ignore_index=True)
        self.weekly: pd.DataFrame = pd.concat(weekly, ignore_index=True)
        self.accounts: pd.DataFrame = pd.concat(accounts, ignore_index=True)


def _by_cause(accounts: pd.DataFrame) -> dict[tuple[str, str], int]:
    keys = zip(accounts.side, accounts.cause, strict=True)
    return dict(zip(keys, accounts.amount_minor.tolist(), strict=True))


def _metrics(run: Run, currency: str) -> pd.DataFrame:
    units = [metric.unit.replace(MONEY, currency) for metric in METRICS]
    values = [metric.of(run) for metric in METRICS]
    return pd.DataFrame({"name": [metric.name for metric in METRICS], "unit": units, "value": values})
