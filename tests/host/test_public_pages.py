"""The pages for anybody: what they show in every state, with how many questions to the database."""

from __future__ import annotations

import itertools
import re

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from comaker.host.models import Account, Media, News, Project, Publication
from comaker.host.pages import public, terms
from comaker.host.pages.covers import FIGURES, cover_svg
from comaker.host.wording import clean_name, money_text, round_money_text
from comaker.host.writer import Act, Request, write
from comaker.model import gallery_text, load

WEEK_US = 7 * 86_400 * 1_000_000
START_US = 1_800_000_000_000_000
_keys = itertools.count()


def ask(act, **fields):
    answer = write([Request(act, key=f"key {next(_keys)}", **fields)], now_us=fields.pop("now_us", None))[0]
    assert answer.is_done, answer
    return answer


def text_of(url, client=None, status=200):
    page = (client or Client()).get(url)
    assert page.status_code == status, (url, page.status_code)
    return re.sub(r"\s+", " ", page.getvalue().decode())


@pytest.fixture
def small(sqlite, make_site, model_text):
    """A goal of 100 euros, money with the stake, three weeks to reach it."""
    return make_site(
        model_text(goal="100.00", cap="60.00", reserved_for=None, closes="at deadline", open_for="21 days")
    )


def funded(site, name="Grace"):
    """A project whose deadline passed above its goal."""
    project = site.project(name, now_us=START_US)
    for person in (site.customer(f"{name} Ann"), site.customer(f"{name} Bob")):
        stake = Request(Act.STAKE, project=project.pk, customer=person.pk, quantity=5, key="stake")
        assert write([stake], now_us=START_US)[0].is_done
    close = Request(Act.CLOSE, project=project.pk)
    assert write([close], now_us=START_US + 4 * WEEK_US)[0].is_done
    return project


def expired(site, name="Ernest"):
    """A project whose deadline passed below its goal."""
    project = site.project(name, now_us=START_US)
    person = site.customer(f"{name} Cleo")
    stake = Request(Act.STAKE, project=project.pk, customer=person.pk, quantity=2, key="stake")
    assert write([stake], now_us=START_US)[0].is_done
    assert write([Request(Act.CLOSE, project=project.pk)], now_us=START_US + 4 * WEEK_US)[0].is_done
    return project


def released(site, name="Rosa"):
    """A project whose record is out."""
    project, sam = funded(site, name), site.staff(f"{name} Sam")
    ask(Act.PRODUCE, project=project.pk, staff=sam.pk)
    ask(Act.RELEASE, project=project.pk, staff=sam.pk)
    return project


PAGES = ("", "books/", "books/payout/", "books.csv", "cover.svg")


def test_every_page_opens_before_there_is_any_project(site):
    for url in (
        "/",
        "/projects/",
        "/projects/?show=open",
        "/feed/",
        "/rules/",
        "/health/",
        "/rules/model.toml",
    ):
        text_of(url)
    assert "The first artists are on their way" in text_of("/")
    assert "Nobody has staked yet" in text_of("/feed/")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda site: site.project(now_us=START_US), "Open"),
        (funded, "Goal reached"),
        (expired, "Closed: goal not reached"),
        (released, "Released"),
    ],
    ids=["open", "funded", "expired", "released"],
)
def test_every_page_of_a_project_opens_in_every_state(small, make, said):
    project = make(small)
    for page in PAGES:
        text_of(f"/projects/{project.slug}/{page}")
    assert f">{said}</span>" in text_of(f"/projects/{project.slug}/")
    assert f">{said}</span>" in text_of("/projects/")


def test_f28_a_draft_is_seen_by_staff_alone_and_has_no_books(site):
    site.draft()
    client = Client()
    for page in ("", "books/", "books/payout/", "books.csv"):
        text_of(f"/projects/grace/{page}", status=404)
    client.force_login(site.customer())
    text_of("/projects/grace/", client, status=404)
    client.force_login(site.staff())
    assert "A draft" in text_of("/projects/grace/", client)
    assert "Grace" not in text_of("/projects/", client)


