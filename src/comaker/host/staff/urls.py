"""The addresses of the staff's pages, all under ``desk/``."""

from __future__ import annotations

from django.urls import path

from comaker.host.staff import desk, log, media, money, projects, records, settlements, terms

PROJECT = "projects/<slug:slug>"

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("projects/", projects.projects, name="desk_projects"),
    path("projects/new/", projects.new, name="desk_new"),
    path(f"{PROJECT}/", projects.project, name="desk_project"),
    path(f"{PROJECT}/publish/", projects.publish, name="desk_publish"),
    path(f"{PROJECT}/milestone/", projects.milestone, name="desk_milestone"),
    path(f"{PROJECT}/media/", media.media, name="desk_media"),
    path(f"{PROJECT}/news/", media.news, name="desk_news"),
    path(f"{PROJECT}/records/", records.records, name="desk_records"),
    path(f"{PROJECT}/settlements/", settlements.settlements, name="desk_settlements"),
    path(f"{PROJECT}/settlements/<int:number>/approve/", settlements.approve, name="desk_approve"),
    path(f"{PROJECT}/settlements/<int:number>/drop/", settlements.drop, name="desk_drop"),
    path("money/", money.money, name="desk_money"),
    path("records/", records.all_records, name="desk_records"),
    path("settlements/", settlements.all_settlements, name="desk_settlements"),
    path("terms/", terms.terms, name="desk_terms"),
    path("log/", log.acts, name="desk_log"),
]
