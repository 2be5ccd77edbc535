"""What staff do with projects: open, produce, release, record money, pay out; and what customers buy."""

from __future__ import annotations

from comaker.events import Kind
from comaker.host.writer.batch import Batch, Standing, Waiting
from comaker.host.writer.chain import BEGINNING
from comaker.host.writer.requests import Answer, Request
from comaker.host.writer.staking import CONFIRMED, LAPSED, WAITING, Moment, may_take_part, reserve
from comaker.host.writer.terms import SECOND_US, Buying
from comaker.refusals import Refusal
from comaker.rules.approval import decide_approval
from comaker.rules.participation import decide_participation
from comaker.rules.purchase import UNLIMITED, amount_due, decide_purchase
from comaker.rules.reservation import decide_confirmation, has_lapsed
from comaker.rules.sharing import net_income_after
from comaker.rules.stake import FUNDED, OPEN

PRODUCTION = "production"
_PROJECT = "SELECT published_at FROM host_project WHERE id = ?"


def open_project(batch: Batch, request: Request) -> Answer:
    """Staff publish a project: from now on customers may stake on it."""
    found = batch.store.execute(_PROJECT, (request.project,)).fetchone()
    if found is None or request.project is None:
        return Answer(404)
    at_us = batch.now_us if request.at_us is None else request.at_us
    terms = batch.versions.at(at_us)
    if request.project in batch.standings:
        return batch.refuse(request, terms, Refusal.LIMIT_REACHED, role="staff", task="open")
    goal = terms.stake.goal_shares
    row = (request.project, OPEN, goal, terms.most_shares, 0, 0, 0, at_us, None, None, None, 0, 0, BEGINNING)
    batch.standings[request.project] = Standing(row, is_new=True)
    event_id = batch.record(Kind.OPENED, request, terms, role="staff", quantity=goal)
    batch.published.append((request.project, batch.store.moment(at_us)))
    return Answer(201, Refusal.NONE, event_id)


def produce(moment: Moment) -> Answer:
    """Staff say that a funded project is in production."""
    standing = moment.standing
    refusal = decide_participation(
        True, int(standing.status != FUNDED), int(standing.produced_us is not None), 1
    )
    if refusal:
        return moment.refuse(refusal, role="staff", task="produce")
    standing.produced_us, standing.changed = moment.at_us, True
    return Answer(201, Refusal.NONE, moment.record(Kind.PRODUCED, role="staff"))


def release(moment: Moment) -> Answer:
    """Staff say that what was produced is out and can be bought."""
    standing = moment.standing
    refusal = decide_participation(
        True, int(standing.produced_us is None), int(standing.released_us is not None), 1
    )
    if refusal:
        return moment.refuse(refusal, role="staff", task="release")
    standing.released_us, standing.changed = moment.at_us, True
    return Answer(201, Refusal.NONE, moment.record(Kind.RELEASED, role="staff"))


def income(moment: Moment) -> Answer:
    """Staff record money that came in from the market."""
    return _recorded(moment, Kind.INCOME)


def cost(moment: Moment) -> Answer:
    """Staff record money that was spent on a project, or by the firm beside its projects."""
    return _recorded(moment, Kind.COST)


def _recorded(moment: Moment, kind: Kind) -> Answer:
    request = moment.request
    if request.money_minor < 1:
        return moment.refuse(Refusal.NOT_WHOLE, role="staff", task=kind.value)
    event_id = moment.record(kind, money_minor=request.money_minor, stage=request.stage)
    _earn(moment.standing, kind, request.money_minor, request.stage == PRODUCTION)
    return Answer(201, Refusal.NONE, event_id, money_minor=request.money_minor)


def _earn(standing: Standing, kind: Kind, money_minor: int, is_production: bool = False) -> None:
    income_minor, cost_minor = (money_minor, 0) if kind is Kind.INCOME else (0, money_minor)
    standing.earned_minor = net_income_after(standing.earned_minor, income_minor, cost_minor, is_production)
    standing.changed = True


def buy(moment: Moment) -> Answer:
    """A customer buys what was produced: booked at once, or when her money is there."""
    request, terms = moment.request, moment.terms
    if terms.buying is None:
        return Answer(404)
    asked = {
        "role": "customer",
        "task": terms.buying.task,
        "quantity": request.quantity,
        "shown": request.shown,
    }
    refusal = may_take_part(moment, steps_missing=int(moment.standing.released_us is None))
    refusal = refusal or decide_purchase(
        request.quantity, UNLIMITED, _bought(moment, terms.buying), terms.buying.limit
    )
    if refusal:
        return moment.refuse(refusal, **asked)
    money_minor = amount_due(request.quantity, terms.buying.price_minor)
    if not terms.reserved_us:
        event_id = moment.record(Kind.DONE, **asked)
        _sell(moment, terms.buying, request.customer, request.quantity, money_minor)
        return Answer(201, Refusal.NONE, event_id, request.quantity, money_minor)
    event_id = moment.record(Kind.STARTED, **asked)
    reserve(moment, event_id, terms.buying.task, request.quantity, money_minor)
    return Answer(
        201,
        Refusal.NONE,
        event_id,
        request.quantity,
        money_minor,
        lapses_us=moment.at_us + terms.reserved_us,
    )


