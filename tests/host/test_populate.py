"""A simulated year is asked of the real writer, which decides the same; the books of it are right."""

from __future__ import annotations

import datetime as dt
import io
import wave

import pytest
from PIL import Image

from comaker import events
from comaker.cli import demo
from comaker.host.audit import audit
from comaker.host.demo.artists import artists
from comaker.host.demo.covers import cover
from comaker.host.demo.stage import CUSTOMER
from comaker.host.demo.tunes import tune
from comaker.host.models import (
    Account,
    Event,
    Holding,
    Media,
    News,
    Project,
    Reservation,
    Settlement,
    Standing,
)
from comaker.host.populate import populate
from comaker.host.preparing import HostError
from comaker.model import gallery_text
from comaker.rules.stake import FUNDED, OPEN

UNTIL_US = 1_800_000_000_000_000
LAUNCH = dt.datetime(2007, 12, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def at(hours: float) -> dt.datetime:
    return LAUNCH + hours * HOUR


def year(rows: list[dict[str, object]]):
    """An event table as the simulation writes it."""
    names = ("kind", "customer", "subject", "refusal", "quantity", "money_minor", "task", "shown")
    columns = {name: [row.get(name) for row in rows] for name in names}
    numbers = list(range(1, len(rows) + 1))
    return events.table(
        {"event_id": numbers, "at": [row["at"] for row in rows], "run": [1] * len(rows), **columns}
    )


def stake(hours: float, customer: int, shares: int, **more: object) -> dict[str, object]:
    return {
        "at": at(hours),
        "kind": "done",
        "task": "stake",
        "customer": customer,
        "subject": 0,
        "quantity": shares,
        "money_minor": shares * 1000,
        **more,
    }


def small_year() -> list[dict[str, object]]:
    """One project from its first day to a settlement, with a refusal and a withdrawal."""
    people = range(1, 4)
    rows = [{"at": at(0), "kind": "opened", "subject": 0, "quantity": 30}]
    rows += [{"at": at(1), "kind": "joined", "customer": each} for each in people]
    rows += [
        stake(5, 1, 10),
        stake(6, 2, 9),
        {**stake(7, 2, 2), "kind": "refused", "refusal": "over_cap"},
        {**stake(8, 1, 4), "kind": "withdrawn"},
        stake(9, 1, 4),
        stake(10, 3, 10),
        stake(11, 2, 1),
        {"at": at(12), "kind": "funded", "subject": 0, "quantity": 30, "money_minor": 30_000},
        {"at": at(168), "kind": "cost", "subject": 0, "money_minor": 30_000},
        {"at": at(168), "kind": "income", "subject": 0, "money_minor": 500},
        {"at": at(2000), "kind": "released", "subject": 0},
        {"at": at(2300), "kind": "income", "subject": 0, "quantity": 100, "money_minor": 30_000},
        *({"at": at(2400), "kind": "paid", "customer": each, "subject": 0} for each in people),
        {"at": at(2500), "kind": "income", "subject": 0, "quantity": 10, "money_minor": 3_000},
        {"at": at(4000), "kind": "seen", "customer": 1},
    ]
    return rows


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Pictures and music, made once."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def small(make_site, site):
    """A site on which thirty shares fund a project, ten a person at most."""
    text = gallery_text("my-major-company").split("[[amendment]]")[0]
    rest = gallery_text("my-major-company").split("# --- What only a simulation needs", 1)[1]
    text = text.replace('goal = "70000.00"', 'goal = "300.00"').replace('cap = "7000.00"', 'cap = "100.00"')
    return make_site(f"{text}\n# --- What only a simulation needs{rest}")


def test_a_year_becomes_a_site_whose_books_are_right(small, kept):
    done = populate(year(small_year()), until_us=UNTIL_US, kept=kept)
    assert (done.refused, done.customers, done.projects) == (1, 3, 1)
    assert audit() == []
    standing = Standing.objects.get(project__gt=0)
    assert (standing.collected_shares, standing.reserved_shares, standing.holders) == (30, 0, 3)
    assert standing.released_us > standing.produced_us > standing.closed_us > standing.opened_us
    kinds = list(Event.objects.values_list("kind", flat=True))
    assert {"joined", "opened", "done", "refused", "withdrawn", "confirmed", "funded", "paid"} <= set(kinds)
    assert list(Event.objects.values_list("at_us", flat=True)) == sorted(
        Event.objects.values_list("at_us", flat=True)
    ), "the log is in order of time"
    assert max(Event.objects.values_list("at_us", flat=True)) <= UNTIL_US
    assert Settlement.objects.filter(state="booked").count() == 1
    assert Settlement.objects.filter(state="proposed").count() == 1, "one waits for the second person"
    lea = Account.objects.get(email=CUSTOMER)
    assert lea.check_password("welcome on stage")
    drafts = Project.objects.filter(published_at__isnull=True)
    assert drafts.count() == len(artists()) - 1
    assert Media.objects.count() == 2 * len(artists())
    assert News.objects.filter(published_at__year=2026).exists()
    assert not Reservation.objects.filter(state=Reservation.State.WAITING, task="stake").exists()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (stake(7, 2, 2), "not to 2 none"),
        ({**stake(8, 1, 1), "kind": "refused", "refusal": "over_goal"}, "not to None over_goal"),
    ],
    ids=["accepted there, refused here", "refused there, accepted here"],
)
def test_another_decision_than_the_simulated_one_stops_it(row, said, small, kept):
    rows = [each for each in small_year() if each.get("refusal") is None and each["at"] <= at(6)]
    with pytest.raises(HostError, match=f"the site decided otherwise than the simulation.*{said}"):
        populate(year([*rows, row]), until_us=UNTIL_US, kept=kept)


