"""Writes a batch of requests in one transaction: lock, read, decide, write, commit, answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from django.db import InterfaceError, OperationalError

from comaker.events import Kind
from comaker.host.writer import firm_acts, staking
from comaker.host.writer.batch import Batch, Fact, digest, is_of_clock
from comaker.host.writer.chain import NO_PROJECT
from comaker.host.writer.identity import identify
from comaker.host.writer.reading import projects_of, read
from comaker.host.writer.requests import Act, Answer, Request
from comaker.host.writer.staking import Moment
from comaker.host.writer.store import Store, is_passing, store_of
from comaker.refusals import Refusal

TRIES = 4
"""How often a transaction is tried that another one was in the way of."""

_PAUSE_S = 0.01

_log = logging.getLogger(__name__)

_ON_PROJECT: dict[Act, Callable[[Moment], Answer]] = {
    Act.STAKE: staking.stake,
    Act.WITHDRAW: staking.withdraw,
    Act.BUY: firm_acts.buy,
    Act.CLOSE: staking.close,
    Act.PRODUCE: firm_acts.produce,
    Act.RELEASE: firm_acts.release,
    Act.INCOME: firm_acts.income,
    Act.COST: firm_acts.cost,
    Act.SETTLE: firm_acts.settle,
}
_NOTED = {Act.SEE: Kind.SEEN, Act.START: Kind.STARTED}
"""What is recorded, and decides nothing."""
_OF_STAFF = frozenset({Act.OPEN, Act.CONFIRM, Act.PRODUCE, Act.RELEASE, Act.INCOME, Act.COST, Act.SETTLE})


def write(requests: Sequence[Request], *, now_us: int | None = None) -> list[Answer]:
    """Decide and record requests in order, all in one transaction; returns one answer a request.

    Nothing is kept between calls, so any number of processes may call it at once: the projects' rows are
    locked before anything is read, constraints stand behind. ``now_us``: the time, µs since 1970 UTC.
    Every request is answered: with 503 where the database is away or stays too busy.
    """
    if not requests:
        return []
    error: Exception | None = None
    for attempt in range(TRIES):
        time.sleep(_PAUSE_S * max(attempt - 1, 0))
        try:
            store = store_of()
        except (OperationalError, InterfaceError) as away:
            error = away
            continue
        try:
            with store.turn():
                return _try(store, requests, now_us)
        except Exception as passing:
            # Where a connection was lost nobody knows whether it was done; its key tells.
            if not (is_passing(passing) or store.is_lost()):
                raise
            error = passing
    if len(requests) > 1 and is_passing(error):
        return [answer for each in requests for answer in write([each], now_us=now_us)]
    _log.warning("%d requests were answered 503: %s", len(requests), error)
    return [Answer(503)] * len(requests)


def _try(store: Store, requests: Sequence[Request], now_us: int | None) -> list[Answer]:
    try:
        store.begin(projects_of(requests))
        answers = _decided(store, requests, now_us)
        store.commit()
        return answers
    except BaseException:
        store.rollback()
        raise


def _decided(store: Store, requests: Sequence[Request], now_us: int | None) -> list[Answer]:
    """The answers, with everything they say sent to the database."""
    known, accounts = identify(store, requests, time.time_ns() // 1_000 if now_us is None else now_us)
    let_in = [each for each in known if isinstance(each, Request)]
    if not let_in:
        return [each for each in known if isinstance(each, Answer)]
    batch = read(store, let_in, accounts, now_us)
    answers = [each if isinstance(each, Answer) else _answer(batch, each) for each in known]
    batch.flush()
    return answers


def _answer(batch: Batch, request: Request) -> Answer:
    """Decide one request, or give the answer its key was given before."""
    account = request.staff or request.customer or 0
    if not request.key:
        if not is_of_clock(request.act):
            raise ValueError(f"{request.act}: a request needs an idempotency key")
        return _decide(batch, request)
    body = digest(request, account)
    before = batch.answered.get((account, request.act._value_, request.key))
    if before is not None:
        stored, status, text = before
        return Answer.read(status, text) if stored == body else Answer(422)
    answer = _decide(batch, request)
    if answer.status < 400:
        batch.remember(request, account, body, answer)
    return answer


def _decide(batch: Batch, request: Request) -> Answer:
    act = request.act
    if act in _OF_STAFF:
        staff = batch.accounts.get(request.staff or 0)
        if staff is None or not staff.is_staff:
            return Answer(403)
    if act is Act.JOIN:
        return _join(batch, request)
    if act is Act.OPEN:
        return firm_acts.open_project(batch, request)
    standing = batch.standings.get(NO_PROJECT if request.project is None else request.project)
    if standing is None:
        return Answer(404)
    moment = Moment(batch, request, standing)
    if act in (Act.CONFIRM, Act.LAPSE):
        return _decide_reservation(moment)
    if act in _NOTED:
        fact = Fact("customer", moment.terms.task, quantity=request.quantity or None, shown=request.shown)
        return Answer(201, Refusal.NONE, moment.record(_NOTED[act], fact, request.customer))
    return _ON_PROJECT[act](moment)


def _join(batch: Batch, request: Request) -> Answer:
    at_us = batch.now_us if request.at_us is None else request.at_us
    terms, fact = batch.versions.at(at_us), Fact("customer")
    event_id = batch.record(Kind.JOINED, at_us, terms, standing=None, customer=request.customer, fact=fact)
    return Answer(201, Refusal.NONE, event_id)


def _decide_reservation(moment: Moment) -> Answer:
    request = moment.request
    waiting = moment.batch.reservations.get(request.reference or 0)
    if waiting is None or waiting.project != request.project:
        return Answer(404)
    is_stake = waiting.task == moment.terms.task
    if request.act is Act.CONFIRM:
        return staking.confirm(moment, waiting) if is_stake else firm_acts.confirm_purchase(moment, waiting)
    return staking.lapse(moment, waiting) if is_stake else firm_acts.lapse_purchase(moment, waiting)
