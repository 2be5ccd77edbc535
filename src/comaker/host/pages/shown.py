"""What a customer was shown: it travels in the form, signed, and comes back to be written into the event."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.core import signing

SALT = "shown"


def canonical(facts: Mapping[str, int | str | None]) -> str:
    """What was shown, as the one text that says so."""
    return json.dumps(dict(facts), sort_keys=True, separators=(",", ":"))


def sign(facts: Mapping[str, int | str | None]) -> str:
    """What was shown, as text for a hidden field."""
    return signing.dumps(dict(facts), salt=SALT)


def unsign(text: str | None) -> str | None:
    """What was shown, for ``Request.shown``; None where it is missing or was changed on the way."""
    try:
        return canonical(signing.loads(text or "", salt=SALT))
    except signing.BadSignature:
        return None
