"""What a replay found: decisions, what became of projects, and where the record differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from comaker.events import Kind
from comaker.ledger import Ledger
from comaker.refusals import Refusal
from comaker.replay.deciding import STATUS, Decided, Version
from comaker.replay.errors import LABEL
from comaker.replay.record import Money as Asked
from comaker.replay.record import booked, decision_events, money_of
from comaker.replay.requests import Column, Requests
from comaker.words import TaskKind

if TYPE_CHECKING:
    import altair
    import pandas as pd

DAY_US = 86_400_000_000
_COPIED = ("run", "customer", "role", "task", "stage", "performer", "subject")


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """Recorded requests decided again under a model's terms.

    Tables are pandas frames, money in minor units of ``currency``:
    ``outcomes``: a row a refusal ("none": accepted): refusal, requests, money_minor.
    ``summary``: a row a figure: name, unit, value. ``refused_money`` is of requests refused whole,
    ``trimmed_money`` what was cut off others; ``projects_at_goal`` came to their goal, whether or not that
    closed them; days are counted from the opening, over the projects that came so far.
    ``projects``: a row a project: run, project, opened_at, own_goal, goal_minor, requests, accepted, refused,
    collected_minor, refused_minor, status, days_to_goal, days_to_close (NaN: did not come to that).
    ``differences``: a row a request decided otherwise than recorded: event_id, run, at, project, customer,
    asked_shares, recorded, accepted_shares, recomputed ("none": accepted).
    ``closing_differences``: a row a project that the record closes otherwise: run, project, recorded,
    recomputed.
    """

    model: str
    hash: str
    changes: Mapping[str, str]
    currency: str
    minor_digits: int
    recorded: pa.Table
    requests: Requests
    decided: Decided
    versions: tuple[Version, ...]
    kinds: Mapping[str, TaskKind]
    label: str = LABEL

    @cached_property
    def _money(self) -> Asked:
        return money_of(self.requests, self.decided, self.versions)

    @cached_property
    def _is_request(self) -> Any:
        return self.requests.is_request

    @cached_property
    def _trimmed_minor(self) -> int:
        """Money that was asked for and not taken, though the request was accepted."""
        taken = self._is_request & (self.decided.refusal == Refusal.NONE)
        left = (self.decided.asked - self.decided.accepted) * self._money.price_minor
        return int(left[taken].sum())

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """How many requests, and money, were accepted ("none") or refused for each reason."""
        import pandas as pd

        asked = self._is_request
        refusal = self.decided.refusal[asked]
        paid = np.where(
            refusal == Refusal.NONE,
            (self.decided.accepted * self._money.price_minor)[asked],
            self._money.asked_minor[asked],
        )
        rows = []
        for reason in Refusal:
            mine = refusal == reason
            if mine.any() or reason is Refusal.NONE:
                rows.append((reason.name.lower(), int(mine.sum()), int(paid[mine].sum())))
        return pd.DataFrame(rows, columns=["refusal", "requests", "money_minor"])

    @cached_property
    def projects(self) -> pd.DataFrame:
        """What became of each project."""
        import pandas as pd

        asked, project = self._is_request, self.requests.project
        refused = asked & (self.decided.refusal != Refusal.NONE)
        count = len(self.requests.projects)
        found = self.decided.projects
        opened_us = np.array([one.opened_us for one in found], np.int64)
        price_minor = self.versions[0].terms.share_price_minor
        return pd.DataFrame(
            {
                "run": self.requests.projects[:, 0],
                "project": self.requests.projects[:, 1],
                "opened_at": pd.to_datetime(opened_us, unit="us", utc=True),
                "own_goal": [one.own_goal for one in found],
                "goal_minor": [one.state.goal_shares * price_minor for one in found],
                "requests": np.bincount(project[asked], minlength=count),
                "accepted": np.bincount(project[asked & ~refused], minlength=count),
                "refused": np.bincount(project[refused], minlength=count),
                "collected_minor": [one.collected_minor for one in found],
                "refused_minor": _sums(project[refused], self._money.asked_minor[refused], count),
                "status": [STATUS[one.state.status] for one in found],
                "days_to_goal": [_days(one.goal_us, one.opened_us) for one in found],
                "days_to_close": [_days(one.closed_us, one.opened_us) for one in found],
            }
        )

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The figures of this rule, one a row."""
        import pandas as pd

        outcomes = self.outcomes.set_index("refusal")
        refused = outcomes.drop(index="none").sum()
        projects = self.projects
        status = projects["status"].value_counts()
        rows: list[tuple[str, str, float]] = [
            ("requests", "requests", int(outcomes["requests"].sum())),
            ("accepted", "requests", int(outcomes["requests"]["none"])),
            ("refused", "requests", int(refused["requests"])),
            ("accepted_money", "minor units", int(outcomes["money_minor"]["none"])),
            ("refused_money", "minor units", int(refused["money_minor"])),
            ("trimmed_money", "minor units", self._trimmed_minor),
            ("projects", "projects", len(projects)),
            ("projects_at_goal", "projects", int(projects["days_to_goal"].notna().sum())),
            *((f"projects_{word}", "projects", int(status.get(word, 0))) for word in STATUS.values()),
            *(
                (f"{name}_{column}", "days", float(getattr(projects[column], how)()))
                for column in ("days_to_goal", "days_to_close")
                for name, how in (("first", "min"), ("median", "median"))
            ),
            ("differences", "requests", len(self.differences)),
            ("closing_differences", "projects", len(self.closing_differences)),
        ]
        return pd.DataFrame(rows, columns=["name", "unit", "value"])

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Requests decided otherwise than recorded; none are expected under the terms of the record."""
        import pandas as pd

        requests, decided = self.requests, self.decided
        # An accepted row records what was accepted, so anything less is a difference.
        less = (requests.recorded == Refusal.NONE) & (decided.accepted != decided.asked)
        differs = np.flatnonzero(self._is_request & ((requests.recorded != decided.refusal) | less))
        taken = self.recorded.take(pa.array(requests.row[differs]))
        names = [refusal.name.lower() for refusal in Refusal]
        return pd.DataFrame(
            {
                "event_id": taken["event_id"].to_numpy(),
                "run": requests.run[differs],
                "at": pd.to_datetime(requests.at_us[differs], unit="us", utc=True),
                "project": requests.projects[requests.project[differs], 1],
                "customer": taken["customer"].to_pandas().astype("Int64"),
                "asked_shares": decided.asked[differs],
                "recorded": [names[number] for number in requests.recorded[differs]],
                "accepted_shares": decided.accepted[differs],
                "recomputed": [names[number] for number in decided.refusal[differs]],
            }
        )

    @cached_property
    def closing_differences(self) -> pd.DataFrame:
        """Projects that the record closes otherwise; empty where the record closes none."""
        import pandas as pd

        kinds = pc.cast(self.recorded["kind"], pa.string())
        closed = self.recorded.filter(pc.is_in(kinds, pa.array([Kind.FUNDED.value, Kind.EXPIRED.value])))
        record = {
            (run or 0, subject): kind
            for run, subject, kind in zip(
                *(closed[name].to_pylist() for name in ("run", "subject", "kind")), strict=True
            )
        }
        rows = []
        if record:
            for (run, subject), one in zip(
                self.requests.projects.tolist(), self.decided.projects, strict=True
            ):
                was, now = record.get((run, subject), "open"), STATUS[one.state.status]
                if was != now:
                    rows.append((run, subject, was, now))
        return pd.DataFrame(rows, columns=["run", "project", "recorded", "recomputed"])

    @cached_property
    def events(self) -> pa.Table:
        """The decisions as an event table: openings, requests as decided, fundings and expiries."""
        return decision_events(self.recorded, self.requests, self.decided, self.versions)

    def ledger(self) -> Ledger:
        """The money of the decisions, booked; a gift without a customer is booked under minus its event id.

        Raises ``comaker.ledger.LedgerError`` for a table of several runs: each has books of its own.
        """
        return booked(self.events, currency=self.currency, kinds=self.kinds)

    def chart(self, compared: Replayed | None = None) -> altair.TopLevelMixin:
        """What the rule would have refused, by reason; beside it what another rule would have."""
        import pandas as pd

        from comaker import charts
        from comaker.charts.amounts import Money

        arms = [self.outcomes.assign(arm="now")]
        if compared is not None:
            arms.append(compared.outcomes.assign(arm="changed"))
        money = Money(self.currency, self.minor_digits)
        return charts.replay_figure(pd.concat(arms, ignore_index=True), money=money).titled()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; None where a figure is not identified."""
        figures = [
            {"name": name, "unit": unit, "value": None if np.isnan(value) else float(value)}
            for name, unit, value in self.summary.itertuples(index=False)
        ]
        return {
            "label": self.label,
            "model": self.model,
            "hash": self.hash,
            "changes": dict(self.changes),
            "currency": self.currency,
            "outcomes": self.outcomes.to_dict("records"),
            "summary": figures,
        }


def _sums(places: Column, amounts: Column, count: int) -> Column:
    sums = np.zeros(count, np.int64)
    np.add.at(sums, places, amounts)
    return sums


def _days(then_us: int | None, opened_us: int) -> float:
    return float("nan") if then_us is None else (then_us - opened_us) / DAY_US
