"""Decides recorded requests again, one after the other, by the rules that the site and the simulator use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from comaker.refusals import Refusal
from comaker.replay.errors import ReplayError
from comaker.replay.requests import (
    CONFIRMATION,
    MISSING,
    NOBODY,
    NOT_ADMITTED,
    OPENING,
    STAKE,
    Column,
    Requests,
)
from comaker.rules.reservation import reserved_given_back
from comaker.rules.stake import (
    EXPIRED,
    FUNDED,
    OPEN,
    ProjectState,
    StakeTerms,
    decide_stake,
    decide_withdrawal,
    status_after,
)

SECOND_US = 1_000_000
STEP = 65_536
"""Rows between two reports of progress."""


class Version(NamedTuple):
    """Terms in force from an instant (µs UTC) on; ``reserves``: whether stakes wait for their money."""

    from_us: int
    terms: StakeTerms
    hash: str
    reserves: bool


class Closing(NamedTuple):
    """A project was funded or expired: ``before`` is the request it comes before, in order of time;
    ``shares`` is what it had collected then."""

    before: int
    project: int
    at_us: int
    status: int
    version: int
    shares: int = 0


class Moment(NamedTuple):
    """A request's place in the order, its time, and the version of the terms in force."""

    row: int
    at_us: int
    version: int


class Project(NamedTuple):
    """What became of a project: ``goal_us`` and ``closed_us`` are None where it did not come to that."""

    state: ProjectState
    opened_us: int
    own_goal: bool
    collected_minor: int
    goal_us: int | None
    closed_us: int | None


class Decided(NamedTuple):
    """One entry a row: shares asked for and accepted (or confirmed, lapsed), the refusal, which version
    decided."""

    asked: Column
    accepted: Column
    refusal: Column
    version: Column
    projects: list[Project]
    closings: list[Closing]


def decide(
    requests: Requests, versions: Sequence[Version], progress: Callable[[int, int], None] | None
) -> Decided:
    """Decide every request under the terms in force when it was made."""
    if requests.at_us.min() < versions[0].from_us:
        first, launch = (_day(us) for us in (int(requests.at_us.min()), versions[0].from_us))
        raise ReplayError(
            f"the earliest request is of {first}, before the model's launch on {launch}: no terms are in "
            "force then; set launched to an earlier day, or leave earlier requests out of the import"
        )
    deciding = _Deciding(requests, versions)
    ends = np.flatnonzero(np.diff(requests.run)) + 1
    start = 0
    for end in [*ends.tolist(), len(requests.row)]:
        deciding.run(start, end, progress)
        start = end
    return deciding.decided()


def _day(us: int) -> str:
    return str(np.datetime64(us, "us").astype("datetime64[D]"))


