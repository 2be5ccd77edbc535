"""Stakes: taken, given back, confirmed, lapsed; and what becomes of a project by them."""

from __future__ import annotations

from comaker.events import Kind
from comaker.host.models import Reservation
from comaker.host.writer.batch import Batch, Fact, Holding, Standing, Waiting
from comaker.host.writer.reading import WAITING, holders_of, waiting_in
from comaker.host.writer.requests import Answer, Request
from comaker.host.writer.terms import SECOND_US
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

CONFIRMED = int(Reservation.State.CONFIRMED)
LAPSED = int(Reservation.State.LAPSED)
WITHDRAWN = int(Reservation.State.WITHDRAWN)

CUSTOMER = "customer"
STAFF = "staff"


class Moment:
    """One request in its batch: its time, the terms in force then, and the project."""

    __slots__ = ("at_us", "batch", "request", "standing", "terms")

    def __init__(self, batch: Batch, request: Request, standing: Standing) -> None:
        self.batch = batch
        self.request = request
        self.at_us = batch.now_us if request.at_us is None else request.at_us
        self.terms = batch.versions.at(self.at_us)
        self.standing = standing

    @property
    def now_s(self) -> int:
        """The time in seconds."""
        return self.at_us // SECOND_US

    def record(self, kind: Kind, fact: Fact, customer: int | None = None) -> int:
        """Add an event of the project at this moment."""
        return self.batch.record(
            kind, self.at_us, self.terms, standing=self.standing, customer=customer, fact=fact
        )

    def refuse(self, refusal: Refusal, fact: Fact) -> Answer:
        """Log a refusal and answer with it."""
        request, standing = self.request, self.standing
        event_id = self.record(Kind.REFUSED, fact._replace(refusal=refusal), request.customer)
        held = self.batch.holdings.get((standing.project, request.customer or 0))
        held_shares = 0 if held is None else held.shares
        return Answer(200, refusal, event_id, 0, 0, held_shares, standing.collected_shares)


