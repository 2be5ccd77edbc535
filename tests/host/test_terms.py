"""Amending the terms: announced with notice, never rewritten, one at a time."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.utils import DatabaseError

from comaker.host.changes import changes_between
from comaker.host.firm import in_force, model_of, published
from comaker.host.models import Event, Publication
from comaker.host.staff.drafting import draw_up
from comaker.host.writer.announcing import announce
from comaker.model import ModelError
from comaker.refusals import Refusal
from comaker.rules.notice import decide_notice

TODAY = dt.datetime.now(dt.UTC).date()
CAP = "task.stake.terms.cap"


def drawn(changes: dict[str, str], *, days: int = 40, why: str = "Because we learned") -> str:
    base = Publication.objects.latest("id").text
    text, _ = draw_up(base, changes, why=why, in_force=TODAY + dt.timedelta(days=days), announced=TODAY)
    return text


def test_notice_must_be_full() -> None:
    assert decide_notice(1_000, 1_000 + 14 * 86_400, 14 * 86_400) is Refusal.NONE
    assert decide_notice(1_001, 1_000 + 14 * 86_400, 14 * 86_400) is Refusal.TOO_SHORT_NOTICE
    assert decide_notice(1_000, 0, 0) is Refusal.TOO_SHORT_NOTICE


def test_announced_terms_are_in_force_from_their_day_on(database: str, make_site: Callable[..., Any]) -> None:
    site = make_site()
    staff = site.staff()
    text = drawn({CAP: "900.00"})
    assert announce(text, staff=staff.pk, base_hash=site.model.hash) is Refusal.NONE
    now = dt.datetime.now(dt.UTC)
    assert in_force(now).task["stake"].terms.cap[0].cap_minor == 100_000
    assert in_force(now + dt.timedelta(days=41)).task["stake"].terms.cap[0].cap_minor == 90_000
    latest = Publication.objects.latest("id")
    assert latest.announced_by == staff
    assert latest.hash == published().hash
    event = Event.objects.get(kind="amended")
    assert event.model == in_force(now).terms_hash
    assert latest.hash in event.shown


def test_the_text_before_an_amendment_is_kept_to_the_letter(site: Any) -> None:
    base = Publication.objects.latest("id").text
    assert drawn({CAP: "900.00"}).startswith(base.rstrip())


def test_a8_too_short_a_notice_is_refused(database: str, make_site: Callable[..., Any]) -> None:
    site = make_site()
    staff = site.staff()
    text = drawn({CAP: "900.00"}, days=13)
    assert announce(text, staff=staff.pk, base_hash=site.model.hash) is Refusal.TOO_SHORT_NOTICE
    assert Publication.objects.count() == 1
    assert not Event.objects.filter(kind="amended").exists()


def test_a8_the_day_itself_counts_from_midnight(site: Any) -> None:
    staff = site.staff()
    text = drawn({CAP: "900.00"}, days=20)
    begins = dt.datetime.combine(TODAY + dt.timedelta(days=20), dt.time(), dt.UTC).timestamp()
    last_us = int(begins - settings.NOTICE_SECONDS) * 1_000_000
    base = site.model.hash
    assert announce(text, staff=staff.pk, base_hash=base, now_us=last_us + 1) is Refusal.TOO_SHORT_NOTICE
    assert announce(text, staff=staff.pk, base_hash=base, now_us=last_us) is Refusal.NONE


def test_a8_past_terms_cannot_be_rewritten(site: Any) -> None:
    staff = site.staff()
    text = Publication.objects.latest("id").text.replace('cap = "7000.00"', 'cap = "6000.00"')
    assert announce(text, staff=staff.pk, base_hash=site.model.hash) is Refusal.TOO_SHORT_NOTICE


def test_of_two_who_amend_the_same_terms_the_second_is_told(
    database: str, make_site: Callable[..., Any]
) -> None:
    site = make_site()
    staff = [site.staff("Sam"), site.staff("Kim")]
    texts = [drawn({CAP: "900.00"}), drawn({"task.stake.terms.goal": "120000.00"})]
    together = threading.Barrier(2)
    answers: list[Refusal] = []

    def run(text: str, account: int) -> None:
        together.wait(10)
        answers.append(announce(text, staff=account, base_hash=site.model.hash))
        connections.close_all()

    threads = [
        threading.Thread(target=run, args=(text, account.pk))
        for text, account in zip(texts, staff, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [Refusal.NONE, Refusal.OUT_OF_DATE]
    assert Publication.objects.count() == 2
    assert Event.objects.filter(kind="amended").count() == 1


def test_a_second_amendment_follows_the_first(site: Any) -> None:
    staff = site.staff()
    assert announce(drawn({CAP: "900.00"}), staff=staff.pk, base_hash=site.model.hash) is Refusal.NONE
    text = drawn({"task.stake.terms.reserved_for": "7 days"}, days=50)
    assert announce(text, staff=staff.pk, base_hash=published().hash) is Refusal.NONE
    later = published().versions[-1].model
    assert later.task["stake"].terms.cap[0].cap_minor == 90_000
    assert later.task["stake"].terms.reserved_seconds == 7 * 86_400


def test_an_amendment_that_changes_nothing_is_refused(site: Any) -> None:
    with pytest.raises(ValueError, match="changes nothing"):
        announce(Publication.objects.latest("id").text, staff=site.staff().pk, base_hash=site.model.hash)


def test_announced_terms_cannot_be_taken_back_or_changed(
    database: str, make_site: Callable[..., Any]
) -> None:
    make_site()
    with pytest.raises(DatabaseError, match="only ever added"):
        Publication.objects.update(text="x")
    connection.close()
    with pytest.raises(DatabaseError, match="only ever added"):
        Publication.objects.all().delete()
    connection.close()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task.stake.terms.share_price": "5.00"}, "price of a share cannot be amended"),
        ({CAP: "1.234,50"}, "write digits"),
        ({CAP: "NaN"}, "write digits"),
        ({CAP: "１０"}, "write digits"),
        ({CAP: "200000.00"}, "must not exceed the goal"),
        ({"currency": "USD"}, "cannot be amended"),
        ({"task.steak.terms.cap": "10.00"}, "did you mean 'stake'"),
        ({"a b": "1"}, "key path"),
        ({CAP: "[{ from"}, "not valid TOML"),
        ({"task.stake.terms.reserved_for": "2 months"}, "months and years differ"),
    ],
)
def test_it_says_what_is_wrong_with_a_change(site: Any, changes: dict[str, str], said: str) -> None:
    with pytest.raises(ModelError) as caught:
        drawn(changes)
    assert any(said in str(problem) for problem in caught.value.problems), caught.value


def test_a_bare_number_is_what_the_model_takes_there(site: Any) -> None:
    text = drawn({"assumption.social_proof": "0.4", "task.choose.terms.options": "4", CAP: "900"})
    model = model_of(text).versions[-1].model
    assert model.value("social_proof") == 0.4
    assert model.task["choose"].terms.options == 4
    assert model.task["stake"].terms.cap[0].cap_minor == 90_000


def test_a_hostile_reason_stays_a_reason(site: Any) -> None:
    why = 'x"\n[[amendment]]\nin_force = 2008-01-01\nset = { name = "evil" } </script>'
    model = model_of(drawn({CAP: "900.00"}, why=why))
    assert len(model.versions) == len(site.model.versions) + 1
    assert model.versions[-1].why == why


def test_a_change_is_told_in_words_before_and_after(site: Any) -> None:
    text = drawn({CAP: "900.00", "task.stake.terms.open_for": "90 days", "sharing.album.to.producer": "25%"})
    before, after = model_of(text).versions[-2:]
    told = {change.key: change for change in changes_between(before.model, after.model)}
    assert told[CAP].after == "€900.00"
    assert told[CAP].before.startswith("from €0.00 collected: €1,000.00; ")
    assert told["task.stake.terms.open_for"][2:] == ("no limit", "90 days")
    assert told["sharing.album.to.producer"][1:] == ("Share of the income: producer", "30 %", "25 %")
    assert len(told) == 3