def test_the_list_is_narrowed_to_what_is_asked_for(small):
    funded(small, "Faye")
    expired(small, "Ernest")
    released(small, "Rosa")
    small.project("Olga", now_us=START_US)
    shown = {
        chosen: {name for name in ("Faye", "Ernest", "Rosa", "Olga") if f"<bdi>{name}</bdi>" in page}
        for chosen in ("", "open", "funded", "released", "nonsense")
        if (page := text_of(f"/projects/?show={chosen}"))
    }
    everyone = {"Faye", "Ernest", "Rosa", "Olga"}
    assert shown == {
        "": everyone,
        "open": {"Olga"},
        "funded": {"Faye"},
        "released": {"Rosa"},
        "nonsense": everyone,
    }


def test_a_list_longer_than_a_page_is_paged_and_keeps_what_was_asked_for(site):
    for number in range(14):
        site.project(f"Artist{number}")
    first, second = text_of("/projects/?show=open"), text_of("/projects/?show=open&page=2")
    assert first.count("<article") == 12
    assert second.count("<article") == 2
    assert "?show=open&amp;page=2" in first
    assert text_of("/projects/?page=9999").count("<article") == 2
    assert text_of("/projects/?page=x").count("<article") == 12


def test_the_projects_page_shows_its_story_opinion_news_media_and_producers(site):
    project, sam = site.project(), site.staff()
    Project.objects.filter(pk=project.pk).update(opinion="Three bars were enough.")
    News.objects.create(project=project, title="In the studio", text="Two songs down.", written_by=sam)
    for kind, name in (("picture", "a.jpg"), ("picture", "b.jpg"), ("audio", "c.mp3"), ("video", "d.mp4")):
        media = Media(project=project, kind=kind, text=f"about {name}", added_by=sam)
        media.file.save(name, ContentFile(b"x"))
    ann = site.customer()
    ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=7)
    page = text_of("/projects/grace/")
    for said in (
        *("I sing.", "Three bars were enough.", "In the studio", "about a.jpg", "about b.jpg"),
        *("<audio controls", "<video controls", "<bdi>Ann</bdi>", "7 shares", "€70</strong>", "of €100,000"),
        *("What you do", "How it is done", "What you gain", "How you stop", "up to 100 shares a person"),
    ):
        assert said in page, said


def test_the_projects_page_offers_what_can_be_done(small):
    released(small)
    small.project("Olga", now_us=START_US)
    ann, client = Account.objects.get(name="Rosa Ann"), Client()
    client.force_login(ann)
    assert 'href="/projects/olga/stake/"' in text_of("/projects/olga/")
    assert "Buy for €15.00" in text_of("/projects/rosa/", client)
    assert "You hold 5 shares" in text_of("/projects/rosa/", client)
    assert "/stake/" not in text_of("/projects/rosa/", client)
    client.force_login(small.staff("Kim"))
    assert "you cannot stake" in text_of("/projects/olga/", client)
    assert "/stake/" not in text_of("/projects/olga/", client)


def test_the_feed_is_a_fragment_for_htmx_and_a_page_without(site):
    project, ann = site.project(), site.customer()
    ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=3)
    part = Client().get("/feed/", headers={"HX-Request": "true"}).content.decode()
    whole = text_of("/feed/")
    assert "<html" not in part
    assert "<html" in whole
    for said in ("<bdi>Ann</bdi>", "€30", "<bdi>Grace</bdi>"):
        assert said in part
        assert said in whole
        assert said in text_of("/")


def test_the_feed_shows_the_latest_first_and_no_refusals(site):
    project, ann = site.project(), site.customer()
    for quantity in (1, 2, 3):
        ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=quantity)
    refused = Request(Act.STAKE, project=project.pk, customer=ann.pk, quantity=5_000, key="too much")
    assert not write([refused])[0].is_done
    assert re.findall(r"feed-sum\">(€\d+)", text_of("/feed/")) == ["€30", "€20", "€10"]


