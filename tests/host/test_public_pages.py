"""The pages for anybody."""

from __future__ import annotations

from django.test import Client


def test_the_home_page_opens(site):
    page = Client().get("/")
    assert page.status_code == 200
    assert b"My Major Company" in page.content
