"""What staff upload: pictures made anew from their pixels, music and films checked by what they begin with.

Everything gets a random name with the extension of what it was found to be, so that nothing stored can be a
page or a program, and each account may store only so much.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Callable
from typing import IO, Any, NamedTuple

from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.uploadhandler import FileUploadHandler
from django.db import transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from comaker.host.models import Account, Media, Project
from comaker.host.wording import number_text

MEGABYTE = 1_000_000
MOST_BYTES = {"picture": 10 * MEGABYTE, "audio": 30 * MEGABYTE, "video": 200 * MEGABYTE}
"""The largest file of each kind."""
MOST_BYTES_ACCOUNT = 2_000 * MEGABYTE
"""What one account may store in all."""
MOST_PIXELS = 40_000_000
"""The largest picture that is decoded: some hundred bytes can claim to be terabytes."""
LONGEST_SIDE = 2_000
"""Pictures are made no larger than this, in pixels."""
MOST_BODY = MOST_BYTES["video"] + MEGABYTE

PICTURES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
"""The media type that each stored extension is served with."""

# Pillow's own guard, in case anything else of ours ever opens a picture.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


class StaffOnly(FileUploadHandler):
    """Lets files be uploaded at the desk alone, and no body larger than the largest film.

    Django reads a body before any view or rule of access is asked.
    """

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *_: Any) -> None:
        """Refuse a body that is too large before any of it is read (HTTP 413)."""
        if content_length > MOST_BODY:
            raise RequestDataTooBig(f"at most {MOST_BODY} bytes")
        if content_length > MEGABYTE and not self.request.path_info.startswith(("/desk/", "/admin/")):
            raise RequestDataTooBig(f"at most {MEGABYTE} bytes")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand on what came."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""


class Checked(NamedTuple):
    """A file that may be stored: what it is, the extension it gets, and its contents."""

    kind: str
    extension: str
    content: File


def checked(upload: IO[bytes] | File) -> Checked:
    """What an uploaded file is, by its contents alone; its name and declared type are not asked.

    Raises ``ValidationError`` with one sentence for anything that is not to be stored.
    """
    head = _beginning(upload)
    extension = next((extension for extension, begins in _SIGNATURES.items() if begins(head)), None)
    if extension is None:
        return Checked(Media.Kind.PICTURE, *_picture(upload))
    kind = Media.Kind.VIDEO if TYPES[extension].startswith("video") else Media.Kind.AUDIO
    _limit(upload, kind)
    if extension == "mp3" and not _has_mp3_frame(upload):
        raise ValidationError(_("This file begins like an MP3, but there is no music in it."))
    upload.seek(0)
    return Checked(kind, extension, upload if isinstance(upload, File) else File(upload))


def store(file: Checked, *, project: Project, text: str, by: Account) -> Media:
    """Keep a checked file as the last of a project's media.

    Raises ``ValidationError`` where the account would store more than it may.
    """
    size = file.content.size
    with transaction.atomic():
        _hold(by)
        stored = stored_by(by)
        if stored + size > MOST_BYTES_ACCOUNT:
            raise ValidationError(
                _("You have %(free)s MB left to store files, and this one has %(size)s MB.")
                % {"free": _megabytes(MOST_BYTES_ACCOUNT - stored), "size": _megabytes(size)}
            )
        last = Media.objects.filter(project=project).aggregate(Max("place"))["place__max"]
        media = Media(
            project=project,
            kind=file.kind,
            text=text,
            place=0 if last is None else last + 1,
            added_by=by,
            size_bytes=size,
        )
        media.file.save(f"{secrets.token_hex(16)}.{file.extension}", file.content, save=False)
        try:
            media.save()
        except BaseException:
            media.file.delete(save=False)
            raise
    return media


def _hold(account: Account) -> None:
    # Two uploads at once must not both fit into the same room.
    Account.objects.select_for_update().get(pk=account.pk)


def stored_by(account: Account) -> int:
    """How many bytes of files an account stores."""
    return Media.objects.filter(added_by=account).aggregate(Sum("size_bytes"))["size_bytes__sum"] or 0


def remove(media: Media) -> None:
    """Take a file out of a project; it is gone from the disk once the database has forgotten it."""
    file = media.file
    with transaction.atomic():
        media.delete()
        transaction.on_commit(lambda: file.delete(save=False))


def _beginning(upload: IO[bytes] | File) -> bytes:
    upload.seek(0)
    head: bytes = upload.read(64)
    if not head:
        raise ValidationError(_("This file is empty."))
    return head


def _limit(upload: IO[bytes] | File, kind: str) -> None:
    size = upload.seek(0, io.SEEK_END)
    if size > MOST_BYTES[kind]:
        raise ValidationError(
            _("This file has %(size)s MB; at most %(most)s MB are stored.")
            % {"size": _megabytes(size), "most": _megabytes(MOST_BYTES[kind])}
        )


def _megabytes(size: int) -> str:
    return number_text(-(-max(size, 0) // MEGABYTE))


def _picture(upload: IO[bytes] | File) -> tuple[str, ContentFile]:
    """A picture's pixels in a new file: nothing else of the old one is kept, such as where it was taken."""
    _limit(upload, Media.Kind.PICTURE)
    upload.seek(0)
    try:
        with Image.open(upload, formats=tuple(PICTURES)) as picture:
            extension = PICTURES[picture.format or ""]
            if picture.width * picture.height > MOST_PIXELS:
                raise ValidationError(
                    _("This picture has %(size)s million pixels; at most %(most)s million are taken.")
                    % {
                        "size": number_text(picture.width * picture.height // 1_000_000),
                        "most": number_text(MOST_PIXELS // 1_000_000),
                    }
                )
            picture.load()
            upright = ImageOps.exif_transpose(picture)
    except UnidentifiedImageError as error:
        raise ValidationError(_unknown()) from error
    except Image.DecompressionBombError as error:
        raise ValidationError(_("This picture is far too large to be opened.")) from error
    except (OSError, SyntaxError, ValueError, IndexError, EOFError, MemoryError) as error:
        raise ValidationError(_("This picture is damaged and cannot be opened.")) from error
    return extension, ContentFile(_encoded(upright, extension))


def _encoded(picture: Image.Image, extension: str) -> bytes:
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    mode = "RGBA" if has_alpha and extension != "jpg" else "RGB"
    pixels = picture.convert(mode)
    pixels.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    # A new picture, because writing one would take over comments, profiles and the like.
    fresh = Image.new(mode, pixels.size)
    fresh.paste(pixels)
    written = io.BytesIO()
    options: dict[str, Any] = _HOW_WRITTEN[extension]
    fresh.save(written, **options)
    return written.getvalue()


_HOW_WRITTEN: dict[str, dict[str, Any]] = {
    "jpg": {"format": "JPEG", "quality": 88, "progressive": True},
    "png": {"format": "PNG", "optimize": True},
    "webp": {"format": "WEBP", "quality": 88},
}


def _unknown() -> str:
    return _(
        "This is no file that can be shown here. Pictures: JPEG, PNG, WebP. Music: MP3, Ogg, FLAC, WAV, M4A. "
        "Films: MP4, WebM."
    )


def _is_wave(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


def _brand(head: bytes) -> bytes:
    return head[8:12] if head[4:8] == b"ftyp" else b""


def _is_ogg(head: bytes) -> bool:
    codecs = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")
    return head[:5] == b"OggS\0" and any(codec in head for codec in codecs)


def _is_mp3(head: bytes) -> bool:
    return head[:3] == b"ID3" or _FRAME.match(head) is not None


_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]", re.DOTALL)
"""The beginning of a frame of MPEG audio of layer III with a known bit rate."""

_SIGNATURES: dict[str, Callable[[bytes], bool]] = {
    "flac": lambda head: head[:4] == b"fLaC",
    "wav": _is_wave,
    "ogg": _is_ogg,
    "m4a": lambda head: _brand(head) in (b"M4A ", b"M4B "),
    "mp4": lambda head: _brand(head)[:3] in (b"iso", b"mp4", b"avc", b"M4V", b"das", b"MSN"),
    "webm": lambda head: head[:4] == b"\x1aE\xdf\xa3" and b"webm" in head,
    "mp3": _is_mp3,
}


def _has_mp3_frame(upload: IO[bytes] | File) -> bool:
    """Whether a frame of music follows the tag, if there is one; the tag alone could hold anything."""
    upload.seek(0)
    head = upload.read(10)
    start = 0
    if head[:3] == b"ID3":
        # Seven bits of each byte count.
        lengths = zip(head[6:10], (21, 14, 7, 0), strict=True)
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in lengths)
    upload.seek(start)
    # Some writers fill the tag up with zeros.
    return _FRAME.match(upload.read(4_096).lstrip(b"\0")) is not None
