"""The variables of the site: a wrong one is named with what would be right, and no password is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from comaker.host.environment import database_of, mailer_of


@pytest.mark.parametrize(
    "address",
    [
        "mysql://me:s3cret@db/site",
        "me:s3cret@db/site",
        "postgresql://me:s3cret/s3cret@db/site",
        "postgresql://me:[s3cret@db/site",
        "postgresql://me:s3cret@db:abc/site",
        "postgresql://me:s3cret\u2105@db/site",
    ],
)
@pytest.mark.parametrize(("read", "name"), [(database_of, "COMAKER_DATABASE"), (mailer_of, "COMAKER_MAIL")])
def test_a_wrong_address_is_refused_without_its_password(read, name, address):
    with pytest.raises(ImproperlyConfigured) as refused:
        read(address, Path("data"))
    said = str(refused.value)
    assert said.startswith(name)
    assert "write" in said or "written" in said
    assert "s3cret" not in said
    assert refused.value.__context__ is None


def test_a_password_is_written_with_its_signs_escaped():
    found = database_of("postgresql://me:a%2Fb%40c%5B@db:5433/site", Path("data"))
    assert (found["PASSWORD"], found["HOST"], found["PORT"]) == ("a/b@c[", "db", "5433")


def test_a_machine_that_does_not_answer_is_given_up_after_seconds():
    assert database_of("postgresql://db/site", Path("data"))["OPTIONS"] == {"connect_timeout": "5"}
    chosen = database_of("postgresql://db/site?connect_timeout=30&sslmode=require", Path("data"))
    assert chosen["OPTIONS"] == {"connect_timeout": "30", "sslmode": "require"}
