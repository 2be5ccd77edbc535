"""The people and the artists of the demonstration, before anything has happened."""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile

from comaker.host.demo.artists import Artist, artists
from comaker.host.demo.covers import cover
from comaker.host.demo.tunes import tune
from comaker.host.models import Account, Media, Project
from comaker.host.uploads import Checked, store

PASSWORD = "welcome on stage"
"""Of every log-in of the demonstration."""

CUSTOMER, FIRST_STAFF, SECOND_STAFF = "lea@example.org", "sam@example.org", "kim@example.org"

_NAMES = """
Ada Adil Agathe Aiko Alba Alma Amadou Amina Anders Anouk Antoine Arthur Asli Basile Béatrice Ben Bianca
Bruno Camille Carla Celine Chidi Clara Clément Colette Damien Dana Diego Dora Edgar Élise Elif Emil Emma
Enzo Esther Eva Fatou Felix Fiona Florent Freya Gaël Gaspard Greta Hana Hélène Henri Hugo Ida Ines Ingrid
Iris Ismaël Ivo Jade Jamal Jana Joana Joris Judith Jules Julia Kaspar Katya Kenji Lars Laura Leïla Léon
Lin Linus Lola Lou Lucas Luz Maël Magda Malik Manon Mara Marc Margot Marius Marta Mathis Maya Mehdi Mei
Mina Moritz Nadia Naïm Nils Nina Noé Nora Odette Olga Omar Oscar Otto Paloma Paul Pia Pierre Quentin
Rafael Rania Rémi Rita Robin Rosa Ruben Salma Samira Sara Selma Siham Simon Sofia Solène Sven Tarik Tess
Theo Tilda Timo Tomás Ugo Valentin Vera Victor Wanda Yann Yara Yasmin Youssef Zeynep Zoé
""".split()
_INITIALS = "ABCDEFGHJKLMNOPRSTVWZ"


class Cast(NamedTuple):
    """Who takes part: ``customers`` is the account number of each simulated customer; ``artists`` and their
    ``projects`` in order of their first day, the last one a draft; ``staff``: who acts, ``second``: who
    approves; ``known``: the account number of the customer whose log-in is told."""

    customers: dict[int, int]
    artists: list[Artist]
    projects: list[int]
    staff: int
    second: int
    known: int


def invite(customers: Sequence[int], known: int) -> Cast:
    """Make the accounts and the drafts; ``known`` is the simulated customer whose log-in is told."""
    staff, second = _person(FIRST_STAFF, "Sam", is_staff=True), _person(SECOND_STAFF, "Kim", is_staff=True)
    lea = _person(CUSTOMER, "Léa M.")
    others = [each for each in customers if each != known]
    accounts = Account.objects.bulk_create(
        Account(email=f"customer{number}@example.org", name=_name(number), password="!")
        for number, _ in enumerate(others)
    )
    numbers = {each: account.pk for each, account in zip(others, accounts, strict=True)}
    texts = ("slug", "name", "line", "story", "opinion")
    drafts = [
        Project(**{name: getattr(each, name) for name in texts}, created_by=staff) for each in artists()
    ]
    projects = [project.pk for project in Project.objects.bulk_create(drafts)]
    return Cast({**numbers, known: lea.pk}, artists(), projects, staff.pk, second.pk, lea.pk)


def _person(email: str, name: str, *, is_staff: bool = False) -> Account:
    account: Account = Account.objects.create(email=email, name=name, is_staff=is_staff, password=_hashed())
    EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)
    return account


@cache
def _hashed() -> str:
    """The password as it is stored; made once, because that takes long on purpose."""
    return make_password(PASSWORD)


def _name(number: int) -> str:
    # Steps without a common divisor walk through all pairs before one comes again.
    given = _NAMES[number * 61 % len(_NAMES)]
    return f"{given} {_INITIALS[(number * 5 + number // len(_NAMES)) % len(_INITIALS)]}."


def dress(cast: Cast, kept: Path | None = None) -> None:
    """Give every artist a cover and a piece of music; what was drawn and composed before is in ``kept``."""
    by = Account.objects.get(pk=cast.staff)
    for artist, project in zip(cast.artists, Project.objects.in_bulk(cast.projects).values(), strict=True):
        picture = Checked(Media.Kind.PICTURE, "jpg", ContentFile(_once(cover, artist, kept)))
        store(picture, project=project, text=f"Cover of {artist.name}: {artist.motif} in a few tones", by=by)
        music = Checked(Media.Kind.AUDIO, "wav", ContentFile(_once(tune, artist, kept)))
        store(music, project=project, text=f"{artist.name}: a first sketch", by=by)


def _once(make: Callable[[Artist], bytes], artist: Artist, kept: Path | None) -> bytes:
    """What ``make`` makes, or what it made before: kept by its own source and the artist."""
    if kept is None:
        return make(artist)
    source = inspect.getsource(inspect.getmodule(make) or make)
    path = kept / hashlib.sha256(f"{source}{artist}".encode()).hexdigest()
    if not path.exists():
        kept.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
        unfinished.write_bytes(make(artist))
        os.replace(unfinished, path)
    return path.read_bytes()