class _Deciding:
    def __init__(self, requests: Requests, versions: Sequence[Version]) -> None:
        self.requests = requests
        self.versions = versions
        rows, projects = len(requests.row), len(requests.projects)
        self.asked, self.accepted, self.refusal, self.version = (np.zeros(rows, np.int64) for _ in range(4))
        # Where the record tells of no reservation, the money of every stake is taken to have come with it.
        self.waits = requests.has_reservations
        self.held = [0] * requests.holdings
        self.waiting = [0] * requests.holdings
        self.reserved = [0] * projects
        self.state: list[ProjectState | None] = [None] * projects
        self.opened_us = [0] * projects
        self.own_goal = [False] * projects
        self.collected_minor = [0] * projects
        self.goal_us: list[int | None] = [None] * projects
        self.closed_us: list[int | None] = [None] * projects
        self.closings: list[Closing] = []
        self.open: set[int] = set()

    def run(self, start: int, end: int, progress: Callable[[int, int], None] | None) -> None:
        """Decide the requests of one run; projects open at its end are closed if their time is over."""
        at_us = self.requests.at_us
        self.open = set()
        for number, version in enumerate(self.versions):
            later = self.versions[number + 1 :]
            stop = start + int(np.searchsorted(at_us[start:end], later[0].from_us)) if later else end
            for first in range(start, stop, STEP):
                self._decide(first, min(first + STEP, stop), number)
                if progress:
                    progress(min(first + STEP, stop), len(at_us))
            until_us = min([self.requests.until_us, *(after.from_us - 1 for after in later[:1])])
            if until_us >= version.from_us:
                for project in sorted(self.open):
                    self._close_in_time(project, number, stop, until_us)
            start = stop

    def _decide(self, start: int, stop: int, number: int) -> None:
        terms = self.versions[number].terms
        columns = (column[start:stop].tolist() for column in self.requests[1:8])
        accepted: list[int] = []
        refusals: list[int] = []
        asks: list[int] = []
        for at, (task, _, project, holding, at_us, shares, money) in enumerate(
            zip(*columns, strict=True), start
        ):
            state = self.state[project]
            if task == OPENING or state is None:
                state = self._open(project, at_us, terms, money if task == OPENING else MISSING)
            if task == OPENING:
                asks.append(state.goal_shares)
                accepted.append(0)
                refusals.append(Refusal.NONE)
                continue
            asked = shares
            if shares == MISSING:
                asked, part = divmod(money, terms.share_price_minor)
                asked = 0 if part else asked
            state = self._close_in_time(project, number, at, at_us)
            if task >= CONFIRMATION:
                asks.append(asked)
                accepted.append(self._follow(task, project, holding, asked, Moment(at, at_us, number)))
                refusals.append(int(self.requests.recorded[at]))
                continue
            held = 0 if holding == NOBODY else self.held[holding]
            if task == STAKE:
                got, refusal = decide_stake(asked, held, state, terms, at_us // SECOND_US)
                change = got
            else:
                paid = self._paid(project, state)
                got, refusal = decide_withdrawal(asked, held, paid, terms, at_us // SECOND_US)
                change = -got
            if change:
                if self.waits and holding != NOBODY:
                    self._wait(project, holding, change, number)
                self._book(project, holding, change, Moment(at, at_us, number))
            asks.append(asked)
            accepted.append(got)
            refusals.append(refusal)
        self.asked[start:stop], self.accepted[start:stop], self.refusal[start:stop] = asks, accepted, refusals
        self.version[start:stop] = number

    def _open(self, project: int, at_us: int, terms: StakeTerms, goal_minor: int) -> ProjectState:
        """A project opens; money named at its opening is its own goal, else its goal is that of the terms."""
        if self.state[project] is not None:
            run, subject = self.requests.projects[project].tolist()
            raise ReplayError(f"project {subject} (run {run}) opens twice, or after the first request for it")
        own = goal_minor > 0
        goal_shares = -(-goal_minor // terms.share_price_minor) if own else terms.goal_shares
        self.opened_us[project] = at_us
        self.own_goal[project] = own
        state = ProjectState(OPEN, 0, goal_shares, at_us // SECOND_US)
        self.state[project] = state
        self.open.add(project)
        return state

    def _follow(self, task: int, project: int, holding: int, shares: int, moment: Moment) -> int:
        """What the record says stands: the money of reserved shares came, or did not and they go back; how
        many there are of them under these terms. Who was not admitted stays outside."""
        if task == NOT_ADMITTED or holding == NOBODY:
            return 0
        settled = min(shares, self.waiting[holding])
        if task == CONFIRMATION:
            self._reserve(project, holding, -settled)
            self._book(project, holding, 0, moment)
        elif settled:
            self._reserve(project, holding, -settled)
            self._book(project, holding, -settled, moment)
        return settled

    def _wait(self, project: int, holding: int, change: int, number: int) -> None:
        """Shares staked wait for their money; of those taken back, the waiting ones go first."""
        if change < 0:
            self._reserve(project, holding, -reserved_given_back(self.waiting[holding], -change))
        elif self.versions[number].reserves:
            self._reserve(project, holding, change)

    def _reserve(self, project: int, holding: int, change: int) -> None:
        self.waiting[holding] += change
        self.reserved[project] += change

    def _paid(self, project: int, state: ProjectState) -> ProjectState:
        """The project without the shares whose money has not come: what its goal is reached by."""
        reserved = self.reserved[project]
        return state._replace(collected_shares=state.collected_shares - reserved) if reserved else state

    def _book(self, project: int, holding: int, change: int, moment: Moment) -> None:
        before = self._known(project)
        collected = before.collected_shares + change
        # Not _replace, which takes thrice as long, a million times.
        state = ProjectState(before.status, collected, before.goal_shares, before.opened_s)
        self.state[project] = state
        terms = self.versions[moment.version].terms
        self.collected_minor[project] += change * terms.share_price_minor
        if holding != NOBODY:
            self.held[holding] += change
        paid = self._paid(project, state) if self.waits else state
        if paid.collected_shares >= state.goal_shares and self.goal_us[project] is None:
            self.goal_us[project] = moment.at_us
        status = status_after(paid, terms, moment.at_us // SECOND_US)
        if status != state.status:
            self._close(Closing(moment.row + 1, project, moment.at_us, status, moment.version))

    def _close_in_time(self, project: int, number: int, before: int, now_us: int) -> ProjectState:
        """The project as it is now, closed at its deadline where that has passed."""
        state = self._known(project)
        version = self.versions[number]
        paid = self._paid(project, state) if self.waits else state
        status = status_after(paid, version.terms, now_us // SECOND_US)
        if status == state.status:
            return state
        deadline_us = (state.opened_s + version.terms.open_seconds) * SECOND_US
        at_us = min(max(deadline_us, version.from_us), now_us)
        return self._close(Closing(before, project, at_us, status, number))

    def _close(self, closing: Closing) -> ProjectState:
        project = closing.project
        state = self._known(project)._replace(status=closing.status)
        self.state[project] = state
        self.closed_us[project] = closing.at_us
        self.closings.append(closing._replace(shares=self._paid(project, state).collected_shares))
        self.open.discard(project)
        return state

    def _known(self, project: int) -> ProjectState:
        state = self.state[project]
        assert state is not None
        return state

    def decided(self) -> Decided:
        projects = [
            Project(
                self._known(project),
                self.opened_us[project],
                self.own_goal[project],
                self.collected_minor[project],
                self.goal_us[project],
                self.closed_us[project],
            )
            for project in range(len(self.requests.projects))
        ]
        return Decided(self.asked, self.accepted, self.refusal, self.version, projects, self.closings)


STATUS = {OPEN: "open", FUNDED: "funded", EXPIRED: "expired"}
"""A project's status in words."""
