"""What a customer holds, what she still has to pay, and every movement of her money."""

from __future__ import annotations

import time
from typing import NamedTuple

from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from comaker.host.context import speaking
from comaker.host.models import Holding, Project, Reservation, Standing
from comaker.host.pages.answers import own_page
from comaker.host.pages.place import current_terms
from comaker.host.pages.statement import lines_of
from comaker.host.pages.words import reference_of
from comaker.host.writer.terms import Terms
from comaker.rules.stake import FUNDED, OPEN

ON_PAGE = 200


class Waiting(NamedTuple):
    """Something whose money is still on its way: what it is, how much, by when, under which reference."""

    is_stake: bool
    quantity: int
    money_minor: int
    lapses_us: int
    reference: str


class Held(NamedTuple):
    """What a customer has in one project."""

    project: Project
    standing: Standing
    holding: Holding
    waiting: list[Waiting]
    bought: int
    price_minor: int

    @property
    def value_minor(self) -> int:
        """What her shares cost, those included whose money is still on its way."""
        return self.holding.shares * self.price_minor

    @property
    def is_open(self) -> bool:
        """Whether staking goes on."""
        return self.standing.status == OPEN

    @property
    def is_funded(self) -> bool:
        """Whether the goal was reached."""
        return self.standing.status == FUNDED

    @property
    def is_released(self) -> bool:
        """Whether what was made can be bought."""
        return self.standing.released_us is not None


@own_page()
def holdings(request: HttpRequest) -> HttpResponse:
    """All she holds, project by project, and how to pay what waits."""
    terms, _ = current_terms(time.time_ns() // 1_000)
    held = held_by(request.user.pk, terms)
    totals = {
        "shares": sum(each.holding.shares for each in held),
        "value_minor": sum(each.value_minor for each in held),
        "paid_minor": sum(each.holding.paid_minor for each in held),
    }
    pay_to = speaking().text.get("en", {}).get("pay_to", "")
    return render(
        request, "comaker/customer/holdings.html", {"held": held, "totals": totals, "pay_to": pay_to}
    )


def held_by(customer: int, terms: Terms) -> list[Held]:
    """What a customer has, latest project first: in five queries, however much it is."""
    rows = {row.project: row for row in Holding.objects.filter(customer=customer)}
    orders = list(
        Reservation.objects.filter(Reservation.of(customer), state=Reservation.State.WAITING).order_by(
            "event"
        )
    )
    bought = dict(
        Reservation.objects.filter(Reservation.of(customer), state=Reservation.State.CONFIRMED)
        .exclude(task=terms.task)
        .values_list("project")
        .annotate(Sum("quantity"))
    )
    numbers = {row.project for row in rows.values() if row.shares or row.paid_minor}
    numbers |= {order.project for order in orders} | set(bought)
    projects, standings = Project.objects.in_bulk(numbers), Standing.objects.in_bulk(numbers)
    return [
        Held(
            project=projects[number],
            standing=standings[number],
            holding=rows.get(number) or Holding(project=number, customer=customer, shares=0),
            waiting=[_waiting(order, terms) for order in orders if order.project == number],
            bought=bought.get(number, 0),
            price_minor=terms.stake.share_price_minor,
        )
        for number in sorted(numbers, reverse=True)
    ]


def _waiting(order: Reservation, terms: Terms) -> Waiting:
    is_stake = order.task == terms.task
    return Waiting(is_stake, order.quantity, order.money_minor, order.lapses_us, reference_of(order.event))


@own_page()
def statement(request: HttpRequest, slug: str) -> HttpResponse:
    """Every event of hers in a project, and what it did to her money: the sums are those of the books."""
    project = get_object_or_404(Project, slug=slug)
    if not Standing.objects.filter(project=project.pk).exists():
        raise Http404
    terms, _ = current_terms(time.time_ns() // 1_000)
    lines = lines_of(project.pk, request.user.pk, terms.task)
    last = lines[-1] if lines else None
    context = {
        "project": project,
        "page": Paginator(lines, ON_PAGE).get_page(request.GET.get("page")),
        "given_minor": sum(line.given_minor for line in lines),
        "got_minor": sum(line.got_minor for line in lines),
        "balance_minor": last.balance_minor if last else 0,
        "held_shares": last.held_shares if last else 0,
    }
    return render(request, "comaker/customer/statement.html", context)
