"""Serves uploaded pictures, music and films; parts of them too, so that players can jump."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.utils._os import safe_join
from django.views.decorators.http import require_safe
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from comaker.host.access import Access, allow
from comaker.host.uploads import TYPES


@allow(Access.ANYONE)
@require_safe
def media(request: HttpRequest, path: str) -> HttpResponse:
    """A file of the media folder; 404 for what is not there or of a kind that nobody may upload.

    Names are random and files are never changed, so browsers may keep them for ever.
    """
    kind = TYPES.get(path.rpartition(".")[2])
    try:
        file = Path(safe_join(settings.MEDIA_ROOT, path))
        is_there = file.is_file()
    except (SuspiciousFileOperation, ValueError, OSError) as error:
        raise Http404 from error
    if kind is None or not is_there:
        raise Http404
    headers = {
        "Content-Type": kind,
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }
    answer: HttpResponse = WhiteNoiseMiddleware.serve(StaticFile(str(file), list(headers.items())), request)
    return answer
