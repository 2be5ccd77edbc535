"""Does time tell who is registered? Log-in, sign-up and password reset, for known and unknown addresses.

Requests for both kinds alternate, on one's own SQLite database and with the real password hasher; the same
limits hold as in life, counted afresh for each request. ``told`` is the chance that of two requests, one
for each kind, the known address took longer: 0.5 tells nothing, 0 or 1 tells all. Mails go to memory here:
known and unknown addresses are sent one each (a test), so their way is the same.

    python bench/enumeration.py [--samples 200] [--json FILE]

Exits with 1 where the medians of a kind lie further apart than ``BOUND``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BOUND = 0.15
"""How far apart medians may lie, as a part of the larger: two machines differ by more than that."""

PASSWORD = "correct horse battery"


def prepare(folder: Path) -> None:
    """A site of its own, with My Major Company and one account."""
    os.environ["COMAKER_DATA"] = str(folder)
    os.environ["COMAKER_HOSTS"] = "testserver"
    os.environ["DJANGO_SETTINGS_MODULE"] = "comaker.host.settings"
    import django

    django.setup()
    from allauth.account.models import EmailAddress
    from django.conf import settings
    from django.core.management import call_command

    from comaker.host.firm import model_of
    from comaker.host.models import Account, Publication
    from comaker.model import gallery_text

    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": static}
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    text = gallery_text("my-major-company")
    Publication.objects.create(text=text, hash=model_of(text).hash)
    account = Account.objects.create_user("known@example.org", PASSWORD, name="Known")
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)


def asked(kind: str, email: str) -> float:
    """How long one request takes, in seconds."""
    from django.core import mail
    from django.core.cache import cache
    from django.test import Client
    from django.urls import reverse

    bodies: dict[str, tuple[str, dict[str, str]]] = {
        "log-in": ("account_login", {"login": email, "password": "wrong wrong wrong"}),
        "sign-up": ("account_signup", {"email": email, "password1": PASSWORD}),
        "reset": ("account_reset_password", {"email": email}),
    }
    name, body = bodies[kind]
    cache.clear()
    mail.outbox = []
    client = Client()
    client.get(reverse(name))
    begun = time.perf_counter()
    status = client.post(reverse(name), body).status_code
    took = time.perf_counter() - begun
    assert status == (200 if kind == "log-in" else 302), status
    return took


def measure(kind: str, samples: int) -> dict[str, Any]:
    """Both kinds of address, one after the other, the order turned round each time."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(samples + 3):
        for is_known in (True, False) if number % 2 else (False, True):
            email = "known@example.org" if is_known else f"unknown{number}@example.org"
            took = asked(kind, email)
            if number >= 3:  # the first ones warm up
                times[is_known].append(took)
    known, unknown = (statistics.median(times[each]) for each in (True, False))
    longer = sum(a > b for a in times[True] for b in times[False])
    return {
        "kind": kind,
        "samples": samples,
        "known_ms": round(known * 1000, 1),
        "unknown_ms": round(unknown * 1000, 1),
        "apart": round(abs(known - unknown) / max(known, unknown), 3),
        "told": round(longer / samples**2, 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        rows = [measure(kind, arguments.samples) for kind in ("log-in", "sign-up", "reset")]
    for row in rows:
        print("{kind:8} known {known_ms:7} ms, unknown {unknown_ms:7} ms, told {told}".format(**row))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return int(any(row["apart"] > BOUND for row in rows))


if __name__ == "__main__":
    sys.exit(main())
