"""The addresses of the pages for anybody and for customers."""

from __future__ import annotations

from django.urls import path

from comaker.host.pages import public

PUBLIC = [
    path("", public.home, name="home"),
    path("projects/", public.projects, name="projects"),
    path("projects/<slug:slug>/", public.project, name="project"),
    path("rules/", public.rules, name="rules"),
    path("rules/model.toml", public.rules_file, name="rules_file"),
]

urlpatterns = [*PUBLIC]
