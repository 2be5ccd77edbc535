"""What each simulated event becomes on the site: who asks for it, and what follows from it."""

from __future__ import annotations

import datetime as dt
import random
from functools import partial
from typing import Any

from comaker.host.demo.playing import DAY_US, HOUR_US, LATER_US, Play, Wish
from comaker.host.demo.stage import Cast
from comaker.host.firm import published
from comaker.host.models import News, Reservation, Settlement, Standing
from comaker.host.payout import payout_of
from comaker.host.preparing import HostError
from comaker.host.writer import Act, Answer, Request
from comaker.refusals import Refusal

_CONFIRMED_WITHIN_US = 36 * HOUR_US
_BUYERS = 12
"""Holders who buy the record of a project in its first week."""

_NEWS = {
    "funded": ("The goal is reached", "All of it is there. Thank you: {name} goes into the studio."),
    "produced": (
        "In the studio",
        "Recording has begun. {name} will send a picture now and then, and no spoilers.",
    ),
    "released": ("It is out", "The album of {name} can be bought. Tell everybody, and then tell them again."),
}

Row = dict[str, Any]


class History:
    """Turns simulated events, one after the other, into what is asked of the writer."""

    def __init__(self, play: Play, cast: Cast, rows: list[Row]) -> None:
        self.play = play
        self.cast = cast
        self._chance = random.Random("history")
        self._holders: dict[int, list[int]] = {}
        self._settled: set[tuple[int, int]] = set()
        self._undecided = {(row["customer"], row["subject"]) for row in rows if row["kind"] == "withdrawn"}
        offer = next(iter(published().versions[-1].model.offer.values()))
        self._price_minor, self._unit_cost_minor = offer.price_minor, offer.unit_cost_minor
        for row in rows:
            handle = getattr(self, f"_{row['kind']}", None)
            if handle is not None:
                handle(row, row["at_us"])

    def project(self, row: Row) -> int:
        """The project of a simulated one; ``HostError`` where there are more than artists to play them."""
        if row["subject"] >= len(self.cast.projects) - 1:
            raise HostError(f"there are {len(self.cast.projects)} artists to show: simulate fewer projects")
        return self.cast.projects[row["subject"]]

    # --- what customers did --------------------------------------------------------------------------------

    def _joined(self, row: Row, at_us: int) -> None:
        customer = self.cast.customers.get(row["customer"])
        if customer is not None:
            self.play.ask(at_us, Act.JOIN, customer=customer, key=f"join {customer}")

    def _done(self, row: Row, at_us: int) -> None:
        if row["task"] == "stake":
            self._stake(row, at_us, Wish(row["quantity"], follow=self._money_comes(row)))

    def _refused(self, row: Row, at_us: int) -> None:
        ask = self._stake if row["quantity"] > 0 else self._withdrawn
        ask(row, at_us, Wish(refusal=Refusal[row["refusal"].upper()]))

    def _stake(self, row: Row, at_us: int, wish: Wish) -> None:
        project, customer = self.project(row), self.cast.customers[row["customer"]]
        self._holders.setdefault(project, []).append(customer)
        asked: dict[str, Any] = {
            "project": project,
            "customer": customer,
            "quantity": row["quantity"],
            "shown": row["shown"],
        }
        self.play.ask(at_us, Act.STAKE, wish, **asked)

    def _withdrawn(self, row: Row, at_us: int, wish: Wish | None = None) -> None:
        customer, quantity = self.cast.customers[row["customer"]], abs(row["quantity"])
        asked: dict[str, Any] = {"project": self.project(row), "customer": customer, "quantity": quantity}
        self.play.ask(at_us, Act.WITHDRAW, wish or Wish(quantity), **asked)

    def _money_comes(self, row: Row) -> Any:
        """The money of what was reserved comes in one or two days later, unless it was taken back."""

        def follow(request: Request, answer: Answer) -> None:
            at_us = (request.at_us or 0) + LATER_US + self._chance.randrange(_CONFIRMED_WITHIN_US)
            asked: dict[str, Any] = {
                "project": request.project,
                "staff": self.cast.staff,
                "reference": answer.event_id,
            }

            def confirm(now_us: int) -> None:
                waiting = Reservation.objects.filter(pk=answer.event_id, state=Reservation.State.WAITING)
                if waiting.exists():
                    self.play.ask(now_us, Act.CONFIRM, **asked)

            if (row["customer"], row["subject"]) in self._undecided:
                self.play.do(at_us, confirm)
            else:
                self.play.ask(at_us, Act.CONFIRM, **asked)

        return follow

    # --- what the firm did ---------------------------------------------------------------------------------

    def _opened(self, row: Row, at_us: int) -> None:
        project = self.project(row)
        self.play.ask(at_us, Act.OPEN, project=project, staff=self.cast.staff)
        artist = self.cast.artists[row["subject"]]
        if artist.news:
            self._tell(at_us + 9 * DAY_US, project, *artist.news)

    def _funded(self, row: Row, at_us: int) -> None:
        # By then all the money is there: the site counts what has come in, the simulation what was promised.
        self._tell(at_us + 3 * DAY_US, self.project(row), *self._news(row))
        self.play.ask(at_us + 6 * DAY_US, Act.PRODUCE, project=self.project(row), staff=self.cast.staff)
        self._tell(at_us + 8 * DAY_US, self.project(row), *self._news({**row, "kind": "produced"}))

    def _released(self, row: Row, at_us: int) -> None:
        project = self.project(row)
        self.play.ask(at_us, Act.RELEASE, project=project, staff=self.cast.staff)
        self._tell(at_us + HOUR_US, project, *self._news(row))
        buyers = list(dict.fromkeys(reversed(self._holders[project])))[:_BUYERS]
        if self.cast.known in self._holders[project]:
            buyers.append(self.cast.known)
        for number, customer in enumerate(dict.fromkeys(buyers)):
            copies, when_us = 1 + number % 2, at_us + (10 * number + 5) * HOUR_US
            asked: dict[str, Any] = {"project": project, "customer": customer, "quantity": copies}
            self.play.ask(when_us, Act.BUY, Wish(copies, follow=self._money_comes(row)), **asked)

    def _cost(self, row: Row, at_us: int) -> None:
        """The first cost of a project is its production, which the stakes pay; later ones are promotion."""
        project = self.project(row)
        is_first = (project, 0) not in self._settled
        self._settled.add((project, 0))
        asked: dict[str, Any] = {
            "stage": "production" if is_first else "after delivery",
            "money_minor": row["money_minor"],
        }
        self.play.ask(at_us + 7 * DAY_US, Act.COST, project=project, staff=self.cast.staff, **asked)

    def _income(self, row: Row, at_us: int) -> None:
        """A week of sales in the shops; a subsidy is the firm's own."""
        copies = row["quantity"]
        if copies:
            asked: dict[str, Any] = {
                "project": self.project(row),
                "staff": self.cast.staff,
                "stage": "delivery",
            }
            self.play.ask(at_us, Act.INCOME, money_minor=copies * self._price_minor, **asked)
            self.play.ask(at_us, Act.COST, money_minor=copies * self._unit_cost_minor, **asked)

    def _paid(self, row: Row, at_us: int) -> None:
        """A settlement, however many it paid: one of the staff proposes, the other approves the day after."""
        project = self.project(row)
        if (project, at_us) not in self._settled:
            self._settled.add((project, at_us))
            self.play.do(at_us + HOUR_US, partial(self.settle, project))

    def settle(self, project: int, now_us: int, *, is_approved: bool = True) -> bool:
        """Propose what is due, and approve it, unless nothing is; returns whether something was."""
        due_minor = payout_of(project).total_minor
        if due_minor <= 0:
            return False
        earned_minor = Standing.objects.get(project=project).earned_minor
        proposal = Settlement.objects.create(
            project=project, earned_minor=earned_minor, total_minor=due_minor, proposed_by_id=self.cast.staff
        )
        Settlement.objects.filter(pk=proposal.pk).update(proposed_at=_instant(now_us))
        if is_approved:
            asked: dict[str, Any] = {"project": project, "staff": self.cast.second, "reference": proposal.pk}
            self.play.ask(now_us, Act.SETTLE, **asked)
        return True

    def _news(self, row: Row) -> tuple[str, str]:
        title, text = _NEWS[row["kind"]]
        return title, text.format(name=self.cast.artists[row["subject"]].name)

    def _tell(self, at_us: int, project: int, title: str, text: str) -> None:
        def publish(now_us: int) -> None:
            by = self.cast.staff
            told = News.objects.create(project_id=project, title=title, text=text, written_by_id=by)
            News.objects.filter(pk=told.pk).update(published_at=_instant(now_us))

        self.play.do(at_us, publish)


def _instant(at_us: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at_us / 1_000_000, dt.UTC)
