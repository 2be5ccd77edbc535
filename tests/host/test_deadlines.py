"""What time ends, whoever looks first: customer, staff or clock; and what counts against a limit."""

from __future__ import annotations

import pytest
import tomlkit

from comaker.host import clock
from comaker.host.audit import audit
from comaker.host.models import Holding, Project, Reservation, Standing
from comaker.host.pages.place import place_of
from comaker.host.writer import Act, Request, write
from comaker.refusals import Refusal
from comaker.rules.stake import EXPIRED

DAY_US = 86_400_000_000
OPENED_US = 1_700_000_000_000_000


@pytest.fixture
def ask(database):
    """Ask the writer for one thing, so many days after the opening; each has a key of its own."""
    numbers = iter(range(10**6))

    def ask(act, day, **fields):
        asked = Request(act, key=f"key {next(numbers)}", **fields)
        return write([asked], now_us=OPENED_US + day * DAY_US)[0]

    return ask


@pytest.fixture
def make_open(make_site, model_text):
    """A site whose projects are open for 30 days, and one that was opened."""

    def make(reserved_for):
        site = make_site(
            model_text(open_for="30 days", reserved_for=reserved_for, goal="500.00", cap="500.00")
        )
        return site, site.project(now_us=OPENED_US).pk

    return make


def test_stakes_are_given_back_though_a_customer_came_before_the_clock(make_open, ask):
    site, project = make_open(None)
    ann, bob = site.customer().pk, site.customer("Bob").pk
    assert ask(Act.STAKE, 1, project=project, customer=ann, quantity=3).is_done
    late = ask(Act.STAKE, 31, project=project, customer=bob, quantity=3)
    assert late.refusal is Refusal.DEADLINE_PASSED
    assert Standing.objects.get(project=project).status == EXPIRED
    assert clock.tick(OPENED_US + 32 * DAY_US) == 1
    assert Holding.objects.get(customer=ann).shares == 0
    assert clock.tick(OPENED_US + 33 * DAY_US) == 0
    assert audit() == []


def test_money_is_not_confirmed_after_the_deadline_though_the_clock_has_not_ticked(make_open, ask):
    site, project = make_open("14 days")
    ann, sam = site.customer().pk, site.staff().pk
    taken = ask(Act.STAKE, 29, project=project, customer=ann, quantity=50)
    answer = ask(Act.CONFIRM, 31, project=project, staff=sam, reference=taken.event_id)
    assert answer.refusal is Refusal.RESERVATION_OVER
    standing = Standing.objects.get(project=project)
    assert (standing.status, standing.collected_shares, standing.reserved_shares) == (EXPIRED, 0, 0)
    assert audit() == []


def test_money_is_due_no_later_than_the_project_ends(make_open, ask):
    site, project = make_open("14 days")
    ann, bob = site.customer(), site.customer("Bob")
    early = ask(Act.STAKE, 1, project=project, customer=ann.pk, quantity=2)
    late = ask(Act.STAKE, 29, project=project, customer=bob.pk, quantity=3)
    assert early.lapses_us == OPENED_US + 15 * DAY_US
    assert late.lapses_us == Reservation.objects.get(customer=bob.pk).lapses_us == OPENED_US + 30 * DAY_US
    # The page promises what the writer then does.
    slug = Project.objects.get(pk=project).slug
    assert place_of(bob.pk, slug)._replace(now_us=OPENED_US + 29 * DAY_US).due_us == late.lapses_us
    clock.tick(OPENED_US + 30 * DAY_US)
    assert Holding.objects.get(customer=bob.pk).shares == 0
    assert Standing.objects.get(project=project).status == EXPIRED
    assert audit() == []


def test_money_of_a_purchase_is_due_after_the_project_has_ended(make_open, ask):
    site, project = make_open("14 days")
    ann, sam = site.customer(), site.staff().pk
    staked = ask(Act.STAKE, 1, project=project, customer=ann.pk, quantity=50)
    assert ask(Act.CONFIRM, 2, project=project, staff=sam, reference=staked.event_id).is_done
    assert ask(Act.PRODUCE, 3, project=project, staff=sam).is_done
    assert ask(Act.RELEASE, 40, project=project, staff=sam).is_done
    bought = ask(Act.BUY, 41, project=project, customer=ann.pk, quantity=1)
    assert bought.lapses_us == OPENED_US + 55 * DAY_US
    place = place_of(ann.pk, Project.objects.get(pk=project).slug)._replace(now_us=OPENED_US + 41 * DAY_US)
    assert place.order_due_us == bought.lapses_us
    assert audit() == []


def test_a2_reservations_that_end_with_their_project_audit_clean(make_open, ask):
    site, project = make_open("14 days")
    taken = ask(Act.STAKE, 29, project=project, customer=site.customer().pk, quantity=10)
    clock.tick(OPENED_US + 31 * DAY_US)
    found = Reservation.objects.get()
    assert (found.state, found.lapses_us) == (Reservation.State.LAPSED, taken.lapses_us)
    assert audit() == []


def test_what_cannot_be_written_keeps_the_clock_from_nothing_else(make_open, ask, monkeypatch, caplog):
    site, project = make_open("14 days")
    taken = [
        ask(Act.STAKE, 1, project=project, customer=site.customer(name).pk, quantity=2)
        for name in ("Ann", "Bob", "Cid")
    ]
    bad = taken[1].event_id

    def writing(requests, **options):
        if any(each.reference == bad for each in requests):
            raise RuntimeError("this cannot be written")
        return write(requests, **options)

    monkeypatch.setattr(clock, "write", writing)
    assert clock.tick(OPENED_US + 16 * DAY_US) == 3
    states = dict(Reservation.objects.values_list("event", "state"))
    assert [states[each.event_id] for each in taken] == [2, 0, 2]
    assert f"could not lapse project {project} ({bad})" in caplog.text
    monkeypatch.undo()
    assert clock.tick(OPENED_US + 17 * DAY_US) == 1
    assert audit() == []


def test_a_limit_counts_what_was_bought_and_what_waits_once_and_not_what_lapsed(
    database, make_site, model_text, ask
):
    written = tomlkit.parse(model_text(goal="500.00", cap="500.00"))
    offered = next(task for task in written["task"].values() if "offer" in task.get("terms", {}))
    offered["terms"]["limit"] = 2
    site = make_site(tomlkit.dumps(written))
    project, ann, sam = site.project(now_us=OPENED_US).pk, site.customer().pk, site.staff().pk
    staked = ask(Act.STAKE, 1, project=project, customer=ann, quantity=50)
    assert ask(Act.CONFIRM, 2, project=project, staff=sam, reference=staked.event_id).is_done
    assert ask(Act.PRODUCE, 3, project=project, staff=sam).is_done
    assert ask(Act.RELEASE, 4, project=project, staff=sam).is_done
    assert ask(Act.BUY, 5, project=project, customer=ann, quantity=2).is_done
    assert ask(Act.BUY, 6, project=project, customer=ann, quantity=1).refusal is Refusal.LIMIT_REACHED
    clock.tick(OPENED_US + 100 * DAY_US)
    bought = ask(Act.BUY, 101, project=project, customer=ann, quantity=1)
    assert ask(Act.CONFIRM, 102, project=project, staff=sam, reference=bought.event_id).is_done
    at_once = [Request(Act.BUY, project, ann, quantity=1, key=key) for key in ("one", "two")]
    one, two = write(at_once, now_us=OPENED_US + 103 * DAY_US)
    assert (one.status, two.refusal) == (201, Refusal.LIMIT_REACHED)
    assert audit() == []
