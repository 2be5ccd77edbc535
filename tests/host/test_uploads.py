"""Uploads: pictures made anew, music and films checked, nothing executable, so much for each account."""

from __future__ import annotations

import contextlib
import io
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client, override_settings
from PIL import Image

from comaker.host import uploads
from comaker.host.models import Media
from comaker.host.uploads import checked, remove, store

PHP = b"<?php system($_GET['c']); ?>"
PAGE = b"<html><script>alert(1)</script></html>"
MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
SOUNDS = {
    "mp3": b"ID3\x04\x00\x00\x00\x00\x00\x05title" + MP3_FRAME,
    "ogg": b"OggS\x00\x02" + bytes(20) + b"\x01\x1e\x01vorbis" + bytes(30),
    "flac": b"fLaC\x00\x00\x00\x22" + bytes(40),
    "wav": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40),
    "m4a": b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00" + bytes(40),
}
FILMS = {
    "mp4": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(40),
    "webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + bytes(40),
}


@pytest.fixture(autouse=True)
def media_root(tmp_path: Path) -> Iterator[Path]:
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        yield tmp_path / "media"


def upload(data: bytes, name: str = "x.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    written = io.BytesIO()
    mode = "RGBA" if kind == "PNG" else "RGB"
    Image.new(mode, size, (200, 30, 30)).save(written, kind, **options)
    return written.getvalue()


def png_claiming(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(data)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def opened(content: Any) -> Image.Image:
    content.seek(0)
    return Image.open(content)


@pytest.mark.parametrize(("kind", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_a_picture_is_made_anew_and_named_by_what_it_is(kind: str, extension: str) -> None:
    found = checked(upload(picture(kind), "harmless.html"))
    assert (found.kind, found.extension) == (Media.Kind.PICTURE, extension)
    assert opened(found.content).format == kind


def test_e27_what_a_camera_noted_is_dropped_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "at home, 12 Secret Street"
    data = picture(exif=exif, comment=b"secret comment", icc_profile=b"secret profile")
    assert b"secret profile" in data
    found = checked(upload(data))
    fresh = opened(found.content)
    assert fresh.size == (40, 60)
    assert not fresh.getexif()
    found.content.seek(0)
    again = found.content.read()
    assert b"ecret" not in again
    assert b"Exif" not in again


def test_large_pictures_are_made_smaller() -> None:
    fresh = opened(checked(upload(picture(size=(3_000, 1_500)))).content)
    assert fresh.size == (2_000, 1_000)


def test_e27_what_hangs_on_a_picture_is_lost() -> None:
    for tail in (PHP, PAGE, b"PK\x03\x04" + PAGE):
        found = checked(upload(picture() + tail))
        found.content.seek(0)
        assert tail not in found.content.read()


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        PAGE,
        b"\xff\xfe" + PAGE.decode().encode("utf-16-le"),
        PHP,
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + PHP,
        b"BM" + bytes(60),
        b"%PDF-1.7",
        b"MZ" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        b"OggS\x00" + PAGE,
        b"\x00\x00\x00\x20ftypevil" + PAGE,
        b"\x1aE\xdf\xa3" + b"matroska",
    ],
)
def test_e27_what_is_no_picture_music_or_film_is_refused(data: bytes) -> None:
    with pytest.raises(ValidationError, match="no file that can be shown here"):
        checked(upload(data))


def test_e27_a_picture_that_unpacks_to_terabytes_is_refused_before_it_is_unpacked() -> None:
    for size in ((8_000, 6_000), (12_000, 12_000), (60_000, 60_000)):
        with pytest.raises(ValidationError, match=r"million pixels|far too large"):
            checked(upload(png_claiming(*size)))


def test_e27_a_small_picture_with_a_mountain_of_packed_data_is_refused_or_stays_small() -> None:
    found = checked(upload(png_claiming(10, 10, bytes(20_000_000))))
    assert opened(found.content).size == (10, 10)
    assert found.content.size < 1_000


@pytest.mark.parametrize("data", [picture()[:200], png_claiming(50, 50), b"\xff\xd8\xff\xe0" + bytes(20)])
def test_a_damaged_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValidationError, match=r"damaged|no file that can be shown"):
        checked(upload(data))


def test_e26_ten_megabytes_of_picture_are_too_many() -> None:
    with pytest.raises(ValidationError, match="at most 10 MB"):
        checked(upload(picture() + bytes(10_000_000)))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ValidationError, match="empty"):
        checked(upload(b""))


