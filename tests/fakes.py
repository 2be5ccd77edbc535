"""Results of a simulation without simulating: frames of the real shape with plausible numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

PRICE_MINOR = 1000
CAUSES = [
    ("VP", "revenue", "sales", 9_000_000),
    ("VP", "revenue", "subsidies", 1_200_000),
    ("O", "cost", "production", 4_100_000),
    ("O", "cost", "promotion", 1_500_000),
    ("O", "cost", "coordination", 300_000),
    ("RC", "cost", "incentives", 700_000),
    ("RC", "cost", "socialization", 150_000),
]


@dataclass(frozen=True)
class FakeSimulation:
    """Has the attributes of ``comaker.simulate``'s result."""

    model: str
    hash: str
    customers: int
    weeks: int
    runs: int
    seed: int
    metrics: pd.DataFrame
    weekly: pd.DataFrame
    projects: pd.DataFrame
    stakes: pd.DataFrame
    accounts: pd.DataFrame
    events: Any = None

    def summary(self) -> pd.DataFrame:
        """One row a metric: name, unit, median, low, high, n."""
        rows = []
        for (name, unit), group in self.metrics.groupby(["name", "unit"], sort=False):
            low, median, high = group["value"].quantile([0.025, 0.5, 0.975])
            rows.append((name, unit, median, low, high, group["value"].notna().sum()))
        return pd.DataFrame(rows, columns=["name", "unit", "median", "low", "high", "n"])


@dataclass(frozen=True)
class FakeComparison:
    """Has the attributes of ``comaker.compare``'s result."""

    now: FakeSimulation
    changed: FakeSimulation
    changes: dict[str, str]
    metrics: pd.DataFrame

    def as_dict(self) -> dict[str, object]:
        """The JSON of ``compare --json``."""

        def number(value: float) -> float | None:
            return None if np.isnan(value) else float(value)

        metrics = [
            {
                "name": row["name"],
                "unit": row["unit"],
                "n": int(row["n"]),
                "now": {key: number(row[f"now_{key}"]) for key in ("median", "low", "high")},
                "changed": {key: number(row[f"changed_{key}"]) for key in ("median", "low", "high")},
                "difference": {key: number(row[f"difference_{key}"]) for key in ("mean", "low", "high")},
            }
            for row in self.metrics.to_dict("records")
        ]
        return {
            "model": self.now.model,
            "changes": self.changes,
            "runs": self.now.runs,
            "customers": self.now.customers,
            "weeks": self.now.weeks,
            "seed": self.now.seed,
            "metrics": metrics,
        }


def fake_simulation(
    *, cap_shares: int = 700, runs: int = 12, weeks: int = 104, seed: int = 1
) -> FakeSimulation:
    """A simulation whose stakes are log-normal wishes clipped at the cap; nobody speculates without one."""
    rng = np.random.default_rng(seed)
    projects, stakes, weekly, accounts, metrics = [], [], [], [], []
    for run in range(runs):
        made, held = _projects(rng, run, cap_shares, weeks)
        projects += made
        stakes += held
        weekly.append(_weekly(rng, run, weeks, pd.DataFrame(made)))
        saved = 0.6 if cap_shares < 700 else 1.0
        for component, side, cause, size in CAUSES:
            amount = size * rng.lognormal(0, 0.12) * (saved if cause == "promotion" else 1)
            accounts.append((run, component, side, cause, int(amount)))
        metrics += _metrics(run, pd.DataFrame(made), accounts)
    return FakeSimulation(
        model="my-major-company",
        hash="0f1e2d3c4b5a6978",
        customers=20_000,
        weeks=weeks,
        runs=runs,
        seed=seed,
        metrics=pd.DataFrame(metrics, columns=["run", "name", "unit", "value"]),
        weekly=pd.concat(weekly, ignore_index=True),
        projects=pd.DataFrame(projects),
        stakes=pd.DataFrame(stakes, columns=["run", "project", "rank", "stake_minor"]),
        accounts=pd.DataFrame(accounts, columns=["run", "component", "side", "cause", "amount_minor"]),
    )


