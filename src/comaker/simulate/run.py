"""Runs: the same plan, each with its own luck, spread over threads without changing a byte."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple

import numpy as np

from comaker.model import Model
from comaker.simulate import chance
from comaker.simulate.advance import Plan, Workspace, advance, events_a_week, holders_a_week, people
from comaker.simulate.ballot import ballot_terms
from comaker.simulate.behaviour import behaviour_of, effects_of
from comaker.simulate.calibrate import wish_weights
from comaker.simulate.compiled import as_record
from comaker.simulate.economy import economy_of
from comaker.simulate.network import Network, barabasi_albert
from comaker.simulate.population import Crowd, new_customers
from comaker.simulate.projects import HOLDERS_USED, Market, more_holders, new_market
from comaker.simulate.randomness import alias_table, stream, week_key
from comaker.simulate.record import Books, grown, new_books, new_recorder
from comaker.simulate.site import Site
from comaker.simulate.size import Size
from comaker.simulate.terms import only_terms_change, staking_task, versions_of
from comaker.simulate.visit import PLACE, Shown

Progress = Callable[[int, int], None]
"""Called with runs done and runs in all."""


class Outcome(NamedTuple):
    """What one run leaves behind."""

    run: int
    crowd: Crowd
    market: Market
    books: Books


def plan_of(model: Model) -> Plan:
    """Everything the model lays down, for a run whose luck is still to be given.

    Raises ``ModelError`` where the model lays down something that a simulation would have to leave out.
    """
    task = staking_task(model)
    only_terms_change(model, task)
    return Plan(
        versions=versions_of(model),
        behaviour=as_record(behaviour_of(model)),
        newcomer=as_record(effects_of(model, task=task, participants=False)),
        participant=as_record(effects_of(model, task=task, participants=True)),
        economy=as_record(economy_of(model, task=task)),
        ballot=as_record(ballot_terms(model)),
        stream=np.uint64(0),
    )


def new_site(plan: Plan, *, customers: int, weeks: int, events: bool) -> Site:
    """The site on its first day: customers who know nothing yet, empty books."""
    behaviour = plan.behaviour
    places = int(behaviour.projects_open)
    links = int(behaviour.network_links)
    key = np.uint64(week_key(plan.stream, chance.NETWORK, 0))
    nobody = Network(np.zeros(customers + 1, np.int64), np.zeros(0, np.int32))
    network = barabasi_albert(customers, links, key) if 0 < links < customers else nobody
    crowd = Crowd(new_customers(customers, places), network, np.zeros(4, np.int64))
    people(crowd, behaviour, plan.stream)
    room = 8 * customers + 4096 if events else 0
    return Site(
        crowd, new_market(places * (weeks + 1), places), new_books(weeks, new_recorder(room, keeps=events))
    )


def new_workspace(plan: Plan, *, customers: int) -> Workspace:
    """Room for the weekly step, with the law of wishes laid out."""
    behaviour = plan.behaviour
    places = int(behaviour.projects_open)
    wishes = alias_table(wish_weights(behaviour.wish_exponent, int(behaviour.wish_largest_shares)))
    shown = Shown(np.zeros(places, PLACE), wishes)
    return Workspace(np.empty(customers, np.int32), np.empty(customers, np.int32), shown)


def one_run(plan: Plan, size: Size, run: int) -> Outcome:
    """One run from the launch to its last week, its luck that of the seed and the run."""
    # Compiled functions hand back plain integers, which would be taken for signed ones half of the time.
    plan = plan._replace(stream=np.uint64(stream(size.seed, run)))
    site = new_site(plan, customers=size.customers, weeks=size.weeks, events=size.events)
    space = new_workspace(plan, customers=size.customers)
    week = 0
    while (week := advance(site, plan, space, week, size.weeks)) < size.weeks:
        site = with_room(site)
    return Outcome(run, site.crowd, site.market, site.books)


def with_room(site: Site) -> Site:
    """The same site with room for another week of holders and events."""
    market, events = site.market, site.books.events
    needed = holders_a_week(site)
    if len(market.holders) - market.used[HOLDERS_USED] < needed:
        site = site._replace(market=more_holders(market, needed))
    if events.keeps:
        site = site._replace(books=site.books._replace(events=grown(events, events_a_week(site))))
    return site


def all_runs(
    models: list[Model], size: Size, *, threads: int | None, progress: Progress | None
) -> list[list[Outcome]]:
    """Every run of every model, by model and run: run ``r`` of all models shares its luck."""
    plans = [plan_of(model) for model in models]
    numbers = range(1, size.runs + 1)
    outcomes: dict[tuple[int, int], Outcome] = {}
    pool = ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1)
    try:
        jobs = {
            pool.submit(one_run, plan, size, run): (arm, run)
            for run in numbers
            for arm, plan in enumerate(plans)
        }
        for done, job in enumerate(as_completed(jobs), start=1):
            outcomes[jobs[job]] = job.result()
            if progress:
                progress(done, len(jobs))
    finally:
        # Who interrupts must not wait for the runs that have not begun.
        pool.shutdown(cancel_futures=True)
    return [[outcomes[arm, run] for run in numbers] for arm in range(len(models))]
