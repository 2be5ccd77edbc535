"""Log-ins of people who work for the firm: made on the command line, the first one there is no other way."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from comaker.host.models import Account, StaffAct
from comaker.host.preparing import HostError, clear_messages


def add_staff(email: str, *, name: str = "", is_administrator: bool = False) -> str:
    """Make a staff log-in, or find it; returns the path of a page that sets its password, once.

    ``HostError`` for what is no address, and for the address of a customer: staff do not take part, so that
    they need an address of their own.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise HostError(f"{email}: this is no e-mail address; write one such as ann@example.org") from None
    with clear_messages(), transaction.atomic():
        account = Account.objects.filter(email__iexact=email).first()
        if account is None:
            account = Account.objects.create_user(email, None, name=name, is_staff=True)
            EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)
        elif not account.is_staff:
            raise HostError(f"{email}: this is a customer's log-in; staff need an address of their own")
        account.name = name or account.name
        account.is_superuser = account.is_superuser or is_administrator
        account.is_active = True
        account.save()
        detail = "administrator" if account.is_superuser else ""
        StaffAct.objects.create(account=account.pk, act="staff log-in", subject=email, detail=detail)
    key = f"{user_pk_to_url_str(account)}-{default_token_generator.make_token(account)}"
    path: str = reverse("account_reset_password_from_key", args=key.split("-", 1))
    return path