def _projects(rng, run, cap_shares, weeks):
    made, held = [], []
    for project in range(int(rng.integers(6, 11))):
        wishes = np.minimum(np.ceil(rng.lognormal(1.6, 1.55, 4000)), cap_shares)
        reached = int(np.searchsorted(np.cumsum(wishes), 7000)) + 1
        holders = np.sort(wishes[:reached])[::-1] * PRICE_MINOR
        opened = int(rng.integers(0, weeks // 2))
        took = int(rng.integers(6, 30)) + reached // 60
        funded = opened + took if opened + took < weeks else -1
        made.append(
            {
                "run": run,
                "project": project,
                "opened_week": opened,
                "funded_week": funded,
                "released_week": funded + 12 if funded >= 0 else -1,
                "status": "funded" if funded >= 0 else "open",
                "producers": reached if funded >= 0 else reached // 3,
                "collected_minor": 7_000_000 if funded >= 0 else 2_000_000,
                "largest_minor": int(holders[0]),
                "gini": _gini(holders),
                "speculators_share": float(rng.beta(4, 9)),
                "copies": int(rng.lognormal(8, 1.2)),
                "income_minor": int(rng.lognormal(15, 1)),
                "paid_minor": 100_000,
                "appeal": float(rng.normal()),
            }
        )
        if funded >= 0:
            held += [(run, project, rank, int(stake)) for rank, stake in enumerate(holders, 1)]
    return made, held


def _gini(values):
    ordered = np.sort(values)
    ranks = np.arange(1, len(ordered) + 1)
    return float(
        (2 * (ranks * ordered).sum() / (len(ordered) * ordered.sum())) - (len(ordered) + 1) / len(ordered)
    )


def _weekly(rng, run, weeks, projects):
    week = np.arange(weeks)
    funded = np.array(
        [int(((projects["funded_week"] >= 0) & (projects["funded_week"] <= w)).sum()) for w in week]
    )
    collected = np.full(weeks, 350_000) + rng.integers(0, 300_000, weeks)
    return pd.DataFrame(
        {
            "run": run,
            "week": week,
            "aware": np.minimum(20_000, 200 * (week + 1)),
            "participants": rng.integers(50, 90, weeks),
            "promoters": rng.integers(10, 30, weeks),
            "customers_left": rng.integers(0, 5, weeks),
            "collected_minor": collected,
            "open_projects": 8 - np.minimum(funded.cumsum(), 6),
            "funded_projects": funded,
            "copies": rng.integers(0, 900, weeks),
            "cash_minor": np.cumsum(rng.normal(40_000, 260_000, weeks)).astype(int),
            "satisfaction": rng.uniform(0.5, 0.7, weeks),
            "fairness": rng.uniform(0.5, 0.7, weeks),
        }
    )


def _metrics(run, projects, accounts):
    funded = projects[projects["status"] == "funded"]
    mine = [row for row in accounts if row[0] == run]
    margin = sum(amount if side == "revenue" else -amount for _, _, side, _, amount in mine) / 100
    promotion = sum(amount for _, _, _, cause, amount in mine if cause == "promotion") / 100
    return [
        (run, "producers_per_project", "producers", float(funded["producers"].mean())),
        (run, "weeks_to_fund", "weeks", float((funded["funded_week"] - funded["opened_week"]).mean())),
        (run, "largest_stake", "EUR", float(funded["largest_minor"].median()) / 100),
        (run, "gini", "", float(funded["gini"].mean())),
        (run, "speculators_share", "share", float(funded["speculators_share"].mean())),
        (run, "promotion_cost", "EUR", promotion),
        (run, "margin", "EUR", margin),
        (run, "beauty_contest_gap", "", float("nan")),
    ]


def fake_comparison(*, runs: int = 12, weeks: int = 104) -> FakeComparison:
    """What the cap of 22 May 2008 does, in fake results."""
    now = fake_simulation(runs=runs, weeks=weeks)
    changed = fake_simulation(cap_shares=100, runs=runs, weeks=weeks, seed=2)
    both = now.metrics.merge(changed.metrics, on=["run", "name", "unit"], suffixes=("_now", "_changed"))
    rows = []
    for (name, unit), group in both.groupby(["name", "unit"], sort=False):
        kept = group.dropna()
        row = {"name": name, "unit": unit, "n": len(kept)}
        for side in ("now", "changed"):
            low, median, high = kept[f"value_{side}"].quantile([0.025, 0.5, 0.975])
            row |= {f"{side}_median": median, f"{side}_low": low, f"{side}_high": high}
        paired = kept["value_changed"] - kept["value_now"]
        half = 2.2 * paired.std() / np.sqrt(max(len(kept), 1))
        row |= {
            "difference_mean": paired.mean(),
            "difference_low": paired.mean() - half,
            "difference_high": paired.mean() + half,
        }
        rows.append(row)
    return FakeComparison(now, changed, {"task.stake.terms.cap": "1000.00"}, pd.DataFrame(rows))
