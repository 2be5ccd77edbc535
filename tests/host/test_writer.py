"""The one writer: what it decides, writes and answers, on both databases."""

from __future__ import annotations

import json

import pytest

from comaker.host.models import Contribution, Event, Holding, Posting, Reservation, Standing
from comaker.host.writer import Act, Request, write
from comaker.refusals import Refusal

DAY_US = 86_400_000_000


@pytest.fixture
def site(database, make_site):
    return make_site()


@pytest.fixture
def ask(site):
    """Ask the writer for one thing; each has a key of its own."""
    numbers = iter(range(10**6))

    def ask(act, *, now_us=None, **fields):
        fields.setdefault("key", f"key {next(numbers)}")
        return write([Request(act, **fields)], now_us=now_us)[0]

    return ask


def test_it_reserves_a_stake_until_staff_confirm_the_money(site, ask):
    project, ann, sam = site.project(), site.customer(), site.staff()
    taken = ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=3)
    assert (taken.status, taken.accepted, taken.money_minor, taken.held_shares) == (201, 3, 3000, 3)
    assert taken.lapses_us
    assert Standing.objects.get(pk=project.pk).reserved_shares == 3
    confirmed = ask(Act.CONFIRM, project=project.pk, staff=sam.pk, reference=taken.event_id)
    assert confirmed.is_done
    standing = Standing.objects.get(pk=project.pk)
    assert (standing.collected_shares, standing.reserved_shares, standing.holders) == (3, 0, 1)
    again = ask(Act.CONFIRM, project=project.pk, staff=sam.pk, reference=taken.event_id)
    assert (again.status, again.refusal) == (200, Refusal.RESERVATION_OVER)


def test_it_refuses_a_stake_over_the_cap_and_logs_what_was_shown(site, ask):
    project, ann = site.project(), site.customer()
    answer = ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=101, shown='{"room":100}')
    assert (answer.status, answer.refusal) == (200, Refusal.OVER_CAP)
    event = Event.objects.get(pk=answer.event_id)
    assert (event.kind, event.refusal, event.quantity) == ("refused", "over_cap", 101)
    assert json.loads(event.shown) == {"room": 100}
    assert event.model == site.model.versions[-1].hash
    assert not Holding.objects.exists()
    assert not Posting.objects.exists()


def test_staff_may_not_stake(site, ask):
    project, sam = site.project(), site.staff()
    answer = ask(Act.STAKE, project=project.pk, customer=sam.pk, quantity=1)
    assert answer.refusal is Refusal.ROLE_NOT_ALLOWED


def test_d19_the_same_key_gets_the_same_answer_and_another_body_is_refused(site, ask):
    project, ann = site.project(), site.customer()
    first = ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=3, key="once")
    again = ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=3, key="once")
    other = ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=4, key="once")
    assert first == again
    assert other.status == 422
    assert Holding.objects.get().shares == 3
    assert Contribution.objects.filter(key="once").count() == 1


def test_d19_a_key_is_bound_to_customer_and_act(site, ask):
    project, ann, bob = site.project(), site.customer(), site.customer("Bob")
    for customer in (ann, bob):
        assert ask(Act.STAKE, project=project.pk, customer=customer.pk, quantity=3, key="k").is_done
    assert ask(Act.WITHDRAW, project=project.pk, customer=ann.pk, quantity=3, key="k").is_done


def test_a_reservation_lapses_and_gives_its_place_back(site, ask):
    project, ann = site.project(), site.customer()
    taken = ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=3)
    early = ask(Act.LAPSE, project=project.pk, reference=taken.event_id, key="")
    assert early.status == 200
    late = ask(Act.LAPSE, project=project.pk, reference=taken.event_id, key="", now_us=taken.lapses_us)
    assert late.is_done
    standing = Standing.objects.get(pk=project.pk)
    assert (standing.collected_shares, standing.reserved_shares, standing.holders) == (0, 0, 0)
    assert Reservation.objects.get().state == Reservation.State.LAPSED
    assert [row.amount_minor for row in Posting.objects.all()] == [3000, 3000]


