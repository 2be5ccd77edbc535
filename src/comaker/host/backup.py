"""Backups: one file with the database as it was at one instant, the uploads, and at its end a manifest.

The manifest names every file with its size and SHA-256, and the rows of every table: what is cut short or
changed is refused. Sessions end with a restore elsewhere: the key that signs them is not in it.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import json
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from comaker.host.preparing import HostError

FORMAT = 1
"""Number of this layout; a program refuses a backup of a later one."""

MANIFEST = "manifest.json"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
UPLOADS = "media/"

_CHUNK = 1 << 20

_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
    *(AttributeError, KeyError, TypeError, ValueError, RuntimeError),
)
"""What reading a damaged archive or manifest may raise."""


class Backup(NamedTuple):
    """What a backup says of itself.

    ``tables``: rows by table; ``files``: by name, size in bytes and SHA-256.
    """

    path: Path
    made_at: str
    version: str
    database: str
    tables: dict[str, int]
    files: dict[str, dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {**self._asdict(), "path": str(self.path)}


def backup(target: Path) -> Backup:
    """Write a backup of the site that Django was started on, while it may be in full use.

    ``target`` is a new file, or a folder in which a file named after the instant is made. ``HostError`` where
    that is impossible; then nothing is left behind.
    """
    from django.conf import settings
    from django.db import connection

    from comaker.host.databases import snapshot

    made_at = dt.datetime.now(dt.UTC)
    if target.is_dir():
        target = target / f"comaker-{made_at:%Y%m%dT%H%M%S}Z.zip"
    if target.exists():
        raise HostError(f"{target}: this file exists and was left alone: name another one")
    if not target.parent.is_dir():
        raise HostError(f"{target}: the folder {target.parent} does not exist: make it first")
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        name = DATABASES[connection.vendor]
        # First the database: what it refers to is written before its row, and is there when files are copied.
        tables = snapshot(Path(folder) / name)
        unfinished = Path(folder) / "backup.zip"
        found = Backup(target, made_at.isoformat(), version("comaker"), connection.vendor, tables, {})
        with zipfile.ZipFile(unfinished, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            found.files[name] = _put(archive, name, Path(folder) / name)
            for path in _uploads(Path(settings.MEDIA_ROOT)):
                inside = UPLOADS + path.relative_to(settings.MEDIA_ROOT).as_posix()
                found.files[inside] = _put(archive, inside, path)
            said = {"comaker_backup": FORMAT, **found.as_dict()}
            del said["path"]
            archive.writestr(MANIFEST, json.dumps(said, indent=2))
        _sync(unfinished)
        # A link refuses to replace a file, where a rename would not.
        os.link(unfinished, target)
        _sync(target.parent)
    return found


def _uploads(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def _put(archive: zipfile.ZipFile, name: str, path: Path) -> dict[str, Any]:
    info = zipfile.ZipInfo.from_file(path, name)
    info.compress_type = zipfile.ZIP_DEFLATED if name in DATABASES.values() else zipfile.ZIP_STORED
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
        return _copied(source, target)


def _copied(source: Any, target: Any) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        target.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def described(source: Path) -> Backup:
    """What a backup says of itself; ``HostError`` for what is no backup, or was cut short."""
    with _opened(source) as archive:
        return _manifest(source, archive)


@contextmanager
def unpacked(source: Path, into: Path) -> Iterator[tuple[Backup, Path]]:
    """A backup unpacked into a folder of its own under ``into``, every byte checked; removed afterwards.

    ``HostError`` for what is no backup, was cut short or changed, or was made by a newer version.
    """
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=into) as name:
        folder = Path(name)
        with _opened(source) as archive:
            found = _manifest(source, archive)
            for inside, said in found.files.items():
                _take(archive, inside, said, folder)
        yield found, folder


@contextmanager
def _opened(source: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with source.open("rb") as file, zipfile.ZipFile(file) as archive:
            yield archive
    except _DAMAGE as error:
        raise _broken(source, str(error)) from None
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise _broken(source, "an impossible place in the file") from None
        if isinstance(error, FileNotFoundError | IsADirectoryError):
            raise HostError(f"{source}: {error.strerror}: name the file of a backup") from None
        raise


def _manifest(source: Path, archive: zipfile.ZipFile) -> Backup:
    said = json.loads(archive.read(MANIFEST))
    if said.pop("comaker_backup") != FORMAT:
        raise HostError(f"{source}: a newer version of comaker made this backup ({said.get('version')})")
    found = Backup(path=source, **said)
    if found.files.keys() != set(archive.namelist()) - {MANIFEST}:
        raise ValueError("its files are not those of its manifest")
    return found


def _take(archive: zipfile.ZipFile, name: str, said: dict[str, Any], folder: Path) -> None:
    place = (folder / name).resolve()
    if name not in DATABASES.values() and not name.startswith(UPLOADS):
        raise ValueError(f"{name} does not belong there")
    if not place.is_relative_to(folder.resolve()):
        raise ValueError(f"{name} leads out of the backup")
    place.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as source, place.open("xb") as target:
        taken = _copied(source, target)
    if taken != said:
        raise ValueError(f"{name} is not what the manifest says")


def _broken(source: Path, why: str) -> HostError:
    return HostError(
        f"{source}: this backup is cut short, damaged, or no backup at all ({why.strip(chr(39))}): "
        "nothing was restored; take an earlier one"
    )


def restore(source: Path, *, is_replacing: bool = False) -> Backup:
    """Put a backup in the place of the site that Django was started on, whole or not at all.

    It is unpacked beside it, its database checked (its own checks, the rows of every table, and the books by
    ``comaker audit``), and only then moved into place. Raises ``HostError`` for a backup that is refused, a
    place that is in use or not empty; ``is_replacing`` puts aside what is there.
    """
    from django.conf import settings
    from django.db import connection

    from comaker.host import databases
    from comaker.host.preparing import shown_address

    uploads = Path(settings.MEDIA_ROOT)
    with unpacked(source, Path(settings.DATA)) as (found, folder):
        if found.database != connection.vendor:
            raise HostError(
                f"{source}: this is a backup of a {found.database} database, the place is a "
                f"{connection.vendor} one: name a database of its kind (--database)"
            )
        if not is_replacing and (databases.is_filled() or _uploads(uploads)):
            raise HostError(f"{shown_address()}: there is a site already: with --replace it is put aside")
        with databases.restored(folder / DATABASES[found.database], found.tables) as put:
            _move_uploads(folder / UPLOADS, uploads)
            put()
    return found


def _move_uploads(source: Path, target: Path) -> None:
    """Files first: a file without a row harms nobody, a row without its file does."""
    for path in _uploads(source):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, place)
