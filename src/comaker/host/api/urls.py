"""The addresses of the API."""

from __future__ import annotations

from django.urls import path

from comaker.host.api.app import api, nowhere

urlpatterns = [
    path("api/v1/", api.urls),
    path("api/<path:rest>", nowhere, name="api_nowhere"),
]
