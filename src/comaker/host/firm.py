"""The hosted model: its text is in the database, published once and amended after; the latest governs."""

from __future__ import annotations

import datetime as dt
import tempfile
from functools import lru_cache
from pathlib import Path

from comaker.host.models import Publication
from comaker.model import Model, load


@lru_cache(maxsize=32)
def model_of(text: str) -> Model:
    """The model that a text declares. The same text is the same model: nothing kept here can go stale."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.toml"
        path.write_text(text, encoding="utf-8")
        return load(path)


def published() -> Model:
    """The model published last, with amendments yet to come; ``Publication.DoesNotExist`` without one."""
    return model_of(Publication.objects.latest("id").text)


def in_force(now: dt.datetime | None = None) -> Model:
    """The model as its terms are in force now, or at an instant."""
    return published().at(now or dt.datetime.now(dt.UTC))