@pytest.mark.parametrize(("extension", "data"), [*SOUNDS.items(), *FILMS.items()])
def test_music_and_films_are_known_by_their_contents(extension: str, data: bytes) -> None:
    found = checked(upload(data, "evil.html"))
    assert found.extension == extension
    assert found.kind == (Media.Kind.AUDIO if extension in SOUNDS else Media.Kind.VIDEO)


def test_e27_an_mp3_tag_without_music_is_refused() -> None:
    with pytest.raises(ValidationError, match="no music"):
        checked(upload(b"ID3\x04\x00\x00\x00\x00\x00\x05title" + PAGE))


def test_music_may_not_be_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(uploads.MOST_BYTES, "audio", 100)
    with pytest.raises(ValidationError, match="are stored"):
        checked(upload(SOUNDS["mp3"]))


def test_files_get_random_names_with_the_extension_of_what_they_are(site: Any, media_root: Path) -> None:
    project, staff = site.draft(), site.staff()
    first, second = (
        store(checked(upload(picture(), "../../evil.php")), project=project, text="She sings", by=staff)
        for _ in range(2)
    )
    assert first.file.name != second.file.name
    assert first.file.name.endswith(".jpg")
    assert "evil" not in first.file.name
    assert (first.place, second.place) == (0, 1)
    assert first.size_bytes == (media_root / first.file.name).stat().st_size
    assert (media_root / first.file.name).stat().st_mode & 0o111 == 0


def test_a_removed_file_is_gone_from_the_disk(site: Any, media_root: Path) -> None:
    media = store(checked(upload(picture())), project=site.draft(), text="x", by=site.staff())
    path = media_root / media.file.name
    assert path.exists()
    remove(media)
    assert not path.exists()
    assert not Media.objects.exists()


def test_an_account_may_store_only_so_much(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    staff, other = site.staff("Sam"), site.staff("Kim")
    project = site.draft()
    monkeypatch.setattr(uploads, "MOST_BYTES_ACCOUNT", len(SOUNDS["mp3"]) + 10)
    store(checked(upload(SOUNDS["mp3"])), project=project, text="x", by=staff)
    with pytest.raises(ValidationError, match="left to store"):
        store(checked(upload(SOUNDS["mp3"])), project=project, text="x", by=staff)
    store(checked(upload(SOUNDS["mp3"])), project=project, text="x", by=other)


def upload_together(site: Any, monkeypatch: pytest.MonkeyPatch, *, wait_s: float) -> list[str]:
    """Two uploads that fit one at a time, both having read what is stored if they can; the refusals."""
    staff, project = site.staff(), site.draft()
    monkeypatch.setattr(uploads, "MOST_BYTES_ACCOUNT", len(SOUNDS["mp3"]) + 10)
    together = threading.Barrier(2)
    read = uploads.stored_by

    def read_together(account: Any) -> int:
        found = read(account)
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(wait_s)
        return found

    monkeypatch.setattr(uploads, "stored_by", read_together)
    refused: list[str] = []

    def run() -> None:
        try:
            store(checked(upload(SOUNDS["mp3"])), project=project, text="x", by=staff)
        except ValidationError as error:
            refused.append(error.message)
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return refused


def test_b11_two_uploads_at_once_do_not_both_take_the_last_room(
    database: str, make_site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(upload_together(make_site(), monkeypatch, wait_s=0.5)) == 1
    assert Media.objects.count() == 1


def test_b11_without_the_lock_both_take_it(
    postgresql: str, make_site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_hold", lambda account: None)
    assert upload_together(make_site(), monkeypatch, wait_s=20) == []
    assert Media.objects.count() == 2


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/projects/"])
def test_i44_only_the_desk_takes_large_bodies(site: Any, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    answer = client.post(path, {"file": upload(bytes(1_100_000))})
    assert answer.status_code in (400, 403, 413)
    assert not Media.objects.exists()
