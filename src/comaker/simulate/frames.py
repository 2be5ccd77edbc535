"""What the runs leave behind, as tidy tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from comaker.rules.stake import EXPIRED, FUNDED
from comaker.simulate import record
from comaker.simulate.metrics import METRICS, MONEY, Run, gini
from comaker.simulate.projects import HOLDERS_USED, PROJECTS_USED
from comaker.simulate.run import Outcome

_STATUS = {FUNDED: "funded", EXPIRED: "expired"}
_KEPT = ("run", "project", "opened_week", "funded_week", "released_week", "status", "producers", "collected_minor",
         "largest_minor", "gini", "speculators_share", "copies", "income_minor", "paid_minor", "appeal")  # fmt: skip


def projects_of(outcome: Outcome) -> pd.DataFrame:
    """One row a project, with who holds it once it is closed."""
    market = outcome.market
    frame = pd.DataFrame(market.projects[: market.used[PROJECTS_USED]])
    stakes = [_stakes_minor(outcome, row.first_holder, row.holders, row.collected_minor) for row in frame.itertuples()]
    frame.insert(0, "project", np.arange(len(frame)))
    frame.insert(0, "run", outcome.run)
    frame["largest_minor"] = [held.max(initial=0) for held in stakes]
    frame["gini"] = [gini(held) for held in stakes]
    frame["speculators_share"] = frame.speculated_shares / frame.collected_shares.replace(0, np.nan)
    frame["status"] = frame.status.map(_STATUS).fillna("open")
    return frame


def _stakes_minor(outcome: Outcome, first: int, holders: int, collected_minor: int) -> np.ndarray:
    shares = outcome.market.holders["shares"][first : first + holders]
    return shares * (collected_minor // max(int(shares.sum()), 1))


def stakes_of(outcome: Outcome, projects: pd.DataFrame) -> pd.DataFrame:
    """One row a holder of a funded project, the largest first."""
    pieces = []
    for row in projects[projects.status == "funded"].itertuples():
        held = np.sort(_stakes_minor(outcome, row.first_holder, row.holders, row.collected_minor))[::-1]
        ranks = np.arange(1, len(held) + 1)
        pieces.append(pd.DataFrame({"run": outcome.run, "project": row.project, "rank": ranks, "stake_minor": held}))
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

    def __init__(self, outcomes: list[Outcome], *, currency: str, per_major: int) -> None:
        projects = [projects_of(outcome) for outcome in outcomes]
        stakes = [stakes_of(outcome, frame) for outcome, frame in zip(outcomes, projects, strict=True)]
        weekly = [weekly_of(outcome) for outcome in outcomes]
        accounts = [accounts_of(outcome) for outcome in outcomes]
        self.metrics = pd.concat(
            [
                _metrics(Run(frame[frame.status == "funded"], held, weeks, _by_cause(books), per_major), currency)
                for frame, held, weeks, books in zip(projects, stakes, weekly, accounts, strict=True)
            ],
            ignore_index=True,
        )
        self.metrics.insert(0, "run", np.repeat([outcome.run for outcome in outcomes], len(METRICS)))
        self.projects = pd.concat(projects, ignore_index=True)[list(_KEPT)]
        self.stakes = pd.concat(stakes, ignore_index=True)
        self.weekly = pd.concat(weekly, ignore_index=True)
        self.accounts = pd.concat(accounts, ignore_index=True)


def _by_cause(accounts: pd.DataFrame) -> pd.Series:
    return accounts.set_index(["side", "cause"]).amount_minor


def _metrics(run: Run, currency: str) -> pd.DataFrame:
    return pd.DataFrame(
        [(metric.name, currency if metric.unit == MONEY else metric.unit, metric.of(run)) for metric in METRICS],
        columns=["name", "unit", "value"],
    )
