"""Every address of the site, by room."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

handler500 = "comaker.host.pages.broken.broken"

urlpatterns = [
    path("", include("comaker.host.pages.urls")),
    path("", include("comaker.host.api.urls")),
    path("desk/", include("comaker.host.staff.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