def test_withdrawal_takes_reserved_shares_first(site, ask):
    project, ann, sam = site.project(), site.customer(), site.staff()
    first = ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=5)
    ask(Act.CONFIRM, project=project.pk, staff=sam.pk, reference=first.event_id)
    ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=4)
    back = ask(Act.WITHDRAW, project=project.pk, customer=ann.pk, quantity=6)
    assert back.is_done
    holding = Holding.objects.get()
    assert (holding.shares, holding.reserved_shares) == (3, 0)
    assert Reservation.objects.get(state=Reservation.State.WITHDRAWN).quantity == 0


@pytest.fixture
def small(database, make_site, model_text):
    """A model whose goal two customers reach, money with the stake."""
    return make_site(model_text(goal="100.00", cap="60.00", reserved_for=None))


def test_a_project_goes_from_stakes_to_payouts(small):
    project, sam = small.project(), small.staff()
    ann, bob = small.customer(), small.customer("Bob")

    def ask(act, **fields):
        return write([Request(act, project=project.pk, key=str(fields), **fields)])[0]

    assert ask(Act.PRODUCE, staff=sam.pk).refusal is Refusal.STEP_MISSING
    assert ask(Act.STAKE, customer=ann.pk, quantity=6).is_done
    assert ask(Act.STAKE, customer=bob.pk, quantity=4).is_done
    standing = Standing.objects.get(pk=project.pk)
    assert standing.status == 1
    assert ask(Act.WITHDRAW, customer=bob.pk, quantity=1).refusal is Refusal.GOAL_REACHED
    assert ask(Act.BUY, customer=bob.pk, quantity=1).refusal is Refusal.STEP_MISSING
    assert ask(Act.PRODUCE, staff=sam.pk, money_minor=1).is_done
    assert ask(Act.COST, staff=sam.pk, money_minor=9_000, stage="production").is_done
    assert ask(Act.RELEASE, staff=sam.pk).is_done
    assert ask(Act.BUY, customer=bob.pk, quantity=2).is_done
    assert ask(Act.INCOME, staff=sam.pk, money_minor=1_001).is_done
    standing.refresh_from_db()
    assert standing.earned_minor == 2 * 300 + 1_001
    chain = list(Posting.objects.filter(chain=project.pk).order_by("number"))
    assert [row.number for row in chain] == list(range(1, len(chain) + 1))
    assert bytes(standing.head) == bytes(chain[-1].hash)


def test_places_that_wait_for_their_money_can_be_taken_back_though_none_is_left(
    database, make_site, model_text
):
    site = make_site(model_text(goal="100.00", cap="100.00"))
    project, ann, sam = site.project().pk, site.customer(), site.staff()
    taken = write([Request(Act.STAKE, project, ann.pk, quantity=10, key="a")])[0]
    more = write([Request(Act.STAKE, project, site.customer("Bob").pk, quantity=1, key="b")])[0]
    assert more.refusal is Refusal.GOAL_REACHED
    back = write([Request(Act.WITHDRAW, project, ann.pk, quantity=4, key="c")])[0]
    assert (back.accepted, back.collected_shares) == (4, 6)
    confirm = Request(Act.CONFIRM, project, staff=sam.pk, reference=taken.event_id, key="d")
    assert write([confirm])[0].accepted == 6


def test_money_moves_on_a_project_only_once_it_is_funded(site, ask):
    project, sam = site.project(), site.staff()
    for act in (Act.INCOME, Act.COST):
        answer = ask(act, project=project.pk, staff=sam.pk, money_minor=100, stage="production")
        assert answer.refusal is Refusal.STEP_MISSING
    assert ask(Act.COST, staff=sam.pk, money_minor=100).is_done
    assert not Posting.objects.filter(chain=project.pk).exists()


def test_an_inactive_account_is_refused(site, ask):
    project, ann = site.project(), site.customer(is_active=False)
    assert ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=1).status == 401


def test_an_unknown_project_is_not_found(site, ask):
    assert ask(Act.STAKE, project=77, customer=site.customer().pk, quantity=1).status == 404


def test_a4_events_and_postings_are_only_ever_added(site, ask):
    from django.db import DatabaseError, connection

    project, ann = site.project(), site.customer()
    ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=3)
    for table in ("host_event", "host_posting", "host_publication"):
        for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id"):
            with connection.cursor() as cursor, pytest.raises(DatabaseError, match="only ever added to"):
                cursor.execute(sql)
