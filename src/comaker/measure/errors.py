"""Why something cannot be measured."""

from __future__ import annotations


class MeasureError(Exception):
    """A measurement that cannot be made as asked; the message says what would be right."""
