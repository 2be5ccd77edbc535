"""Pictures, music and films of a project, and its news."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from comaker.host import uploads
from comaker.host.access import Access, allow
from comaker.host.models import Media, News, Project
from comaker.host.pages.answers import SeeOther
from comaker.host.staff.forms import MediaForm, NewsForm
from comaker.host.staff.log import Did, log
from comaker.host.staff.projects import project_context


@allow(Access.STAFF)
def media(request: HttpRequest, slug: str) -> HttpResponse:
    """Upload a file, describe, move or remove one."""
    found = get_object_or_404(Project, slug=slug)
    do = request.POST.get("do", "add")
    if request.method == "POST" and do != "add":
        _change(request, found, do)
        return SeeOther("desk_media", slug)
    form = MediaForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and _add(request, found, form):
        return SeeOther("desk_media", slug)
    context = project_context(request, found, "media") | {
        "form": form,
        "media": found.media.all(),
        "stored_mb": -(-uploads.stored_by(request.user) // uploads.MEGABYTE),
        "most_mb": uploads.MOST_BYTES_ACCOUNT // uploads.MEGABYTE,
    }
    return render(request, "comaker/desk/media.html", context)


def _add(request: HttpRequest, project: Project, form: MediaForm) -> bool:
    try:
        file = uploads.checked(form.cleaned_data["file"])
        added = uploads.store(file, project=project, text=form.cleaned_data["text"], by=request.user)
    except ValidationError as error:
        form.add_error("file", error)
        return False
    log(request, Did.UPLOADED, project.slug, f"{added.kind} {added.file.name}: {added.text}")
    messages.success(request, _("The file is on the page now."))
    return True


def _change(request: HttpRequest, project: Project, do: str) -> None:
    """Describe, move or remove one of a project's files; what is not there any more stays as it is."""
    number = request.POST.get("media", "")
    each = project.media.filter(pk=number).first() if number.isascii() and number.isdecimal() else None
    if each is None:
        messages.error(request, _("That file is not there any more."))
    elif do == "remove":
        name = each.file.name
        uploads.remove(each)
        log(request, Did.REMOVED, project.slug, f"{name}: {each.text}")
        messages.success(request, _("The file is removed."))
    elif do in ("up", "down"):
        _move(project, each, -1 if do == "up" else 1)
        log(request, Did.REARRANGED, project.slug, f"{each.file.name} {do}")
    elif do == "describe":
        form = MediaForm({"text": request.POST.get("text", "")}, instance=each)
        form.fields.pop("file")
        if form.is_valid():
            form.save()
            log(request, Did.EDITED, project.slug, f"{each.file.name}: {each.text}")
            messages.success(request, _("The description is saved."))
        else:
            messages.error(request, _("A description is needed for those who cannot see or hear it."))


def _move(project: Project, moved: Media, by: int) -> None:
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        everything = list(project.media.all())
        at = everything.index(moved)
        to = min(max(at + by, 0), len(everything) - 1)
        everything.insert(to, everything.pop(at))
        for place, each in enumerate(everything):
            each.place = place
        Media.objects.bulk_update(everything, ["place"])


@allow(Access.STAFF)
def news(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a piece of news, or remove one."""
    found = get_object_or_404(Project, slug=slug)
    number = request.POST.get("remove", "")
    if request.method == "POST" and number:
        gone = found.news.filter(pk=number).first() if number.isascii() and number.isdecimal() else None
        if gone is not None:
            log(request, Did.REMOVED, slug, f"news: {gone.title}")
            gone.delete()
            messages.success(request, _("The news is removed."))
        return SeeOther("desk_news", slug)
    form = NewsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        piece: News = form.save(commit=False)
        piece.project, piece.written_by = found, request.user
        piece.save()
        log(request, Did.NEWS, slug, piece.title)
        messages.success(request, _("The news is on the page now."))
        return SeeOther("desk_news", slug)
    context = project_context(request, found, "news") | {
        "form": form,
        "pieces": found.news.select_related("written_by"),
    }
    return render(request, "comaker/desk/news.html", context)
