"""Every address of the site, by room."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from comaker.host.pages import public

urlpatterns = [
    path("", public.home, name="home"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
