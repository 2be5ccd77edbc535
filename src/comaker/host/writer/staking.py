"""Stakes: taken, given back, confirmed, lapsed; and what becomes of a project by them."""

from __future__ import annotations

from comaker.events import Kind
from comaker.host.writer.batch import Batch, Holding, Standing, Waiting
from comaker.host.writer.reading import holders_of, waiting_in
from comaker.host.writer.requests import Answer, Request
from comaker.host.writer.terms import SECOND_US, Terms
from comaker.refusals import Refusal
from comaker.rules.participation import decide_participation
from comaker.rules.reservation import decide_confirmation, has_lapsed, reserved_given_back
from comaker.rules.stake import (
    EXPIRED,
    FUNDED,
    OPEN,
    decide_stake,
    decide_withdrawal,
    has_expired,
    status_after,
)

WAITING, CONFIRMED, LAPSED, WITHDRAWN = range(4)


class Moment:
    """One request in its batch: its time, the terms in force then, and the project."""

    __slots__ = ("at_us", "batch", "request", "standing", "terms")

    def __init__(self, batch: Batch, request: Request, standing: Standing) -> None:
        self.batch = batch
        self.request = request
        self.at_us = batch.now_us if request.at_us is None else request.at_us
        self.terms: Terms = batch.versions.at(self.at_us)
        self.standing = standing

    @property
    def now_s(self) -> int:
        """The time in seconds."""
        return self.at_us // SECOND_US

    def record(self, kind: Kind, **fields: object) -> int:
        """Add an event of the project at this moment."""
        return self.batch.record(kind, self.request, self.terms, chain_of=self.standing, **fields)

    def refuse(self, refusal: Refusal, **fields: object) -> Answer:
        """Log a refusal and answer with it."""
        return self.batch.refuse(self.request, self.terms, refusal, **fields)


def stake(moment: Moment) -> Answer:
    """A customer buys shares: taken at once, or reserved until her money is there."""
    batch, request, terms, standing = moment.batch, moment.request, moment.terms, moment.standing
    assert request.customer is not None
    price = terms.stake.share_price_minor
    asked = {"task": terms.task, "quantity": request.quantity, "money_minor": request.quantity * price}
    refusal = may_take_part(moment)
    if refusal:
        return moment.refuse(refusal, shown=request.shown, **asked)
    holding = batch.holding(standing.project, request.customer)
    accepted, refusal = decide_stake(
        request.quantity, holding.shares, standing.state(), terms.stake, moment.now_s
    )
    if refusal:
        return moment.refuse(refusal, shown=request.shown, role="customer", **asked)
    money_minor = accepted * price
    event_id = moment.record(
        Kind.DONE,
        role="customer",
        task=terms.task,
        quantity=accepted,
        money_minor=money_minor,
        shown=request.shown,
    )
    hold(standing, holding, accepted)
    lapses_us = None
    if terms.reserved_us:
        lapses_us = moment.at_us + terms.reserved_us
        reserve(moment, event_id, terms.task, accepted, money_minor)
        standing.reserved_shares += accepted
        holding.reserved_shares += accepted
    close_if_over(moment)
    return Answer(
        201,
        Refusal.NONE,
        event_id,
        accepted,
        money_minor,
        holding.shares,
        standing.collected_shares,
        lapses_us,
    )


def may_take_part(moment: Moment, *, steps_missing: int = 0) -> Refusal:
    """Whether whoever asks is a customer: the firm's own people may not take part."""
    account = moment.batch.accounts.get(moment.request.customer or 0)
    is_customer = account is not None and not account.is_staff
    return decide_participation(is_customer, steps_missing, 0, 0)


def hold(standing: Standing, holding: Holding, change_shares: int) -> None:
    """Change what a customer holds, and what the project has collected with it."""
    before = holding.shares
    holding.shares += change_shares
    standing.collected_shares += change_shares
    standing.holders += (holding.shares > 0) - (before > 0)
    standing.changed = True


def reserve(moment: Moment, event_id: int, task: str, quantity: int, money_minor: int) -> None:
    """Keep a place until its money is there."""
    request = moment.request
    lapses_us = moment.at_us + moment.terms.reserved_us
    row = (event_id, request.project, request.customer, task, quantity, money_minor, lapses_us, WAITING)
    moment.batch.reservations[event_id] = Waiting(row, is_new=True)


def withdraw(moment: Moment) -> Answer:
    """A customer takes shares back, those first whose money is not there yet."""
    request, terms, standing = moment.request, moment.terms, moment.standing
    assert request.customer is not None
    price = terms.stake.share_price_minor
    holding = moment.batch.holding(standing.project, request.customer)
    accepted, refusal = decide_withdrawal(
        request.quantity, holding.shares, standing.state(), terms.stake, moment.now_s
    )
    if refusal:
        # Below zero: wanted back.
        asked = {"quantity": -request.quantity, "money_minor": request.quantity * price}
        return moment.refuse(refusal, role="customer", task=terms.task, shown=request.shown, **asked)
    money_minor = accepted * price
    event_id = moment.record(
        Kind.WITHDRAWN, role="customer", task=terms.task, quantity=accepted, money_minor=money_minor
    )
    _give_back(moment, request.customer, holding, accepted)
    return Answer(
        201, Refusal.NONE, event_id, accepted, money_minor, holding.shares, standing.collected_shares
    )


