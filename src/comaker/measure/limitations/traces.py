"""Whether payouts follow from what a project earned and how the model divides it (E2, F21.5)."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from comaker.events import Kind
from comaker.measure.limitations.projects import PROJECT, Projects
from comaker.measure.moves import flag
from comaker.model import Model
from comaker.rules.sharing import pool_of
from comaker.words import Stage

type Whole = npt.NDArray[np.int64]

BASES = ("income less costs", "income of sales")
"""What records may have shared: all income less all costs but those of production, which stakes pay for, as a
site does; or the income of sales alone, net already, as a simulation does."""

COLUMNS = ("run", "project", "base", "base_minor", "holders", "due_minor", "paid_minor", "is_traced")


def traces(projects: Projects) -> pd.DataFrame:
    """One row a drawn project that paid its holders: what was due to them and what was paid, in minor units.

    Payments are cumulative and come from time to time, so what is due is the declared part of the highest
    base that a payment was made at; losses are carried. A payout is traced where what holders got differs by
    no more than one unit each from that, in all and each by her shares. Of ``BASES`` that one is taken which
    traces most; empty where nobody was paid or nothing is declared to be divided by shares.
    """
    ppm = holders_ppm(projects.log.model)
    nothing = pd.DataFrame({name: [] for name in COLUMNS})
    if ppm is None or not projects.log.count(Kind.PAID.value):
        return nothing
    moves = _moves(projects)
    if not (moves.kind == Kind.PAID.value).any():
        return nothing
    sizes = projects.log.frame(_holders(projects))
    tried = [_trace(moves, sizes, ppm, base) for base in BASES]
    return max(tried, key=lambda table: int(table.is_traced.sum()))


def holders_ppm(model: Model) -> int | None:
    """What holders divide among themselves by shares, in parts per million; None where no flow says so."""
    for flow in model.sharing.values():
        if flow.of in ("net income", "revenue") and flow.by_shares:
            return int(flow.to[next(iter(flow.by_shares))])
    return None


def _moves(projects: Projects) -> pd.DataFrame:
    """Money of projects that paid, in order: one row a run, project, instant and kind."""
    notes, held = projects.notes, projects.holdings
    paying = held.filter(held.paid_minor > 0).select(*PROJECT).distinct()
    kinds = [Kind.INCOME.value, Kind.COST.value, Kind.PAID.value]
    rows = notes.filter(notes.subject.notnull(), notes.kind.isin(kinds), notes.concession == 0)
    rows = rows.filter((rows.kind != Kind.PAID.value) | rows.customer.notnull()).semi_join(paying, PROJECT)
    by_stakes = (rows.kind == Kind.COST.value) & (rows.stage == Stage.PRODUCTION.value)
    rows = rows.mutate(by_stakes=flag(by_stakes), sold=flag(rows.quantity.fill_null(0) > 0))
    keys = [*PROJECT, "at_us", "kind", "by_stakes", "sold"]
    moves = rows.group_by(keys).aggregate(
        minor=rows.money_minor.fill_null(0).sum().cast("int64"), event_id=rows.event_id.max()
    )
    return projects.log.frame(moves, by=[*PROJECT, "at_us", "event_id"])


def _holders(projects: Projects) -> ir.Table:
    """By project: holders, their shares, and the most and least that a share got."""
    held = projects.holdings
    rows = held.filter((held.shares > 0) | (held.paid_minor > 0))
    known = rows.shares.nullif(0).cast("float64")
    return rows.group_by(PROJECT).aggregate(
        holders=rows.count(),
        shares=rows.shares.sum(),
        # Whoever holds nothing but was paid is paid more than any part of what is due.
        most=(rows.paid_minor / known).fill_null(float("inf")).max(),
        least=((rows.paid_minor + 1) / known).min(),
    )


def _trace(moves: pd.DataFrame, sizes: pd.DataFrame, ppm: int, base: str) -> pd.DataFrame:
    minor, paid = moves.minor.to_numpy(np.int64), (moves.kind == Kind.PAID.value).to_numpy()
    income, cost = (moves.kind == Kind.INCOME.value).to_numpy(), (moves.kind == Kind.COST.value).to_numpy()
    if base == BASES[0]:
        earned = minor * income - minor * (cost & (moves.by_stakes == 0).to_numpy())
    else:
        earned = minor * (income & (moves.sold == 1).to_numpy())
    sums = moves.assign(earned=earned).groupby(PROJECT, sort=False).earned.cumsum()
    at_payments = moves.assign(base_minor=sums)[paid]
    found = at_payments.groupby(PROJECT, as_index=False).agg(
        base_minor=("base_minor", "max"), paid_minor=("minor", "sum")
    )
    found = found.merge(sizes, on=PROJECT, how="left")
    due = np.array([pool_of(int(each), ppm) for each in found.base_minor], np.int64)
    gap = due - found.paid_minor.to_numpy(np.int64)
    # What a share is due: each holder got that by her shares, rounded down to whole units.
    each = due / found.shares.clip(lower=1).to_numpy(np.float64)
    fair = ((found.most <= each * (1 + 1e-12)) & (found.least >= each * (1 - 1e-12))).to_numpy(bool)
    # Where the records tell of no shares, only the sum can be traced.
    fair = fair | (found.shares <= 0).to_numpy(bool)
    in_all = np.abs(gap) <= found.holders.to_numpy(np.int64)
    traced = found.assign(base=base, due_minor=due, is_traced=in_all & fair)
    return traced.rename(columns={"subject": "project"})[list(COLUMNS)]
