"""How a stake is read from a request and an answer is written: the same in the gateway and in the API.

Plain functions of bytes, without Django, because the gateway calls them thousands of times a second.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from comaker.host.writer.requests import Answer
from comaker.refusals import Refusal

BODY_BYTES = 1_000_000
"""The longest body that is read; a longer one is refused with 413."""

MOST = 2**63 - 1
MOST_SHARES = 1_000_000_000
SHOWN_LENGTH = 4_000
SLUG = re.compile(r"[-a-zA-Z0-9_]{1,60}")
KEY = re.compile(r"[\x21-\x7e]{1,255}")
BEARER = re.compile(r"bearer +([\x21-\x7e]{1,200})", re.IGNORECASE)
PRINTED = re.compile(r"[\x20-\x7e]*")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class BadBody(ValueError):
    """A request that cannot be read: ``status`` and a sentence that says what would be right.

    400 or 413: the body or key; in the gateway also 401 no log-in, 403 sent from elsewhere, 404 no such
    project, 408 too slow, 429 too often.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class StakeBody(NamedTuple):
    """What the body of a stake says: ``project`` is a number or a slug; ``shown`` is still signed."""

    project: int | str
    shares: int
    shown: str | None


def read_json(body: bytes) -> Any:
    """The value that a body holds, as strict JSON in UTF-8: no NaN, no name twice, no depth beyond reason."""
    if len(body) > BODY_BYTES:
        raise BadBody(413, f"The body has {len(body):,} bytes; at most {BODY_BYTES:,} are read.")
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except RecursionError:
        raise BadBody(400, "The body is nested too deeply.") from None
    except ValueError:  # broken UTF-8, broken JSON, a number of thousands of digits
        raise BadBody(400, "The body is not JSON in UTF-8.") from None


def read_stake(body: bytes) -> StakeBody:
    """Reads ``{"project": "grace", "shares": 3, "shown": "…"}``; raises ``BadBody``."""
    value = read_json(body)
    if type(value) is not dict:
        raise BadBody(400, 'The body must be an object such as {"project": "grace", "shares": 3}.')
    for name in value:
        if name not in ("project", "shares", "shown"):
            raise BadBody(400, "The body may hold project, shares and shown, and nothing else.")
    project, shares, shown = value.get("project"), value.get("shares"), value.get("shown")
    is_slug = type(project) is str and SLUG.fullmatch(project)
    is_number = type(project) is int and 0 < project <= MOST
    if not (is_slug or is_number):
        raise BadBody(400, "project: write the project's short name, as in its address, or its number.")
    if type(shares) is not int or not 0 < shares <= MOST_SHARES:
        raise BadBody(400, f"shares: write a whole number from 1 to {MOST_SHARES}.")
    if shown is not None and (
        type(shown) is not str or len(shown) > SHOWN_LENGTH or not PRINTED.fullmatch(shown)
    ):
        raise BadBody(400, "shown: write the signed text of the page, or leave it out.")
    return StakeBody(project, shares, shown)  # type: ignore[arg-type]  # checked above by type


def read_key(header: str | None) -> str:
    """The idempotency key of a request; raises ``BadBody`` where there is none or a bad one."""
    if header is None or not KEY.fullmatch(header):
        raise BadBody(
            400, "Idempotency-Key: send this header with 1 to 255 visible ASCII characters, new for each act."
        )
    return header


def read_bearer(header: str | None) -> bytes | None:
    """The digest of the token in an ``Authorization`` header, as the database keeps it; None without one."""
    found = BEARER.fullmatch(header) if header else None
    return digest_of(found[1]) if found else None


def digest_of(secret: str) -> bytes:
    """What is kept of a token's secret: enough to know it again, not enough to use it."""
    return hashlib.sha256(secret.encode()).digest()


@lru_cache(maxsize=1_000)
def instant(microseconds: int | None) -> str | None:
    """Microseconds since 1970 as ISO 8601 in UTC."""
    return None if microseconds is None else (EPOCH + dt.timedelta(microseconds=microseconds)).isoformat()


def answer_of(answer: Answer) -> dict[str, Any]:
    """What the body of an answer holds: all of it where a rule decided, else ``detail``, a sentence."""
    if answer.status not in (200, 201):
        return {"detail": answer.sentence}
    return {
        "accepted": answer.accepted,
        "money_minor": answer.money_minor,
        "held_shares": answer.held_shares,
        "collected_shares": answer.collected_shares,
        "refusal": answer.refusal.name.lower() if answer.refusal else None,
        "sentence": answer.sentence,
        "lapses_at": instant(answer.lapses_us),
        "event": answer.event_id,
    }


def answer_body(answer: Answer) -> bytes:
    """The body of an answer, as JSON."""
    if answer.status not in (200, 201):
        return problem_body(answer.sentence)
    # By hand, because in a rush the encoder would take as long as the rule: all but the last two are numbers.
    return (
        f'{{"accepted":{answer.accepted},"money_minor":{answer.money_minor},'
        f'"held_shares":{answer.held_shares},"collected_shares":{answer.collected_shares},'
        f'{_SAID[answer.refusal]},"lapses_at":{_quoted_instant(answer.lapses_us)},'
        f'"event":{"null" if answer.event_id is None else answer.event_id}}}'
    ).encode()


def _quoted_instant(microseconds: int | None) -> str:
    return "null" if microseconds is None else f'"{instant(microseconds)}"'


def problem_body(message: str) -> bytes:
    """The body of an answer to what could not be read or may not be asked, as JSON."""
    return _ENCODER.encode({"detail": message}).encode()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name stands twice")
    return value


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_once)
_ENCODER = json.JSONEncoder(separators=(",", ":"))
_SAID = {
    refusal: _ENCODER.encode(
        {"refusal": refusal.name.lower() if refusal else None, "sentence": refusal.sentence}
    )[1:-1]
    for refusal in Refusal
}
"""What an answer says of each refusal."""
