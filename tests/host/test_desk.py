"""The desk: what waits, and every page of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from comaker.host.staff.urls import urlpatterns

PLAIN = [each.name for each in urlpatterns if "<" not in str(each.pattern)]


@pytest.fixture
def sam(site: Any) -> Client:
    client = Client()
    client.force_login(site.staff("Sam"))
    return client


@pytest.mark.parametrize("name", PLAIN)
def test_every_page_of_the_desk_opens_when_there_is_nothing_yet(sam: Client, name: str) -> None:
    answer = sam.get(reverse(name))
    assert answer.status_code == 200
    assert "What waits" in answer.content.decode()


@pytest.mark.parametrize(
    "name", ["desk_project", "desk_media", "desk_news", "desk_records", "desk_settlements"]
)
def test_every_page_of_a_project_opens_before_and_after_it_is_published(
    site: Any, sam: Client, name: str
) -> None:
    site.draft("Ada")
    site.project("Grace")
    for slug in ("ada", "grace"):
        assert sam.get(reverse(name, args=[slug])).status_code == 200
    assert sam.get(reverse(name, args=["nobody"])).status_code == 404