def test_the_feed_is_read_by_its_index(site):
    with CaptureQueriesContext(
        connection,
    ) as caught:
        text_of("/feed/")
    asked = next(each["sql"] for each in caught if 'FROM "host_event"' in each["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "event_latest_done" in plan
    assert "TEMP B-TREE" not in plan


def test_the_home_page_answers_sixteen_questions_with_the_terms_in_force(site):
    page = text_of("/")
    assert page.count("<details>") == 16
    assert "One share, €10, is enough." in page
    assert "{" not in "".join(re.findall(r"<details>.*?</details>", page))
    assert "In force since <time" in page


def test_a_firm_that_wrote_no_texts_is_explained_by_its_tasks_guides(sqlite, make_site):
    text = gallery_text("my-major-company")
    make_site(text[: text.index("[text.en]")])
    page = text_of("/")
    assert "What do I gain?" in page
    assert "Buy shares of an artist, at 10 euros each" in page


def test_the_rules_page_tells_every_version_and_what_it_changed(site):
    page = text_of("/rules/")
    for said in ("1 December 2007", "22 May 2008", "6 April 2009", "5 May 2009", "The terms at the launch"):
        assert said in page
    assert "<td>€70,000</td><td>€100,000</td>" in page
    assert "<td>€7,000 from the start</td><td>€1,000 from the start</td>" in page
    assert "€850 from €10,000 collected" in page
    assert "the cap falls by 150 a step" in page
    assert page.count(">In force<") == 1
    for share in ("30%", "20%", "50%"):
        assert share in page


def test_the_rules_page_tells_when_each_version_was_first_announced(site):
    text = gallery_text("my-major-company")
    more = (
        '[[amendment]]\nin_force = 2999-01-01\nwhy = "Later"\nset = { "task.stake.terms.goal" = "9000.00" }\n'
    )
    at = text.index("# --- What only a simulation needs")
    changed = text[:at] + more + text[at:]
    Publication.objects.create(text=changed, hash="later")
    days = [each.announced_at for each in Publication.objects.order_by("id")]
    told = {each.why: each.announced for each in terms.chapters_of(load_text(changed), days[1].date())}
    assert told["Later"] == days[1]
    assert told["The terms at the launch"] == days[0]
    assert ">To come<" in text_of("/rules/")


def load_text(text):
    from comaker.host.firm import model_of

    return model_of(text)


def test_the_rules_can_be_downloaded_as_they_were_published(site):
    answer = Client().get("/rules/model.toml")
    assert answer.content.decode() == gallery_text("my-major-company")
    assert "attachment" in answer["Content-Disposition"]


def test_health_says_whether_the_database_answers(site, monkeypatch):
    assert Client().get("/health/").content == b"ok\n"

    def broken():
        raise OperationalError("gone")

    monkeypatch.setattr(public.connection, "cursor", broken)
    assert Client().get("/health/").status_code == 503


@pytest.mark.parametrize("name", ["\u202eann\u202c", "a\u200bnn\u2066", "\ufeffann\x00", "\u3164ann"])
def test_e26_names_lose_what_cannot_be_seen(name):
    assert clean_name(name) == "ann"


def test_e26_a_name_of_markup_is_shown_as_letters(site):
    project = site.project()
    name = "<script>alert(1)</script>\u202e😀"
    ann = site.customer("Ann")
    Account.objects.filter(pk=ann.pk).update(name=name)
    Project.objects.filter(pk=project.pk).update(name=name, line=name, story=name, opinion=name)
    ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=1)
    for url in ("/", "/projects/", "/feed/", *(f"/projects/grace/{page}" for page in PAGES)):
        page = text_of(url)
        assert "<script>alert" not in page, url
        assert "\u202e" not in re.sub(r"<p[ >].*?</p>|<title>.*?</title>", "", page), url
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;😀</bdi>" in text_of("/")


def test_a_name_of_nothing_visible_becomes_a_number(site):
    project, ann = site.project(), site.customer()
    Account.objects.filter(pk=ann.pk).update(name="\u200b\u200b")
    ask(Act.STAKE, project=project.pk, customer=ann.pk, quantity=1)
    assert f"<bdi>Customer {ann.pk}</bdi>" in text_of("/projects/grace/")


@pytest.mark.parametrize("slug", [f"artist-{number}" for number in range(len(FIGURES) * 4)])
def test_a_cover_is_drawn_alike_every_time_and_well_formed(slug):
    import xml.etree.ElementTree as tree

    drawn = cover_svg(slug, "A & B <i> with a very long name that goes on")
    assert drawn == cover_svg(slug, "A & B <i> with a very long name that goes on")
    tree.fromstring(drawn)


def test_a_cover_may_load_nothing_as_a_page_of_its_own(site):
    site.project()
    answer = Client().get("/projects/grace/cover.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_media_are_served_with_their_type_and_in_parts(site, tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "MEDIA_ROOT", str(tmp_path))
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "song.mp3").write_bytes(bytes(range(200)))
    (tmp_path / "media" / "page.html").write_bytes(b"<script>")
    (tmp_path.parent / "secret.mp3").write_bytes(b"secret")
    client = Client()
    whole = client.get("/media/media/song.mp3")
    assert (whole.status_code, whole["Content-Type"], whole.getvalue()) == (
        200,
        "audio/mpeg",
        bytes(range(200)),
    )
    assert whole["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in whole["Cache-Control"]
    part = client.get("/media/media/song.mp3", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.getvalue()) == (206, bytes(range(10, 20)))
    assert part["Content-Range"] == "bytes 10-19/200"
    assert client.get("/media/media/song.mp3", headers={"Range": "bytes=900-"}).status_code == 416
    for path in (
        "media/page.html",
        "media/none.mp3",
        "../secret.mp3",
        "media",
        "%2e%2e/secret.mp3",
        "a%00.mp3",
    ):
        assert client.get(f"/media/{path}").status_code == 404, path


def test_error_pages_are_the_sites_own(site):
    missing = text_of("/no/such/page/", status=404)
    assert "Nothing plays here" in missing
    assert "My Major Company" in missing
    client = Client(enforce_csrf_checks=True)
    assert "too old" in client.post("/accounts/login/", {}).content.decode()
    assert Client().post("/projects/").status_code == 405


def test_a_broken_page_says_sorry_without_asking_the_database(site, monkeypatch):
    monkeypatch.setattr(public.reading, "latest_stakes", lambda firm: 1 // 0)
    client = Client(raise_request_exception=False)
    page = client.get("/feed/")
    assert page.status_code == 500
    assert "Something broke on our side" in page.content.decode()
    assert "ZeroDivision" not in page.content.decode()


def crowd(site, project, number, first=0):
    for each in range(first, first + number):
        ask(Act.STAKE, project=project.pk, customer=site.customer(f"Fan{each}").pk, quantity=2)


def test_pages_ask_the_database_as_little_for_thirty_as_for_three(site):
    project, client = site.project(), Client()
    client.force_login(site.customer())
    for number in range(2):
        site.project(f"Artist{number}")
    crowd(site, project, 3)
    urls = ("/", "/projects/", "/feed/", "/rules/", *(f"/projects/grace/{page}" for page in PAGES))

    def counts():
        found = {}
        for url in urls:
            with CaptureQueriesContext(connection) as caught:
                answer = client.get(url)
                list(answer)
            found[url] = len(caught)
        return found

    few = counts()
    for number in range(2, 29):
        site.project(f"Artist{number}")
    crowd(site, project, 27, first=3)
    assert counts() == few
    assert {url: count for url, count in few.items() if count > 10} == {}


def test_money_is_written_whole_where_it_is_whole():
    firm = load("my-major-company")
    assert money_text(123_450, firm) == "€1,234.50"
    assert round_money_text(123_450, firm) == "€1,234.50"
    assert round_money_text(10_000_000, firm) == "€100,000"
    assert money_text(-5, firm) == "−€0.05"