def _give_back(moment: Moment, customer: int, holding: Holding, shares: int) -> None:
    price = moment.terms.stake.share_price_minor
    reserved = reserved_given_back(holding.reserved_shares, shares)
    hold(moment.standing, holding, -shares)
    holding.reserved_shares -= reserved
    moment.standing.reserved_shares -= reserved
    for each in sorted(moment.batch.reservations.values(), key=lambda each: int(each.event)):
        if (each.project, each.customer, each.state) != (moment.standing.project, customer, WAITING):
            continue
        if each.task != moment.terms.task or not reserved:
            continue
        taken = min(reserved, each.quantity)
        reserved -= taken
        each.quantity -= taken
        each.money_minor -= taken * price
        each.state = WAITING if each.quantity else WITHDRAWN
        each.changed = True


def confirm(moment: Moment, waiting: Waiting) -> Answer:
    """Staff have the money of a reserved stake."""
    standing, terms = moment.standing, moment.terms
    refusal = decide_confirmation(
        waiting.quantity if waiting.state == WAITING else 0, waiting.lapses_us // SECOND_US, moment.now_s
    )
    if refusal:
        return moment.refuse(refusal, role="staff", task="confirm", quantity=waiting.quantity)
    holding = moment.batch.holding(standing.project, waiting.customer)
    event_id = moment.record(
        Kind.CONFIRMED,
        customer=waiting.customer,
        role="customer",
        task=terms.task,
        quantity=waiting.quantity,
        money_minor=waiting.money_minor,
    )
    waiting.state, waiting.changed = CONFIRMED, True
    holding.reserved_shares -= waiting.quantity
    standing.reserved_shares -= waiting.quantity
    standing.changed = True
    close_if_over(moment)
    return Answer(
        201,
        Refusal.NONE,
        event_id,
        waiting.quantity,
        waiting.money_minor,
        holding.shares,
        standing.collected_shares,
    )


def lapse(moment: Moment, waiting: Waiting) -> Answer:
    """A reserved stake whose money did not come in time gives its place back; too early, nothing happens."""
    if waiting.state != WAITING or not has_lapsed(waiting.lapses_us // SECOND_US, moment.now_s):
        return Answer(200, Refusal.RESERVATION_OVER)
    standing = moment.standing
    holding = moment.batch.holding(standing.project, waiting.customer)
    event_id = moment.record(
        Kind.LAPSED,
        customer=waiting.customer,
        role="customer",
        task=moment.terms.task,
        quantity=waiting.quantity,
        money_minor=waiting.money_minor,
    )
    waiting.state, waiting.changed = LAPSED, True
    hold(standing, holding, -waiting.quantity)
    holding.reserved_shares -= waiting.quantity
    standing.reserved_shares -= waiting.quantity
    return Answer(201, Refusal.NONE, event_id, waiting.quantity, waiting.money_minor, holding.shares)


def close_if_over(moment: Moment) -> None:
    """Close the project where it is funded or its time is over now; confirmed shares alone fund it."""
    standing, terms = moment.standing, moment.terms
    if standing.status != OPEN:
        return
    at_us = moment.at_us
    if has_expired(standing.state(), terms.stake, moment.now_s):
        deadline_us = standing.opened_us + terms.stake.open_seconds * SECOND_US
        at_us = min(max(deadline_us, moment.batch.versions.begins_us(terms)), at_us)
        for waiting in waiting_in(moment.batch, standing.project):
            # Its time ends with the project's, whatever was promised: the money is not there.
            waiting.lapses_us = min(waiting.lapses_us, at_us)
            lapse(moment, waiting)
    status = status_after(standing.state(confirmed=True), terms.stake, moment.now_s)
    if status == OPEN:
        return
    standing.status, standing.closed_us, standing.changed = status, at_us, True
    moment.batch.record(
        Kind.FUNDED if status == FUNDED else Kind.EXPIRED,
        moment.request._replace(customer=None, at_us=at_us),
        terms,
        chain_of=standing,
        quantity=standing.collected_shares,
        money_minor=standing.collected_shares * terms.stake.share_price_minor,
    )


def close(moment: Moment) -> Answer:
    """The clock: a project whose time is over; where it was not funded, everybody gets the stakes back."""
    close_if_over(moment)
    if moment.standing.status != EXPIRED or not moment.standing.collected_shares:
        return Answer(200, Refusal.NOT_OPEN)
    for customer, holding in holders_of(moment.batch, moment.standing.project):
        request = moment.request._replace(customer=customer, quantity=holding.shares)
        if holding.shares:
            withdraw(_moment_of(moment, request))
    return Answer(201)


def _moment_of(moment: Moment, request: Request) -> Moment:
    return Moment(moment.batch, request, moment.standing)
