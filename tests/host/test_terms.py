"""Amending the terms: announced with notice, never rewritten, one at a time."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.db.utils import DatabaseError
from django.test import Client
from django.test.utils import setup_test_environment, teardown_test_environment
from django.urls import reverse

from comaker.host.changes import changes_between
from comaker.host.environment import whole_days
from comaker.host.firm import in_force, model_of, published
from comaker.host.models import Event, Publication, StaffAct
from comaker.host.staff.drafting import draw_up
from comaker.host.staff.terms import earliest_day
from comaker.host.writer import announcing
from comaker.host.writer.announcing import announce
from comaker.model import ModelError
from comaker.refusals import Refusal
from comaker.rules.notice import decide_notice

TODAY = dt.datetime.now(dt.UTC).date()
CAP = "task.stake.terms.cap"


@pytest.fixture(autouse=True)
def templates_are_told() -> Iterator[None]:
    """So that a page's answer knows what it was given."""
    setup_test_environment()
    yield
    teardown_test_environment()


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


def announce_together(site: Any, monkeypatch: pytest.MonkeyPatch, *, wait_s: float) -> list[Refusal]:
    """What two of the staff are told who amend the same terms, both having read them if they can."""
    staff = [site.staff("Sam"), site.staff("Kim")]
    texts = [drawn({CAP: "900.00"}), drawn({"task.stake.terms.goal": "120000.00"})]
    together = threading.Barrier(2)
    answers: list[Refusal] = []
    decide = announcing.notice_of

    def decide_together(day: dt.date, now_us: int) -> Refusal:
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(wait_s)
        return decide(day, now_us)

    monkeypatch.setattr(announcing, "notice_of", decide_together)

    def run(text: str, account: int) -> None:
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
    return sorted(answers)


def test_b11_of_two_who_amend_the_same_terms_the_second_is_told(
    database: str, make_site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert announce_together(make_site(), monkeypatch, wait_s=0.5) == [Refusal.NONE, Refusal.OUT_OF_DATE]
    assert Publication.objects.count() == 2
    assert Event.objects.filter(kind="amended").count() == 1


def test_b11_without_the_lock_the_first_amendment_is_lost(
    postgresql: str, make_site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "_hold", lambda: None)
    assert announce_together(make_site(), monkeypatch, wait_s=20) == [Refusal.NONE, Refusal.NONE]
    assert Publication.objects.count() == 3


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
    assert told[CAP].after == ["€900 from the start"]
    assert told[CAP].before[:2] == ["€1,000 from the start", "€850 from €10,000 collected"]
    assert told["task.stake.terms.open_for"][2:] == (["no limit"], ["90 days"])
    assert told["sharing.album.to.producer"][1:] == ("Share of the income: producer", ["30%"], ["25%"])
    assert len(told) == 3


# --- the page ---------------------------------------------------------------------------------------


@pytest.fixture
def sam(site: Any) -> Client:
    client = Client()
    client.force_login(site.staff("Sam"))
    return client


def given(**more: str) -> dict[str, str]:
    day = (TODAY + dt.timedelta(days=30)).isoformat()
    base = Publication.objects.latest("id").hash
    empty = dict.fromkeys(("cap", "goal", "reserved_for", "open_for", "path", "value"), "")
    return empty | {"why": "We learned", "in_force": day, "base_hash": base, "do": "preview"} | more


def test_a_change_is_shown_before_it_is_announced(sam: Client) -> None:
    page = sam.post(reverse("desk_terms"), given(cap="900.00")).content.decode()
    assert "Announce it" in page
    assert "€900 from the start" in page
    assert "[[amendment]]" in page
    assert Publication.objects.count() == 1
    assert sam.post(reverse("desk_terms"), given(cap="900.00", do="announce")).status_code == 303
    assert Publication.objects.count() == 2
    assert StaffAct.objects.get().act == "amended the terms"
    assert "We learned" in sam.get(reverse("desk_terms")).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"cap": "1.000,00"}, "cap", "Write digits"),
        ({"goal": "105.00"}, "goal", "multiple of the share price"),
        ({"reserved_for": "2 months"}, "reserved_for", "Months and years differ"),
        ({"path": "task.stake.terms.share_price", "value": "5.00"}, "value", "price of a share cannot"),
        ({"path": "tusk.x", "value": "1"}, "value", "Unknown key"),
        ({"path": "task.buy.terms.limit"}, "path", "belong together"),
        ({"cap": "900.00", "in_force": "2008-01-01"}, "in_force", "more notice"),
        ({"cap": "900.00", "in_force": "soon"}, "in_force", "valid date"),
        ({"cap": "900.00", "why": ""}, "why", "required"),
        ({}, "__all__", "what is to change"),
    ],
)
def test_each_mistake_is_told_beside_its_field(
    sam: Client, wrong: dict[str, str], field: str, said: str
) -> None:
    answer = sam.post(reverse("desk_terms"), given(**wrong) | {"do": "announce"})
    assert answer.status_code == 200
    assert said in " ".join(answer.context["form"].errors[field]), answer.context["form"].errors
    assert Publication.objects.count() == 1


def test_whoever_was_second_reads_it_anew(sam: Client) -> None:
    first, second = given(cap="900.00", do="announce"), given(goal="120000.00", do="announce")
    sam.post(reverse("desk_terms"), first)
    assert "choose another day" in sam.post(reverse("desk_terms"), second).content.decode()
    second["in_force"] = (TODAY + dt.timedelta(days=31)).isoformat()
    answer = sam.post(reverse("desk_terms"), second)
    assert "Others have announced terms meanwhile" in answer.content.decode()
    assert "Announce it" in answer.content.decode()
    assert Publication.objects.count() == 2


def test_the_first_day_proposed_gives_full_notice() -> None:
    noon = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    assert earliest_day(noon) == dt.date(2026, 12, 8)
    assert earliest_day(noon.replace(hour=0)) == dt.date(2026, 12, 7)


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "99999"])
def test_a_notice_that_is_no_number_of_days_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("COMAKER_NOTICE_DAYS", value)
    with pytest.raises(ImproperlyConfigured, match="COMAKER_NOTICE_DAYS"):
        whole_days("COMAKER_NOTICE_DAYS", 14)
