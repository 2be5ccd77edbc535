"""The addresses of the pages for anybody and for customers."""

from __future__ import annotations

from django.urls import path

from comaker.host.pages import books, customer, holdings, media, profile, projects, public, tokens

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

CUSTOMER = [
    path("projects/<slug:slug>/stake/", customer.stake, name="stake"),
    path("projects/<slug:slug>/withdraw/", customer.withdraw, name="withdraw"),
    path("projects/<slug:slug>/buy/", customer.buy, name="buy"),
    path("holdings/", holdings.holdings, name="holdings"),
    path("holdings/<slug:slug>/", holdings.statement, name="statement"),
    path("profile/", profile.profile, name="profile"),
    path("profile/tokens/", tokens.tokens, name="tokens"),
    path("profile/tokens/<int:number>/revoke/", tokens.revoke, name="token_revoke"),
]

urlpatterns = [*PUBLIC, *CUSTOMER]