def test_more_projects_than_artists_are_refused(small, kept):
    rows = [*small_year(), {"at": at(1), "kind": "opened", "subject": len(artists())}]
    with pytest.raises(HostError, match="simulate fewer projects"):
        populate(year(rows), until_us=UNTIL_US, kept=kept)


def test_every_artist_has_a_cover_music_and_words_of_their_own():
    stage = artists()
    assert 12 <= len(stage) <= 20
    for field in ("slug", "name", "line", "story", "opinion"):
        assert len({getattr(each, field) for each in stage}) == len(stage)
    for motif in {each.motif for each in stage}:
        artist = next(each for each in stage if each.motif == motif)
        assert Image.open(io.BytesIO(cover(artist))).size == (1200, 1200)
    with wave.open(io.BytesIO(tune(stage[0]))) as music:
        assert music.getnframes() / music.getframerate() > 10
    assert cover(stage[0]) == cover(stage[0])


def test_the_year_that_the_demonstration_shows_has_everything_to_look_at(site, kept, monkeypatch):
    monkeypatch.setattr(demo, "_kept", lambda: kept)
    done = populate(demo._year(), until_us=UNTIL_US, kept=kept)
    assert done.projects <= len(artists()) - 1
    assert audit() == []
    projects = Standing.objects.filter(project__gt=0)
    assert projects.filter(status=OPEN).count() >= 5
    assert projects.filter(status=FUNDED, released_us=None).count() >= 2
    assert projects.filter(released_us__isnull=False, earned_minor__gt=0).count() >= 2
    assert set(Settlement.objects.values_list("state", flat=True)) == {"booked", "proposed"}
    assert Reservation.objects.filter(state=Reservation.State.WAITING).count() >= 10
    assert Event.objects.filter(kind="refused").count() >= 50
    assert Event.objects.filter(kind="withdrawn").count() >= 10
    lea = Account.objects.get(email=CUSTOMER)
    assert Holding.objects.filter(customer=lea.pk, paid_minor__gt=0).exists()
    assert Holding.objects.filter(customer=lea.pk).count() >= 5
