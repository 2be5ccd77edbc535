"""Log-ins for programs: made with a label, scopes and an end; shown once; revoked at any time."""

from __future__ import annotations

import secrets
import time
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from comaker.host.access import Access
from comaker.host.api.stakes import digest_of
from comaker.host.models import Account, Token
from comaker.host.pages.answers import SeeOther, own_page
from comaker.host.wording import clean_name

MOST_TOKENS = 20
DAY_US = 86_400_000_000
SCOPES = {
    "read": gettext_lazy("Read what you hold and your statements"),
    "stake": gettext_lazy("Take shares and give them back in your name"),
    "buy": gettext_lazy("Buy in your name"),
    "desk": gettext_lazy("Do what you may do at the desk"),
}
"""What a token may be used for. Staff cannot take part, and customers have no desk."""


class TokenForm(forms.Form):
    """A new token."""

    label = forms.CharField(
        label=gettext_lazy("What is it for?"),
        help_text=gettext_lazy("So that you know it again, such as “my phone's app”."),
        max_length=60,
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What may it do?"), widget=forms.CheckboxSelectMultiple, initial=["read"]
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("How long may it do so?"),
        choices=[
            (30, gettext_lazy("30 days")),
            (90, gettext_lazy("90 days")),
            (365, gettext_lazy("one year")),
        ],
        coerce=int,
    )

    def __init__(self, account: Account, *args: Any) -> None:
        super().__init__(*args)
        allowed = ("read", "desk") if account.is_staff else ("read", "stake", "buy")
        self.account = account
        self.fields["scopes"].choices = [(scope, SCOPES[scope]) for scope in allowed]

    def clean_label(self) -> str:
        """The label without what cannot be seen."""
        label = clean_name(self.cleaned_data["label"])
        if not label:
            raise ValidationError(_("Please write a word or two."))
        return label

    def clean(self) -> dict[str, Any]:
        """Refuses one token too many."""
        if tokens_of(self.account).count() >= MOST_TOKENS:
            raise ValidationError(
                _("You have %(number)d already. Revoke one first.") % {"number": MOST_TOKENS}
            )
        return self.cleaned_data

    def save(self) -> tuple[Token, str]:
        """The token that was made, and its secret, which is kept nowhere."""
        secret = f"comaker_{secrets.token_urlsafe(32)}"
        token = Token.objects.create(
            account=self.account,
            label=self.cleaned_data["label"],
            digest=digest_of(secret),
            scopes=" ".join(self.cleaned_data["scopes"]),
            expires_us=_now_us() + self.cleaned_data["days"] * DAY_US,
        )
        return token, secret


def tokens_of(account: Account) -> Any:
    """The tokens of an account that still work, latest first."""
    return Token.objects.filter(account=account, revoked=False, expires_us__gt=_now_us()).order_by("-id")


@reauthentication_required(allow_get=True)
def _tokens(request: HttpRequest) -> HttpResponse:
    account: Any = request.user
    form = TokenForm(account, request.POST) if request.method == "POST" else TokenForm(account)
    made = form.save() if form.is_valid() else None
    context = {
        "form": TokenForm(account) if made else form,
        "made": made[0] if made else None,
        "secret": made[1] if made else "",
        "tokens": [(token, _scopes_text(token)) for token in tokens_of(account)],
    }
    return render(request, "comaker/customer/tokens.html", context)


tokens = own_page(Access.ACCOUNT, limit="tokens")(_tokens)
"""The tokens of whoever asks, and a form for another; making one asks again who it is."""


@own_page(Access.ACCOUNT, limit="tokens")
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """A token stops working at once."""
    token = get_object_or_404(Token, pk=number, account=request.user)
    if request.method == "POST":
        token.revoked = True
        token.save(update_fields=["revoked"])
        messages.success(request, _("“%(label)s” no longer works.") % {"label": token.label})
        return SeeOther("tokens")
    return render(request, "comaker/customer/token_revoke.html", {"token": token})


def _scopes_text(token: Token) -> list[str]:
    return [str(SCOPES.get(scope, scope)) for scope in token.scopes.split()]


def _now_us() -> int:
    return time.time_ns() // 1_000
