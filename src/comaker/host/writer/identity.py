"""Whose request it is: the log-in is checked in the transaction, against what the database says now."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hmac import compare_digest

from django.contrib.sessions.backends.db import SessionStore
from django.utils.crypto import salted_hmac

from comaker.host.writer.batch import Account
from comaker.host.writer.requests import Act, Answer, Request
from comaker.host.writer.store import Store

NOBODY = -1
"""The account number of a log-in that is none."""

_SCOPES = {Act.STAKE: "stake", Act.WITHDRAW: "stake", Act.BUY: "buy"}
_ACCOUNTS = "SELECT id, is_active, is_staff, arm, password FROM host_account WHERE id {many}"
_SESSIONS = (
    "SELECT session_key, session_data FROM django_session WHERE expire_date > ? AND session_key {many}"
)
_TOKENS = "SELECT digest, account_id, scopes, expires_us, revoked FROM host_token WHERE digest {many}"


def identify(
    store: Store, requests: Sequence[Request], now_us: int
) -> tuple[list[Request | Answer], dict[int, Account]]:
    """The requests with the customer whose log-in came with them, or the answer that refuses it (401, 403);
    and the accounts concerned."""
    sessions = _sessions(store, requests, now_us)
    tokens = _tokens(store, requests, now_us)
    numbers = {each.customer for each in requests} | {each.staff for each in requests}
    numbers |= {number for number, _ in sessions.values()} | {number for number, _ in tokens.values()}
    numbers.discard(None)
    accounts, passwords = {}, {}
    rows = store.among(_ACCOUNTS, sorted(filter(None, numbers))) if numbers else []
    for number, is_active, is_staff, arm, password in rows:
        accounts[number] = Account(bool(is_active), bool(is_staff), arm or None)
        passwords[number] = password
    proven = {
        session: number
        for session, (number, proof) in sessions.items()
        if number in passwords and compare_digest(proof, _auth_hash(passwords[number]))
    }
    known: list[Request | Answer] = []
    for each in requests:
        if each.session is not None:
            each = _asked_by(proven.get(each.session, NOBODY), each)
        elif each.token is not None:
            number, scopes = tokens.get(each.token, (NOBODY, ""))
            if number != NOBODY and _SCOPES.get(each.act) not in scopes.split():
                known.append(Answer(403))
                continue
            each = _asked_by(number, each)
        asking = each.customer if each.staff is None else each.staff
        account = None if asking is None else accounts.get(asking)
        is_known = asking is None or (account is not None and account.is_active)
        known.append(each if is_known else Answer(401))
    return known, accounts


def _asked_by(customer: int, request: Request) -> Request:
    # In a rush ``_replace`` takes four times as long.
    return Request(request.act, request.project, customer, *request[3:])


def _sessions(store: Store, requests: Sequence[Request], now_us: int) -> dict[str, tuple[int, str]]:
    keys = sorted({each.session for each in requests if each.session is not None})
    if not keys:
        return {}
    found = {}
    for key, data in store.among(_SESSIONS, keys, [store.moment(now_us)]):
        if (who := _decoded(data)) is not None:
            found[key] = who
    return found


def _tokens(store: Store, requests: Sequence[Request], now_us: int) -> dict[bytes, tuple[int, str]]:
    digests = sorted({each.token for each in requests if each.token is not None})
    if not digests:
        return {}
    return {
        bytes(digest): (account, scopes)
        for digest, account, scopes, expires_us, revoked in store.among(_TOKENS, digests)
        if not revoked and expires_us > now_us
    }


@lru_cache(maxsize=200_000)
def _decoded(data: str) -> tuple[int, str] | None:
    """Account number and proof in the data of a session; what is signed never means something else later."""
    values = SessionStore().decode(data)
    try:
        return int(values["_auth_user_id"]), str(values["_auth_user_hash"])
    except (KeyError, ValueError):
        return None


@lru_cache(maxsize=200_000)
def _auth_hash(password: str) -> str:
    """What a session proves: as ``AbstractBaseUser.get_session_auth_hash``, for a stored password hash."""
    salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
    return salted_hmac(salt, password, algorithm="sha256").hexdigest()
