"""What a customer was shown when she decided: signed on the page, so that only what was shown is recorded."""

from __future__ import annotations

import json

from django.core import signing

SALT = "shown"


def sign_shown(seen: dict[str, object]) -> str:
    """What is put on the page, to come back with the request."""
    return signing.dumps(seen, salt=SALT)


def shown_of(signed: str | None) -> str | None:
    """What was shown, as JSON; None where nothing came back, or not what the site itself had signed."""
    if not signed:
        return None
    try:
        seen = signing.loads(signed, salt=SALT)
    except (signing.BadSignature, ValueError):  # cut short, or not even text of ours
        return None
    return json.dumps(seen, sort_keys=True, separators=(",", ":"))
