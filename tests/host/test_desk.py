"""The desk: every page of it, who may come in, and what it notes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from comaker.host.models import Account, Media, News, Project, StaffAct, Standing
from comaker.host.staff.forms import free_slug
from comaker.host.staff.urls import urlpatterns
from comaker.host.writer import Act, Request, write

PLAIN = [each.name for each in urlpatterns if "<" not in str(each.pattern)]
OF_PROJECT = ["desk_project", "desk_media", "desk_news", "desk_records", "desk_settlements"]
TEXTS = {"name": "Ada", "line": "Songs at dawn", "story": "I play.", "opinion": ""}


def logged_in(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


@pytest.fixture
def sam(site: Any) -> Client:
    return logged_in(site.staff("Sam"))


def text_of(answer: Any) -> str:
    return answer.content.decode()


@pytest.mark.parametrize("name", PLAIN)
def test_every_page_of_the_desk_opens_when_there_is_nothing_yet(sam: Client, name: str) -> None:
    answer = sam.get(reverse(name))
    assert answer.status_code == 200
    assert "What waits" in text_of(answer)


@pytest.mark.parametrize("name", OF_PROJECT)
def test_every_page_of_a_project_opens_before_and_after_it_is_published(
    site: Any, sam: Client, name: str
) -> None:
    site.draft("Ada")
    site.project("Grace")
    for slug in ("ada", "grace"):
        assert sam.get(reverse(name, args=[slug])).status_code == 200
    assert sam.get(reverse(name, args=["nobody"])).status_code == 404


def test_f28_customers_and_strangers_do_not_come_in(site: Any) -> None:
    site.project("Grace")
    ann = logged_in(site.customer("Ann"))
    for each in urlpatterns:
        given = {"slug": "grace", "number": 1}
        wanted = {name: given[name] for name in given if f":{name}>" in str(each.pattern)}
        address = reverse(each.name, kwargs=wanted)
        for method in ("get", "post"):
            assert getattr(ann, method)(address).status_code == 403
            stranger = getattr(Client(), method)(address)
            assert stranger.status_code == 302
            assert stranger.headers["Location"].startswith(reverse("account_login"))
    assert not StaffAct.objects.exists()


def test_f30_staff_do_not_take_part(site: Any, sam: Client) -> None:
    site.project("Grace")
    for name in ("stake", "withdraw", "buy"):
        address = reverse(name, args=["grace"])
        assert sam.post(address, {"shares": "1", "key": "k"}).status_code == 403
    assert Standing.objects.exclude(project=0).get().collected_shares == 0


def test_a_draft_is_written_published_and_noted(site: Any, sam: Client) -> None:
    answer = sam.post(reverse("desk_new"), TEXTS)
    assert (answer.status_code, answer.headers["Location"]) == (303, reverse("desk_project", args=["ada"]))
    assert Project.objects.get().published_at is None
    assert Client().get(reverse("project", args=["ada"])).status_code == 404
    page = text_of(sam.get(reverse("desk_project", args=["ada"])))
    assert "Publish now" in page
    assert "It is in production" not in page
    assert sam.post(reverse("desk_publish", args=["ada"]), {"key": "k"}).status_code == 303
    assert Project.objects.get().published_at is not None
    assert Standing.objects.exclude(project=0).get().status == 0
    assert "Publish now" not in text_of(sam.get(reverse("desk_project", args=["ada"])))
    assert [act.act for act in StaffAct.objects.order_by("id")] == ["drafted", "published"]


def test_d19_publishing_twice_publishes_once(site: Any, sam: Client) -> None:
    site.draft("Ada")
    address = reverse("desk_publish", args=["ada"])
    for key in ("k", "k", "other"):
        assert sam.post(address, {"key": key}).status_code == 303
    assert Standing.objects.exclude(project=0).count() == 1


def test_a_form_without_its_key_does_nothing(site: Any, sam: Client) -> None:
    site.draft("Ada")
    answer = sam.post(reverse("desk_publish", args=["ada"]), follow=True)
    assert "load the page again" in text_of(answer)
    assert not Standing.objects.exclude(project=0).exists()


def test_f29_a_form_sets_only_its_own_fields(site: Any, sam: Client) -> None:
    other = site.staff("Kim")
    evil = {"slug": "evil", "published_at": "2020-01-01", "created_by": other.pk, "id": 99, "pk": 99}
    sam.post(reverse("desk_new"), TEXTS | evil)
    project = Project.objects.get()
    assert (project.slug, project.published_at, project.created_by.name) == ("ada", None, "Sam")
    assert project.pk != 99


def test_a_milestone_out_of_turn_is_refused_in_a_sentence(site: Any, sam: Client) -> None:
    site.project("Grace")
    for milestone in ("produced", "released"):
        answer = sam.post(
            reverse("desk_milestone", args=["grace"]), {"milestone": milestone, "key": milestone}, follow=True
        )
        assert "Another step has to be done first." in text_of(answer)
    answer = sam.post(reverse("desk_milestone", args=["grace"]), {"milestone": "x", "key": "k"}, follow=True)
    assert "choose what has been reached" in text_of(answer)
    assert Standing.objects.exclude(project=0).get().produced_us is None
    assert set(StaffAct.objects.values_list("act", flat=True)) == {"was refused"}


def test_milestones_come_one_after_the_other(sqlite: str, make_site: Any, model_text: Any) -> None:
    site = make_site(model_text(goal="50.00", cap="50.00", reserved_for=None))
    sam, grace, ann = logged_in(site.staff("Sam")), site.project("Grace"), site.customer("Ann")
    write([Request(Act.STAKE, project=grace.pk, customer=ann.pk, quantity=5, key="s")])
    address, milestone = reverse("desk_project", args=["grace"]), reverse("desk_milestone", args=["grace"])
    assert "waits for production" in text_of(sam.get(reverse("desk")))
    page = text_of(sam.get(address))
    assert "It is in production" in page
    assert "It is released" not in page
    sam.post(milestone, {"milestone": "produced", "key": "a"})
    assert "It is released" in text_of(sam.get(address))
    sam.post(milestone, {"milestone": "released", "key": "b"})
    assert Standing.objects.exclude(project=0).get().released_us is not None
    page = text_of(sam.get(address))
    assert "It is released" not in page
    assert "It is in production" not in page


def test_e26_names_that_cannot_be_seen_or_turn_the_words_around_are_cleaned(site: Any, sam: Client) -> None:
    answer = sam.post(reverse("desk_new"), TEXTS | {"name": "\u202e\u200b\u2066"})
    assert "letters that can be seen" in text_of(answer)
    sam.post(reverse("desk_new"), TEXTS | {"name": "\u202eA\u200bda <script>alert(1)</script>"})
    project = Project.objects.get()
    assert project.name == "Ada <script>alert(1)</script>"
    page = text_of(sam.get(reverse("desk_project", args=[project.slug])))
    assert "<script>alert" not in page


def test_two_of_one_name_get_two_addresses(site: Any) -> None:
    site.draft("Ada")
    assert free_slug("Ada") == "ada-2"
    assert free_slug("New") == "new-2"
    assert free_slug("東京") == "project"


def test_a_text_without_end_is_refused(site: Any, sam: Client) -> None:
    answer = sam.post(reverse("desk_new"), TEXTS | {"story": "x" * 20_001})
    assert "at most 20000 characters" in text_of(answer)
    assert not Project.objects.exists()


def test_news_are_written_and_removed(site: Any, sam: Client) -> None:
    site.project("Grace")
    address = reverse("desk_news", args=["grace"])
    sam.post(address, {"title": "In the studio", "text": "We record."})
    piece = News.objects.get()
    assert piece.written_by.name == "Sam"
    sam.post(address, {"remove": str(piece.pk)})
    sam.post(address, {"remove": "x"})
    assert not News.objects.exists()
    assert [act.act for act in StaffAct.objects.order_by("id")] == ["wrote news", "removed"]


def test_news_of_another_project_stay(site: Any, sam: Client) -> None:
    grace, ada = site.project("Grace"), site.draft("Ada")
    piece = News.objects.create(project=grace, title="x", text="x", written_by=ada.created_by)
    media = Media.objects.create(project=grace, kind="picture", text="x", added_by=ada.created_by)
    sam.post(reverse("desk_news", args=["ada"]), {"remove": str(piece.pk)})
    sam.post(reverse("desk_media", args=["ada"]), {"do": "remove", "media": str(media.pk)})
    assert News.objects.exists()
    assert Media.objects.exists()


def test_g41_the_log_shows_who_did_what_and_can_be_narrowed(site: Any, sam: Client) -> None:
    kim = logged_in(site.staff("Kim"))
    sam.post(reverse("desk_new"), TEXTS)
    kim.post(reverse("desk_project", args=["ada"]), TEXTS | {"line": "Other songs"})
    page = text_of(sam.get(reverse("desk_log")))
    assert "drafted" in page
    assert "<td>edited</td>" in page
    kims = Account.objects.get(name="Kim").pk
    page = text_of(sam.get(reverse("desk_log"), {"by": kims}))
    assert "<td>edited</td>" in page
    assert "<td>drafted</td>" not in page
    for query in ({"act": "drafted"}, {"by": "x"}, {"by": "9" * 40}, {"page": "999"}, {"act": "'"}):
        assert sam.get(reverse("desk_log"), query).status_code == 200


def test_g41_nobody_changes_the_log(database: str, make_site: Any) -> None:
    site = make_site()
    StaffAct.objects.create(account=site.staff().pk, act="x")
    with pytest.raises(DatabaseError, match="only ever added"):
        StaffAct.objects.update(act="y")
    connection.close()
    with pytest.raises(DatabaseError, match="only ever added"):
        StaffAct.objects.all().delete()
    connection.close()


def test_the_pages_ask_the_database_few_questions(site: Any, sam: Client) -> None:
    for name in ("Grace", "Ada", "Mia"):
        project = site.project(name)
        ann = site.customer(f"Ann{name}")
        write([Request(Act.STAKE, project=project.pk, customer=ann.pk, quantity=1, key="s")])
    site.draft("Zoe")
    addresses = [reverse(name) for name in PLAIN if name != "desk_new"]
    addresses += [reverse(name, args=["grace"]) for name in OF_PROJECT]
    for address in addresses:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert sam.get(address).status_code == 200
        assert len(asked) <= 10, (address, [each["sql"][:100] for each in asked])


def test_the_admin_is_for_superusers_and_the_books_are_only_read_there(site: Any, sam: Client) -> None:
    site.project("Grace")
    assert sam.get(reverse("admin:index")).status_code == 302
    root = logged_in(site.staff("Root", is_superuser=True))
    assert root.get(reverse("admin:index")).status_code == 200
    for model in (
        "event posting standing holding reservation contribution publication settlement staffact token"
    ).split():
        assert root.get(reverse(f"admin:host_{model}_changelist")).status_code == 200
        assert root.get(reverse(f"admin:host_{model}_add")).status_code == 403
    standing = Standing.objects.exclude(project=0).get()
    change = reverse("admin:host_standing_change", args=[standing.pk])
    assert root.post(change, {"collected_shares": 99}).status_code == 403
    assert root.post(reverse("admin:host_standing_delete", args=[standing.pk])).status_code == 403
    for model in ("account", "project", "news", "media"):
        assert root.get(reverse(f"admin:host_{model}_changelist")).status_code == 200


def test_g41_what_a_superuser_changes_is_noted(site: Any) -> None:
    project = site.draft("Ada")
    root = logged_in(site.staff("Root", is_superuser=True))
    fields = {"name": "Ada L.", "line": "x", "story": "y", "opinion": ""}
    root.post(reverse("admin:host_project_change", args=[project.pk]), fields)
    project.refresh_from_db()
    assert project.name == "Ada L."
    assert StaffAct.objects.get().subject == f"project {project.pk}"


def test_f30_whoever_holds_shares_cannot_become_one_of_the_staff(site: Any) -> None:
    grace, ann = site.project("Grace"), site.customer("Ann")
    root = logged_in(site.staff("Root", is_superuser=True))
    change = reverse("admin:host_account_change", args=[ann.pk])
    given = {"name": "Ann", "is_active": "on", "is_staff": "on", "arm": ""}
    write([Request(Act.STAKE, project=grace.pk, customer=ann.pk, quantity=1, key="s")])
    assert "staff do not take part" in text_of(root.post(change, given))
    write([Request(Act.WITHDRAW, project=grace.pk, customer=ann.pk, quantity=1, key="w")])
    assert root.post(change, given).status_code == 302
    ann.refresh_from_db()
    assert ann.is_staff