def stake(moment: Moment) -> Answer:
    """A customer buys shares: taken at once, or reserved until her money is there."""
    batch, request, terms, standing = moment.batch, moment.request, moment.terms, moment.standing
    customer, asked, now_s = request.customer or 0, request.quantity, moment.at_us // SECOND_US
    price = terms.stake.share_price_minor
    close_if_over(moment)
    holding = batch.holding(standing.project, customer)
    accepted, refusal = 0, may_take_part(moment)
    if not refusal:
        accepted, refusal = decide_stake(asked, holding.shares, standing.state(), terms.stake, now_s)
    if refusal:
        return moment.refuse(
            refusal, Fact(CUSTOMER, terms.task, None, refusal, asked, asked * price, request.shown)
        )
    money_minor = accepted * price
    fact = Fact(CUSTOMER, terms.task, None, refusal, accepted, money_minor, request.shown)
    event_id = moment.record(Kind.DONE, fact, customer)
    hold(standing, holding, accepted)
    lapses_us = None
    if terms.reserved_us:
        lapses_us = reserve(moment, event_id, terms.task, accepted, money_minor)
        standing.reserved_shares += accepted
        holding.reserved_shares += accepted
    close_if_over(moment)
    return Answer(
        201, refusal, event_id, accepted, money_minor, holding.shares, standing.collected_shares, lapses_us
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
    holding.changed = standing.changed = True
    standing.collected_shares += change_shares
    standing.holders += (holding.shares > 0) - (before > 0)


def reserve(moment: Moment, event_id: int, task: str, quantity: int, money_minor: int) -> int:
    """Keep a place until its money is there; returns until when, in µs since 1970 UTC."""
    request = moment.request
    lapses_us = moment.terms.lapses_us(task, moment.at_us, moment.standing.opened_us)
    moment.batch.reserved.append(
        (event_id, request.project, request.customer, task, quantity, money_minor, lapses_us, WAITING)
    )
    return lapses_us


def withdraw(moment: Moment) -> Answer:
    """A customer takes shares back, those first whose money is not there yet."""
    request, terms, standing = moment.request, moment.terms, moment.standing
    customer, asked = request.customer or 0, request.quantity
    price = terms.stake.share_price_minor
    close_if_over(moment)
    holding = moment.batch.holding(standing.project, customer)
    # A goal reached by places that wait for their money is not reached yet.
    state = standing.confirmed()
    accepted, refusal = decide_withdrawal(asked, holding.shares, state, terms.stake, moment.now_s)
    if refusal:
        # Below zero: wanted back.
        fact = Fact(CUSTOMER, terms.task, None, refusal, -asked, asked * price, request.shown)
        return moment.refuse(refusal, fact)
    return _give_back(moment, customer, holding, accepted)


def _give_back(moment: Moment, customer: int, holding: Holding, shares: int) -> Answer:
    standing, price = moment.standing, moment.terms.stake.share_price_minor
    fact = Fact(CUSTOMER, moment.terms.task, quantity=shares, money_minor=shares * price)
    event_id = moment.record(Kind.WITHDRAWN, fact, customer)
    reserved = reserved_given_back(holding.reserved_shares, shares)
    hold(standing, holding, -shares)
    holding.reserved_shares -= reserved
    standing.reserved_shares -= reserved
    if reserved:
        _release_reservations(moment, customer, reserved, price)
    return Answer(
        201, Refusal.NONE, event_id, shares, shares * price, holding.shares, standing.collected_shares
    )


def _release_reservations(moment: Moment, customer: int, shares: int, price_minor: int) -> None:
    for each in waiting_in(moment.batch, moment.standing.project):
        if each.customer != customer or each.task != moment.terms.task:
            continue
        taken = min(shares, each.quantity)
        shares -= taken
        each.quantity -= taken
        each.money_minor -= taken * price_minor
        each.state = WAITING if each.quantity else WITHDRAWN
        each.changed = True


def confirm(moment: Moment, waiting: Waiting) -> Answer:
    """Staff have the money of a reserved stake."""
    standing = moment.standing
    close_if_over(moment)
    if refusal := may_be_confirmed(moment, waiting):
        return moment.refuse(refusal, Fact(STAFF, "confirm", quantity=waiting.quantity))
    fact = Fact(CUSTOMER, moment.terms.task, None, Refusal.NONE, waiting.quantity, waiting.money_minor)
    event_id = moment.record(Kind.CONFIRMED, fact, waiting.customer)
    holding = _no_longer_waiting(moment, waiting, CONFIRMED)
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


def may_be_confirmed(moment: Moment, waiting: Waiting) -> Refusal:
    """Whether a reservation's money may be taken now."""
    quantity = waiting.quantity if waiting.state == WAITING else 0
    return decide_confirmation(quantity, waiting.lapses_us // SECOND_US, moment.now_s)


def _no_longer_waiting(moment: Moment, waiting: Waiting, state: int) -> Holding:
    holding = moment.batch.holding(moment.standing.project, waiting.customer)
    waiting.state, waiting.changed = state, True
    holding.reserved_shares -= waiting.quantity
    moment.standing.reserved_shares -= waiting.quantity
    holding.changed = moment.standing.changed = True
    return holding


def lapse(moment: Moment, waiting: Waiting) -> Answer:
    """A reserved stake whose money did not come in time gives its place back; too early, nothing happens."""
    if waiting.state != WAITING or not has_lapsed(waiting.lapses_us // SECOND_US, moment.now_s):
        return Answer(200, Refusal.RESERVATION_OVER)
    return _lapsed(moment, waiting)


def _lapsed(moment: Moment, waiting: Waiting) -> Answer:
    quantity, money_minor = waiting.quantity, waiting.money_minor
    fact = Fact(CUSTOMER, moment.terms.task, quantity=quantity, money_minor=money_minor)
    event_id = moment.record(Kind.LAPSED, fact, waiting.customer)
    holding = _no_longer_waiting(moment, waiting, LAPSED)
    hold(moment.standing, holding, -quantity)
    return Answer(201, Refusal.NONE, event_id, quantity, money_minor, holding.shares)


def close_if_over(moment: Moment) -> None:
    """Close the project where it is funded or its time is over now; confirmed shares alone fund it."""
    standing, terms, now_s = moment.standing, moment.terms.stake, moment.at_us // SECOND_US
    # The rule is asked before and after each stake of a rush: mostly what it has just answered.
    seen = (standing.status, standing.collected_shares - standing.reserved_shares, moment.at_us)
    if seen == standing.seen:
        return
    status = status_after(standing.confirmed(), terms, now_s)
    if status == standing.status:
        standing.seen = seen
        return
    at_us = moment.at_us
    if has_expired(standing.state(), terms, now_s):
        deadline_us = standing.opened_us + terms.open_seconds * SECOND_US
        at_us = min(max(deadline_us, moment.batch.versions.begins_us(moment.terms)), at_us)
        for waiting in waiting_in(moment.batch, standing.project):
            # The time of a reservation ends with the project's: the money is not there.
            _lapsed(moment, waiting)
    standing.status, standing.closed_us, standing.changed = status, at_us, True
    collected = standing.collected_shares
    fact = Fact(quantity=collected, money_minor=collected * terms.share_price_minor)
    kind = Kind.FUNDED if status == FUNDED else Kind.EXPIRED
    moment.batch.record(kind, at_us, moment.terms, standing=standing, customer=None, fact=fact)


def close(moment: Moment) -> Answer:
    """The clock: a project whose time is over; where it was not funded, everybody gets the stakes back."""
    close_if_over(moment)
    standing, terms = moment.standing, moment.terms.stake
    if standing.status == OPEN:
        return Answer(200, Refusal.NOT_OPEN)
    if standing.status == EXPIRED:
        for customer, holding in holders_of(moment.batch, standing.project):
            given, _ = decide_withdrawal(
                holding.shares, holding.shares, standing.state(), terms, moment.now_s
            )
            if given:
                _give_back(moment, customer, holding, given)
    return Answer(201)
