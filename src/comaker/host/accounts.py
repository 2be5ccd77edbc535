"""How the accounts' library behaves on this site."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter


class Adapter(DefaultAccountAdapter):
    """Sign-up is open to customers; staff are made by other staff."""
