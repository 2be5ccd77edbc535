"""The addresses of the pages for anybody and for customers."""

from __future__ import annotations

from django.urls import path

from comaker.host.pages import books, media, projects, public

PUBLIC = [
    path("", public.home, name="home"),
    path("feed/", public.feed, name="feed"),
    path("health/", public.health, name="health"),
    path("rules/", public.rules, name="rules"),
    path("rules/model.toml", public.rules_file, name="rules_file"),
    path("projects/", projects.projects, name="projects"),
    path("projects/<slug:slug>/", projects.project, name="project"),
    path("projects/<slug:slug>/cover.svg", projects.cover, name="cover"),
    path("projects/<slug:slug>/books/", books.books, name="books"),
    path("projects/<slug:slug>/books/payout/", books.payouts, name="payouts"),
    path("projects/<slug:slug>/books.csv", books.books_csv, name="books_csv"),
    path("media/<path:path>", media.media, name="media"),
]

urlpatterns = [*PUBLIC]