def _bought(moment: Moment, buying: Buying) -> int:
    if not buying.limit:
        return 0
    sql = (
        "SELECT COALESCE(SUM(quantity), 0) FROM host_event"
        " WHERE subject = ? AND kind IN ('done', 'started') AND task = ? AND customer = ?"
    )
    values = (moment.standing.project, buying.task, moment.request.customer)
    (found,) = moment.batch.store.execute(sql, values).fetchone()
    return int(found)


def _sell(moment: Moment, buying: Buying, customer: int | None, quantity: int, money_minor: int) -> None:
    moment.record(
        Kind.INCOME, customer=customer, quantity=quantity, money_minor=money_minor, stage="delivery"
    )
    _earn(moment.standing, Kind.INCOME, money_minor)
    cost_minor = quantity * buying.unit_cost_minor
    if cost_minor:
        moment.record(Kind.COST, customer=None, quantity=quantity, money_minor=cost_minor, stage="delivery")
        _earn(moment.standing, Kind.COST, cost_minor)


def confirm_purchase(moment: Moment, waiting: Waiting) -> Answer:
    """Staff have the money of something bought."""
    buying = moment.terms.buying
    refusal = decide_confirmation(
        waiting.quantity if waiting.state == WAITING else 0, waiting.lapses_us // SECOND_US, moment.now_s
    )
    if refusal or buying is None:
        return moment.refuse(
            refusal or Refusal.NOT_OPEN, role="staff", task="confirm", quantity=waiting.quantity
        )
    waiting.state, waiting.changed = CONFIRMED, True
    event_id = moment.record(
        Kind.DONE, customer=waiting.customer, role="customer", task=waiting.task, quantity=waiting.quantity
    )
    _sell(moment, buying, waiting.customer, waiting.quantity, waiting.money_minor)
    return Answer(201, Refusal.NONE, event_id, waiting.quantity, waiting.money_minor)


def lapse_purchase(moment: Moment, waiting: Waiting) -> Answer:
    """Something ordered whose money did not come is dropped."""
    if waiting.state != WAITING or not has_lapsed(waiting.lapses_us // SECOND_US, moment.now_s):
        return Answer(200, Refusal.RESERVATION_OVER)
    waiting.state, waiting.changed = LAPSED, True
    event_id = moment.record(
        Kind.ABANDONED,
        customer=waiting.customer,
        role="customer",
        task=waiting.task,
        quantity=waiting.quantity,
    )
    return Answer(201, Refusal.NONE, event_id, waiting.quantity)


def settle(moment: Moment) -> Answer:
    """A second person approves a payout: it is computed again, and booked to every holder and party."""
    from comaker.host.models import Settlement
    from comaker.host.payout import payout_of

    request, standing = moment.request, moment.standing
    proposal = Settlement.objects.filter(pk=request.reference, project=standing.project).first()
    if proposal is None or request.staff is None:
        return Answer(404)
    if proposal.state != Settlement.State.PROPOSED:
        return moment.refuse(Refusal.LIMIT_REACHED, role="staff", task="settle")
    due = payout_of(standing.project)
    refusal = decide_approval(
        proposal.proposed_by_id, request.staff, proposal.total_minor, due.settlement.total_minor
    )
    if refusal:
        return moment.refuse(refusal, role="staff", task="settle", money_minor=proposal.total_minor)
    event_id = moment.batch.next_event
    columns = zip(
        due.settlement.holders.customers.tolist(), due.settlement.payments_minor.tolist(), strict=True
    )
    paid = [(customer, amount) for customer, amount in columns if amount]
    _read_paid(moment, [customer for customer, _ in paid])
    for customer, amount in paid:
        moment.record(Kind.PAID, customer=customer, role=due.pro_rata, money_minor=amount)
        moment.batch.holdings[standing.project, customer].paid_minor += amount
    for role, amount in due.settlement.parties_minor.items():
        if amount:
            moment.record(Kind.PAID, role=role, money_minor=amount)
    if due.settlement.dust_change_minor:
        moment.record(Kind.PAID, role="dust", money_minor=due.settlement.dust_change_minor)
    moment.batch.settled.append((proposal.pk, request.staff, event_id, Settlement.State.BOOKED.value))
    return Answer(201, Refusal.NONE, event_id, len(paid), due.settlement.total_minor)


def _read_paid(moment: Moment, customers: list[int]) -> None:
    from comaker.host.writer.reading import holders_of

    holders_of(moment.batch, moment.standing.project)
    missing = [each for each in customers if (moment.standing.project, each) not in moment.batch.holdings]
    assert not missing, missing
