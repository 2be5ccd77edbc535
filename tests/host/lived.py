"""A site on which everything has happened once: what audits, replays and backups are tried on."""

from __future__ import annotations

from typing import Any

from comaker.host.models import Project, Settlement
from comaker.host.payout import payout_of
from comaker.host.writer import Act, Answer, Request, write

DAY_US = 86_400_000_000
BEGIN_US = 1_262_304_000_000_000  # 1 January 2010


class Lived:
    """Asks the writer, an hour after the last request each time; every request has a key of its own."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.now_us = BEGIN_US
        self.asked = 0
        self.staff, self.second = site.staff("Sam"), site.staff("Sue")
        self.people = [site.customer(name) for name in ("Ann", "Bob", "Cleo", "Dan")]

    def project(self, name: str) -> Project:
        return self.site.project(name, now_us=self.now_us)

    def ask(self, act: Act, *, wait_us: int = DAY_US // 24, **fields: Any) -> Answer:
        self.now_us += wait_us
        self.asked += 1
        project = fields.pop("project", None)
        key = "" if act in (Act.LAPSE, Act.CLOSE) else f"key {self.asked}"
        request = Request(act, project=project.pk if project else None, key=key, **fields)
        return write([request], now_us=self.now_us)[0]

    def stake(self, project: Project, person: int, shares: int, *, confirmed: bool = True) -> Answer:
        staked = self.ask(Act.STAKE, project=project, customer=self.people[person].pk, quantity=shares)
        if confirmed and staked.is_done and staked.lapses_us:
            self.confirm(project, staked)
        return staked

    def confirm(self, project: Project, staked: Answer) -> Answer:
        return self.ask(Act.CONFIRM, project=project, staff=self.staff.pk, reference=staked.event_id)

    def lapse(self, project: Project, staked: Answer) -> Answer:
        wait_us = max((staked.lapses_us or 0) - self.now_us, 0)
        return self.ask(Act.LAPSE, project=project, reference=staked.event_id, wait_us=wait_us)

    def withdraw(self, project: Project, person: int, shares: int) -> Answer:
        return self.ask(Act.WITHDRAW, project=project, customer=self.people[person].pk, quantity=shares)

    def settle(self, project: Project) -> Answer:
        due = payout_of(project.pk)
        proposal = Settlement.objects.create(
            project=project.pk, earned_minor=0, total_minor=due.total_minor, proposed_by=self.staff
        )
        return self.ask(Act.SETTLE, project=project, staff=self.second.pk, reference=proposal.pk)


def everything(site: Any) -> Lived:
    """Three projects: one funded, released, sold and paid out twice; one expired; one still open.

    The site's goal is 20 shares at 10.00, the cap 8, open for 60 days, with reservations of 14 days.
    """
    life = Lived(site)
    for person in life.people:
        assert life.ask(Act.JOIN, customer=person.pk).is_done
    assert life.ask(Act.INCOME, staff=life.staff.pk, money_minor=5_000).is_done
    assert life.ask(Act.COST, staff=life.staff.pk, money_minor=1_200).is_done
    grace, hope = life.project("Grace"), life.project("Hope")
    _fund(life, grace)
    _expire(life, hope)
    _sell(life, grace)
    iris = life.project("Iris")
    assert life.stake(iris, 0, 8).is_done
    assert life.stake(iris, 1, 7, confirmed=False).is_done
    assert life.stake(iris, 0, 1).refusal.name == "OVER_CAP"
    return life


def _fund(life: Lived, project: Project) -> None:
    ann = life.people[0].pk
    assert life.ask(Act.SEE, project=project, customer=ann, shown='{"holders":0}').is_done
    assert life.ask(Act.START, project=project, customer=ann, quantity=4, shown='{"room":8}').is_done
    life.stake(project, 0, 4)
    assert life.stake(project, 0, 9).refusal.name == "OVER_CAP"
    assert life.stake(project, 0, 0).refusal.name == "NOT_WHOLE"
    waits = life.stake(project, 1, 5, confirmed=False)
    other = life.stake(project, 1, 2, confirmed=False)
    assert life.confirm(project, other).is_done
    assert life.withdraw(project, 1, 1).is_done
    assert life.withdraw(project, 3, 1).refusal.name == "NOTHING_HELD"
    assert life.ask(Act.STAKE, project=project, customer=life.staff.pk, quantity=1).refusal
    lost = life.stake(project, 2, 6, confirmed=False)
    assert life.lapse(project, lost).is_done
    assert life.confirm(project, waits).refusal
    assert life.lapse(project, waits).is_done
    for person, shares in ((0, 4), (1, 5), (2, 4)):
        assert life.stake(project, person, shares).is_done
    assert life.stake(project, 2, 2).refusal.name == "OVER_GOAL"
    last = life.stake(project, 2, 1, confirmed=False)
    assert life.stake(project, 3, 1).refusal.name == "GOAL_REACHED"
    assert life.confirm(project, last).is_done
    assert life.withdraw(project, 0, 1).refusal.name == "GOAL_REACHED"


def _expire(life: Lived, project: Project) -> None:
    life.stake(project, 0, 3)
    life.stake(project, 3, 8)
    life.stake(project, 2, 8, confirmed=False)
    assert life.ask(Act.CLOSE, project=project, wait_us=90 * DAY_US).is_done
    assert life.stake(project, 1, 1).refusal.name == "DEADLINE_PASSED"


def _sell(life: Lived, project: Project) -> None:
    for act in (Act.PRODUCE, Act.RELEASE):
        assert life.ask(act, project=project, staff=life.staff.pk).is_done
    assert life.ask(
        Act.COST, project=project, staff=life.staff.pk, money_minor=15_000, stage="production"
    ).is_done
    bought = [
        life.ask(Act.BUY, project=project, customer=person.pk, quantity=2) for person in life.people[2:]
    ]
    assert life.confirm(project, bought[0]).is_done
    assert life.lapse(project, bought[1]).is_done
    assert life.ask(Act.INCOME, project=project, staff=life.staff.pk, money_minor=1_001).is_done
    assert life.settle(project).is_done
    assert life.ask(Act.COST, project=project, staff=life.staff.pk, money_minor=300, stage="delivery").is_done
    assert life.ask(Act.INCOME, project=project, staff=life.staff.pk, money_minor=77_777).is_done
    assert life.settle(project).is_done
