"""How the accounts' library behaves on this site: names, mails, what staff need, and joining."""

from __future__ import annotations

import logging
import re
import unicodedata
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import SignupForm as BaseSignupForm
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_logged_in
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from comaker.host.access import Access, View, access_of, lacks_second_factor
from comaker.host.context import speaking
from comaker.host.models import Account, Contribution
from comaker.host.wording import clean_name
from comaker.host.writer import Act, Request, write

NAME_LENGTH = 60
_LIKE_A_NUMBER = re.compile(r"customer\W*\d*", re.IGNORECASE)
_log = logging.getLogger(__name__)


class NameField(forms.CharField):
    """A public name: what cannot be seen is taken out of it; what passes for another is refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **{
                "label": _("Public name"),
                "help_text": _("Shown beside what you do. Without one, we show a number."),
                "max_length": NAME_LENGTH,
                "required": False,
                "widget": forms.TextInput(attrs={"autocomplete": "nickname"}),
                **options,
            }
        )

    def clean(self, value: Any) -> str:
        """The name to keep; raises ``ValidationError`` with one sentence."""
        given = super().clean(value)
        name = unicodedata.normalize("NFC", clean_name(given))
        if given and not any(letter.isalnum() for letter in name):
            raise ValidationError(_("A name needs at least one letter or digit that can be seen."))
        if _LIKE_A_NUMBER.fullmatch(name):
            raise ValidationError(_("That looks like the number we show for people without a name."))
        return name


class SignupForm(BaseSignupForm):
    """Registering: e-mail address, password, and a public name for who wants one."""

    name = NameField()
    field_order = ("email", "password1", "name")
    account_already_exists: bool

    def try_save(self, request: HttpRequest) -> Any:
        """Makes the account. Where the address is taken the page says the same and takes as long: its owner
        is told by mail."""
        if not self.account_already_exists:
            try:
                with transaction.atomic():
                    return super().try_save(request)
            except IntegrityError:  # somebody registered the same address at this moment
                self.account_already_exists = True
                return super().try_save(request)
        make_password(self.cleaned_data["password1"])
        return super().try_save(request)


class PasskeyForm(AddWebAuthnForm):
    """Adding a passkey: one that logs in alone, unless she says otherwise."""

    passwordless = forms.BooleanField(
        label=_("Log in with this passkey alone, without the password"),
        help_text=_(
            "Untick it for a key without fingerprint or PIN: it is then asked for after the password."
        ),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the passkey")
        self.fields["name"].help_text = _("To tell your passkeys apart, such as “phone”.")


class Adapter(DefaultAccountAdapter):
    """Sign-up is open to customers; staff are made by other staff."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "email_taken": _("This e-mail address is in use."),
        "incorrect_password": _("That is not your password."),
        "enter_current_password": _("That is not your password."),
        "too_many_login_attempts": _("That was wrong too often. Please wait five minutes and try again."),
        "rate_limited": _("That was too often. Please wait a minute and try again."),
        "invalid_password_reset": _("This link is over: it was used before, or is too old."),
    }

    def save_user(
        self, request: HttpRequest, user: Account, form: forms.Form, commit: bool = True
    ) -> Account:
        """A new account, with its public name."""
        user.name = form.cleaned_data.get("name", "")
        return super().save_user(request, user, form, commit)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Marks an address as verified; not where it has become another account's in the meantime."""
        if Account.objects.filter(email=email_address.email).exclude(pk=email_address.user_id).exists():
            context = {"email": email_address.email}
            self.add_message(
                request, messages.ERROR, "account/messages/email_confirmation_failed.txt", context
            )
            return False
        return super().confirm_email(request, email_address)

    def get_reauthentication_methods(self, user: Account) -> list[dict[str, Any]]:
        """The ways in which somebody may say again who she is, in our words."""
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        ways = super().get_reauthentication_methods(user)
        return [{**way, "description": words.get(way["id"], way["description"])} for way in ways]

    def format_email_subject(self, subject: str) -> str:
        """The subject of a mail, with the firm's name before it."""
        return f"{speaking().name}: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sends one of our mails; each is signed by the firm."""
        super().send_mail(template_prefix, email, {"firm": speaking(), **context})


class SecondFactors(DefaultMFAAdapter):
    """Codes of an app and passkeys, under the firm's name."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That code is not right. Codes change every half minute."),
    }

    def _get_site_name(self) -> str:
        return speaking().name

    def generate_authenticator_name(self, user: Account, type: Authenticator.Type) -> str:
        """A first name for a passkey."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey %(number)s") % {"number": number}


class SecondFactorMiddleware:
    """Staff reach the desk with a second factor only: an authenticator app or a passkey."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, *_args: object) -> HttpResponse | None:
        """Sends staff without one to the page where it is set up."""
        if access_of(view) is not Access.STAFF or not lacks_second_factor(request.user):
            return None
        messages.info(request, gettext("Set up a second factor first: the desk opens only with one."))
        return redirect("mfa_index")


def join(account: Account) -> None:
    """Writes down that a customer with a verified address joined; at most once, and never staff."""
    key = f"join {account.pk}"
    if account.is_staff or Contribution.objects.filter(account=account.pk, key=key).exists():
        return
    answer = write([Request(Act.JOIN, customer=account.pk, key=key)])[0]
    if not answer.is_done:  # it is tried again at her next log-in
        _log.warning("account %s: joining was not written down (%s)", account.pk, answer.sentence)


@receiver(email_confirmed, dispatch_uid="comaker.join.confirmed")
def _joins_when_verified(email_address: EmailAddress, **_kwargs: object) -> None:
    join(email_address.user)


@receiver(user_logged_in, dispatch_uid="comaker.join.entered")
def _joins_when_missed(**kwargs: Any) -> None:
    join(kwargs["user"])
