"""Looks at projects become events: who opened a page, what it told her, and nothing of anybody else."""

from __future__ import annotations

import json
import threading

import pytest
from django.test import Client

import comaker
from comaker.host.export import export
from comaker.host.models import Account, Event, Standing
from comaker.host.pages import looks as looking
from comaker.host.writer import Act, Request, write
from comaker.rules.stake import FUNDED


def logged_in(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def seen() -> list[Event]:
    looking.looks.write()
    return [*Event.objects.filter(kind="seen").order_by("id")]


def test_a_customer_who_opens_a_project_is_recorded_with_what_she_saw(database, make_site):
    site = make_site()
    ann, project = site.customer(), site.project()
    stake = Request(Act.STAKE, project=project.pk, customer=site.customer("Bob").pk, quantity=3, key="a")
    assert write([stake])[0].is_done
    assert logged_in(ann).get("/projects/grace/").status_code == 200
    (look,) = seen()
    assert (look.customer, look.subject, look.task, look.quantity) == (ann.pk, project.pk, "stake", None)
    assert json.loads(look.shown) == {"cap": 100, "collected": 3, "goal": 10_000, "holders": 1}


def test_her_first_look_at_a_project_on_a_day_counts(database, make_site):
    site = make_site()
    for name in ("Grace", "Hope"):
        site.project(name)
    ann, bob = logged_in(site.customer()), logged_in(site.customer("Bob"))
    for client in (ann, ann, bob):
        client.get("/projects/grace/")
    ann.get("/projects/hope/")
    assert len(seen()) == 3
    ann.get("/projects/grace/")
    assert len(seen()) == 3, "what is written already counts too"


@pytest.mark.parametrize("how", ["visitor", "staff", "prefetch", "head", "not open"])
def test_nobody_else_is_recorded(site, how):
    project = site.project()
    client = {"visitor": Client, "staff": lambda: logged_in(site.staff())}.get(
        how, lambda: logged_in(site.customer())
    )()
    if how == "not open":
        Standing.objects.filter(project=project.pk).update(status=FUNDED)
    headers = {"sec-purpose": "prefetch;prerender"} if how == "prefetch" else {}
    ask = client.head if how == "head" else client.get
    assert ask("/projects/grace/", headers=headers).status_code == 200
    assert seen() == []


def test_a_page_does_not_fail_where_its_look_cannot_be_written(site, monkeypatch, caplog):
    def away(requests):
        raise OSError("the disk is full")

    site.project()
    monkeypatch.setattr(looking, "write", away)
    assert logged_in(site.customer()).get("/projects/grace/").status_code == 200
    thread = threading.Thread(target=looking.looks._write_and_close)
    thread.start()
    thread.join()
    assert "looks could not be recorded" in caplog.text
    assert "the disk is full" in caplog.text


def test_looks_are_written_by_themselves_within_a_moment(site, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(looking, "PAUSE_S", 0.01)
    site.project()
    written = threading.Event()
    monkeypatch.setattr(looking, "write", lambda requests: written.set())
    logged_in(site.customer()).get("/projects/grace/")
    assert written.wait(10)


def test_a_rush_of_looks_is_bounded(site, monkeypatch):
    monkeypatch.setattr(looking, "MOST_WAITING", 2)
    site.project()
    for name in ("Ann", "Bob", "Cleo"):
        logged_in(site.customer(name)).get("/projects/grace/")
    assert len(seen()) == 2


def test_the_export_of_a_site_tells_how_many_looks_end_in_a_stake(site, tmp_path):
    project = site.project()
    for number, name in enumerate(("Ann", "Bob", "Cleo", "Dan")):
        ann = site.customer(name)
        logged_in(ann).get("/projects/grace/")
        looking.looks.write()
        if number % 2:
            stake = Request(Act.STAKE, project=project.pk, customer=ann.pk, quantity=1, key="a")
            assert write([stake])[0].is_done
    export(tmp_path / "events")
    path = next((tmp_path / "events").iterdir())
    found = comaker.measure(path, site.model).figures.set_index("name")
    assert found.loc["look_conversion", "value"] == 0.5
    assert found.loc["look_conversion", "n"] == 4
