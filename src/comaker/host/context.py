"""What every page is given."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from comaker.host.firm import in_force, published


def firm(_: HttpRequest) -> dict[str, Any]:
    """``firm``: the model whose terms are in force; ``model``: all of it with its versions."""
    return {"firm": in_force(), "model": published()}
