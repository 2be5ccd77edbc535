"""What staff do with projects: open, produce, release, record money, pay out; and what customers buy."""

from __future__ import annotations

from comaker.events import Kind
from comaker.host.writer.batch import Batch, Fact, Standing, Waiting
from comaker.host.writer.chain import BEGINNING, NO_PROJECT
from comaker.host.writer.reading import WAITING, holders_of
from comaker.host.writer.requests import PRODUCTION, Answer, Request
from comaker.host.writer.staking import (
    CONFIRMED,
    CUSTOMER,
    LAPSED,
    STAFF,
    Moment,
    may_be_confirmed,
    may_take_part,
    reserve,
)
from comaker.host.writer.terms import SECOND_US, Buying
from comaker.ledger import LedgerError
from comaker.refusals import Refusal
from comaker.rules.approval import decide_approval
from comaker.rules.participation import decide_participation
from comaker.rules.purchase import UNLIMITED, amount_due, decide_purchase
from comaker.rules.reservation import has_lapsed
from comaker.rules.sharing import net_income_after
from comaker.rules.stake import FUNDED, OPEN
from comaker.words import Stage

_PROJECT = "SELECT id FROM host_project WHERE id = ?"
_PUBLISH = "UPDATE host_project SET published_at = ? WHERE id = ?"
# Changes nothing, but whoever drops it meanwhile waits until it is booked, and finds it closed.
_CLAIM = "UPDATE host_settlement SET state = state WHERE id = ? AND state = 'proposed'"
_BOOK = "UPDATE host_settlement SET state = ?, approved_by_id = ?, booked_event = ? WHERE id = ?"
DELIVERY = Stage.DELIVERY.value
# State 0: Reservation.State.WAITING.
_BOUGHT = (
    "SELECT quantity FROM host_event WHERE subject = ? AND kind = 'done' AND task = ? AND customer = ?"
    " UNION ALL SELECT quantity FROM host_contribution CROSS JOIN host_reservation"
    " WHERE event = event_id AND project = ? AND state = 0 AND task = ? AND account = ?"
)


def open_project(batch: Batch, request: Request) -> Answer:
    """Staff publish a project: from now on customers may stake on it."""
    if request.project is None or batch.store.execute(_PROJECT, (request.project,)).fetchone() is None:
        return Answer(404)
    at_us = batch.now_us if request.at_us is None else request.at_us
    terms = batch.versions.at(at_us)
    before = batch.standings.get(request.project)
    if before is not None:
        return Moment(batch, request, before).refuse(Refusal.LIMIT_REACHED, Fact(STAFF, "open"))
    goal = terms.stake.goal_shares
    row = (request.project, OPEN, goal, terms.most_shares, 0, 0, 0, at_us, None, None, None, 0, 0, BEGINNING)
    standing = batch.standings[request.project] = Standing(*row, changed=True)
    fact = Fact(STAFF, quantity=goal)
    event_id = batch.record(Kind.OPENED, at_us, terms, standing=standing, customer=None, fact=fact)
    batch.store.execute(_PUBLISH, (batch.store.moment(at_us), request.project))
    return Answer(201, Refusal.NONE, event_id)


def produce(moment: Moment) -> Answer:
    """Staff say that a funded project is in production."""
    standing = moment.standing
    times_done = int(standing.produced_us is not None)
    refusal = decide_participation(True, int(standing.status != FUNDED), times_done, 1)
    if refusal:
        return moment.refuse(refusal, Fact(STAFF, "produce"))
    standing.produced_us, standing.changed = moment.at_us, True
    return Answer(201, Refusal.NONE, moment.record(Kind.PRODUCED, Fact(STAFF)))


def release(moment: Moment) -> Answer:
    """Staff say that what was produced is out and can be bought."""
    standing = moment.standing
    times_done = int(standing.released_us is not None)
    refusal = decide_participation(True, int(standing.produced_us is None), times_done, 1)
    if refusal:
        return moment.refuse(refusal, Fact(STAFF, "release"))
    standing.released_us, standing.changed = moment.at_us, True
    return Answer(201, Refusal.NONE, moment.record(Kind.RELEASED, Fact(STAFF)))


def income(moment: Moment) -> Answer:
    """Staff record money that came in from the market."""
    return _recorded(moment, Kind.INCOME)


def cost(moment: Moment) -> Answer:
    """Staff record money that was spent on a project, or by the firm beside its projects."""
    return _recorded(moment, Kind.COST)


def _recorded(moment: Moment, kind: Kind) -> Answer:
    request, standing = moment.request, moment.standing
    # Until a project is funded its stakes are its customers', and there is nothing of its own to spend.
    is_early = standing.project != NO_PROJECT and standing.status != FUNDED
    refusal = decide_participation(True, int(is_early), 0, 0)
    if request.money_minor < 1:
        refusal = Refusal.NOT_WHOLE
    if refusal:
        return moment.refuse(refusal, Fact(STAFF, kind.value))
    event_id = moment.record(kind, Fact(stage=request.stage, money_minor=request.money_minor))
    _earn(moment.standing, kind, request.money_minor, request.stage == PRODUCTION)
    return Answer(201, Refusal.NONE, event_id, money_minor=request.money_minor)


def _earn(standing: Standing, kind: Kind, money_minor: int, is_production: bool = False) -> None:
    income_minor, cost_minor = (money_minor, 0) if kind is Kind.INCOME else (0, money_minor)
    standing.earned_minor = net_income_after(standing.earned_minor, income_minor, cost_minor, is_production)
    standing.changed = True


