"""Reads the environment variables of the site; each mistake is one message that says what would be right."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # NORMAL would lose acknowledged contributions when the power fails.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    " PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-65536;",
}

CONNECT_S = "5"
"""Seconds in which PostgreSQL has to take a connection, where its address says nothing else."""


def switch(name: str, *, default: bool = False) -> bool:
    """Whether a variable says yes (``1``); ``ImproperlyConfigured`` for anything but 0, 1 or nothing."""
    value = os.environ.get(name, "")
    if value not in ("", "0", "1"):
        raise ImproperlyConfigured(f"{name}={value!r}: write 1 for yes, 0 for no")
    return value == "1" if value else default


def whole_days(name: str, default: int) -> int:
    """A number of days; raises ``ImproperlyConfigured`` for anything but digits."""
    value = os.environ.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,4}", value):
        raise ImproperlyConfigured(f"{name}={value!r}: write a whole number of days, such as {default}")
    return int(value)


def hosts_of(text: str) -> list[str]:
    """The names under which the site is reached, from a list with commas; without one, this machine."""
    return [part.strip() for part in text.split(",") if part.strip()] or ["127.0.0.1", "localhost", "[::1]"]


def secret_key_of(data: Path) -> str:
    """The key that signs sessions: given, or made once and kept in the data folder for its owner alone."""
    if given := os.environ.get("COMAKER_SECRET_KEY"):
        return given
    path = data / "secret-key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(64))
    return path.read_text().strip()


def database_of(url: str, data: Path) -> dict[str, Any]:
    """Django's description of ``postgresql://…``, ``sqlite:///path`` or, without one, a file in ``data``."""
    parts = _parts("COMAKER_DATABASE", url or f"sqlite:///{data / 'comaker.sqlite3'}")
    if parts.scheme == "sqlite":
        path = unquote(parts.path)[1:]
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "OPTIONS": dict(SQLITE_OPTIONS),
            "CONN_MAX_AGE": None,
        }
    if parts.scheme in ("postgres", "postgresql"):
        # Else a page waits for minutes where the database's machine is gone.
        options = {"connect_timeout": CONNECT_S, **dict(parse_qsl(parts.query))}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path)[1:],
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "OPTIONS": options,
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ImproperlyConfigured(
        "COMAKER_DATABASE begins with neither sqlite:/// nor postgresql://: write sqlite:///path/to/file or "
        "postgresql://name:password@host/database"
    )


def _parts(name: str, url: str) -> SplitResult:
    # What was given is not repeated: there may be a password in it.
    try:
        parts = urlsplit(url)
        if parts.port is None or parts.port:
            return parts
    except ValueError:
        pass
    raise ImproperlyConfigured(
        f"{name}: this address cannot be read: the port must be a number, and in a password / : @ ? # [ ] % "
        "are written %2F %3A %40 %3F %23 %5B %5D %25"
    )


def mailer_of(url: str, data: Path) -> dict[str, Any]:
    """Django's mailer: ``smtp://name:password@host:587`` (``smtps://``: TLS from the start), ``console:``, or
    without any, files in the folder ``mail`` of the data folder."""
    backend = "django.core.mail.backends"
    parts = _parts("COMAKER_MAIL", url)
    if not url:
        return {
            "BACKEND": f"{backend}.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(data / "mail")},
        }
    if parts.scheme == "console":
        return {"BACKEND": f"{backend}.console.EmailBackend"}
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        return {
            "BACKEND": f"{backend}.smtp.EmailBackend",
            "OPTIONS": {
                "host": parts.hostname,
                "port": parts.port or (465 if parts.scheme == "smtps" else 587),
                "username": unquote(parts.username or ""),
                "password": unquote(parts.password or ""),
                "use_ssl": parts.scheme == "smtps",
                "use_tls": parts.scheme == "smtp" and bool(parts.username),
                "timeout": 10,
            },
        }
    raise ImproperlyConfigured(
        "COMAKER_MAIL is no address of a mail server: write smtp://name:password@host:587, smtps://… or "
        "console:"
    )