def buy(moment: Moment) -> Answer:
    """A customer buys what was produced: booked at once, or when her money is there."""
    request, buying, quantity = moment.request, moment.terms.buying, moment.request.quantity
    if buying is None:
        return Answer(404)
    fact = Fact(CUSTOMER, buying.task, quantity=quantity, shown=request.shown)
    refusal = may_take_part(moment, steps_missing=int(moment.standing.released_us is None))
    refusal = refusal or decide_purchase(quantity, UNLIMITED, _bought(moment, buying), buying.limit)
    if refusal:
        return moment.refuse(refusal, fact)
    money_minor = amount_due(quantity, buying.price_minor)
    moment.batch.bought_now[moment.standing.project, buying.task, request.customer] += quantity
    if not moment.terms.reserved_us:
        event_id = moment.record(Kind.DONE, fact, request.customer)
        _sell(moment, buying, request.customer, quantity, money_minor)
        return Answer(201, refusal, event_id, quantity, money_minor)
    event_id = moment.record(Kind.STARTED, fact, request.customer)
    lapses_us = reserve(moment, event_id, buying.task, quantity, money_minor)
    return Answer(201, refusal, event_id, quantity, money_minor, lapses_us=lapses_us)


def _bought(moment: Moment, buying: Buying) -> int:
    """Copies that the customer has, or ordered and may still pay for."""
    if not buying.limit:
        return 0
    values = (moment.standing.project, buying.task, moment.request.customer)
    found = moment.batch.store.execute(_BOUGHT, (*values, *values)).fetchall()
    return sum(quantity for (quantity,) in found) + moment.batch.bought_now[values]


def _sell(moment: Moment, buying: Buying, customer: int | None, quantity: int, money_minor: int) -> None:
    earned = Fact(stage=DELIVERY, quantity=quantity, money_minor=money_minor)
    moment.record(Kind.INCOME, earned, customer)
    _earn(moment.standing, Kind.INCOME, money_minor)
    cost_minor = quantity * buying.unit_cost_minor
    if cost_minor:
        moment.record(Kind.COST, earned._replace(money_minor=cost_minor))
        _earn(moment.standing, Kind.COST, cost_minor)


def confirm_purchase(moment: Moment, waiting: Waiting) -> Answer:
    """Staff have the money of something bought."""
    buying = moment.terms.buying
    refusal = may_be_confirmed(moment, waiting)
    if refusal or buying is None:
        fact = Fact(STAFF, "confirm", quantity=waiting.quantity)
        return moment.refuse(refusal or Refusal.NOT_OPEN, fact)
    waiting.state, waiting.changed = CONFIRMED, True
    fact = Fact(CUSTOMER, waiting.task, quantity=waiting.quantity)
    event_id = moment.record(Kind.DONE, fact, waiting.customer)
    _sell(moment, buying, waiting.customer, waiting.quantity, waiting.money_minor)
    return Answer(201, Refusal.NONE, event_id, waiting.quantity, waiting.money_minor)


def lapse_purchase(moment: Moment, waiting: Waiting) -> Answer:
    """Something ordered whose money did not come is dropped."""
    if waiting.state != WAITING or not has_lapsed(waiting.lapses_us // SECOND_US, moment.now_s):
        return Answer(200, Refusal.RESERVATION_OVER)
    waiting.state, waiting.changed = LAPSED, True
    fact = Fact(CUSTOMER, waiting.task, quantity=waiting.quantity)
    event_id = moment.record(Kind.ABANDONED, fact, waiting.customer)
    return Answer(201, Refusal.NONE, event_id, waiting.quantity)


def settle(moment: Moment) -> Answer:
    """A second person approves a payout: it is computed again, and booked to every holder and party."""
    from comaker.host.models import Settlement
    from comaker.host.payout import division_of, payout_of, terms_of

    request, standing = moment.request, moment.standing
    proposal = Settlement.objects.filter(pk=request.reference, project=standing.project).first()
    if proposal is None or request.staff is None:
        return Answer(404)
    if not moment.batch.store.execute(_CLAIM, (proposal.pk,)).rowcount:
        return moment.refuse(Refusal.LIMIT_REACHED, Fact(STAFF, "settle"))
    try:
        due, divided_by = payout_of(standing.project), division_of(terms_of(standing.project)).pro_rata
    except LedgerError:
        return moment.refuse(Refusal.NOTHING_DUE, Fact(STAFF, "settle"))
    refusal = decide_approval(proposal.proposed_by_id, request.staff, proposal.total_minor, due.total_minor)
    if refusal:
        return moment.refuse(refusal, Fact(STAFF, "settle", money_minor=proposal.total_minor))
    event_id = moment.batch.next_event
    holders_of(moment.batch, standing.project)
    columns = zip(due.holders.customers.tolist(), due.payments_minor.tolist(), strict=True)
    paid = [(customer, amount) for customer, amount in columns if amount]
    for customer, amount in paid:
        moment.record(Kind.PAID, Fact(divided_by, money_minor=amount), customer)
        holding = moment.batch.holdings[standing.project, customer]
        holding.paid_minor += amount
        holding.changed = True
    for role, amount in [*due.parties_minor.items(), ("dust", due.dust_change_minor)]:
        if amount:
            moment.record(Kind.PAID, Fact(role, money_minor=amount))
    values = (str(Settlement.State.BOOKED), request.staff, event_id, proposal.pk)
    moment.batch.store.execute(_BOOK, values)
    return Answer(201, Refusal.NONE, event_id, len(paid), due.total_minor)
